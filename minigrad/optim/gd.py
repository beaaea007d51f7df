"""Gradient descent, on the whole data set or on mini-batches."""

from __future__ import annotations

from typing import Any

from .optimizer import Optimizer, Parameters, State


class GD(Optimizer):
    """Gradient descent: theta <- theta - lr g.

    g is meant to be the gradient over the whole data set; on mini-batches the same rule is `SGD`.

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: the learning rate.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0])
        >>> optimizer = mg.optim.GD([w], lr=0.25)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w
        Parameter([0.5], requires_grad=True)

    Source: Cauchy 1847, "Methode generale pour la resolution des systemes d'equations simultanees".
    """

    def __init__(self, params: Parameters, lr: float = 1e-2, **options: Any) -> None:
        super().__init__(params, lr=lr, **options)

    @staticmethod
    def update(theta: Any, g: Any, *, t: int, lr: float) -> State:
        return (theta - lr * g,)


class SGD(GD):
    """Stochastic gradient descent: theta <- theta - lr g, with g from a random mini-batch.

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: the learning rate.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0])
        >>> optimizer = mg.optim.SGD([w], lr=0.25)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w
        Parameter([0.5], requires_grad=True)

    Source: Robbins & Monro 1951, "A stochastic approximation method", equation 8.
    """
