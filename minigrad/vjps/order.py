"""The rules of medians and quantiles: elements at places of the sorted order, or between two."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from .axes import axes_of, count_of, kept_shape
from .reductions import shared_by
from .registry import defconstant, defvjp, primitive


@primitive
def kth_smallest(x: Any, k: int, axis: Any = None) -> Any:
    """The k-th smallest element over `axis`, counted from 0, with the reduced axes as length 1."""
    axes = axes_of(x, axis)
    rows = np.moveaxis(x, axes, tuple(range(-len(axes), 0)))
    rows = np.reshape(rows, (*rows.shape[: x.ndim - len(axes)], count_of(x, axis)))
    return np.reshape(np.partition(rows, k, axis=-1)[..., k], kept_shape(x, axis))


defconstant(kth_smallest)


def _at_place(g: Any, x: Any, place: float, axis: Any) -> Any:
    """The cotangent of x where the output lies at a place, perhaps broken, of the sorted order.

    Equal elements share their place's part equally, as those of a maximum do.
    """
    lower = int(place)
    t = place - lower
    low = shared_by(np.equal(x, kth_smallest(x, lower, axis)), g * (1 - t), axis)
    if t == 0:
        return low
    return low + shared_by(np.equal(x, kth_smallest(x, lower + 1, axis)), g * t, axis)


def _median_rule(g: Any, y: Any, x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return _at_place(g.reshape(kept_shape(x, axis)), x, (count_of(x, axis) - 1) / 2, axis)


def _quantile_rule(
    g: Any, y: Any, x: Any, q: Any, axis: Any = None, *, keepdims: bool = False
) -> Any:
    """The quantiles of `q` come first in the output; each lies at place q (n - 1)."""
    places = np.reshape(np.asarray(q) * (count_of(x, axis) - 1), -1).tolist()
    each = g.reshape((len(places), *kept_shape(x, axis)))
    return sum((_at_place(each[i], x, p, axis) for i, p in enumerate(places)), np.zeros_like(x))


def _percentile_rule(
    g: Any, y: Any, x: Any, q: Any, axis: Any = None, *, keepdims: bool = False
) -> Any:
    return _quantile_rule(g, y, x, np.asarray(q) / 100, axis)


def _no_derivative_in_q(*args: Any, **params: Any) -> NoReturn:
    raise TypeError("quantile and percentile have no derivative in q; pass numbers: q.data")


defvjp(np.median, _median_rule)
defvjp(np.quantile, _quantile_rule, _no_derivative_in_q)
defvjp(np.percentile, _percentile_rule, _no_derivative_in_q)
