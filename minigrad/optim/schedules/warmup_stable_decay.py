"""Up, along, and down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from typing import Literal

from .arguments import count, number, one_of
from .interpolation import between, cosine_way
from .schedule import Schedule

_WAYS: dict[str, Callable[[float], float]] = {
    "linear": lambda way: way,
    "sqrt": sqrt,
    "cosine": cosine_way,
}


@dataclass(frozen=True)
class WarmupStableDecay(Schedule):
    """Up in a straight line, along at the peak, and down to the end.

        lr(t) = peak t / warmup  for t <= warmup;  peak;  peak + (end - peak) w(k / decay)

    k = max(0, t - 1 - warmup - stable) is how many steps of the decay have been made; w(x) is x,
    sqrt(x) or (1 - cos(pi x)) / 2. The end is reached after all warmup + stable + decay steps,
    and stays.

    Args:
        peak: the value in the middle, at least 0.
        warmup: how many steps lead up, at least 0.
        stable: how many steps have the peak, at least 0.
        decay: how many steps lead down, at least 1.
        end: the value afterwards, at least 0.
        shape: of the decay: "linear", "sqrt" (steep at first) or "cosine".

    Raises:
        TypeError, ValueError: an argument is of another kind, or out of range.

    Example:
        >>> from minigrad.optim import schedules
        >>> schedules.WarmupStableDecay(1.0, warmup=2, stable=3, decay=2).values(8)
        array([0.5, 1. , 1. , 1. , 1. , 1. , 0.5, 0. ])

    Source: Hu et al. 2024, "MiniCPM: unveiling the potential of small language models with
    scalable training strategies", section 4, which leaves the form of the decay open; "sqrt" is
    from Hägele et al. 2024, "Scaling laws and compute-optimal training beyond fixed training
    durations".
    """

    peak: float
    warmup: int
    stable: int
    decay: int
    end: float = 0.0
    shape: Literal["linear", "sqrt", "cosine"] = "linear"

    def __post_init__(self) -> None:
        number(self, "peak", "at least 0")
        count(self, "warmup", at_least=0)
        count(self, "stable", at_least=0)
        count(self, "decay")
        number(self, "end", "at least 0")
        one_of(self, "shape", _WAYS)

    def formula(self, t: int) -> float:
        if t <= self.warmup:
            return self.peak * (t / self.warmup)
        made = max(0, t - 1 - self.warmup - self.stable)
        return between(self.peak, self.end, _WAYS[self.shape](min(1.0, made / self.decay)))
