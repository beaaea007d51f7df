"""The rules of functions that join arrays or split them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from .axes import as_array, position
from .indexing import getitem
from .registry import Function, defcomposite, defvjp_each, primitive

# Joining and splitting. The list of arrays is unpacked, so that each array is an argument.


@primitive
def concat(*arrays: Any, axis: int = 0) -> Any:
    """`np.concatenate` of its arguments."""
    return np.concatenate(arrays, axis=axis)


def _concat_rule(i: int, g: Any, y: Any, *arrays: Any, axis: int = 0) -> Any:
    start = sum(a.shape[axis] for a in arrays[:i])
    part = slice(start, start + arrays[i].shape[axis])
    return getitem(g, (slice(None),) * (axis % y.ndim) + (part,))


defvjp_each(concat, _concat_rule)


_MOST = 64


def _concatenate(arrays: Any, axis: int | None = 0) -> Any:
    """Many arrays are joined in groups, since each rule of `concat` is handed all its arrays."""
    if axis is None:
        parts, axis = [np.reshape(a, -1) for a in arrays], 0
    else:
        parts = list(map(as_array, arrays))
    while len(parts) > _MOST:
        groups = (parts[i : i + _MOST] for i in range(0, len(parts), _MOST))
        parts = [concat(*group, axis=axis) for group in groups]
    return concat(*parts, axis=axis)


def _hstack(arrays: Any) -> Any:
    arrays = [np.atleast_1d(a) for a in arrays]
    return np.concatenate(arrays, 0 if arrays[0].ndim == 1 else 1)


def _append(x: Any, values: Any, axis: int | None = None) -> Any:
    return np.concatenate([x, values], axis)


def _as_column(a: Any) -> Any:
    return a if np.ndim(a) >= 2 else np.reshape(a, (-1, 1))


defcomposite(np.concatenate, _concatenate)
defcomposite(
    np.stack,
    lambda arrays, axis=0: np.concatenate([np.expand_dims(a, axis) for a in arrays], axis),
)
defcomposite(np.hstack, _hstack)
defcomposite(np.vstack, lambda arrays: np.concatenate([np.atleast_2d(a) for a in arrays], 0))
defcomposite(np.dstack, lambda arrays: np.concatenate([np.atleast_3d(a) for a in arrays], 2))
defcomposite(np.column_stack, lambda arrays: np.concatenate([_as_column(a) for a in arrays], 1))
defcomposite(np.append, _append)


def _block(arrays: Any) -> Any:
    """Join the innermost lists along the last axis, those around them along the one before."""
    depth = _depth(arrays)
    ndim = max(depth, *(np.ndim(a) for a in _members(arrays)))

    def join(part: Any, axis: int) -> Any:
        if isinstance(part, list) != (axis < 0):
            raise ValueError("block: the lists must be nested equally deep everywhere")
        if axis < 0:
            return np.concatenate([join(p, axis + 1) for p in part], axis)
        return np.reshape(part, (1,) * (ndim - np.ndim(part)) + np.shape(part))

    return join(arrays, -depth) if depth else np.copy(join(arrays, 0))


def _depth(arrays: Any) -> int:
    return 1 + max(map(_depth, arrays), default=0) if isinstance(arrays, list) else 0


def _members(arrays: Any) -> Iterator[Any]:
    if isinstance(arrays, list):
        for part in arrays:
            yield from _members(part)
    else:
        yield arrays


defcomposite(np.block, _block)


def _bounds(split: Function, n: int, indices_or_sections: Any) -> list[int]:
    """Where the parts of an axis of length n begin and end."""
    if np.ndim(indices_or_sections):
        return [0, *np.asarray(indices_or_sections).tolist(), n]
    return [0, *accumulate(map(len, split(np.arange(n), indices_or_sections)))]


def _splitting(split: Function) -> Function:
    def definition(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
        lead = (slice(None),) * position(axis, x.ndim)
        bounds = _bounds(split, x.shape[axis], indices_or_sections)
        return [x[(*lead, slice(*ends))] for ends in pairwise(bounds)]

    return definition


def _splitting_along(split: Function, axis: int) -> Function:
    def definition(x: Any, indices_or_sections: Any) -> list[Any]:
        split(np.broadcast_to(False, x.shape), indices_or_sections)  # which checks the shape
        return np.split(x, indices_or_sections, min(axis, x.ndim - 1))

    return definition


def _unstack(x: Any, *, axis: int = 0) -> tuple[Any, ...]:
    lead = (slice(None),) * position(axis, x.ndim)
    return tuple(x[(*lead, i)] for i in range(x.shape[axis]))


defcomposite(np.split, _splitting(np.split))
defcomposite(np.array_split, _splitting(np.array_split))
defcomposite(np.vsplit, _splitting_along(np.vsplit, 0))
defcomposite(np.hsplit, _splitting_along(np.hsplit, 1))
defcomposite(np.dsplit, _splitting_along(np.dsplit, 2))
defcomposite(np.unstack, _unstack)
