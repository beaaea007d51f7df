"""Epochs instead of steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .arguments import count
from .coercion import scheduled_fields
from .schedule import Schedule, Scheduled


@dataclass(frozen=True)
class PerEpoch(Schedule):
    """A schedule of epochs: constant within an epoch.

        lr(t) = f(1 + floor((t - 1) / steps_per_epoch))

    Args:
        schedule: f, a function of the number 1, 2, ... of the epoch.
        steps_per_epoch: at least 1; `len(loader)`.

    Raises:
        TypeError, ValueError: an argument is of another kind, or out of range.

    Example:
        >>> from minigrad.optim import schedules
        >>> schedules.PerEpoch(schedules.Linear(1.0, 0.0, steps=2), steps_per_epoch=2).values(6)
        array([1. , 1. , 0.5, 0.5, 0. , 0. ])

    Source: torch's habit of calling `scheduler.step()` once an epoch.
    """

    schedule: Scheduled
    steps_per_epoch: int

    def __post_init__(self) -> None:
        scheduled_fields(self, "schedule")
        count(self, "steps_per_epoch")

    def formula(self, t: int) -> Any:
        return self.parts()[0](1 + (t - 1) // self.steps_per_epoch)
