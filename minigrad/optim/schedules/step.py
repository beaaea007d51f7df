"""Constant stretches, each a factor of the one before."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from .arguments import count, increasing_counts, number
from .schedule import Schedule


@dataclass(frozen=True)
class Step(Schedule):
    """A factor after every so many steps.

        lr(t) = start factor^floor((t - 1) / every)

    Args:
        start: the value of the first `every` steps, at least 0.
        every: how many steps are alike, at least 1.
        factor: more than 0.

    Raises:
        TypeError, ValueError: an argument is of another kind, or out of range.

    Example:
        >>> from minigrad.optim import schedules
        >>> schedules.Step(1.0, every=2, factor=0.5).values(5)
        array([1.  , 1.  , 0.5 , 0.5 , 0.25])

    Source: common practice; torch's StepLR, closed form.
    """

    start: float
    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        number(self, "start", "at least 0")
        count(self, "every")
        number(self, "factor", "more than 0")

    def formula(self, t: int) -> float:
        return float(self.start * self.factor ** ((t - 1) // self.every))


@dataclass(frozen=True)
class MultiStep(Schedule):
    """A factor after each milestone.

        lr(t) = start factor^(number of milestones <= t - 1)

    Args:
        start: the value before the first milestone, at least 0.
        milestones: numbers of steps, increasing; step m is the last before milestone m.
        factor: more than 0.

    Raises:
        TypeError, ValueError: an argument is of another kind, or out of range.

    Example:
        >>> from minigrad.optim import schedules
        >>> schedules.MultiStep(1.0, milestones=[1, 3], factor=0.5).values(5)
        array([1.  , 0.5 , 0.5 , 0.25, 0.25])

    Source: He et al. 2016, "Deep residual learning for image recognition", section 4.2 (CIFAR-10);
    torch's MultiStepLR, closed form, which also takes a milestone twice.
    """

    start: float
    milestones: Sequence[int]
    factor: float = 0.1

    def __post_init__(self) -> None:
        number(self, "start", "at least 0")
        increasing_counts(self, "milestones")
        number(self, "factor", "more than 0")

    def formula(self, t: int) -> float:
        return float(self.start * self.factor ** bisect_right(self.milestones, t - 1))
