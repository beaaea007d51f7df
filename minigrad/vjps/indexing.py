"""The rules of functions that pick elements."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .axes import as_array
from .registry import defcomposite, defvjp, primitive


@primitive
def getitem(x: Any, index: Any) -> Any:
    """x[index], basic or advanced."""
    return x[index]


@primitive
def scatter_add(g: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """Zeros of `shape` with g added at `index`; repeated places accumulate."""
    zeros = np.zeros(shape, dtype=g.dtype)
    if is_basic(index):
        zeros[index] = g
    else:
        np.add.at(zeros, index, g)
    return zeros


def is_basic(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        p is None or p is ... or (isinstance(p, (slice, int, np.integer)) and type(p) is not bool)
        for p in parts
    )


defvjp(getitem, lambda g, y, x, index: scatter_add(g, index, x.shape), None)
defvjp(scatter_add, lambda g, y, x, index, shape: getitem(g, index), None, None)


def _take(x: Any, indices: Any, axis: int | None = None) -> Any:
    if axis is None:
        return getitem(np.reshape(x, -1), as_array(indices))
    return getitem(x, (slice(None),) * (axis % x.ndim) + (as_array(indices),))


def _take_along_axis(x: Any, indices: Any, axis: int | None = -1) -> Any:
    """Let NumPy take the positions, then index."""
    places = np.arange(x.size).reshape(x.shape)
    return getitem(np.reshape(x, -1), np.take_along_axis(places, indices, axis))


def _repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    n = math.prod(x.shape) if axis is None else x.shape[axis]
    return np.take(x, np.repeat(np.arange(n), repeats), axis=axis)


defcomposite(np.take, _take)
defcomposite(np.take_along_axis, _take_along_axis)
defcomposite(np.repeat, _repeat)
