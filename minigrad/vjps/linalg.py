"""The rules of inverses, of linear systems and of products of many matrices."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from .axes import as_array, position
from .registry import defcomposite, defconstant, defvjp, defvjp_each, primitive

defvjp(np.linalg.inv, lambda g, y, a: -(y.mT @ g @ y.mT))


def _pinv_rule(g: Any, y: Any, a: Any) -> Any:
    """The derivative at constant rank; the last two terms vanish where a is square and regular.

    Golub & Pereyra 1973, "The differentiation of pseudo-inverses and nonlinear least squares
    problems whose variables separate", equation 4.12.
    """
    right, left = g.mT @ y @ y.mT, y.mT @ y @ g.mT
    return right - a @ (y @ right) + left - (left @ y) @ a - y.mT @ g @ y.mT


defvjp(np.linalg.pinv, _pinv_rule)

# a x = b. One vector b is a column, as in NumPy 2: only if it has one axis.


def _column(v: Any, b: Any) -> Any:
    return np.expand_dims(v, -1) if np.ndim(b) == 1 else v


def _solve_b(g: Any, y: Any, a: Any, b: Any) -> Any:
    """a^-T g."""
    solved = np.linalg.solve(as_array(a).mT, _column(g, b))
    return np.squeeze(solved, -1) if np.ndim(b) == 1 else solved


def _solve_a(g: Any, y: Any, a: Any, b: Any) -> Any:
    """-(a^-T g) x^T."""
    return -np.linalg.solve(a.mT, _column(g, b)) @ _column(y, b).mT


defvjp(np.linalg.solve, _solve_a, _solve_b)


def _tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    a, b = as_array(a), as_array(b)
    if axes is not None:
        last = [position(k, a.ndim) for k in axes]
        a = np.transpose(a, [k for k in range(a.ndim) if k not in last] + last)
    x = np.linalg.solve(np.reshape(a, (b.size, -1)), np.reshape(b, -1))
    return np.reshape(x, a.shape[b.ndim :])


def _tensorinv(a: Any, ind: int = 2) -> Any:
    rows, columns = a.shape[:ind], a.shape[ind:]
    return np.reshape(np.linalg.inv(np.reshape(a, (math.prod(rows), -1))), columns + rows)


defcomposite(np.linalg.tensorsolve, _tensorsolve)
defcomposite(np.linalg.tensorinv, _tensorinv)


def _matrix_power(a: Any, n: int) -> Any:
    """Square again and again, and multiply the squares that n is made of, in NumPy's order."""
    n = operator.index(n)
    if a.ndim < 2 or a.shape[-2] != a.shape[-1]:
        raise np.linalg.LinAlgError(
            f"matrix_power takes a square matrix or a stack of them, got shape {a.shape}"
        )
    if n < 0:
        return _matrix_power(np.linalg.inv(a), -n)
    if n == 0:
        return np.where(False, a, np.eye(a.shape[-1], dtype=a.dtype))
    if n == 3:
        return (a @ a) @ a
    square, result = a, None
    while True:
        n, odd = divmod(n, 2)
        if odd:
            result = square if result is None else result @ square
        if n == 0:
            return result
        square = square @ square


defcomposite(np.linalg.matrix_power, _matrix_power)


@primitive
def chain(*matrices: Any) -> Any:
    """`np.linalg.multi_dot` of its arguments, of which the first and the last may be vectors."""
    return np.linalg.multi_dot(matrices)


def _chain_rule(i: int, g: Any, y: Any, *matrices: Any) -> Any:
    """(product of those before)^T g (product of those after)^T: a chain as well."""
    first, *between, last = matrices
    if first.ndim == 1:
        first = np.expand_dims(first, 0)
    if last.ndim == 1:
        last = np.expand_dims(last, 1)
    transposed = [m.mT for m in (first, *between, last)]
    g = np.reshape(g, (first.shape[0], last.shape[1]))
    return np.reshape(
        chain(*transposed[:i][::-1], g, *transposed[i + 1 :][::-1]), matrices[i].shape
    )


defvjp_each(chain, _chain_rule)
defcomposite(np.linalg.multi_dot, lambda arrays: chain(*map(as_array, arrays)))
defconstant(np.linalg.matrix_rank)
