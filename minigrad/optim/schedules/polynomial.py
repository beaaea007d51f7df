"""A straight line, or a power of one, from one value to another."""

from __future__ import annotations

from dataclasses import dataclass

from .arguments import count, number
from .interpolation import between
from .schedule import Schedule


@dataclass(frozen=True)
class Linear(Schedule):
    """A straight line from one value to another, which then stays.

        lr(t) = start + (end - start) min(1, (t - 1) / steps)

    Args:
        start: the value of the first step, at least 0.
        end: the value after `steps` steps, at least 0, above or below `start`.
        steps: how long the way is, at least 1.

    Raises:
        TypeError, ValueError: an argument is of another kind, or out of range.

    Example:
        >>> from minigrad.optim import schedules
        >>> schedules.Linear(1.0, 0.0, steps=4).values(6)
        array([1.  , 0.75, 0.5 , 0.25, 0.  , 0.  ])

    Source: common practice; torch's LinearLR, whose factors multiply the optimizer's lr.
    """

    start: float
    end: float
    steps: int

    def __post_init__(self) -> None:
        number(self, "start", "at least 0")
        number(self, "end", "at least 0")
        count(self, "steps")

    def formula(self, t: int) -> float:
        return between(self.start, self.end, min(1.0, (t - 1) / self.steps))


@dataclass(frozen=True)
class Polynomial(Schedule):
    """A power of a falling line, which then stays.

        lr(t) = end + (start - end) (1 - min(1, (t - 1) / steps))^power

    Args:
        start: the value of the first step, at least 0.
        steps: how long the way is, at least 1.
        power: more than 0; with 1 it is `Linear`.
        end: the value after `steps` steps, at least 0.

    Raises:
        TypeError, ValueError: an argument is of another kind, or out of range.

    Example:
        >>> from minigrad.optim import schedules
        >>> schedules.Polynomial(1.0, steps=4, power=2).values(6)
        array([1.    , 0.5625, 0.25  , 0.0625, 0.    , 0.    ])

    Source: common practice (Caffe's "poly" policy); torch's PolynomialLR, which ends at 0.
    """

    start: float
    steps: int
    power: float = 1.0
    end: float = 0.0

    def __post_init__(self) -> None:
        number(self, "start", "at least 0")
        count(self, "steps")
        number(self, "power", "more than 0")
        number(self, "end", "at least 0")

    def formula(self, t: int) -> float:
        rest = 1 - min(1.0, (t - 1) / self.steps)
        return between(self.end, self.start, rest**self.power)
