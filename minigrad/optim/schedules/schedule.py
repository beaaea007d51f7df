"""What all schedules share: the number of the step goes in, the value comes out."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from operator import index
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .epochs import PerEpoch
    from .join import Join
    from .product import Product

# What stands for a schedule where one is expected; see `as_schedule`.
Scheduled: TypeAlias = "Schedule | float | Callable[[int], Any]"


class Schedule:
    """Base of the schedules: a pure function of the number t = 1, 2, ... of a step.

        value = schedule(t)

    t is the number of the step being made, as in the update rules; n = t - 1 steps have been made
    before it, and that is what PyTorch counts (`last_epoch`). A schedule knows no optimizer and
    keeps no state, so a run resumes by t alone (`ReduceOnPlateau` is the one exception). It is
    immutable, is compared by value, and its repr evaluates to it.

    A schedule is a frozen dataclass with a `formula(t)`, whose arguments are checked in
    `__post_init__`.

    Example:
        >>> from dataclasses import dataclass
        >>> from minigrad.optim.schedules import Schedule
        >>> @dataclass(frozen=True)
        ... class Halved(Schedule):
        ...     start: float
        ...     def formula(self, t):
        ...         return self.start / 2 ** (t - 1)
        >>> halved = Halved(0.5)
        >>> halved(1), halved(3), halved == Halved(0.5)
        (0.5, 0.125, True)
    """

    def formula(self, t: int) -> Any:
        """The value at step t >= 1: a float, or a tuple of floats."""
        raise NotImplementedError(f"{type(self).__name__} needs a formula(self, t)")

    def __call__(self, t: int) -> Any:
        """The value at a step.

        Args:
            t: the number of the step being made, from 1.

        Returns:
            A Python float; from `Tuple` (and `Lambda`, if its function does so) a tuple of floats.

        Raises:
            TypeError: t is no integer.
            ValueError: t is less than 1.
        """
        try:
            t = index(t)
        except TypeError:
            raise TypeError(f"the number of a step is an integer, got {t!r}") from None
        if t < 1:
            raise ValueError(f"steps are numbered from 1, got {t}")
        return self.formula(t)

    def number(self, t: int) -> float:
        """The value at a step where one number is needed, to be multiplied.

        Raises:
            TypeError: it is a tuple.
        """
        value = self(t)
        if isinstance(value, tuple):
            raise TypeError(
                f"one number is needed at step {t}, got {value} from {self!r}; put the Tuple "
                f"outermost"
            )
        return float(value)

    def values(self, steps: int) -> NDArray[np.float64]:
        """The values at the steps 1, 2, ..., `steps`.

        Returns:
            float64 of shape (steps,); of a schedule of tuples (steps, length of the tuple).

        Raises:
            ValueError: fewer than 1 step.

        Example:
            >>> from minigrad.optim import schedules
            >>> schedules.Linear(1.0, 0.0, steps=4).values(6)
            array([1.  , 0.75, 0.5 , 0.25, 0.  , 0.  ])
        """
        if steps < 1:
            raise ValueError(f"values of at least 1 step, got {steps}")
        return np.array([self(t) for t in range(1, steps + 1)], dtype=np.float64)

    def then(self, following: Scheduled, after: int) -> Join:
        """This schedule for the first `after` steps, then the following one from its own step 1.

        Example:
            >>> from minigrad.optim import schedules
            >>> two = schedules.Constant(0.5).then(schedules.Linear(0.5, 0.0, steps=2), after=3)
            >>> two.values(6)
            array([0.5 , 0.5 , 0.5 , 0.5 , 0.25, 0.  ])
        """
        from .join import Join  # not above: it is made of schedules

        return Join((self, following), after=(after,))

    def per_epoch(self, steps_per_epoch: int) -> PerEpoch:
        """The same by epochs instead of steps: constant within an epoch.

        Example:
            >>> from minigrad.optim import schedules
            >>> schedules.Exponential(1.0, factor=0.5).per_epoch(steps_per_epoch=2).values(5)
            array([1.  , 1.  , 0.5 , 0.5 , 0.25])
        """
        from .epochs import PerEpoch

        return PerEpoch(self, steps_per_epoch)

    def __mul__(self, other: Scheduled) -> Product:
        """The product with a schedule, a number or a function of t."""
        from .product import Product

        return Product((self, other))

    def __rmul__(self, other: Scheduled) -> Product:
        from .product import Product

        return Product((other, self))

    def plot(self, steps: int, path: str | os.PathLike[str] | None = None) -> Any:
        """Draw the values at the steps 1 to `steps`; see `minigrad.optim.schedules.plot`."""
        from .plot import plot

        return plot({type(self).__name__: self}, steps, path)

    def parts(self) -> tuple[Schedule, ...]:
        """The schedules that this one is made of."""
        fields = (a if isinstance(a, tuple) else (a,) for a in vars(self).values())
        return tuple(part for field in fields for part in field if isinstance(part, Schedule))

    def state_dict(self) -> dict[str, Any]:
        """What t alone does not tell: empty, unless there is a `ReduceOnPlateau` in it.

        Returns:
            The state of each part that has one, by the part's place: {"0": {...}}.
        """
        states = {str(i): part.state_dict() for i, part in enumerate(self.parts())}
        return {place: state for place, state in states.items() if state}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` of an equal schedule returned.

        Raises:
            ValueError: the state is of a schedule of another form.
        """
        expected = self.state_dict().keys()
        if state.keys() != expected:
            raise ValueError(
                f"{type(self).__name__} has state of the parts {sorted(expected)}, got the state "
                f"of {sorted(state)}; build the schedule as it was when the state was saved"
            )
        for place, own in state.items():
            self.parts()[int(place)].load_state_dict(own)
