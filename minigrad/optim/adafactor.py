"""Adafactor: Adam's division with the memory of a row and a column, not of a matrix."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .decay import Prepare, by_the_rule
from .optimizer import Optimizer, Parameters, State


class Adafactor(Optimizer):
    """The mean square of a matrix's gradient, kept as the means of its rows and of its columns.

        beta    = 1 - t^-c
        row    <- beta row + (1 - beta) mean of (g^2 + eps1) along each row
        column <- beta column + (1 - beta) mean of (g^2 + eps1) along each column
        u       = g / sqrt(row column / mean(row))
        u       = u / max(1, rms(u) / d)
        theta  <- theta - max(eps2, rms(theta)) min(lr, t^-1/2) u

    Steps are measured by the size of the weights, and u is clipped in place of a momentum. The last
    two axes are factored, also of a parameter with more; one with fewer keeps the mean square of
    all its numbers, in `row`, and `column` is empty. Weight decay is decoupled:
    theta <- theta - lr weight_decay theta.

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: the largest step, by the root mean square of the parameter.
        eps: (eps1, eps2): keeps the division finite; the least size of weights to measure by.
        d: the root mean square of u from which on it is clipped.
        c: how fast the memory grows: 0.8 is about the last t^0.8 gradients.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([[2.0, -2.0], [2.0, 2.0]])
        >>> optimizer = mg.optim.Adafactor([w], lr=0.5)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w
        Parameter([[ 1., -1.],
                   [ 1.,  1.]], requires_grad=True)
        >>> optimizer.state_dict()["state"]["param0"]["row"].shape
        (2, 1)

    Source: Shazeer & Stern 2018, "Adafactor: adaptive learning rates with sublinear memory cost",
    algorithms 4 and 5, and section 9 for the numbers. Means in place of its sums: the ratio is the
    same.
    """

    slots = ("row", "column")
    decay: ClassVar[Prepare] = staticmethod(by_the_rule)
    is_elementwise = False

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-2,
        eps: tuple[float, float] = (1e-30, 1e-3),
        d: float = 1.0,
        c: float = 0.8,
        **options: Any,
    ) -> None:
        super().__init__(params, lr=lr, eps=eps, d=d, c=c, **options)

    @staticmethod
    def init(theta: Any, **hyper: Any) -> State:
        if theta.ndim < 2:
            return np.zeros_like(theta), np.zeros(0, theta.dtype)
        return np.zeros_like(theta[..., :1]), np.zeros_like(theta[..., :1, :])

    @staticmethod
    def update(
        theta: Any,
        g: Any,
        row: Any,
        column: Any,
        *,
        t: int,
        lr: float,
        eps: Any,
        d: float,
        c: float,
        weight_decay: float,
    ) -> State:
        eps1, eps2 = eps
        row, column = factored(g * g + eps1, row, column, 1 - t**-c)
        u = g / np.sqrt(row) if theta.ndim < 2 else g / root_of_product(row, column)
        size = np.maximum(eps2, rms(theta))
        step = size * min(lr, t**-0.5) * clipped(u, d)
        return theta - lr * weight_decay * theta - step, row, column


def factored(square: Any, row: Any, column: Any, beta: float) -> tuple[Any, Any]:
    """The running means of the rows and columns of g^2; of fewer than two axes, of all numbers."""
    if square.ndim < 2:
        return beta * row + (1 - beta) * square, +column
    row = beta * row + (1 - beta) * np.mean(square, axis=-1, keepdims=True)
    return row, beta * column + (1 - beta) * np.mean(square, axis=-2, keepdims=True)


def root_of_product(row: Any, column: Any) -> Any:
    """sqrt(row column / mean(row)), by two roots: float32 may be too narrow for the product."""
    return np.sqrt(row / np.mean(row, axis=-2, keepdims=True)) * np.sqrt(column)


def clipped(u: Any, d: float) -> Any:
    """u, scaled down to the root mean square d if it has a larger one."""
    return u / np.maximum(1, rms(u) / d)


def rms(a: Any) -> Any:
    """The root mean square of an array."""
    return np.sqrt(np.mean(a * a))
