"""The memory that a printed program works in. These functions are printed with it."""

from __future__ import annotations

import numpy as np


def buffer(arena, offset, shape, dtype):  # type: ignore[no-untyped-def]
    """An array in the bytes of the arena from `offset` on."""
    count = int(np.prod(shape, dtype=np.int64))
    return np.frombuffer(arena, dtype, count, offset).reshape(shape)


def stretches(size, arrays, scratch, lane=0, lanes=1):  # type: ignore[no-untyped-def]
    """Pieces of at most `size` elements of all arrays, each with the lane's scratch memory.

    A tuple of arrays stands for the arrays in a row; a piece never lies in two of them. Lanes take
    turns: the pieces of the first of two are the first, the third, ..., as many as the other's.
    """

    def piece(row, i, j):  # type: ignore[no-untyped-def]
        while i >= row[0].size:
            i, j, row = i - row[0].size, j - row[0].size, row[1:]
        return row[0][i:j]

    rows = [[b.reshape(-1) for b in (a if isinstance(a, tuple) else (a,))] for a in arrays]
    ends = sorted({int(end) for row in rows for end in np.cumsum([a.size for a in row])})
    spans = []
    for start, end in zip([0, *ends], ends, strict=False):
        pieces = lanes * -((start - end) // (lanes * size))
        length = -((start - end) // pieces)
        spans += [(i, min(i + length, end)) for i in range(start, end, length)]
    own = [s[lane * size : (lane + 1) * size] for s in scratch]
    return [
        (*(piece(row, i, j) for row in rows), *(s[: j - i] for s in own))  # type: ignore[no-untyped-call]
        for i, j in spans[lane::lanes]
    ]
