"""The rules of sums, means, products, extrema and other reductions."""

from __future__ import annotations

from typing import Any

import numpy as np

from .axes import as_array, axes_of, count_of, kept
from .registry import Rule, defcomposite, defvjp, primitive


@primitive
def spread(g: Any, shape: tuple[int, ...]) -> Any:
    """g broadcast to `shape`; on small arrays filling is four times as quick as a view."""
    filled = np.empty(shape, g.dtype)
    filled[...] = g
    return filled


defvjp(spread, lambda g, y, x, shape: g)
defvjp(
    np.add.reduce,
    lambda g, y, x, axis=0, *, keepdims=False: spread(kept(g, x, axis), x.shape),
)
defcomposite(
    np.sum,
    lambda x, axis=None, *, keepdims=False: np.add.reduce(x, axis=axis, keepdims=keepdims),
)


def _over_first_axis(rule: Rule) -> Rule:
    """A rule for the `ufunc.reduce` of the same meaning, whose axis is 0 if it is left out."""
    return lambda g, y, x, axis=0, *, keepdims=False: rule(g, y, x, axis, keepdims=keepdims)


@primitive
def mean(x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    """`np.mean` without its layers of Python: the sum divided by the count."""
    wide: Any = np.float32 if x.dtype == np.float16 else None  # a sum of halves soon overflows
    total = np.add.reduce(x, axis=axis, dtype=wide, keepdims=keepdims)
    if wide is None:
        return total / count_of(x, axis)
    return (total / count_of(x, axis)).astype(x.dtype)


defvjp(
    mean,
    lambda g, y, x, axis=None, keepdims=False: spread(
        kept(g, x, axis) / count_of(x, axis), x.shape
    ),
)
defcomposite(
    np.mean,
    lambda x, axis=None, *, keepdims=False: mean(x, axis=axis, keepdims=keepdims),
)


@primitive
def total_weight(weights: Any, axis: Any = None, keepdims: Any = False) -> Any:
    """The sum of the weights of an average, none of which may be 0."""
    total = np.add.reduce(weights, axis=axis, keepdims=keepdims)
    if np.any(np.equal(total, 0)):
        raise ZeroDivisionError(
            f"average: weights of shape {weights.shape} sum to zero over axis {axis}; no average "
            "exists"
        )
    return total


defvjp(
    total_weight,
    lambda g, y, weights, axis=None, keepdims=False: spread(kept(g, weights, axis), weights.shape),
)


def _weights_for(x: Any, weights: Any, axis: Any) -> Any:
    """The weights of the axes that are averaged over, so that they broadcast against x."""
    if weights.shape == x.shape:
        return weights
    axes = axes_of(x, axis)
    if axis is None or weights.shape != tuple(x.shape[a] for a in axes):
        raise TypeError(
            f"average: the weights have shape {weights.shape}, the array {x.shape} and axis is "
            f"{axis}; give weights of the array's shape, or one for each place along the axis"
        )
    in_order = np.transpose(weights, sorted(range(len(axes)), key=axes.__getitem__))
    return in_order.reshape(tuple(n if i in axes else 1 for i, n in enumerate(x.shape)))


def _average(x: Any, axis: Any = None, weights: Any = None, *, keepdims: bool = False) -> Any:
    if weights is None:
        return np.mean(x, axis=axis, keepdims=keepdims)
    x = as_array(x)
    w = _weights_for(x, as_array(weights), axis)
    total = total_weight(w, axis=axis, keepdims=keepdims)
    return np.sum(x * w, axis=axis, keepdims=keepdims) / total


defcomposite(np.average, _average)


def _var_rule(
    g: Any, y: Any, x: Any, axis: Any = None, *, ddof: int = 0, keepdims: bool = False
) -> Any:
    """2 g (x - mean) / (n - ddof)."""
    deviation = x - np.mean(x, axis=axis, keepdims=True)
    return kept(g, x, axis) * (2 / (count_of(x, axis) - ddof)) * deviation


def _std_rule(
    g: Any, y: Any, x: Any, axis: Any = None, *, ddof: int = 0, keepdims: bool = False
) -> Any:
    """g (x - mean) / ((n - ddof) y), and 0 where the deviation is 0."""
    nonzero = np.where(np.equal(y, 0), np.ones_like(y), y)
    return _var_rule(g * 0.5 / nonzero, y, x, axis, ddof=ddof)


defvjp(np.var, _var_rule)
defvjp(np.std, _std_rule)


def shared_by(winners: Any, g: Any, axis: Any) -> Any:
    """A cotangent with its reduced axes, shared equally by the `winners` over `axis`."""
    ties = np.add.reduce(winners, axis=axis, keepdims=True, dtype=g.dtype)
    return g * winners / ties


def _extremum_rule(g: Any, y: Any, x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """The elements that attain the extremum share its gradient equally."""
    return shared_by(np.equal(x, kept(y, x, axis)), kept(g, x, axis), axis)


for _extremum in (np.max, np.min, np.amax, np.amin, np.nanmax, np.nanmin):
    defvjp(_extremum, _extremum_rule)
for _ufunc in (np.maximum, np.minimum, np.fmax, np.fmin):
    defvjp(_ufunc.reduce, _over_first_axis(_extremum_rule))
defcomposite(
    np.ptp,
    lambda x, axis=None, *, keepdims=False: (
        np.max(x, axis=axis, keepdims=keepdims) - np.min(x, axis=axis, keepdims=keepdims)
    ),
)


@primitive
def product_of_others(x: Any, axis: Any = None) -> Any:
    """For each element the product of the others over `axis`: y / x, unless an element is 0."""
    if np.all(np.not_equal(x, 0)):
        return kept(np.prod(x, axis=axis), x, axis) / x
    return _without_each(x, axis)[1]


def _without_each(x: Any, axis: Any) -> tuple[Any, Any]:
    """The n factors in n rows, row i with 1 for element i: (..., n, n); and the rows' products."""
    axes, n = axes_of(x, axis), count_of(x, axis)
    last = tuple(range(-len(axes), 0))
    moved = np.moveaxis(x, axes, last)
    lead = moved.shape[: x.ndim - len(axes)]
    rows = np.where(np.eye(n, dtype=bool), 1, np.reshape(moved, (*lead, 1, n)))
    products = np.reshape(np.prod(rows, axis=-1), moved.shape)
    return rows, np.moveaxis(products, last, axes)


def _product_of_others_rule(g: Any, y: Any, x: Any, axis: Any = None) -> Any:
    """The derivative of the product of row i, for all elements of the row but the i-th."""
    axes, n = axes_of(x, axis), count_of(x, axis)
    last = tuple(range(-len(axes), 0))
    rows, _ = _without_each(x, axis)
    moved = np.moveaxis(g, axes, last)
    each = np.reshape(moved, (*rows.shape[:-1], 1)) * product_of_others(rows, axis=-1)
    sums = np.add.reduce(np.where(np.eye(n, dtype=bool), 0, each), axis=-2)
    return np.moveaxis(np.reshape(sums, moved.shape), last, axes)


defvjp(product_of_others, _product_of_others_rule)


def _prod_rule(g: Any, y: Any, x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """g times the product of the other elements."""
    return kept(g, x, axis) * product_of_others(x, axis=axis)


defvjp(np.prod, _prod_rule)
defvjp(np.multiply.reduce, _over_first_axis(_prod_rule))
defvjp(
    np.logaddexp.reduce,
    lambda g, y, x, axis=0, *, keepdims=False: kept(g, x, axis) * np.exp(x - kept(y, x, axis)),
)
defvjp(
    np.logaddexp2.reduce,
    lambda g, y, x, axis=0, *, keepdims=False: kept(g, x, axis) * np.exp2(x - kept(y, x, axis)),
)
