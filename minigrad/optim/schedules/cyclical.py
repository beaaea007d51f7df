"""Up and down again and again, in straight lines."""

from __future__ import annotations

from dataclasses import dataclass, field

from .arguments import count, number
from .interpolation import between
from .schedule import Schedule


@dataclass(frozen=True)
class Triangular(Schedule):
    """Up and down again and again, in straight lines.

        lr(t) = start + (peak - start) h,  h = k / up  or  (up + down - k) / down

    k = (t - 1) mod (up + down) is how many steps of the cycle have been made; the first form of h
    holds on the way up, k <= up.

    Args:
        start: the value at the first step of every cycle, at least 0.
        peak: the value in between, at least 0. With a peak below the start it is a valley: so
            momentum goes against the learning rate.
        up: how many steps lead to the peak, at least 1.
        down: how many steps lead back, as many as `up` unless given.

    Raises:
        TypeError, ValueError: an argument is of another kind, or out of range.

    Example:
        >>> from minigrad.optim import schedules
        >>> schedules.Triangular(0.0, 1.0, up=2).values(8)
        array([0. , 0.5, 1. , 0.5, 0. , 0.5, 1. , 0.5])

    Source: Smith 2017, "Cyclical learning rates for training neural networks", section 3;
    torch's CyclicLR.
    """

    start: float
    peak: float
    up: int
    down: int | None = None

    def __post_init__(self) -> None:
        number(self, "start", "at least 0")
        number(self, "peak", "at least 0")
        count(self, "up")
        if self.down is not None:
            count(self, "down")

    def height(self, cycle: int, t: int) -> float:
        """What the heights of a cycle (counted from 0) are multiplied by."""
        return 1.0

    def formula(self, t: int) -> float:
        down = self.up if self.down is None else self.down
        cycle, made = divmod(t - 1, self.up + down)
        way = made / self.up if made <= self.up else (self.up + down - made) / down
        return between(self.start, self.peak, way * self.height(cycle, t))


@dataclass(frozen=True)
class Triangular2(Triangular):
    """Up and down in straight lines, half as high in every further cycle.

        lr(t) = start + (peak - start) h / 2^c,  c = floor((t - 1) / (up + down))

    Args:
        start: as of `Triangular`, and so are h and the other arguments.
        peak: the value in the middle of the first cycle.
        up: how many steps lead up.
        down: how many steps lead back, as many as `up` unless given.

    Raises:
        TypeError, ValueError: an argument is of another kind, or out of range.

    Example:
        >>> from minigrad.optim import schedules
        >>> schedules.Triangular2(0.0, 1.0, up=2).values(8)
        array([0.  , 0.5 , 1.  , 0.5 , 0.  , 0.25, 0.5 , 0.25])

    Source: Smith 2017, "Cyclical learning rates for training neural networks", section 3;
    torch's CyclicLR with mode="triangular2".
    """

    def height(self, cycle: int, t: int) -> float:
        return 0.5**cycle


@dataclass(frozen=True)
class ExponentialRange(Triangular):
    """Up and down in straight lines, the height times a factor at every step.

        lr(t) = start + (peak - start) h factor^(t - 1)

    Args:
        start: as of `Triangular`, and so are h and the other arguments.
        peak: the value in the middle of a cycle, but for the factor.
        up: how many steps lead up.
        down: how many steps lead back, as many as `up` unless given.
        factor: more than 0, by keyword.

    Raises:
        TypeError, ValueError: an argument is of another kind, or out of range.

    Example:
        >>> from minigrad.optim import schedules
        >>> schedules.ExponentialRange(0.0, 1.0, up=2, factor=0.5).values(5)
        array([0.    , 0.25  , 0.25  , 0.0625, 0.    ])

    Source: Smith 2017, "Cyclical learning rates for training neural networks", section 3;
    torch's CyclicLR with mode="exp_range". The paper lets both bounds fall; as in torch, the
    lower one stays.
    """

    factor: float = field(kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        number(self, "factor", "more than 0")

    def height(self, cycle: int, t: int) -> float:
        return float(self.factor ** (t - 1))
