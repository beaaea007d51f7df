"""The rules of norms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .axes import axes_of, kept, kept_shape
from .reductions import shared_by
from .registry import defcomposite, defvjp

# In these, g and y have the shape that keepdims=True gives the norm.


def _nonzero(y: Any) -> Any:
    """y, and 1 where it is 0: there the gradient is 0 by convention."""
    return np.where(np.equal(y, 0), np.ones_like(y), y)


def _extremum(a: Any, axis: int, order: float) -> Any:
    """The largest for a positive order, the least for a negative one."""
    return (np.max if order > 0 else np.min)(a, axis=axis, keepdims=True)


def _through_vector(g: Any, y: Any, x: Any, axis: int, order: float) -> Any:
    """Of (sum |x|^p)^(1/p), and of its limits."""
    if order == 0:  # the number of elements that are not 0
        return np.zeros_like(x)
    if abs(order) == math.inf:
        return shared_by(np.equal(np.abs(x), y), g, axis) * np.sign(x)
    if order == 1:
        return g * np.sign(x)
    return g * np.sign(x) * (np.abs(x) / _nonzero(y)) ** (order - 1)


def _through_sums(g: Any, x: Any, axes: tuple[int, ...], order: float) -> Any:
    """Of the largest or least sum of |x| over a column (order 1, -1) or a row (inf, -inf)."""
    summed, compared = axes if abs(order) == 1 else axes[::-1]
    sums = np.add.reduce(np.abs(x), axis=summed, keepdims=True)
    return shared_by(np.equal(sums, _extremum(sums, compared, order)), g, compared) * np.sign(x)


def _through_singular_values(g: Any, x: Any, axes: tuple[int, ...], order: Any) -> Any:
    """Of their sum ("nuc"), the largest (2) or the least (-2): U diag(its gradient) V^T."""
    u, s, vt = np.linalg.svd(np.moveaxis(x, axes, (-2, -1)), full_matrices=False)
    g = np.moveaxis(np.reshape(g, kept_shape(x, axes)), axes, (-2, -1))
    if order != "nuc":
        s = np.expand_dims(s, -2)
        g = shared_by(np.equal(s, _extremum(s, -1, order)), g, -1)
    return np.moveaxis((u * g) @ vt, (-2, -1), axes)


def _norm_rule(
    g: Any, y: Any, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False
) -> Any:
    axes = axes_of(x, axis)
    g, y = kept(g, x, axis), kept(y, x, axis)
    if ord is None or ord == "fro" or (ord == 2 and len(axes) == 1):
        return g / _nonzero(y) * x
    if len(axes) == 1:
        return _through_vector(g, y, x, axes[0], ord)
    if ord in (1, -1, math.inf, -math.inf):
        return _through_sums(g, x, axes, ord)
    return _through_singular_values(g, x, axes, ord)


defvjp(np.linalg.norm, _norm_rule)


def _vector_norm(x: Any, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """The norm over any axes, which are joined: over two, `np.linalg.norm` is that of a matrix."""
    axes = axes_of(x, axis)
    rest = tuple(a for a in range(x.ndim) if a not in axes)
    sizes = [math.prod(x.shape[a] for a in axes), *(x.shape[a] for a in rest)]
    y = np.linalg.norm(np.reshape(np.transpose(x, axes + rest), sizes), ord, 0)
    return np.reshape(y, kept_shape(x, axis)) if keepdims else y


def _matrix_norm(x: Any, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    return np.linalg.norm(x, ord, (-2, -1), keepdims)


defcomposite(np.linalg.vector_norm, _vector_norm)
defcomposite(np.linalg.matrix_norm, _matrix_norm)
