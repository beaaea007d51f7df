"""The memory that a printed program works in. These functions are printed with it."""

from __future__ import annotations

import numpy as np


def buffer(arena, offset, shape, dtype):  # type: ignore[no-untyped-def]
    """An array in the bytes of the arena from `offset` on."""
    count = int(np.prod(shape, dtype=np.int64))
    return np.frombuffer(arena, dtype, count, offset).reshape(shape)


def stretches(size, arrays, scratch, lane=0, lanes=1):  # type: ignore[no-untyped-def]
    """Pieces of `size` elements of all arrays, each with the lane's scratch memory; a lane's share.

    Lanes take turns: the pieces of the first of two are the first, the third, ...
    """
    flat = [a.reshape(-1) for a in arrays]
    own = [s[lane * size : (lane + 1) * size] for s in scratch]
    return [
        (*(a[i : i + size] for a in flat), *(s[: flat[0].size - i] for s in own))
        for i in range(lane * size, flat[0].size, lanes * size)
    ]
