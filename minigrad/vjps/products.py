"""The rules of products of vectors and matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .axes import as_array, position
from .registry import defcomposite, defvjp, primitive


def _matmul_a(g: Any, y: Any, a: Any, b: Any) -> Any:
    if b.ndim == 1:
        return np.expand_dims(g, -1) * b
    if a.ndim == 1:
        return np.squeeze(b @ np.expand_dims(g, -1), -1)
    return g @ b.mT


def _matmul_b(g: Any, y: Any, a: Any, b: Any) -> Any:
    if a.ndim == 1 and b.ndim == 1:
        return g * a
    if b.ndim == 1:
        return np.squeeze(a.mT @ np.expand_dims(g, -1), -1)
    if a.ndim == 1:
        return np.expand_dims(a, -1) * np.expand_dims(g, -2)
    return a.mT @ g


defvjp(np.matmul, _matmul_a, _matmul_b)


def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Move the contracted axes together, flatten, and multiply as matrices."""
    a, b = as_array(a), as_array(b)
    if isinstance(axes, int):
        axes = (range(a.ndim - axes, a.ndim), range(axes))
    summed_a, summed_b = (
        [position(i, t.ndim) for i in ([ax] if isinstance(ax, int) else ax)]
        for ax, t in zip(axes, (a, b), strict=True)
    )
    lengths = [a.shape[i] for i in summed_a], [b.shape[i] for i in summed_b]
    if lengths[0] != lengths[1]:
        raise ValueError("tensordot: the axes summed over have lengths {} and {}".format(*lengths))
    free_a = [i for i in range(a.ndim) if i not in summed_a]
    free_b = [i for i in range(b.ndim) if i not in summed_b]
    n = math.prod(a.shape[i] for i in summed_a)
    rows, columns = [a.shape[i] for i in free_a], [b.shape[i] for i in free_b]
    left = np.reshape(np.transpose(a, free_a + summed_a), (math.prod(rows), n))
    right = np.reshape(np.transpose(b, summed_b + free_b), (n, math.prod(columns)))
    return np.reshape(left @ right, (*rows, *columns))


defcomposite(np.tensordot, _tensordot)


# Every row of a with every row of b: y[i..., j...] = sum over k of a[i..., k] b[j..., k], where the
# axis k of b may stand elsewhere.


def _rows_a(g: Any, a: Any, b: Any, axis: int) -> Any:
    free = [n for n in range(b.ndim) if n != axis]
    return np.tensordot(g, b, (range(a.ndim - 1, g.ndim), free))


def _rows_b(g: Any, a: Any, b: Any, axis: int) -> Any:
    free = range(a.ndim - 1)
    return np.moveaxis(np.tensordot(a, g, (free, free)), 0, axis)


@primitive
def stacked_dot(a: Any, b: Any) -> Any:
    """`np.dot` of more than two axes: sums over the last axis of a, the last but one of b."""
    return np.dot(a, b)


defvjp(
    stacked_dot,
    lambda g, y, a, b: _rows_a(g, a, b, max(b.ndim - 2, 0)),
    lambda g, y, a, b: _rows_b(g, a, b, max(b.ndim - 2, 0)),
)


def _dot(a: Any, b: Any) -> Any:
    a, b = as_array(a), as_array(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    return a @ b if max(a.ndim, b.ndim) <= 2 else stacked_dot(a, b)


@primitive
def stacked_inner(a: Any, b: Any) -> Any:
    """`np.inner` of arrays with axes: sums over the last axis of both."""
    return np.inner(a, b)


defvjp(
    stacked_inner,
    lambda g, y, a, b: _rows_a(g, a, b, b.ndim - 1),
    lambda g, y, a, b: _rows_b(g, a, b, b.ndim - 1),
)


def _inner(a: Any, b: Any) -> Any:
    a, b = as_array(a), as_array(b)
    return a * b if a.ndim == 0 or b.ndim == 0 else stacked_inner(a, b)


defcomposite(np.dot, _dot)
defcomposite(np.inner, _inner)
defcomposite(np.vdot, lambda a, b: np.reshape(a, -1) @ np.reshape(b, -1))
defcomposite(np.outer, lambda a, b: np.reshape(a, (-1, 1)) * np.reshape(b, (1, -1)))


def _kron(a: Any, b: Any) -> Any:
    """Multiply the interleaved axes (rows of a, rows of b, columns of a, ...), then join pairs."""
    a, b = as_array(a), as_array(b)
    ndim = max(a.ndim, b.ndim)
    blocks = (1,) * (ndim - a.ndim) + a.shape
    within = (1,) * (ndim - b.ndim) + b.shape
    left = np.reshape(a, [n for size in blocks for n in (size, 1)])
    right = np.reshape(b, [n for size in within for n in (1, size)])
    return np.reshape(left * right, [m * n for m, n in zip(blocks, within, strict=True)])


defcomposite(np.kron, _kron)


@primitive
def cross_product(a: Any, b: Any) -> Any:
    """The cross product of vectors of length 3 along the last axes."""
    return np.linalg.cross(a, b)


defvjp(
    cross_product,
    lambda g, y, a, b: cross_product(b, g),
    lambda g, y, a, b: cross_product(g, a),
)


def _cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = np.moveaxis(as_array(a), axisa, -1), np.moveaxis(as_array(b), axisb, -1)
    return np.moveaxis(cross_product(a, b), -1, axisc)


defcomposite(np.cross, _cross)

# The products of the last axes, over all axes before them.

defvjp(
    np.vecdot,
    lambda g, y, a, b: np.expand_dims(g, -1) * b,
    lambda g, y, a, b: np.expand_dims(g, -1) * a,
)
if hasattr(np, "matvec"):  # since NumPy 2.2
    defvjp(
        np.matvec,
        lambda g, y, a, x: np.expand_dims(g, -1) * np.expand_dims(x, -2),
        lambda g, y, a, x: np.vecmat(g, a),
    )
    defvjp(
        np.vecmat,
        lambda g, y, x, a: np.matvec(a, g),
        lambda g, y, x, a: np.expand_dims(x, -1) * np.expand_dims(g, -2),
    )


# `np.linalg` has some of these once more, with other arguments.


def _outer_of_vectors(x1: Any, x2: Any) -> Any:
    if np.ndim(x1) != 1 or np.ndim(x2) != 1:
        raise ValueError(
            f"linalg.outer multiplies two vectors, got {np.shape(x1)} and {np.shape(x2)}; "
            "np.outer flattens"
        )
    return np.outer(x1, x2)


def _vecdot(x1: Any, x2: Any, *, axis: int = -1) -> Any:
    return np.vecdot(np.moveaxis(as_array(x1), axis, -1), np.moveaxis(as_array(x2), axis, -1))


defcomposite(np.linalg.matmul, lambda x1, x2: np.matmul(x1, x2))
defcomposite(np.linalg.tensordot, lambda x1, x2, *, axes=2: np.tensordot(x1, x2, axes=axes))
defcomposite(np.linalg.outer, _outer_of_vectors)
defcomposite(np.linalg.vecdot, _vecdot)
defcomposite(np.linalg.cross, lambda x1, x2, *, axis=-1: np.cross(x1, x2, axis=axis))
defcomposite(np.linalg.matrix_transpose, lambda x: np.matrix_transpose(x))
