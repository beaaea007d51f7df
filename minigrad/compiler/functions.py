"""Functions that appear in programs only, and what the compiler knows about NumPy's."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from .. import vjps

# Questions about shapes and dtypes: answered at once, never recorded.
METADATA = frozenset(
    {
        np.shape, np.ndim, np.size, np.result_type, np.shares_memory, np.may_share_memory,
        np.zeros_like, np.ones_like, np.empty_like,
    }
)  # fmt: skip

# Primitives that are one instruction each: their bodies are the one NumPy call they stand for.
KEPT_WHOLE = frozenset({vjps.getitem, vjps.astype, vjps.concat, vjps.spread, vjps.scatter_add})


def put(x: Any, index: Any, value: Any) -> Any:
    """A copy of x with `value` at `index`."""
    changed = x.copy()
    changed[index] = value
    return changed


def whole_view(x: Any, start: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> Any:
    """The elements of a contiguous x from number `start` on, as an array of `shape`."""
    flat = x.reshape(-1)[start:]
    return np.lib.stride_tricks.as_strided(flat, shape, strides)


def put_view(
    x: Any, value: Any, start: int, shape: tuple[int, ...], strides: tuple[int, ...]
) -> Any:
    """A copy of x with `value` in place of `whole_view(x, start, shape, strides)`."""
    changed = x.copy()
    whole_view(changed, start, shape, strides)[...] = value
    return changed


NUMBERS = frozenset(
    {
        operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv,
        operator.mod, operator.pow, operator.neg, operator.abs, operator.eq, operator.ne,
        operator.lt, operator.le, operator.gt, operator.ge,
    }
)  # fmt: skip
