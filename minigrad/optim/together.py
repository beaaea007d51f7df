"""Several optimizers as one, where one rule does not suit all parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from .members import named_parameters
from .naming import named
from .optimizer import Group, Optimizer


class Together(Optimizer):
    """Several optimizers, each of parameters of its own, that step together.

    So a `Trainer`, a `Session` or a wrapper takes a model whose parameters need different rules.

    Args:
        optimizers: what makes the steps, in this order.

    Raises:
        TypeError: something that is no optimizer, or one whose `step` takes a closure.
        ValueError: no optimizer, or a parameter in two of them.

    Example:
        >>> import minigrad as mg
        >>> w, b = mg.Parameter([1.0]), mg.Parameter([1.0])
        >>> optimizer = mg.optim.Together(mg.optim.SGD([w], lr=0.5), mg.optim.Lion([b], lr=0.25))
        >>> (w + b).sum().backward()
        >>> optimizer.step()
        >>> w.item(), b.item()
        (0.5, 0.75)
    """

    told_to_programs: ClassVar[frozenset[str]] = frozenset({"defaults"})

    def __init__(self, *optimizers: Optimizer) -> None:
        if not optimizers:
            raise ValueError("Together got no optimizers")
        for optimizer in optimizers:
            if not isinstance(optimizer, Optimizer) or optimizer.takes_closure:
                raise TypeError(
                    "Together takes optimizers that step without a closure, got "
                    f"{type(optimizer).__name__}"
                )
        self.optimizers = optimizers
        self.defaults = optimizers[0].defaults
        pairs = [pair for optimizer in optimizers for pair in named(optimizer)]
        named_parameters(pairs, {})

    @property
    def groups(self) -> list[Group]:  # type: ignore[override]
        """The groups of all."""
        return [group for optimizer in self.optimizers for group in optimizer.groups]

    @property
    def t(self) -> int:
        """How many steps have been made."""
        return max(optimizer.t for optimizer in self.optimizers)

    @property
    def lr(self) -> float:
        """The learning rate of the next step, in the first group.

        Assigning a number or a schedule sets it in every group.
        """
        return self.optimizers[0].lr

    @lr.setter
    def lr(self, value: Any) -> None:
        for optimizer in self.optimizers:
            optimizer.lr = value

    def add_group(self, group: Mapping[str, Any]) -> None:
        """Not possible: the group belongs to one of `optimizers`."""
        raise TypeError("Together is of several optimizers: add the group to one of `.optimizers`")

    def step(self) -> None:
        """Update every parameter that has a gradient.

        Raises:
            RuntimeError: no parameter has a gradient.
        """
        learning = [
            optimizer
            for optimizer in self.optimizers
            if any(p.grad is not None for _, p in named(optimizer))
        ]
        if not learning:
            raise RuntimeError("step() found no gradient; call backward() on the loss first")
        for optimizer in learning:
            optimizer.step()

    def state_dict(self) -> dict[str, Any]:
        """The states of all.

        Returns:
            {"optimizers": [{"groups": ..., "state": ...}, ...]}
        """
        return {"optimizers": [optimizer.state_dict() for optimizer in self.optimizers]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned, for the same optimizers.

        Raises:
            ValueError: the state is of others. Nothing has been changed then.
        """
        states = state.get("optimizers", ())
        if len(states) != len(self.optimizers):
            raise ValueError(
                f"expected the states of {len(self.optimizers)} optimizers, got {len(states)}"
            )
        before = self.state_dict()["optimizers"]
        try:
            self._load(states)
        except ValueError:
            self._load(before)
            raise

    def _load(self, states: Any) -> None:
        for optimizer, own in zip(self.optimizers, states, strict=True):
            optimizer.load_state_dict(own)
