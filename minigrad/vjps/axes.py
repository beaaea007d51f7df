"""Axes and shapes, as the arguments of the rules describe them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index


def position(axis: int, ndim: int) -> int:
    """An axis, perhaps negative, counted from 0; raises if there is no such axis."""
    return normalize_axis_index(axis, ndim)


def axes_of(x: Any, axis: Any) -> tuple[int, ...]:
    """`axis` (None, int or tuple, perhaps negative) as a tuple of positions."""
    if axis is None or np.ndim(x) == 0:  # NumPy lets some reductions take axis 0 of a number
        return tuple(range(np.ndim(x)))
    return tuple(position(a, x.ndim) for a in (axis if isinstance(axis, tuple) else (axis,)))


def kept_shape(x: Any, axis: Any) -> tuple[int, ...]:
    """The shape of a reduction of x over `axis` with keepdims=True."""
    return _kept_shape(x.shape if hasattr(x, "shape") else np.shape(x), axis)


@lru_cache(maxsize=1024)
def _kept_shape(shape: tuple[int, ...], axis: Any) -> tuple[int, ...]:
    reduced = axes_of(np.broadcast_to(0, shape), axis)
    return tuple(1 if i in reduced else n for i, n in enumerate(shape))


def kept(r: Any, x: Any, axis: Any) -> Any:
    """A reduction of x over `axis`, with the reduced axes back as length 1."""
    return r if axis is None else r.reshape(kept_shape(x, axis))


def count_of(x: Any, axis: Any) -> int:
    """The number of elements that each result of a reduction over `axis` is made of."""
    return x.size if axis is None else math.prod(x.shape[a] for a in axes_of(x, axis))


def inverse_of(axes: Sequence[int], ndim: int) -> tuple[int, ...]:
    """The permutation that undoes `axes`."""
    inverse = [0] * ndim
    for i, a in enumerate(axes):
        inverse[a] = i
    return tuple(inverse)


def as_array(a: Any) -> Any:
    """Numbers and lists become arrays; arrays and tensors are passed on."""
    return a if hasattr(a, "shape") else np.asarray(a)
