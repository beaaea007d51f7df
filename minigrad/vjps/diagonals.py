"""The rules of diagonals: taken, added up, and put into a matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from .registry import defcomposite, defvjp, primitive


@primitive
def on_diagonal(
    x: Any, shape: tuple[int, ...], offset: int = 0, axis1: int = 0, axis2: int = 1
) -> Any:
    """Zeros of `shape`, with x where `np.diagonal(zeros, offset, axis1, axis2)` would look."""
    zeros = np.zeros(shape, dtype=x.dtype)
    places = np.diagonal(zeros, offset, axis1, axis2)
    places.flags.writeable = True  # NumPy hands the view out read-only
    places[...] = x
    return zeros


defvjp(
    np.diagonal,
    lambda g, y, x, offset=0, axis1=0, axis2=1: on_diagonal(g, x.shape, offset, axis1, axis2),
)
defvjp(
    on_diagonal,
    lambda g, y, x, shape, offset=0, axis1=0, axis2=1: np.diagonal(g, offset, axis1, axis2),
    None,
)


def _trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    return np.add.reduce(np.diagonal(x, offset, axis1, axis2), axis=-1)


def _diag(v: Any, k: int = 0) -> Any:
    """A vector becomes a matrix with it on the diagonal, a matrix its diagonal."""
    if v.ndim == 2:
        return np.diagonal(v, k)
    if v.ndim != 1:
        raise ValueError(
            f"diag takes a vector or a matrix, got shape {v.shape}; of the last two axes of more: "
            "np.linalg.diagonal(x)"
        )
    n = v.shape[0] + abs(k)
    return on_diagonal(v, (n, n), k)


defcomposite(np.trace, _trace)
defcomposite(np.diag, _diag)
defcomposite(np.diagflat, lambda v, k=0: np.diag(np.reshape(v, -1), k))
defcomposite(np.linalg.trace, lambda x, *, offset=0: np.trace(x, offset, -2, -1))
defcomposite(np.linalg.diagonal, lambda x, *, offset=0: np.diagonal(x, offset, -2, -1))
