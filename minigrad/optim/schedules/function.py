"""Any function of t."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .schedule import Schedule


@dataclass(frozen=True)
class Lambda(Schedule):
    """Any function of the number of the step.

        lr(t) = function(t)

    Args:
        function: takes t = 1, 2, ...; returns a number, or a tuple of numbers. It should depend on
            t alone. To be pickled it must be importable: no lambda, no local function.

    Raises:
        TypeError: the function cannot be called; or, at a step, what it returned is no number.

    Example:
        >>> from minigrad.optim import schedules
        >>> schedules.Lambda(lambda t: 1 / t).values(4)
        array([1.        , 0.5       , 0.33333333, 0.25      ])

    Source: torch's LambdaLR, whose function gets t - 1 and returns a factor of the optimizer's lr:
    `lr * Lambda(lambda t: factor(t - 1))`.
    """

    function: Callable[[int], Any]

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise TypeError(f"Lambda: function must be callable, got {self.function!r}")

    def __repr__(self) -> str:
        """The function by its name, where it has one."""
        name = getattr(self.function, "__qualname__", None) or repr(self.function)
        return f"Lambda(function={name})"

    def formula(self, t: int) -> Any:
        value = self.function(t)
        if isinstance(value, (tuple, list)):
            return tuple(float(number) for number in value)
        return float(value)
