"""The rules of reductions that leave out what is not a number.

Elements that are nan get the gradient 0. (`nanmax` and `nanmin` stand with the other extrema.)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .axes import kept
from .reductions import product_of_others
from .registry import defvjp


def _counted(x: Any, axis: Any) -> Any:
    """How many numbers each result is made of, with the reduced axes as length 1."""
    return np.add.reduce(np.logical_not(np.isnan(x)), axis=axis, keepdims=True, dtype=x.dtype)


def _nansum_rule(g: Any, y: Any, x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return np.where(np.isnan(x), 0, kept(g, x, axis))


def _nanmean_rule(g: Any, y: Any, x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return np.where(np.isnan(x), 0, kept(g, x, axis) / _counted(x, axis))


def _nanprod_rule(g: Any, y: Any, x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    others = product_of_others(np.where(np.isnan(x), 1, x), axis=axis)
    return np.where(np.isnan(x), 0, kept(g, x, axis) * others)


def _nanvar_rule(
    g: Any, y: Any, x: Any, axis: Any = None, *, ddof: int = 0, keepdims: bool = False
) -> Any:
    """2 g (x - mean) / (n - ddof)."""
    deviation = np.where(np.isnan(x), 0, x - np.nanmean(x, axis=axis, keepdims=True))
    return kept(g, x, axis) * 2 / (_counted(x, axis) - ddof) * deviation


def _nanstd_rule(
    g: Any, y: Any, x: Any, axis: Any = None, *, ddof: int = 0, keepdims: bool = False
) -> Any:
    """g (x - mean) / ((n - ddof) y), and 0 where the deviation is 0."""
    nonzero = np.where(np.equal(y, 0), np.ones_like(y), y)
    return _nanvar_rule(g * 0.5 / nonzero, y, x, axis, ddof=ddof)


defvjp(np.nansum, _nansum_rule)
defvjp(np.nanmean, _nanmean_rule)
defvjp(np.nanprod, _nanprod_rule)
defvjp(np.nanvar, _nanvar_rule)
defvjp(np.nanstd, _nanstd_rule)
