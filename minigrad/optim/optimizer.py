"""What all optimizers share: groups of parameters, the step, and saving their state."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any, ClassVar, TypeAlias

import numpy as np

from ..compiler import UpdateRule
from ..modes import active_recorder, changed
from ..parameter import Parameter
from ..tensor import Array
from .blocks import Buffer

State: TypeAlias = tuple[Any, ...]
Parameters: TypeAlias = Iterable[Parameter | tuple[str, Parameter] | Mapping[str, Any]]


class Group:
    """Parameters which share hyperparameters, and the buffers they live in."""

    def __init__(
        self, named: list[tuple[str, Parameter]], hyper: dict[str, Any], rule: UpdateRule
    ) -> None:
        self.names = [name for name, _ in named]
        self.parameters = [p for _, p in named]
        self.hyper = hyper
        by_dtype = sorted(named, key=lambda pair: pair[1].dtype.name)
        self.buffers = []
        for _, members in groupby(by_dtype, key=lambda pair: pair[1].dtype.name):
            names, parameters = zip(*members, strict=True)
            self.buffers.append(Buffer(names, parameters, rule))


class Optimizer:
    """Base of the optimizers. A rule is a subclass with an `update`:

        theta, *state = update(theta, g, *state, t=t, **hyperparameters)

    `update` is a pure function of arrays: the parameters theta, their gradient g, one array of
    theta's shape for each name in `slots` (zeros at first), the number t = 1, 2, ... of the step,
    and the hyperparameters by name. It returns the new theta and the new state.

    Args:
        params: what to optimize: parameters; or (name, parameter) pairs, as from
            `module.named_parameters()`; or groups, dicts with "params" and hyperparameters of
            their own.
        hyper: the hyperparameters, for groups that do not set them.

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
    told_to_programs: ClassVar[frozenset[str]] = frozenset({"defaults", "groups"})
    update: Callable[..., State]

    def __init__(self, params: Parameters, **hyper: Any) -> None:
        self.defaults = hyper
        self.groups: list[Group] = []
        entries = [params] if isinstance(params, Mapping) else list(params)
        if not entries:
            raise ValueError(f"{type(self).__name__} got no parameters")
        grouped = all(isinstance(entry, Mapping) for entry in entries)
        for group in entries if grouped else [{"params": entries}]:
            self.add_group(group)  # type: ignore[arg-type]

    def add_group(self, group: Mapping[str, Any]) -> None:
        """Optimize more parameters: a dict with "params" and hyperparameters of their own."""
        own = {key: value for key, value in group.items() if key != "params"}
        unknown = sorted(own.keys() - self.defaults.keys())
        if unknown:
            raise TypeError(
                f"{type(self).__name__} has no hyperparameter {unknown[0]!r}, only "
                f"{', '.join(self.defaults)}"
            )
        hyper = _checked(type(self).__name__, {**self.defaults, **own})
        taken = {p: n for g in self.groups for n, p in zip(g.names, g.parameters, strict=True)}
        named = _named(group["params"], taken)
        self.groups.append(Group(named, hyper, UpdateRule(self.update, self.slots)))
        changed()

    @property
    def lr(self) -> float:
        """The learning rate of the first group; assigning sets it in every group."""
        return float(self.groups[0].hyper["lr"])

    @lr.setter
    def lr(self, value: float) -> None:
        for group in self.groups:
            group.hyper |= _checked(type(self).__name__, {"lr": value})

    def step(self) -> None:
        """Update every parameter that has a gradient.

        Raises:
            RuntimeError: no parameter has a gradient.
        """
        recorder = active_recorder()
        before = recorder and recorder.section("update")
        if recorder is not None:
            recorder.watch(lambda: list(self.groups))
        updated = 0
        for group in self.groups:
            for buffer in group.buffers:
                if recorder is None:
                    updated += buffer.step(group.hyper)
                else:
                    updated += buffer.record_step(recorder, group.hyper)
        if recorder is not None:
            recorder.section(before)
        if not updated:
            raise RuntimeError("step() found no gradient; call backward() on the loss first")

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
            {"groups": [{"params": [name, ...], "lr": ..., ...}, ...],
             "state": {name: {"t": step count, slot: array of the parameter's shape, ...}}}
        """
        return {
            "groups": [{"params": list(g.names), **g.hyper} for g in self.groups],
            "state": {
                name: entry
                for group in self.groups
                for buffer in group.buffers
                for name, entry in self._read(buffer)
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
            _checked(kind, {key: value for key, value in g.items() if key != "params"})
            for g in state["groups"]
        ]
        for group, hyper in zip(self.groups, hypers, strict=True):
            if hyper.keys() != group.hyper.keys():
                raise ValueError(
                    f"{kind} has the hyperparameters {', '.join(group.hyper)}, the state is of an "
                    f"optimizer with {', '.join(hyper)}"
                )
            for buffer in group.buffers:
                _check_state(buffer, self.slots, state["state"])
        for group, hyper in zip(self.groups, hypers, strict=True):
            group.hyper.update(hyper)  # in place: compiled programs read it
            for buffer in group.buffers:
                entries = [state["state"][name] for name in buffer.names]
                rows = [[np.ravel(entry[slot]) for entry in entries] for slot in self.slots]
                buffer.write(
                    [int(entry["t"]) for entry in entries],
                    [np.concatenate(row, dtype=buffer.theta.dtype) for row in rows],
                )

    def _read(self, buffer: Buffer) -> Iterable[tuple[str, dict[str, Any]]]:
        steps, state = buffer.read()
        for i, (name, p) in enumerate(zip(buffer.names, buffer.parameters, strict=True)):
            place = slice(buffer.ends[i] - p.size, buffer.ends[i])
            slots = {
                slot: array[place].reshape(p.shape).copy()
                for slot, array in zip(self.slots, state, strict=True)
            }
            yield name, {"t": steps[i], **slots}


def _named(params: Any, taken: Mapping[Parameter, str]) -> list[tuple[str, Parameter]]:
    """(name, parameter) pairs with different names; what has none is called param0, param1, ..."""
    if isinstance(params, Parameter):
        params = [params]
    names = set(taken.values())
    seen = set(taken)
    named = []
    for entry in params:
        name, p = entry if isinstance(entry, tuple) else (getattr(entry, "name", None), entry)
        if not isinstance(p, Parameter):
            raise TypeError(f"an optimizer takes Parameters, got {type(p).__name__}")
        if p in seen:
            raise ValueError(f"parameter {name or p.shape} is given twice")
        if isinstance(entry, tuple):
            p.name = p.name or name
        if name is None or name in names:
            name = next(n for i in range(len(names) + 1) if (n := f"param{i}") not in names)
        names.add(name)
        seen.add(p)
        named.append((name, p))
    if not named:
        raise ValueError("a group without parameters")
    return named


def _checked(kind: str, hyper: Mapping[str, Any]) -> dict[str, Any]:
    """The same as Python numbers: a NumPy scalar would widen the arrays it is multiplied with.

    Rates and eps are at least 0; what survives a step is a share in [0, 1).
    """
    checked = {}
    for key, value in hyper.items():
        several = isinstance(value, (tuple, list))
        numbers = tuple(
            number.item() if isinstance(number, (np.generic, np.ndarray)) else number
            for number in (value if several else (value,))
        )
        limit = 1 if key in ("momentum", "rho", "betas") else math.inf
        if not all(0 <= number < limit for number in numbers):
            raise ValueError(f"{kind}: {key} must lie in [0, {limit}), got {value}")
        checked[key] = numbers if several else numbers[0]
    return checked


def _check_state(buffer: Buffer, slots: Iterable[str], state: Mapping[str, Any]) -> None:
    for name, p in zip(buffer.names, buffer.parameters, strict=True):
        entry: Mapping[str, Array | int] = state.get(name, {})
        for slot in ("t", *slots):
            if slot not in entry:
                raise ValueError(f"the state of parameter {name!r} lacks {slot!r}")
        for slot in slots:
            if np.shape(entry[slot]) != p.shape:
                raise ValueError(
                    f"the state {slot!r} of parameter {name!r} has shape {np.shape(entry[slot])}, "
                    f"expected {p.shape}"
                )
