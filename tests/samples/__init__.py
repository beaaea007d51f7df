"""Inputs for every function that has a derivative rule: the table which `test_vjps.py` runs over.

A new rule needs a new row, in the file named as the rule's own. A row lists calls:
`S(*args, **params)`. Floating arrays among the arguments, also inside a list, are the inputs to
differentiate; `Fixed(array)` is passed on as it is. All values lie inside the function's domain and
away from kinks; ties are tested by name.
"""

from __future__ import annotations

from typing import Any

from minigrad.vjps import COMPOSITES, VJPS

from . import (
    assignment,
    attention,
    convolution,
    cumulative,
    decompositions,
    determinants,
    diagonals,
    einsum,
    elementwise,
    functional,
    indexing,
    joining,
    linalg,
    nans,
    normalization,
    norms,
    order,
    outer,
    padding,
    pooling,
    positions,
    products,
    recurrent,
    reductions,
    resampling,
    series,
    shape,
    sorting,
    special,
    unfolding,
    windows,
)
from .draws import Fixed, S, is_input

__all__ = ["REGISTERED", "SAMPLES", "Fixed", "S", "is_input"]

TABLES = [
    assignment, elementwise, series, reductions, nans, order, cumulative, outer,
    products, einsum, diagonals, determinants, linalg, decompositions, norms, shape, joining,
    indexing, padding, sorting, windows, functional, normalization, special,
    unfolding, convolution, pooling, resampling, attention, positions, recurrent,
]  # fmt: skip
SAMPLES: dict[Any, list[S]] = {fn: calls for t in TABLES for fn, calls in t.SAMPLES.items()}

RULES = ("numpy", "minigrad.vjps", "minigrad.functional")  # and not what tests register
REGISTERED = {
    fn
    for fn in [*VJPS, *COMPOSITES]
    if (getattr(fn, "__module__", None) or "numpy").startswith(RULES)
}
