"""Half a wave of the cosine, once or again and again."""

from __future__ import annotations

from dataclasses import dataclass

from .arguments import count, number
from .interpolation import between, cosine_way
from .schedule import Schedule


@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a wave of the cosine from one value to another, which then stays.

        lr(t) = end + (start - end) (1 + cos(pi min(1, (t - 1) / steps))) / 2

    Args:
        start: the value of the first step, at least 0.
        steps: how long the way is, at least 1.
        end: the value after `steps` steps, at least 0, usually below `start`.

    Raises:
        TypeError, ValueError: an argument is of another kind, or out of range.

    Example:
        >>> from minigrad.optim import schedules
        >>> schedules.Cosine(1.0, steps=4).values(6).round(4)
        array([1.    , 0.8536, 0.5   , 0.1464, 0.    , 0.    ])

    Source: Loshchilov & Hutter 2017, "SGDR: stochastic gradient descent with warm restarts",
    equation 5, without restarts. torch's CosineAnnealingLR rises again after `steps`, as the
    whole wave does; this one stays at the end.
    """

    start: float
    steps: int
    end: float = 0.0

    def __post_init__(self) -> None:
        number(self, "start", "at least 0")
        count(self, "steps")
        number(self, "end", "at least 0")

    def formula(self, t: int) -> float:
        return between(self.start, self.end, cosine_way(min(1.0, (t - 1) / self.steps)))


@dataclass(frozen=True)
class CosineRestarts(Schedule):
    """The cosine again and again, each cycle a whole number of times as long as the one before.

        lr(t) = end + (start - end) (1 + cos(pi k / T_i)) / 2,  T_i = steps growth^i

    k = t - 1 - T_0 - ... - T_{i-1} is how many steps of cycle i have been made, 0 <= k < T_i.

    Args:
        start: the value at the first step of every cycle, at least 0.
        steps: the length of the first cycle, at least 1.
        growth: how much longer the next cycle is, an integer of at least 1.
        end: what a cycle falls to, at least 0. It stops short of it: the next begins.

    Raises:
        TypeError, ValueError: an argument is of another kind, or out of range.

    Example:
        >>> from minigrad.optim import schedules
        >>> schedules.CosineRestarts(1.0, steps=2, growth=2).values(7).round(4)
        array([1.    , 0.5   , 1.    , 0.8536, 0.5   , 0.1464, 1.    ])

    Source: Loshchilov & Hutter 2017, "SGDR: stochastic gradient descent with warm restarts",
    equation 5 and section 3; torch's CosineAnnealingWarmRestarts.
    """

    start: float
    steps: int
    growth: int = 1
    end: float = 0.0

    def __post_init__(self) -> None:
        number(self, "start", "at least 0")
        count(self, "steps")
        count(self, "growth")
        number(self, "end", "at least 0")

    def formula(self, t: int) -> float:
        made, length = t - 1, self.steps
        if self.growth == 1:
            made %= length
        while made >= length:
            made -= length
            length *= self.growth
        return between(self.start, self.end, cosine_way(made / length))
