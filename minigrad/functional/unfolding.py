"""Taking windows out of a space, and adding windows up in one: linear, and each other's derivative.

Arrays here have the examples last, `(C, *space, N)`; see `windows`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..vjps import defvjp, primitive
from .windows import Ints, Widths, shifts


@primitive
def frame(x: Any, padding: Widths = (), value: float = 0.0) -> Any:
    """(N, C, *space) -> (C, *padded space, N), contiguous, with `value` in the padding."""
    moved = _examples_last(x)
    if not any(map(any, padding)):
        return np.copy(moved, order="C")
    lengths = zip(moved.shape[1:-1], padding, strict=True)
    shape = (moved.shape[0], *(n + sum(p) for n, p in lengths), moved.shape[-1])
    framed = np.full(shape, value, moved.dtype)
    framed[_inside(shape, padding)] = moved
    return framed


def unframe(x: Any, padding: Widths = ()) -> Any:
    """(C, *padded space, N) -> (N, C, *space), a view."""
    if any(map(any, padding)):
        x = x[_inside(x.shape, padding)]
    return np.transpose(x, (x.ndim - 1, *range(x.ndim - 1)))


def _examples_last(x: Any) -> Any:
    return np.transpose(x, (*range(1, x.ndim), 0))


def _inside(shape: Ints, padding: Widths) -> tuple[slice, ...]:
    """The index of what stands between the padding."""
    return (slice(None), *(slice(b, n - a) for n, (b, a) in zip(shape[1:], padding, strict=False)))


defvjp(frame, lambda g, y, x, padding=(), value=0.0: unframe(g, padding))


@primitive
def unfold(x: Any, size: Ints, places: Ints, stride: Ints, dilation: Ints) -> Any:
    """(C, *space, N) -> (C, *size, *places, N): element by element of the windows, all of them."""
    ndim = len(size)
    reach = tuple(d * (k - 1) + 1 for k, d in zip(size, dilation, strict=True))
    view = sliding_window_view(x, reach, tuple(range(1, ndim + 1)))  # (C, *starts, N, *reach)
    starts = (slice(0, (n - 1) * s + 1, s) for n, s in zip(places, stride, strict=True))
    elements = (slice(None, None, d) for d in dilation)
    view = view[(slice(None), *starts, slice(None), *elements)]
    axes = (0, *range(ndim + 2, 2 * ndim + 2), *range(1, ndim + 2))
    return np.copy(np.transpose(view, axes), order="C")


@primitive
def fold(columns: Any, space: Ints, stride: Ints, dilation: Ints) -> Any:
    """(C, *size, *places, N) -> (C, *space, N): zeros, to which all windows are added."""
    size, places = sizes_of(columns)
    total = np.zeros((columns.shape[0], *space, columns.shape[-1]), columns.dtype)
    for element, s in zip(np.ndindex(size), shifts(size, places, stride, dilation), strict=True):
        total[(slice(None), *s)] += columns[(slice(None), *element)]
    return total


def sizes_of(columns: Any) -> tuple[Ints, Ints]:
    """The size and the places of the windows in columns."""
    ndim = (columns.ndim - 2) // 2
    return columns.shape[1 : 1 + ndim], columns.shape[1 + ndim : -1]


defvjp(
    unfold,
    lambda g, y, x, size, places, stride, dilation: fold(g, x.shape[1:-1], stride, dilation),
)
defvjp(
    fold,
    lambda g, y, columns, space, stride, dilation: unfold(g, *sizes_of(columns), stride, dilation),
)
