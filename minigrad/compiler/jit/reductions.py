"""Sums, products and largest elements, put together in a variable or in an array."""

from __future__ import annotations

from typing import Any

import numpy as np

from .expressions import bare, constant, converted, within
from .members import Member

_WIDE = 4096  # terms of a float32 sum, from which on it is kept in float64

_STARTS: dict[str, Any] = {"add": 0, "multiply": 1}
_COMBINED = {
    "add": "{0} + {1}", "multiply": "{0} * {1}",
    "maximum": "maximum({0}, {1})", "minimum": "minimum({0}, {1})",
}  # fmt: skip
_IN_ANY_ORDER = {"maximum": "larger({0}, {1})", "minimum": "smaller({0}, {1})"}


class Accumulator:
    """The variable in which a reduction is put together, as source.

    A largest element has nan above all numbers. No processor has an instruction for that, so
    whether there was one is noted apart, and the loop over both becomes vector code.

    Args:
        m: the reduction.
        name: the variable for the result.
    """

    def __init__(self, m: Member, name: str) -> None:
        self._m, self._name = m, name
        terms = int(np.prod([n for n, s in zip(m.space, m.target, strict=True) if s == 0]))
        is_sum = m.accumulation in _STARTS
        self._is_wide = is_sum and m.out.dtype == np.float32 and terms > _WIDE
        self._notes_nan = not is_sum and m.out.dtype.kind == "f"
        self._total = f"{name}_wide" if self._is_wide else name

    def start(self) -> list[str]:
        dtype = np.dtype(np.float64) if self._is_wide else self._m.out.dtype
        notes = [f"{self._name}_is_nan = False"] if self._notes_nan else []
        return [f"{self._total} = {start_of(self._m, dtype)}", *notes]

    def add(self, term: str) -> list[str]:
        """Put one more element in."""
        if not self._notes_nan:
            return [f"{self._total} = {_combined(self._m, self._total, term)}"]
        lines = [] if term.isidentifier() else [f"{self._name}_next = {bare(term)}"]
        term = term if term.isidentifier() else f"{self._name}_next"
        larger = _IN_ANY_ORDER[self._m.accumulation or ""].format(self._name, term)
        return [
            *lines,
            f"{self._name} = {larger}",
            f"{self._name}_is_nan = {self._name}_is_nan | ({term} != {term})",
        ]

    def end(self) -> list[str]:
        """What follows the last element."""
        if self._is_wide:
            return [f"{self._name} = np.float32({self._total})"]
        if self._notes_nan:
            nan = constant(np.nan, self._m.out.dtype)
            return [f"{self._name} = {nan} if {self._name}_is_nan else {self._name}"]
        return []


def into_array(m: Member, element: str, term: str) -> str:
    """Put one more element into an element of an array."""
    return f"{element} = {_combined(m, element, term)}"


def start_of(m: Member, dtype: np.dtype[Any]) -> str:
    """What a reduction begins with."""
    if m.accumulation in _STARTS:
        return constant(_STARTS[m.accumulation], dtype)
    is_largest = m.accumulation == "maximum"
    if dtype.kind == "f":
        return constant(-np.inf if is_largest else np.inf, dtype)
    if dtype.kind == "b":
        return str(not is_largest)
    limits = np.iinfo(dtype)
    return constant(limits.min if is_largest else limits.max, dtype)


def _combined(m: Member, total: str, term: str) -> str:
    binds = m.accumulation == "multiply" or " if " in term
    text = _COMBINED[m.accumulation or ""].format(total, within(term) if binds else bare(term))
    return converted(text, int, m.out.dtype) if m.out.dtype.kind in "iu" else text
