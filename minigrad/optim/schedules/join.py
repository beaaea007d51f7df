"""One schedule after another."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .arguments import increasing_counts
from .coercion import scheduled_fields
from .schedule import Schedule, Scheduled


@dataclass(frozen=True)
class Join(Schedule):
    """One schedule after another, each counted from its own step 1.

        lr(t) = f_i(t - after_i)  for after_i < t <= after_{i+1},  after_0 = 0

    Args:
        schedules: f_0, f_1, ...: schedules, numbers, or functions of t.
        after: for each but the first, the number of steps of the whole run after which it begins;
            increasing.

    Raises:
        TypeError, ValueError: an argument is of another kind or out of range, or there is not one
            number less than there are schedules.

    Example:
        >>> from minigrad.optim import schedules
        >>> line = schedules.Linear(1.0, 0.0, steps=2)
        >>> schedules.Join([0.25, line, 0.125], after=[2, 4]).values(6)
        array([0.25 , 0.25 , 1.   , 0.5  , 0.125, 0.125])

    Source: torch's SequentialLR, optax's join_schedules.
    """

    schedules: Sequence[Scheduled]
    after: Sequence[int]

    def __post_init__(self) -> None:
        if not isinstance(self.schedules, (tuple, list)) or not self.schedules:
            raise TypeError(f"Join: schedules must be a list of them, got {self.schedules!r}")
        scheduled_fields(self, "schedules")
        increasing_counts(self, "after")
        if len(self.after) != len(self.schedules) - 1:
            raise ValueError(
                f"Join: {len(self.schedules)} schedules need {len(self.schedules) - 1} numbers in "
                f"after, got {list(self.after)}"
            )

    def formula(self, t: int) -> Any:
        i = bisect_left(self.after, t)
        begin = self.after[i - 1] if i else 0
        return self.parts()[i](t - begin)

    def then(self, following: Scheduled, after: int) -> Join:
        """One more; `after` counts the steps of the whole run."""
        return Join((*self.schedules, following), after=(*self.after, after))
