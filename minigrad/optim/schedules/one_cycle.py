"""One cycle up and down, and further down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from .arguments import count, number, one_of
from .interpolation import between, cosine_way
from .schedule import Schedule

_WAYS: dict[str, Callable[[float], float]] = {"cosine": cosine_way, "linear": lambda way: way}


@dataclass(frozen=True)
class OneCycle(Schedule):
    """Up from the start to the peak, and down to the end, at the last step.

        lr(t) = v_i + (v_{i+1} - v_i) w((t - 1 - k_i) / (k_{i+1} - k_i))

    Two phases go through v = start, peak, end at k = 0, rise steps - 1, steps - 1; three through
    v = start, peak, start, end at k = 0, rise steps - 1, 2 rise steps - 2, steps - 1.
    w(x) is (1 - cos(pi x)) / 2, or x. Beyond the last step the end stays.

    Args:
        peak: the value at the top, at least 0.
        steps: the length of the whole run. Its last step has the value `end`.
        start: the value of the first step, at least 0; peak / 25 unless given.
        end: the value of the last step, at least 0; start / 10,000 unless given.
        rise: the share of the steps that leads to the peak, in (0, 1); with three phases at most
            one half.
        shape: "cosine" or "linear".
        phases: 2, or 3: with the way down as long as the way up, and the rest for the end.

    Raises:
        TypeError, ValueError: an argument is of another kind or out of range, or there are too few
            steps for a rise.

    Example:
        >>> from minigrad.optim import schedules
        >>> lr = schedules.OneCycle(1.0, steps=10, start=0.0, end=0.5, rise=0.5, shape="linear")
        >>> lr.values(10)
        array([0.  , 0.25, 0.5 , 0.75, 1.  , 0.9 , 0.8 , 0.7 , 0.6 , 0.5 ])
        >>> momentum = schedules.OneCycle(0.85, steps=10, start=0.95, end=0.95)  # the other way

    Source: Smith & Topin 2018, "Super-convergence: very fast training of neural networks using
    large learning rates"; torch's OneCycleLR, whose div_factor and final_div_factor
    are the 25 and the 10,000, and which raises an error beyond the last step.
    """

    peak: float
    steps: int
    start: float | None = None
    end: float | None = None
    rise: float = 0.3
    shape: Literal["cosine", "linear"] = "cosine"
    phases: Literal[2, 3] = 2

    def __post_init__(self) -> None:
        number(self, "peak", "at least 0")
        count(self, "steps")
        for field in ("start", "end"):
            if getattr(self, field) is not None:
                number(self, field, "at least 0")
        number(self, "rise", "in (0, 1)")
        one_of(self, "shape", _WAYS)
        one_of(self, "phases", (2, 3))
        if self.phases == 3 and self.rise > 0.5:
            raise ValueError(f"OneCycle: with 3 phases, rise is at most 0.5, got {self.rise}")
        if self.rise * self.steps <= 1:
            raise ValueError(
                f"OneCycle: rise * steps must be more than 1, got {self.rise} * {self.steps}; "
                f"take more steps, or a longer rise"
            )

    def formula(self, t: int) -> float:
        knots = self._knots()
        made = min(t - 1, self.steps - 1)
        i = next(i for i in range(self.phases) if made <= knots[i + 1][0])
        (begin, start), (stop, end) = knots[i], knots[i + 1]
        return between(start, end, _WAYS[self.shape]((made - begin) / (stop - begin)))

    def _knots(self) -> list[tuple[float, float]]:
        """(steps made before, value) where a phase begins or ends."""
        start = self.peak / 25 if self.start is None else self.start
        end = start / 1e4 if self.end is None else self.end
        top = self.rise * self.steps - 1
        back = [(2 * top, start)] if self.phases == 3 else []
        return [(0, start), (top, self.peak), *back, (self.steps - 1, end)]
