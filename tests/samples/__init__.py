"""Inputs for every function that has a derivative rule: the table which `test_vjps.py` runs over.

A new rule needs a new row, in the file named as the rule's own. A row lists calls:
`S(*args, **params)`. Floating arrays among the arguments, also inside a list, are the inputs to
differentiate; `Fixed(array)` is passed on as it is. All values lie inside the function's domain and
away from kinks; ties are tested by name.
"""

from __future__ import annotations

from typing import Any

from minigrad.vjps import COMPOSITES, VJPS

from . import elementwise, functional, indexing, joining, products, reductions, shape
from .draws import Fixed, S, is_input

__all__ = ["REGISTERED", "SAMPLES", "Fixed", "S", "is_input"]

TABLES = [elementwise, reductions, products, shape, joining, indexing, functional]
SAMPLES: dict[Any, list[S]] = {fn: calls for t in TABLES for fn, calls in t.SAMPLES.items()}

REGISTERED = {
    fn
    for fn in [*VJPS, *COMPOSITES]
    if (fn.__module__ or "numpy").startswith(("numpy", "minigrad"))
}
