"""The Jacobian and the Hessian as arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import numpy as np

from ..tensor import Tensor
from .evaluation import Argnums, Evaluation
from .structures import rebuilt


def jacobian(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """A function that computes all partial derivatives of f.

        J[i..., j...] = df_i... / dx_j...

    f is called once; each element of its result costs one backward pass.

    Args:
        f: a function of arrays or tensors, or of nested lists, tuples and dicts of them, which
            returns a tensor, or a nested structure of tensors.
        argnums: the positional argument, or a tuple of them, to differentiate with respect to.

    Returns:
        A function of the same arguments. It returns, in the structure of f's result, and in each
        place of that in the structure of the argument, a tensor of shape out.shape + in.shape and
        of the argument's dtype; differentiable as of `value_and_grad`.

    Raises:
        TypeError: (at a call) an argument is not floating-point; f returns no tensor.
        ValueError: (at a call) `argnums` is out of range.

    Example:
        >>> import minigrad as mg
        >>> mg.jacobian(lambda x: np.stack([x[0] * x[1], x[0] + x[1]]))(np.array([2.0, 3.0])).data
        array([[3., 2.],
               [1., 1.]])
    """

    @wraps(f, updated=())
    def jacobian_of_f(*args: Any, **kwargs: Any) -> Any:
        run = Evaluation(f, args, argnums, kwargs)
        return rebuilt(
            run.value, [run.in_place_of_arguments(_matrices(run, y)) for y in run.outputs]
        )

    return jacobian_of_f


def hessian(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """A function that computes all second partial derivatives of f: the Jacobian's Jacobian.

        H[j..., k...] = d^2 f / dx_j... dx_k...

    Args:
        f: as for `jacobian`; usually its result is a number.
        argnums: the positional argument, or a tuple of them, to differentiate with respect to.

    Returns:
        A function of the same arguments. It returns, in the structure of f's result, and inside
        twice in that of the argument, tensors of shape out.shape + in.shape + in.shape.

    Raises:
        TypeError: (at a call) an argument is not floating-point; f returns no tensor.
        ValueError: (at a call) `argnums` is out of range.

    Example:
        >>> import minigrad as mg
        >>> mg.hessian(lambda x: x[0] ** 2 * x[1])(np.array([2.0, 3.0])).data
        array([[6., 4.],
               [4., 0.]])
    """
    return jacobian(jacobian(f, argnums), argnums)


def _matrices(run: Evaluation, y: Tensor) -> list[Tensor]:
    """dy/dx for each input x."""
    rows = [run.pull_back([y], [seed]) for seed in _basis(y)]
    return [_joined([row[k] for row in rows], y, x) for k, x in enumerate(run.inputs)]


def _basis(y: Tensor) -> Iterator[Tensor]:
    """One for an element of y, zero for the others: a cotangent for each element in turn."""
    for row in np.eye(y.size, dtype=y.dtype).reshape(y.size, *y.shape):
        yield Tensor(row)


def _joined(rows: list[Tensor], y: Tensor, x: Tensor) -> Tensor:
    """The gradients of all elements of y, of shape y.shape + x.shape."""
    if y.shape == ():
        return rows[0]
    shape = (*y.shape, *x.shape)
    if not rows:
        return Tensor(np.zeros(shape, x.dtype))
    return np.stack(rows).reshape(shape)  # type: ignore[return-value]  # a tensor, as the rows
