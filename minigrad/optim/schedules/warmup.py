"""A gentle beginning before any schedule."""

from __future__ import annotations

from dataclasses import dataclass

from .arguments import count, number
from .coercion import scheduled_fields
from .schedule import Schedule, Scheduled


@dataclass(frozen=True)
class Warmup(Schedule):
    """In a straight line up to the first value of a schedule, which then begins.

        lr(t) = f(1) (start + (1 - start) t / steps)  for t <= steps,  f(t - steps)  afterwards

    With a constant f that is f min(1, t / steps). No step is wasted on the value 0, and step
    number `steps` has the full value.

    Args:
        schedule: f: a schedule, a number, or a function of t.
        steps: how long the warm-up is, at least 1.
        start: the share of f(1) that the line starts from, in [0, 1].

    Raises:
        TypeError, ValueError: an argument is of another kind, or out of range.

    Example:
        >>> from minigrad.optim import schedules
        >>> warm = schedules.Warmup(schedules.Linear(1.0, 0.0, steps=2), steps=4)
        >>> warm.values(7)
        array([0.25, 0.5 , 0.75, 1.  , 1.  , 0.5 , 0.  ])

    Source: Goyal et al. 2017, "Accurate, large minibatch SGD: training ImageNet in 1 hour",
    section 2.2. torch's LinearLR before another schedule counts from t - 1:
    `Linear(start, peak, steps).then(schedule, after=steps)`.
    """

    schedule: Scheduled
    steps: int
    start: float = 0.0

    def __post_init__(self) -> None:
        scheduled_fields(self, "schedule")
        count(self, "steps")
        number(self, "start", "in [0, 1]")

    def share(self, way: float) -> float:
        """The share of f(1) on the way to it, which leads from 0 to 1."""
        return (1 - way) * self.start + way

    def formula(self, t: int) -> float:
        (schedule,) = self.parts()
        if t > self.steps:
            return schedule.number(t - self.steps)
        return schedule.number(1) * self.share(t / self.steps)


@dataclass(frozen=True)
class ExponentialWarmup(Warmup):
    """By the same factor at every step up to the first value of a schedule, which then begins.

        lr(t) = f(1) start^(1 - t / steps)  for t <= steps,  f(t - steps)  afterwards

    Args:
        schedule: f: a schedule, a number, or a function of t.
        steps: how long the warm-up is, at least 1.
        start: the share of f(1) that it starts from, in (0, 1).

    Raises:
        TypeError, ValueError: an argument is of another kind, or out of range.

    Example:
        >>> from minigrad.optim import schedules
        >>> schedules.ExponentialWarmup(8.0, steps=3, start=0.125).values(5)
        array([2., 4., 8., 8., 8.])

    Source: common practice. Ma & Yarats 2021, "On the adequacy of untuned warmup for adaptive
    optimization", mean 1 - exp(-t / tau) by the same name: `Lambda` takes that.
    """

    start: float = 1e-3

    def __post_init__(self) -> None:
        super().__post_init__()
        number(self, "start", "in (0, 1)")

    def share(self, way: float) -> float:
        return float(self.start ** (1 - way))
