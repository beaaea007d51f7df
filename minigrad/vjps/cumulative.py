"""The rules of running sums, products and extrema."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from .axes import kept_shape
from .registry import VJPS, defcomposite, defvjp, primitive


def _cumsum_rule(g: Any, y: Any, x: Any, axis: Any = None) -> Any:
    """The sum of the cotangents from each place to the end."""
    along = 0 if axis is None else axis
    return np.reshape(np.flip(np.cumsum(np.flip(g, along), along), along), np.shape(x))


defvjp(np.cumsum, _cumsum_rule)
defvjp(np.add.accumulate, lambda g, y, x, axis=0: _cumsum_rule(g, y, x, axis))


@primitive
def linear_recurrence(a: Any, c: Any) -> Any:
    """y[0] = c[0], y[i] = a[i-1] y[i-1] + c[i] along the first axis.

    Each round makes y[i] depend on an element twice as far back, y[i] = a' y[i - 2 step] + c',
    until none is left: log2(n) rounds of whole-array arithmetic instead of n steps.

    Source: Hillis & Steele 1986, "Data parallel algorithms", the partial sums; here the affine
    maps y -> a y + c are composed in place of adding numbers.
    """
    y, step = np.copy(c), 1
    while step < c.shape[0]:
        y = np.concatenate([y[:step], a * y[:-step] + y[step:]])
        a = a[step:] * a[:-step]
        step *= 2
    return y


def _carried_back(a: Any, g: Any) -> Any:
    """The cotangents of c: r[i] = g[i] + a[i] r[i+1], a recurrence from the end."""
    return np.flip(linear_recurrence(np.flip(a, 0), np.flip(g, 0)), 0)


defvjp(
    linear_recurrence,
    lambda g, y, a, c: _carried_back(a, g)[1:] * y[:-1],
    lambda g, y, a, c: _carried_back(a, g),
)


def _fold_rule(fn: np.ufunc, g: Any, y: Any, x: Any, axis: Any = 0) -> Any:
    """Of y[i] = fn(y[i-1], x[i]), from the two rules of `fn`; zeros among x need no special care.

    The total cotangent of y[i] is r[i] = g[i] + (dy[i+1] / dy[i]) r[i+1].
    """
    rules: Any = VJPS[fn]
    to_previous, to_element = rules
    along = 0 if axis is None else axis
    g, y, rows = (np.moveaxis(a, along, 0) for a in (g, y, np.reshape(x, y.shape)))
    step = (y[1:], y[:-1], rows[1:])  # output, first and second argument of each call of fn
    total = _carried_back(to_previous(np.ones_like(g[1:]), *step), g)
    each = np.concatenate([total[:1], to_element(total[1:], *step)])
    return np.reshape(np.moveaxis(each, 0, along), x.shape)


for _fn in (
    np.multiply, np.subtract, np.divide, np.maximum, np.minimum, np.fmax, np.fmin,
    np.logaddexp, np.logaddexp2, np.hypot,
):  # fmt: skip
    defvjp(_fn.accumulate, partial(_fold_rule, _fn))
defvjp(np.cumprod, lambda g, y, x, axis=None: _fold_rule(np.multiply, g, y, x, axis))
defcomposite(np.nancumsum, lambda x, axis=None: np.cumsum(np.where(np.isnan(x), 0, x), axis))
defcomposite(np.nancumprod, lambda x, axis=None: np.cumprod(np.where(np.isnan(x), 1, x), axis))


def _cumulative(running: Any, start: float, x: Any, axis: Any, include_initial: bool) -> Any:
    """`running` over x, which has one axis if none is given, perhaps with `start` before it."""
    if axis is None and np.ndim(x) > 1:
        raise ValueError(f"cumulative_sum and _prod of an array of shape {x.shape} need an axis=")
    y = running(x, axis)
    if not include_initial:
        return y
    along = 0 if axis is None else axis
    first = np.full(kept_shape(y, along), start, y.dtype)
    return np.concatenate([first, y], along)


def _cumulative_sum(x: Any, /, *, axis: Any = None, include_initial: bool = False) -> Any:
    return _cumulative(np.cumsum, 0, x, axis, include_initial)


def _cumulative_prod(x: Any, /, *, axis: Any = None, include_initial: bool = False) -> Any:
    return _cumulative(np.cumprod, 1, x, axis, include_initial)


if hasattr(np, "cumulative_sum"):  # NumPy 2.1
    defcomposite(np.cumulative_sum, _cumulative_sum)
    defcomposite(np.cumulative_prod, _cumulative_prod)
