"""From (N, C, *space) to the order in memory that convolutions and pooling work in, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..vjps import defvjp, primitive
from .windows import Ints, Widths


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
