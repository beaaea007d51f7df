"""One thread for small matrices: a second one would be waited for longer than it works."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

# Multiplications, about a millisecond of work. On a busy machine handing over a part of it can
# take a scheduler's time slice each time: 60 s instead of 0.2 s for the digits on two cores.
_LARGE = 2**25


def blas_threads_for(multiplications: int) -> AbstractContextManager[Any]:
    """Compute small matrix products on one thread, inside a `with` block, and large ones on all.

    Without the package threadpoolctl, which scikit-learn brings, nothing is changed.

    Args:
        multiplications: those of the largest matrix product, rows * inner * columns.

    Example:
        >>> import numpy as np
        >>> from minigrad.train.threads import blas_threads_for
        >>> with blas_threads_for(64 * 128 * 64):
        ...     product = np.ones((64, 128)) @ np.ones((128, 64))
    """
    try:
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
    except ImportError:
        return nullcontext()
    limits: AbstractContextManager[Any] = threadpool_limits(
        1 if multiplications < _LARGE else None, user_api="blas"
    )
    return limits
