"""What may stand for a schedule: a number, or any function of t."""

from __future__ import annotations

from numbers import Real
from typing import Any

from .constant import Constant
from .function import Lambda
from .schedule import Schedule


def as_schedule(value: Any) -> Schedule:
    """The schedule itself, a `Constant` for a number, a `Lambda` for a function of t.

    Raises:
        TypeError: none of these.

    Example:
        >>> from minigrad.optim import schedules
        >>> schedules.as_schedule(0.1)
        Constant(value=0.1)
    """
    if isinstance(value, Schedule):
        return value
    if isinstance(value, Real):
        return Constant(value)  # type: ignore[arg-type]
    if callable(value) and not isinstance(value, type):
        return Lambda(value)
    raise TypeError(f"expected a schedule, a number or a function of t, got {value!r}")


def scheduled_fields(owner: Schedule, field: str) -> None:
    """Make schedules of what a field holds: one thing, or several in a tuple or list."""
    value = getattr(owner, field)
    several = isinstance(value, (tuple, list))
    made = tuple(as_schedule(a) for a in value) if several else as_schedule(value)
    object.__setattr__(owner, field, made)  # the schedules are frozen
