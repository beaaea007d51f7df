"""Several schedules for a hyperparameter of several numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .coercion import scheduled_fields
from .schedule import Schedule, Scheduled


@dataclass(frozen=True)
class Tuple(Schedule):
    """Several schedules side by side, for a hyperparameter of several numbers such as `betas`.

        betas(t) = (f_1(t), f_2(t), ...)

    Args:
        members: schedules, numbers, or functions of t, in a list; at least one.

    Raises:
        TypeError, ValueError: an argument is of another kind, or a number out of range.

    Example:
        >>> from minigrad.optim import schedules
        >>> betas = schedules.Tuple([0.9, schedules.Linear(0.75, 1.0, steps=2)])
        >>> betas(1), betas(2)
        ((0.9, 0.75), (0.9, 0.875))
    """

    members: Sequence[Scheduled]

    def __post_init__(self) -> None:
        if not isinstance(self.members, (tuple, list)) or not self.members:
            raise TypeError(f"Tuple: members must be a list of schedules, got {self.members!r}")
        scheduled_fields(self, "members")

    def formula(self, t: int) -> tuple[float, ...]:
        return tuple(member.number(t) for member in self.parts())
