"""The rules of functions that pick elements."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .axes import as_array, position
from .registry import Function, defcomposite, defvjp, primitive


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
    elif len(shape) == 1 and isinstance(index, np.ndarray):  # eight times quicker if all are flat
        np.add.at(zeros, index.reshape(-1), g.reshape(-1))
    else:
        np.add.at(zeros, index, g)
    return zeros


def is_basic(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        p is None or p is ... or (isinstance(p, (slice, int, np.integer)) and type(p) is not bool)
        for p in parts
    )


def _getitem_rule(g: Any, y: Any, x: Any, index: Any) -> Any:
    """Rows are added up element by element: NumPy does that eight times quicker than row by row."""
    rows = isinstance(index, np.ndarray) and index.dtype.kind in "iu" and x.ndim > 1
    if not rows:
        return scatter_add(g, index, x.shape)
    width = math.prod(x.shape[1:])
    places = index.reshape(-1, 1).astype(np.intp) * width + np.arange(width)
    return scatter_add(g.reshape(-1), places.reshape(-1), (x.size,)).reshape(x.shape)


defvjp(getitem, _getitem_rule, None)
defvjp(scatter_add, lambda g, y, x, index, shape: getitem(g, index), None, None)


def as_index(indices: Any) -> Any:
    """Integers, lists and arrays as what indexes an array; an empty list is one of integers."""
    if hasattr(indices, "shape"):
        return indices
    array = np.asarray(indices)
    return array if array.size else array.astype(np.intp)


def plain(a: Any) -> Any:
    """What has no derivative here (places, a condition): of a tensor, its array."""
    return a.data if hasattr(a, "requires_grad") else a


def moved(move: Function, *arrays: Any) -> Any:
    """What `move` makes of arrays, if it only moves their elements about.

    It is given the places of the elements instead, and what it returns is looked up.
    """
    ends = np.cumsum([np.size(a) for a in arrays]).tolist()
    places = [
        np.arange(end - np.size(a), end).reshape(np.shape(a))
        for a, end in zip(arrays, ends, strict=True)
    ]
    flat = [np.reshape(a, -1) for a in arrays]
    return getitem(flat[0] if len(flat) == 1 else np.concatenate(flat), move(*places))


def _take(x: Any, indices: Any, axis: int | None = None, *, mode: Any = "raise") -> Any:
    if mode != "raise":
        n = x.size if axis is None else x.shape[axis]
        indices = np.take(np.arange(n), indices, mode=mode)
    if axis is None:
        return getitem(np.reshape(x, -1), as_index(indices))
    return getitem(x, (slice(None),) * position(axis, x.ndim) + (as_index(indices),))


def _repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    n = math.prod(x.shape) if axis is None else x.shape[axis]
    return np.take(x, np.repeat(np.arange(n), repeats), axis=axis)


def _select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """The first choice whose condition holds: `np.where`, from the last one on."""
    if any(as_array(condition).dtype != bool for condition in condlist):
        raise TypeError("select: the conditions must be booleans")
    dtype = np.result_type(*choicelist, default)
    chosen, *choices = (
        a if hasattr(a, "shape") else np.asarray(a, dtype) for a in (default, *choicelist)
    )
    for condition, choice in reversed(list(zip(condlist, choices, strict=True))):
        chosen = np.where(condition, choice, chosen)
    return chosen


def _insert(x: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    values = as_array(values).astype(x.dtype)
    return moved(lambda places, new: np.insert(places, plain(obj), new, axis), x, values)


defcomposite(np.take, _take)
defcomposite(
    np.take_along_axis,
    lambda x, indices, axis=-1: moved(lambda p: np.take_along_axis(p, plain(indices), axis), x),
)
defcomposite(np.repeat, _repeat)
defcomposite(np.resize, lambda x, new_shape: moved(lambda p: np.resize(p, new_shape), x))
defcomposite(
    np.delete, lambda x, obj, axis=None: moved(lambda p: np.delete(p, plain(obj), axis), x)
)
defcomposite(np.insert, _insert)
defcomposite(np.select, _select)
defcomposite(
    np.choose,
    lambda a, choices, *, mode="raise": moved(
        lambda *p: np.choose(plain(a), p, mode=mode), *choices
    ),
)
defcomposite(
    np.compress,
    lambda condition, x, axis=None: moved(lambda p: np.compress(plain(condition), p, axis), x),
)
defcomposite(np.extract, lambda condition, x: moved(lambda p: np.extract(plain(condition), p), x))
