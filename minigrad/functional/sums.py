"""Sums over many axes by BLAS, which adds up several times as fast as `np.add.reduce` does."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from ..vjps.axes import kept_shape


def sum_to(a: Any, shape: tuple[int, ...]) -> Any:
    """The sum of `a` over the axes along which `shape` would be broadcast: an array of `shape`."""
    if (blocks := _blocks(a.shape, shape)) is None:
        return _one_by_one(a, shape)
    outer, kept, inner = blocks
    if inner == 1:
        return _shaped(_sum_of_rows(a, outer, kept), shape)
    rows = _shaped(a, (outer * kept, inner))
    return _shaped(_sum_of_rows(np.dot(rows, ones(inner, a.dtype)), outer, kept), shape)


def dot_to(a: Any, b: Any, shape: tuple[int, ...]) -> Any:
    """The sum of a b, of one shape, over the axes along which `shape` would be broadcast."""
    if (blocks := _blocks(a.shape, shape)) is None:
        return _one_by_one(a * b, shape)
    outer, kept, inner = blocks
    if inner == 1:
        return _shaped(_sum_of_rows(a * b, outer, kept), shape)
    rows = (outer * kept, inner)
    sums = np.vecdot(_shaped(a, rows), _shaped(b, rows))
    return _shaped(_sum_of_rows(sums, outer, kept), shape)


def mean_over(x: Any, axis: int | tuple[int, ...]) -> Any:
    """The mean over some axes, which are kept with length 1."""
    shape = kept_shape(x, axis)
    return sum_to(x, shape) / count_in(x, shape)


def count_in(x: Any, shape: tuple[int, ...]) -> int:
    """The number of elements of x that make one of the sums of `shape`."""
    return x.size // math.prod(shape) if x.size else 1


@lru_cache(maxsize=64)
def ones(n: int, dtype: Any) -> Any:
    """n ones, which are not to be written to."""
    array = np.ones(n, dtype)
    array.flags.writeable = False
    return array


def _sum_of_rows(a: Any, outer: int, kept: int) -> Any:
    if outer == 1:
        return a
    n, rest = _at_once(outer)
    if rest > 1:
        parts = np.dot(ones(n, a.dtype), _shaped(a, (n, rest * kept)))
        return _sum_of_rows(parts, rest, kept)
    return np.dot(ones(outer, a.dtype), _shaped(a, (outer, kept)))


@lru_cache(maxsize=256)
def _at_once(n: int) -> tuple[int, int]:
    """How many of n rows to add up at once, and how many are left then.

    Of many it is a part, about their root, as a sum of k numbers is rounded k times.
    """
    root = range(math.isqrt(n), 1, -1) if n >= 1024 else ()
    part = next((k for k in root if n % k == 0), n)
    return part, n // part if part else 1


def _shaped(a: Any, shape: tuple[int, ...]) -> Any:
    return a if a.shape == shape else a.reshape(shape)


def _one_by_one(a: Any, shape: tuple[int, ...]) -> Any:
    extra = a.ndim - len(shape)
    padded = (1,) * extra + shape
    summed = tuple(i for i, n in enumerate(padded) if n == 1)
    return np.add.reduce(a, axis=summed, keepdims=True).reshape(shape)


@lru_cache(maxsize=256)
def _blocks(full: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, int, int] | None:
    """`full` as (outer, kept, inner), where what is summed over is outer and inner.

    None if an axis between two that are kept is summed over.
    """
    padded = (1,) * (len(full) - len(shape)) + shape
    kept = [i for i, n in enumerate(padded) if n != 1 or full[i] == 1]
    start, stop = (kept[0], kept[-1] + 1) if kept else (0, 0)
    if len(kept) != stop - start:
        return None
    return math.prod(full[:start]), math.prod(full[start:stop]), math.prod(full[stop:])
