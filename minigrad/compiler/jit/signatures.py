"""The types of a compiled function's arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numba import from_dtype, types

from ..program import Value
from .layouts import Layout

_NUMBERS = {int: types.int64, float: types.float64, bool: types.boolean}


def signature_of(arguments: Sequence[Value], layouts: Mapping[Value, Layout]) -> tuple[Any, ...]:
    """The types for which a function is compiled at once: the table of addresses, then these."""
    table = types.Array(types.int64, 1, "C")
    return (table, *(_type(v, layouts) for v in arguments))


def _type(v: Value, layouts: Mapping[Value, Layout]) -> Any:
    if v.is_number:
        return _NUMBERS[v.dtype]
    if layouts[v].is_contiguous:
        order = "C"
    else:
        order = "F" if _is_contiguous_transposed(layouts[v]) else "A"
    return types.Array(from_dtype(np.dtype(v.dtype)), len(v.shape), order)


def _is_contiguous_transposed(layout: Layout) -> bool:
    return Layout(layout.root, 0, layout.shape[::-1], layout.strides[::-1]).is_contiguous
