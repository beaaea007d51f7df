"""The rules of assignment: `x[index] = value`, written as a function that leaves x as it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from .indexing import is_basic
from .registry import defvjp, primitive


@primitive
def put(x: Any, index: Any, value: Any) -> Any:
    """A copy of x with `value` at `index`; where a place is repeated, the last value stays."""
    changed = np.array(x)
    changed[index] = value
    return changed


@primitive
def last_at(g: Any, index: Any) -> Any:
    """g[index], with 0 for every repetition of a place but the last one."""
    picked = g[index]
    if is_basic(index):
        return picked
    number = np.arange(picked.size).reshape(picked.shape)
    last = np.zeros(g.shape, np.intp)
    last[index] = number
    return np.where(last[index] == number, picked, np.zeros_like(picked))


def _put_value(g: Any, y: Any, x: Any, index: Any, value: Any) -> Any:
    """What the assignment kept; `value` may have more leading axes, all of length 1."""
    kept = last_at(g, index)
    return kept.reshape((1,) * (value.ndim - kept.ndim) + kept.shape)


defvjp(put, lambda g, y, x, index, value: put(g, index, 0), None, _put_value)
defvjp(last_at, lambda g, y, x, index: put(np.zeros_like(x), index, g), None)
