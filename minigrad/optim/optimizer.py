"""What all optimizers share: groups of parameters, the step, and saving their state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from inspect import signature
from typing import Any, ClassVar, TypeAlias

import numpy as np

from ..compiler import UpdateRule, state_numbers
from ..modes import active_recorder, changed
from ..parameter import Parameter
from ..tensor import Array
from .decay import Prepare, with_l2
from .hyper import Current, checked, is_scheduled, restore_schedules, restored, saved
from .members import NoDecay, Unit, divided, named_parameters, units_of

State: TypeAlias = tuple[Any, ...]
Parameters: TypeAlias = Iterable[Parameter | tuple[str, Parameter] | Mapping[str, Any]]


class Group:
    """Parameters which share hyperparameters, and what updates them: see `blocks` and `tensors`."""

    def __init__(
        self, named: list[tuple[str, Parameter]], hyper: dict[str, Any], units: list[Unit]
    ) -> None:
        self.names = [name for name, _ in named]
        self.parameters = [p for _, p in named]
        self.hyper = hyper
        self.units = units


class Optimizer:
    """Base of the optimizers. A rule is a subclass with an `update`:

        theta, *state = update(theta, g, *state, t=t, **hyperparameters)

    `update` is a pure function of arrays: the parameters theta, their gradient g, one array of
    theta's shape for each name in `slots`, the number t = 1, 2, ... of the step, and the
    hyperparameters by name. It returns the new theta and the new state. A subclass may also say
    what the state is at first (`init`), which numbers besides t change from step to step
    (`counters`, `count`), that weight decay stands beside the step (`decay`), or that a
    parameter has to be seen as a whole (`is_elementwise`).

    Args:
        params: what to optimize: parameters; or (name, parameter) pairs, as from
            `module.named_parameters()`; or groups, dicts with "params" and hyperparameters of
            their own.
        weight_decay: how strongly parameters are drawn to 0. Added to the gradient (L2), if the
            rule does not say otherwise.
        no_decay: the parameters to leave out of it: patterns of names, such as "*bias", or a
            function of (name, parameter). They make a group of their own.
        maximize: step up the gradient, not down.
        hyper: the hyperparameters, for groups that do not set them. Each number may be a
            schedule: a function of the number of the step.

    Raises:
        TypeError: something that is not a `Parameter`, or an unknown hyperparameter.
        ValueError: no parameters, one parameter twice, or a hyperparameter out of range.

    Example:
        >>> import minigrad as mg
        >>> w, b = mg.Parameter([1.0]), mg.Parameter([1.0])
        >>> groups = [{"params": [w]}, {"params": [b], "lr": 0.0}]
        >>> optimizer = mg.optim.SGD(groups, lr=0.5)
        >>> (w + b).sum().backward()
        >>> optimizer.step()
        >>> w.item(), b.item()
        (0.5, 1.0)
    """

    slots: ClassVar[tuple[str, ...]] = ()
    counters: ClassVar[Mapping[str, float]] = {}
    decay: ClassVar[Prepare] = staticmethod(with_l2)
    is_elementwise: ClassVar[bool] = True
    takes_closure: ClassVar[bool] = False  # `step` calls a function that computes the loss
    told_to_programs: ClassVar[frozenset[str]] = frozenset({"defaults", "groups", "_steps"})
    update: Callable[..., State]

    def __init__(
        self,
        params: Parameters,
        *,
        weight_decay: Any = 0.0,
        no_decay: NoDecay = (),
        maximize: bool = False,
        **hyper: Any,
    ) -> None:
        _check_known(type(self), hyper)
        self.defaults = {**hyper, "weight_decay": weight_decay, "maximize": maximize}
        self._no_decay = no_decay
        self._steps = 0
        self.groups: list[Group] = []
        entries = [params] if isinstance(params, Mapping) else list(params)
        if not entries:
            raise ValueError(f"{type(self).__name__} got no parameters")
        grouped = all(isinstance(entry, Mapping) for entry in entries)
        for group in entries if grouped else [{"params": entries}]:
            self.add_group(group)  # type: ignore[arg-type]

    @staticmethod
    def init(theta: Any, **hyper: Any) -> State | None:
        """The state of a parameter at first, an array for each slot; None: zeros of its shape."""
        return None

    def add_group(self, group: Mapping[str, Any]) -> None:
        """Optimize more parameters: a dict with "params" and hyperparameters of their own."""
        own = {key: value for key, value in group.items() if key != "params"}
        unknown = sorted(own.keys() - self.defaults.keys())
        if unknown:
            raise TypeError(
                f"{type(self).__name__} has no hyperparameter {unknown[0]!r}, only "
                f"{', '.join(self.defaults)}"
            )
        hyper = checked(type(self).__name__, {**self.defaults, **own})
        taken = {p: n for g in self.groups for n, p in zip(g.names, g.parameters, strict=True)}
        named = named_parameters(group["params"], taken)
        decayed, free = divided(named, self._no_decay if hyper["weight_decay"] else ())
        parts = ((decayed, hyper["weight_decay"]), (free, 0))
        self.groups += [
            self._group(members, hyper | {"weight_decay": weight_decay})
            for members, weight_decay in parts
            if members
        ]
        changed()

    def _group(self, named: list[tuple[str, Parameter]], hyper: dict[str, Any]) -> Group:
        rule = UpdateRule(
            self.update, self.slots, type(self).decay, self.counters, getattr(self, "count", None)
        )
        states = [self._first_state(p, hyper) for _, p in named]
        units = units_of(named, states, rule, self.is_elementwise)
        return Group(named, hyper, units)

    def _first_state(self, p: Parameter, hyper: dict[str, Any]) -> list[Array]:
        numbers = self._current(hyper).numbers() if is_scheduled(hyper) else hyper
        state = self.init(p._data, **numbers)
        return [np.zeros_like(p._data) for _ in self.slots] if state is None else list(state)

    def _current(self, hyper: Mapping[str, Any], ahead: int = 1) -> Current:
        return Current(type(self).__name__, hyper, self, ahead)

    @property
    def t(self) -> int:
        """How many steps have been made."""
        return max([self._steps, *(u.steps for g in self.groups for u in g.units)])

    @property
    def lr(self) -> float:
        """The learning rate of the next step, in the first group.

        Assigning a number or a schedule sets it in every group.
        """
        return float(self._current(self.groups[0].hyper)["lr"])

    @lr.setter
    def lr(self, value: Any) -> None:
        for group in self.groups:
            group.hyper |= checked(type(self).__name__, {"lr": value})

    def step(self) -> None:
        """Update every parameter that has a gradient.

        Raises:
            RuntimeError: no parameter has a gradient.
        """
        recorder = active_recorder()
        updated = self._step() if recorder is None else self._record_step(recorder)
        if not updated:
            raise RuntimeError(f"step() found no gradient; {self._why_none()}")

    def _why_none(self) -> str:
        if any(p.requires_grad for g in self.groups for p in g.parameters):
            return "call backward() on the loss first"
        return "all its parameters are frozen: p.requires_grad = True lets them be learnt"

    def _step(self) -> int:
        hypers = [  # of all groups, before any of them makes its step: a schedule reads t
            self._current(g.hyper).numbers() if is_scheduled(g.hyper) else g.hyper
            for g in self.groups
        ]
        updated = 0
        for group, hyper in zip(self.groups, hypers, strict=True):
            for unit in group.units:
                updated += unit.step(hyper)
        self._steps += 1
        return updated

    def _record_step(self, recorder: Any) -> int:
        """The same on stand-ins; the program reads hyperparameters anew in each run."""
        before = recorder.section("update")
        recorder.watch(lambda: list(self.groups))
        ahead = 1
        if any(is_scheduled(g.hyper) for g in self.groups):
            t = recorder.number(vars(self), "_steps", "steps_before") + 1
            recorder.set_number(vars(self), "_steps", t)
            ahead = t.value - self._steps
        updated = 0
        for group in self.groups:
            current = self._current(group.hyper, ahead)
            numbers = {}
            for key, value in group.hyper.items():
                owner: Any = group.hyper
                if callable(value):
                    recorder.static(group.hyper, key)
                    owner = current
                numbers[key] = state_numbers(recorder, owner, key)
            for unit in group.units:
                updated += unit.record_step(recorder, numbers)
        recorder.section(before)
        return updated

    def zero_grad(self) -> None:
        """Forget the gradients."""
        recorder = active_recorder()
        for group in self.groups:
            for parameter in group.parameters:
                if recorder is not None:
                    recorder.set_grad(parameter)
                parameter._grad = None
        changed()

    def state_dict(self) -> dict[str, Any]:
        """Hyperparameters, step counts and state arrays (copies), by parameter name.

        Returns:
            {"t": number of steps,
             "groups": [{"params": [name, ...], "lr": ..., ...}, ...],
             "state": {name: {"t": step count, slot: array of the parameter's shape, ...}}}
        """
        return {
            "t": self.t,
            "groups": [{"params": list(g.names), **saved(g.hyper)} for g in self.groups],
            "state": {
                name: entry
                for group in self.groups
                for unit in group.units
                for name, entry in unit.entries()
            },
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned, for parameters of the same names and shapes.

        Raises:
            ValueError: groups, names, hyperparameters, slots or shapes differ. Nothing has been
                changed then.
        """
        expected = [list(g.names) for g in self.groups]
        received = [list(g["params"]) for g in state["groups"]]
        if expected != received:
            raise ValueError(
                f"the state is of other parameters: expected groups {expected}, got {received}"
            )
        kind = type(self).__name__
        hypers = [
            restored(kind, own.hyper, {key: a for key, a in g.items() if key != "params"})
            for own, g in zip(self.groups, state["groups"], strict=True)
        ]
        for group in self.groups:
            for unit in group.units:
                _check_state(unit, ("t", *self.counters), state["state"])
        for group, hyper, given in zip(self.groups, hypers, state["groups"], strict=True):
            group.hyper.update(hyper)  # in place: compiled programs read it
            restore_schedules(group.hyper, given)
            for unit in group.units:
                unit.write(state["state"])
        self._steps = int(state.get("t", 0))


def _check_known(kind: type[Optimizer], hyper: Mapping[str, Any]) -> None:
    """A hyperparameter is one that `update` takes."""
    taken = signature(kind.update).parameters
    if any(p.kind is p.VAR_KEYWORD for p in taken.values()):
        return
    for key in hyper.keys() - taken.keys():
        raise TypeError(f"{kind.__name__} got an unexpected keyword argument {key!r}")


def _check_state(unit: Unit, numbers: Iterable[str], state: Mapping[str, Any]) -> None:
    for name, shapes in unit.shapes():
        entry: Mapping[str, Any] = state.get(name, {})
        for key in (*numbers, *shapes):
            if key not in entry:
                raise ValueError(f"the state of parameter {name!r} lacks {key!r}")
        for slot, shape in shapes.items():
            if np.shape(entry[slot]) != shape:
                raise ValueError(
                    f"the state {slot!r} of parameter {name!r} has shape {np.shape(entry[slot])}, "
                    f"expected {shape}"
                )
