"""The memory that a printed program works in. These functions are printed with it."""

from __future__ import annotations

import numpy as np


def buffer(arena, offset, shape, dtype):  # type: ignore[no-untyped-def]
    """An array in the bytes of the arena from `offset` on."""
    count = int(np.prod(shape, dtype=np.int64))
    return np.frombuffer(arena, dtype, count, offset).reshape(shape)


def stretches(size, arrays, scratch):  # type: ignore[no-untyped-def]
    """Pieces of `size` elements of all arrays, each with scratch memory of its length."""
    flat = [a.reshape(-1) for a in arrays]
    return [
        (*(a[i : i + size] for a in flat), *(s[: flat[0].size - i] for s in scratch))
        for i in range(0, flat[0].size, size)
    ]
