"""Hyperparameters: numbers, or schedules that give a number for each step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

_SHARES = ("momentum", "rho", "betas", "dampening")  # what survives a step


def checked(kind: str, hyper: Mapping[str, Any]) -> dict[str, Any]:
    """The same as Python numbers: a NumPy scalar would widen the arrays it is multiplied with.

    Rates and eps are at least 0; what survives a step is a share in [0, 1). A schedule is checked
    when it is asked for a number.

    Raises:
        TypeError: a hyperparameter that is neither a number, a switch, a name nor a schedule.
        ValueError: one that is out of range.
    """
    numbers = {key: a if callable(a) else _checked(kind, key, a) for key, a in hyper.items()}
    decay = numbers.get("weight_decay")
    if isinstance(decay, (int, float)):
        numbers["weight_decay"] = float(decay) or 0  # see decay.py
    return numbers


def _checked(kind: str, key: str, value: Any) -> Any:
    several = isinstance(value, (tuple, list))
    numbers = tuple(
        a.item() if isinstance(a, (np.generic, np.ndarray)) else a
        for a in (value if several else (value,))
    )
    limit = 1 if key in _SHARES else math.inf
    for a in numbers:
        if isinstance(a, (bool, str)) or a is None:
            continue
        if not isinstance(a, (int, float)):
            raise TypeError(f"{kind}: {key} must be a number or a schedule, got {value!r}")
        if not 0 <= a < limit:
            raise ValueError(f"{kind}: {key} must lie in [0, {limit}), got {value}")
    return numbers if several else numbers[0]


def is_scheduled(hyper: Mapping[str, Any]) -> bool:
    """Whether any of the hyperparameters is a schedule."""
    return any(map(callable, hyper.values()))


class Current:
    """The hyperparameters at a step of an optimizer, whichever that is at the time.

    Args:
        kind: the optimizer's name, for errors.
        hyper: numbers and schedules.
        clock: an object whose `t` is the number of steps that have been made.
        ahead: how many steps later.
    """

    def __init__(self, kind: str, hyper: Mapping[str, Any], clock: Any, ahead: int = 1) -> None:
        self._kind, self._hyper, self._clock, self._ahead = kind, hyper, clock, ahead

    def __getitem__(self, key: str) -> Any:
        value = self._hyper[key]
        if not callable(value):
            return value
        number = value(self._clock.t + self._ahead)
        number = tuple(map(float, number)) if isinstance(number, tuple) else float(number)
        return _checked(self._kind, key, number)

    def numbers(self) -> dict[str, Any]:
        """All of them."""
        return {key: self[key] for key in self._hyper}


def saved(hyper: Mapping[str, Any]) -> dict[str, Any]:
    """What a state holds: numbers, and of a schedule its text and its own state."""
    return {key: _saved(a) if callable(a) else a for key, a in hyper.items()}


def _saved(schedule: Any) -> dict[str, Any]:
    text = getattr(schedule, "__qualname__", None) or repr(schedule)
    state = schedule.state_dict() if hasattr(schedule, "state_dict") else None
    return {"schedule": text, "state": state}


def restored(kind: str, own: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers that a state holds; a schedule stays the one that the optimizer has.

    Raises:
        ValueError: other hyperparameters, another schedule, or a number out of range.
    """
    given = dict(given)
    for key, unsaved in (("weight_decay", 0), ("maximize", False)):
        if key in own:
            given.setdefault(key, unsaved)
    if given.keys() != own.keys():
        raise ValueError(
            f"{kind} has the hyperparameters {', '.join(own)}, the state is of an optimizer with "
            f"{', '.join(given)}"
        )
    for key, value in saved(own).items():
        theirs = given[key]
        if isinstance(value, dict) != isinstance(theirs, Mapping) or (
            isinstance(value, dict) and value["schedule"] != theirs["schedule"]
        ):
            raise ValueError(
                f"{kind}: the state was made with {key} = {_text(theirs)}, this optimizer has "
                f"{_text(value)}; make it with the same schedule"
            )
    return checked(kind, {k: a for k, a in given.items() if not callable(own[k])})


def restore_schedules(own: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Let the schedules that have a state go on from theirs."""
    for key, schedule in own.items():
        if hasattr(schedule, "load_state_dict"):
            schedule.load_state_dict(given[key]["state"])


def _text(value: Any) -> Any:
    return value["schedule"] if isinstance(value, Mapping) else value
