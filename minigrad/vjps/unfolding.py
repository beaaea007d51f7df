"""Taking windows out of a space, and adding windows up in one: linear, and each other's derivative.

Arrays here have the examples last, `(C, *space, N)`: then neighbouring places of a window are
neighbours in memory, and one window position of all examples is a copy of long contiguous rows.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .registry import defvjp, primitive

Ints: TypeAlias = tuple[int, ...]


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


def shifts(size: Ints, places: Ints, stride: Ints, dilation: Ints) -> list[tuple[slice, ...]]:
    """For each element of a window, where it lies in the space in all the windows: its slices."""
    return [
        tuple(
            slice(j * d, j * d + (n - 1) * s + 1, s)
            for j, n, s, d in zip(element, places, stride, dilation, strict=True)
        )
        for element in np.ndindex(size)
    ]


def sizes_of(columns: Any) -> tuple[Ints, Ints]:
    """The size and the places of the windows in columns."""
    ndim = (len(columns.shape) - 2) // 2
    return columns.shape[1 : 1 + ndim], columns.shape[1 + ndim : -1]


defvjp(
    unfold,
    lambda g, y, x, size, places, stride, dilation: fold(g, x.shape[1:-1], stride, dilation),
)
defvjp(
    fold,
    lambda g, y, columns, space, stride, dilation: unfold(g, *sizes_of(columns), stride, dilation),
)
