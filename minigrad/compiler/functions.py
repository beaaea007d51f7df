"""Functions that appear in programs only, and what the compiler knows about NumPy's."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import cache
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
KEPT_WHOLE = frozenset(
    {
        vjps.getitem, vjps.astype, vjps.concat, vjps.spread, vjps.scatter_add, vjps.put,
        vjps.last_at,
    }
)  # fmt: skip

# Functions whose results have shapes that depend on values.
DATA_DEPENDENT = frozenset(
    {
        np.nonzero, np.flatnonzero, np.argwhere, np.unique, np.unique_all, np.unique_counts,
        np.unique_inverse, np.unique_values, np.bincount, np.trim_zeros, np.union1d,
        np.intersect1d, np.setdiff1d, np.setxor1d,
    }
)  # fmt: skip

# Functions whose first argument, a condition, decides on the shape.
SHAPED_BY_CONDITION = frozenset({np.extract, np.compress})

# Functions where the arguments after the first decide on the shape, too.
SHAPED_BY_ARGUMENTS = frozenset(
    {
        np.repeat, np.split, np.array_split, np.hsplit, np.vsplit, np.dsplit, np.tile, np.pad,
        np.resize, np.reshape, np.broadcast_to, np.expand_dims, np.delete,
    }
)  # fmt: skip

# Functions that write to an array which they receive.
WRITING = frozenset({np.copyto, np.put, np.place, np.putmask, np.fill_diagonal, np.put_along_axis})


def whole_view(x: Any, start: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> Any:
    """The elements of a contiguous x from number `start` on, as an array of `shape`."""
    flat = x.reshape(-1)[start:]
    return np.lib.stride_tricks.as_strided(flat, shape, strides)


def put_view(
    x: Any, value: Any, start: int, shape: tuple[int, ...], strides: tuple[int, ...]
) -> Any:
    """A copy of x with `value` in place of `whole_view(x, start, shape, strides)`."""
    changed = x.copy(order="K")
    whole_view(changed, start, shape, strides)[...] = value
    return changed


def scalar_power(x: Any, exponent: Any) -> Any:
    """x ** exponent of NumPy's numbers, which is rounded otherwise than that of arrays."""
    x, exponent = (a[()] if hasattr(a, "shape") else a for a in (x, exponent))
    return x**exponent


# Their argument 1 is an index.
INDEXED = frozenset({vjps.getitem, vjps.scatter_add, vjps.put, vjps.last_at})


@cache
def part_of(fn: Callable[..., Any], i: int) -> Callable[..., Any]:
    """A function that makes one of the several arrays which `fn` returns."""

    def part(*args: Any, **params: Any) -> Any:
        return fn(*args, **params)[i]

    part.__name__ = part.__qualname__ = f"{vjps.name_of(fn)}_{i}"
    return part


NUMBERS = frozenset(
    {
        operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv,
        operator.mod, operator.pow, operator.neg, operator.abs, operator.eq, operator.ne,
        operator.lt, operator.le, operator.gt, operator.ge,
    }
)  # fmt: skip
