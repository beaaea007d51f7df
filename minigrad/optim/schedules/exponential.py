"""A factor at every step."""

from __future__ import annotations

from dataclasses import dataclass

from .arguments import number
from .schedule import Schedule


@dataclass(frozen=True)
class Exponential(Schedule):
    """A factor at every step.

        lr(t) = start factor^(t - 1)

    Args:
        start: the value of the first step, at least 0.
        factor: more than 0; more than 1 lets the value grow, as a learning-rate range test does.

    Raises:
        TypeError, ValueError: an argument is of another kind, or out of range.

    Example:
        >>> from minigrad.optim import schedules
        >>> schedules.Exponential(1.0, factor=0.5).values(4)
        array([1.   , 0.5  , 0.25 , 0.125])

    Source: common practice; torch's ExponentialLR, closed form.
    """

    start: float
    factor: float

    def __post_init__(self) -> None:
        number(self, "start", "at least 0")
        number(self, "factor", "more than 0")

    def formula(self, t: int) -> float:
        return float(self.start * self.factor ** (t - 1))
