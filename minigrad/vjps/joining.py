"""The rules of functions that join arrays or split them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .axes import as_array
from .indexing import getitem
from .registry import defcomposite, defvjp_each, primitive

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


def _concatenate(arrays: Any, axis: int | None = 0) -> Any:
    if axis is None:
        return concat(*(np.reshape(a, -1) for a in arrays))
    return concat(*map(as_array, arrays), axis=axis)


def _hstack(arrays: Any) -> Any:
    arrays = [a if np.ndim(a) else np.reshape(a, 1) for a in arrays]
    return np.concatenate(arrays, 0 if np.ndim(arrays[0]) == 1 else 1)


def _split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Let NumPy split the positions, then index."""
    places = np.arange(x.shape[axis])
    lead = (slice(None),) * (axis % x.ndim)
    ends = np.cumsum([len(p) for p in np.split(places, indices_or_sections)]).tolist()
    return [x[(*lead, slice(a, b))] for a, b in zip([0, *ends], ends, strict=False)]


defcomposite(np.concatenate, _concatenate)
defcomposite(
    np.stack,
    lambda arrays, axis=0: np.concatenate([np.expand_dims(a, axis) for a in arrays], axis),
)
defcomposite(np.vstack, lambda arrays: np.concatenate([_at_least_2d(a) for a in arrays], 0))
defcomposite(np.hstack, _hstack)
defcomposite(np.split, _split)


def _at_least_2d(a: Any) -> Any:
    return a if np.ndim(a) >= 2 else np.reshape(a, (1, -1))
