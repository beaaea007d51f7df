"""Always the same."""

from __future__ import annotations

from dataclasses import dataclass

from .arguments import number
from .schedule import Schedule


@dataclass(frozen=True)
class Constant(Schedule):
    """The same value at every step.

        lr(t) = value

    Args:
        value: at least 0.

    Raises:
        TypeError, ValueError: the value is no number, negative or not finite.

    Example:
        >>> from minigrad.optim import schedules
        >>> schedules.Constant(0.1)(1000)
        0.1

    Source: Robbins & Monro 1951 ask for more, rates that fall; a constant one is common practice.
    torch's ConstantLR is `Constant(factor * lr).then(Constant(lr), after=total_iters)`.
    """

    value: float

    def __post_init__(self) -> None:
        number(self, "value", "at least 0")

    def formula(self, t: int) -> float:
        return self.value
