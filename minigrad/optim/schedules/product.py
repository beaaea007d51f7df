"""Schedules multiplied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from .coercion import scheduled_fields
from .schedule import Schedule, Scheduled


@dataclass(frozen=True)
class Product(Schedule):
    """Schedules multiplied, all counted from the same step; `a * b` and `0.5 * a` make one.

        lr(t) = f_1(t) f_2(t) ...

    Args:
        factors: schedules, numbers, or functions of t, in a list; at least one.

    Raises:
        TypeError, ValueError: an argument is of another kind, or a number out of range.

    Example:
        >>> from minigrad.optim import schedules
        >>> a = schedules.Linear(1.0, 0.5, steps=2) * schedules.Exponential(1.0, factor=0.5)
        >>> a.values(3)
        array([1.   , 0.375, 0.125])
        >>> (2 * schedules.Constant(0.25))(1)
        0.5

    Source: torch's ChainedScheduler, whose schedulers multiply the optimizer's lr in turn.
    """

    factors: Sequence[Scheduled]

    def __post_init__(self) -> None:
        if not isinstance(self.factors, (tuple, list)) or not self.factors:
            raise TypeError(f"Product: factors must be a list of schedules, got {self.factors!r}")
        scheduled_fields(self, "factors")

    def formula(self, t: int) -> float:
        return prod(factor.number(t) for factor in self.parts())
