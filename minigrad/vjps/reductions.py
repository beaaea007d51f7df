"""The rules of sums, means, products, extrema and other reductions."""

from __future__ import annotations

from typing import Any

import numpy as np

from .axes import axes_of, count_of, kept
from .registry import defcomposite, defvjp, primitive


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


def _extremum_rule(g: Any, y: Any, x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """The elements that attain the extremum share its gradient equally."""
    winners = np.equal(x, kept(y, x, axis))
    ties = np.add.reduce(winners, axis=axis, keepdims=True, dtype=x.dtype)
    return kept(g, x, axis) * winners / ties


for _extremum in (np.max, np.min, np.amax, np.amin):
    defvjp(_extremum, _extremum_rule)


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


def _norm_rule(g: Any, y: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """g x / y: the Euclidean (Frobenius) norm; 0 where the norm is 0."""
    nonzero = np.where(np.equal(y, 0), np.ones_like(y), y)
    return kept(g / nonzero, x, axis) * x


defvjp(np.linalg.norm, _norm_rule)


def _cumsum_rule(g: Any, y: Any, x: Any, axis: Any = None) -> Any:
    """The sum of the cotangents from each place to the end."""
    along = 0 if axis is None else axis
    return np.reshape(np.flip(np.cumsum(np.flip(g, along), along), along), np.shape(x))


defvjp(np.cumsum, _cumsum_rule)
