"""A schedule by its name, cut to the length of a run."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

from .constant import Constant
from .cosine import Cosine, CosineRestarts
from .cyclical import ExponentialRange, Triangular, Triangular2
from .exponential import Exponential
from .inverse_sqrt import InverseSqrt
from .one_cycle import OneCycle
from .polynomial import Linear, Polynomial
from .schedule import Schedule
from .step import MultiStep, Step
from .warmup import Warmup
from .warmup_stable_decay import WarmupStableDecay

_LAST = 0.01  # the share of the rate that an exponential decay leaves at the end
_LOW = 0.25  # the share that cycles begin with; Smith 2017 advises a third or a quarter

# From the learning rate and the number of steps; a warm-up goes before.
_FROM_THE_PEAK: dict[str, Callable[[float, int], Schedule]] = {
    "constant": lambda lr, steps: Constant(lr),
    "step": lambda lr, steps: Step(lr, every=ceil(steps / 3)),
    "multi-step": lambda lr, steps: MultiStep(lr, [ceil(steps / 2), ceil(steps / 2 + steps / 4)]),
    "exponential": lambda lr, steps: Exponential(lr, factor=_LAST ** (1 / steps)),
    "linear": lambda lr, steps: Linear(lr, 0.0, steps),
    "polynomial": lambda lr, steps: Polynomial(lr, steps, power=2.0),
    "cosine": lambda lr, steps: Cosine(lr, steps),
    "cosine-restarts": lambda lr, steps: CosineRestarts(lr, ceil(steps / 7), growth=2),  # 1 + 2 + 4
    "triangular": lambda lr, steps: Triangular(_LOW * lr, lr, up=ceil(steps / 8)),
    "triangular2": lambda lr, steps: Triangular2(_LOW * lr, lr, up=ceil(steps / 8)),
    "exponential-range": lambda lr, steps: ExponentialRange(
        _LOW * lr, lr, up=ceil(steps / 8), factor=_LAST ** (1 / steps)
    ),
}

# The same of schedules with a rise of their own: from its length too, or 0 for the usual one.
_WITH_A_RISE: dict[str, Callable[[float, int, int], Schedule]] = {
    "one-cycle": lambda lr, steps, rise: OneCycle(lr, steps, rise=rise / steps if rise else 0.3),
    "inverse-sqrt": lambda lr, steps, rise: InverseSqrt(lr, rise or ceil(steps / 10)),
    "warmup-stable-decay": lambda lr, steps, rise: _warmup_stable_decay(
        lr, steps, rise or ceil(steps / 20)
    ),
}


def run_schedules() -> list[str]:
    """The names that `for_run` takes.

    Example:
        >>> from minigrad.optim import schedules
        >>> "cosine" in schedules.run_schedules()
        True
    """
    return [*_FROM_THE_PEAK, *_WITH_A_RISE]


def for_run(name: str, lr: float, steps: int, warmup: int = 0) -> Schedule:
    """A schedule by its name, with arguments that suit a run of so many steps.

    Args:
        name: as in the table: one of those which follow from a rate and a length, such as
            "cosine".
        lr: the rate at the top; no step has a higher one.
        steps: how many the run makes, at least 1; `epochs * len(loader)`.
        warmup: how many of them lead up to the rate; 0 for none, or, of schedules that have a rise
            of their own, for its usual length.

    Returns:
        A schedule, whose repr shows the arguments that were chosen.

    Raises:
        ValueError: no such name, a rate or number out of range, or no step after the warm-up.

    Example:
        >>> from minigrad.optim import schedules
        >>> schedules.for_run("cosine", lr=0.1, steps=1000)
        Cosine(start=0.1, steps=1000, end=0.0)
        >>> schedules.for_run("linear", lr=0.1, steps=1000, warmup=100)
        Warmup(schedule=Linear(start=0.1, end=0.0, steps=900), steps=100, start=0.0)
    """
    if not 0 <= warmup < steps:
        raise ValueError(f"a warm-up is shorter than the run of {steps} steps, got {warmup}")
    if name in _WITH_A_RISE:
        return _WITH_A_RISE[name](lr, steps, warmup)
    if name not in _FROM_THE_PEAK:
        known = ", ".join(run_schedules())
        raise ValueError(f"the schedule of a run is one of {known}, got {name!r}")
    schedule = _FROM_THE_PEAK[name](lr, steps - warmup)
    return Warmup(schedule, warmup) if warmup else schedule


def _warmup_stable_decay(lr: float, steps: int, warmup: int) -> Schedule:
    decay = ceil((steps - warmup) / 5)
    return WarmupStableDecay(lr, warmup, steps - warmup - decay, decay)
