"""What stands around an optimizer and behaves like one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from .optimizer import Optimizer


class Wrapper(Optimizer):
    """Base of the wrappers: all but `step` is the wrapped optimizer's.

    Groups, the learning rate and gradients belong to the wrapped optimizer; wrappers can be wrapped
    in turn. What a wrapper itself keeps between steps is added to the state by `own_state`, and
    taken over by `load_own_state`.

    Args:
        optimizer: what makes the steps.

    Raises:
        TypeError: `optimizer` is no optimizer, or one whose `step` takes a closure.
    """

    told_to_programs: ClassVar[frozenset[str]] = frozenset({"defaults", "groups"})

    def __init__(self, optimizer: Optimizer) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(
                f"{type(self).__name__} stands around an optimizer, got "
                f"{type(optimizer).__name__}; give e.g. {type(self).__name__}(SGD(params))"
            )
        if optimizer.takes_closure:
            raise TypeError(
                f"{type(self).__name__} lets the optimizer inside step without a closure, which "
                f"{type(optimizer).__name__} needs; put SAM outside, and LBFGS by itself"
            )
        self.optimizer = optimizer
        self.groups = optimizer.groups
        self.defaults = optimizer.defaults

    @property
    def t(self) -> int:
        """How many steps the wrapped optimizer has made."""
        return self.optimizer.t

    @property
    def lr(self) -> float:
        """The learning rate of the next step, as the wrapped optimizer tells it."""
        return self.optimizer.lr

    @lr.setter
    def lr(self, value: Any) -> None:
        self.optimizer.lr = value

    def add_group(self, group: Mapping[str, Any]) -> None:
        """Optimize more parameters: a dict with "params" and hyperparameters of their own."""
        self.optimizer.add_group(group)

    def step(self) -> None:
        """Update every parameter that has a gradient."""
        self.optimizer.step()

    def zero_grad(self) -> None:
        """Forget the gradients."""
        self.optimizer.zero_grad()

    def own_state(self) -> dict[str, Any]:
        """What the wrapper keeps between steps: numbers, and dicts of arrays by parameter name."""
        return {}

    def load_own_state(self, state: Mapping[str, Any]) -> None:
        """Take over what `own_state` returned; changes nothing if it does not fit."""

    def state_dict(self) -> dict[str, Any]:
        """The wrapped optimizer's state, and beside it the wrapper's own, by its class's name.

        Returns:
            {"optimizer": {"groups": ..., "state": ...}, "Lookahead": {...}}
        """
        return {"optimizer": self.optimizer.state_dict(), type(self).__name__: self.own_state()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned, for parameters of the same names and shapes.

        Raises:
            ValueError: the state is not of such a wrapper, or is of other parameters. Nothing has
                been changed then.
        """
        kind = type(self).__name__
        if state.keys() != {"optimizer", kind}:
            raise ValueError(
                f"expected the state of a {kind}, with 'optimizer' and '{kind}'; got one with "
                f"{', '.join(state)}"
            )
        before = self.own_state()
        self.load_own_state(state[kind])
        try:
            self.optimizer.load_state_dict(state["optimizer"])
        except ValueError:
            self.load_own_state(before)
            raise
