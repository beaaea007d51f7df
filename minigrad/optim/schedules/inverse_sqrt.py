"""Decay with one over the root of t, after a straight rise."""

from __future__ import annotations

from dataclasses import dataclass

from .arguments import count, number
from .schedule import Schedule


@dataclass(frozen=True)
class InverseSqrt(Schedule):
    """Up in a straight line, then down with one over the root of t.

        lr(t) = peak min(t / warmup, sqrt(warmup / t))

    Args:
        peak: the value at step number `warmup`, at least 0.
        warmup: how long the rise is, at least 1. With 1 there is none: lr(t) = peak / sqrt(t).

    Raises:
        TypeError, ValueError: an argument is of another kind, or out of range.

    Example:
        >>> from minigrad.optim import schedules
        >>> lr = schedules.InverseSqrt(1.0, warmup=4)
        >>> lr(1), lr(4), lr(16)
        (0.25, 1.0, 0.5)

    Source: Vaswani et al. 2017, "Attention is all you need", equation 3, with a peak of one's own.
    """

    peak: float
    warmup: int = 1

    def __post_init__(self) -> None:
        number(self, "peak", "at least 0")
        count(self, "warmup")

    def formula(self, t: int) -> float:
        return self.peak * min(t / self.warmup, float((self.warmup / t) ** 0.5))


@dataclass(frozen=True)
class Noam(Schedule):
    """The inverse square root with the peak that suits a transformer's width.

        lr(t) = factor features^(-1/2) min(t^(-1/2), t warmup^(-3/2))

    Args:
        features: the width of the model (d_model), at least 1.
        warmup: how long the rise is, at least 1.
        factor: more than 0.

    Raises:
        TypeError, ValueError: an argument is of another kind, or out of range.

    Example:
        >>> from minigrad.optim import schedules
        >>> lr = schedules.Noam(features=64, warmup=100)
        >>> f"{lr(1):.6f} {lr(100):.6f} {lr(10_000):.6f}"
        '0.000125 0.012500 0.001250'

    Source: Vaswani et al. 2017, "Attention is all you need", equation 3, where features are 512
    and Adam has betas (0.9, 0.98). Named after Noam Shazeer, one of its authors.
    """

    features: int
    warmup: int = 4000
    factor: float = 1.0

    def __post_init__(self) -> None:
        count(self, "features")
        count(self, "warmup")
        number(self, "factor", "more than 0")

    def formula(self, t: int) -> float:
        return float(self.factor * self.features**-0.5 * min(t**-0.5, t * self.warmup**-1.5))
