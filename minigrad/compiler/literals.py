"""Constant arrays written as source, where that is short enough to read."""

from __future__ import annotations

from typing import Any

import numpy as np

from .folding import is_immutable
from .program import written

_MOST_LISTED = 16


def literal(array: Any) -> str | None:
    """An expression that makes the array; None if it may change, or is too long to write."""
    if not is_immutable(array) or not array.flags.c_contiguous:
        return None
    dtype = written(array.dtype, {})
    if array.size and _is_uniform(array):
        number = written(array.flat[0].item(), {})
        if array.ndim == 0:
            return f"np.array({number}, {dtype})"
        return f"np.full({array.shape}, {number}, {dtype})"
    if array.size <= _MOST_LISTED and array.ndim == 1:
        numbers = ", ".join(written(a, {}) for a in array.tolist())
        return f"np.array([{numbers}], {dtype})"
    return None


def _is_uniform(array: Any) -> bool:
    """Whether all elements have the same bits."""
    first = array.flat[0]
    return bool((array == first).all()) and bool((np.signbit(array) == np.signbit(first)).all())
