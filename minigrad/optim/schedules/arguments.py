"""Checks of a schedule's arguments, which also make them plain Python numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from numbers import Integral, Real

_RANGES: dict[str, Callable[[float], bool]] = {
    "a number": lambda a: True,
    "at least 0": lambda a: a >= 0,
    "more than 0": lambda a: a > 0,
    "in (0, 1)": lambda a: 0 < a < 1,
    "in [0, 1]": lambda a: 0 <= a <= 1,
}


def number(owner: object, field: str, must_be: str) -> None:
    """Make a field a finite float in a range of `_RANGES`: a NumPy scalar would widen arrays."""
    value = getattr(owner, field)
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"{_place(owner, field)} must be a number, got {value!r}")
    if not math.isfinite(value) or not _RANGES[must_be](float(value)):
        raise ValueError(f"{_place(owner, field)} must be finite and {must_be}, got {value!r}")
    object.__setattr__(owner, field, float(value))  # the schedules are frozen


def count(owner: object, field: str, at_least: int = 1) -> None:
    """Make a field an int that is not too small."""
    value = getattr(owner, field)
    object.__setattr__(owner, field, _checked_count(_place(owner, field), value, at_least))


def increasing_counts(owner: object, field: str) -> None:
    """Make a field a tuple of ints, each more than the one before, the first at least 1."""
    place, values = _place(owner, field), getattr(owner, field)
    if not isinstance(values, Iterable):
        raise TypeError(f"{place} must be several integers, got {values!r}")
    counts = tuple(_checked_count(place, value, 1) for value in values)
    if list(counts) != sorted(set(counts)):
        raise ValueError(f"{place} must increase, got {list(counts)}")
    object.__setattr__(owner, field, counts)


def one_of(owner: object, field: str, choices: Collection[object]) -> None:
    """Check that a field is one of the choices."""
    value = getattr(owner, field)
    if value not in choices:
        named = ", ".join(map(repr, choices))
        raise ValueError(f"{_place(owner, field)} must be one of {named}, got {value!r}")


def _checked_count(place: str, value: object, at_least: int) -> int:
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise TypeError(f"{place} must be an integer, got {value!r}")
    if value < at_least:
        raise ValueError(f"{place} must be an integer of at least {at_least}, got {value!r}")
    return int(value)


def _place(owner: object, field: str) -> str:
    return f"{type(owner).__name__}: {field}"
