"""A smaller value when a metric has stopped getting better."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .arguments import count, number, one_of
from .schedule import Schedule

# What the metric must be below (or above) to count as better than the best so far.
_BOUNDS: dict[tuple[str, str], Callable[[float, float], float]] = {
    ("min", "rel"): lambda best, threshold: best * (1 - threshold),
    ("max", "rel"): lambda best, threshold: best * (1 + threshold),
    ("min", "abs"): lambda best, threshold: best - threshold,
    ("max", "abs"): lambda best, threshold: best + threshold,
}
_STATE = ("current", "best", "bad", "cooling")


@dataclass(eq=False)
class ReduceOnPlateau(Schedule):
    """A factor whenever a metric has not got better for longer than the patience.

        lr <- max(factor lr, lowest)  after more than `patience` observations without progress

    The one schedule with a state: its value does not follow from t, but from the metrics that
    `observe` was given, so it is compared by identity, and a run resumes with its `state_dict`.
    After an observation every t, also an earlier one, has the new value.

    Args:
        start: the value until the first plateau, at least 0.
        factor: in (0, 1).
        patience: how many observations without progress are borne, at least 0.
        mode: "min" or "max": which metric is better.
        threshold: how much better than the best one counts as progress, at least 0.
        threshold_mode: "rel": as a share of the best; "abs": as a difference.
        cooldown: how many observations after a reduction are never counted as bad, at least 0.
        lowest: the value does not go below it, at least 0.
        eps: a reduction by no more than this is not made, at least 0.

    Raises:
        TypeError, ValueError: an argument is of another kind, or out of range.

    Example:
        >>> from minigrad.optim import schedules
        >>> lr = schedules.ReduceOnPlateau(1.0, factor=0.5, patience=1)
        >>> for loss in (3.0, 2.0, 2.0, 2.0):
        ...     lr.observe(loss)
        ...     print(lr(1))
        1.0
        1.0
        1.0
        0.5

    Source: common practice; torch's ReduceLROnPlateau, also in what eps and a metric of nan mean
    (nan is never better).
    """

    start: float
    factor: float = 0.1
    patience: int = 10
    mode: Literal["min", "max"] = "min"
    threshold: float = 1e-4
    threshold_mode: Literal["rel", "abs"] = "rel"
    cooldown: int = 0
    lowest: float = 0.0
    eps: float = 1e-8
    current: float = field(init=False, repr=False)
    best: float = field(init=False, repr=False)
    bad: int = field(init=False, repr=False, default=0)
    cooling: int = field(init=False, repr=False, default=0)

    def __post_init__(self) -> None:
        number(self, "start", "at least 0")
        number(self, "factor", "in (0, 1)")
        count(self, "patience", at_least=0)
        one_of(self, "mode", ("min", "max"))
        number(self, "threshold", "at least 0")
        one_of(self, "threshold_mode", ("rel", "abs"))
        count(self, "cooldown", at_least=0)
        number(self, "lowest", "at least 0")
        number(self, "eps", "at least 0")
        self.current = self.start
        self.best = math.inf if self.mode == "min" else -math.inf

    def formula(self, t: int) -> float:
        return self.current

    def observe(self, metric: float) -> None:
        """Take note of a metric, as a rule once an epoch, and reduce the value if it is time.

        Args:
            metric: a number, or a tensor or array of one.
        """
        metric = float(metric)
        if self._is_better(metric):
            self.best = metric
            self.bad = 0
        else:
            self.bad += 1
        if self.cooling:
            self.cooling -= 1
            self.bad = 0
        if self.bad > self.patience:
            self._reduce()

    def state_dict(self) -> dict[str, Any]:
        """The value, the best metric, and how many observations were bad or are to be forgiven."""
        return {key: getattr(self, key) for key in _STATE}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned.

        Raises:
            ValueError: it is the state of something else.
        """
        if state.keys() != set(_STATE):
            raise ValueError(
                f"the state of ReduceOnPlateau has the keys {list(_STATE)}, got {sorted(state)}"
            )
        self.current, self.best = float(state["current"]), float(state["best"])
        self.bad, self.cooling = int(state["bad"]), int(state["cooling"])

    def _is_better(self, metric: float) -> bool:
        bound = _BOUNDS[self.mode, self.threshold_mode](self.best, self.threshold)
        return metric < bound if self.mode == "min" else metric > bound

    def _reduce(self) -> None:
        reduced = max(self.current * self.factor, self.lowest)
        if self.current - reduced > self.eps:
            self.current = reduced
        self.cooling = self.cooldown
        self.bad = 0
