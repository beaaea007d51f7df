"""RMSProp: AdaGrad which forgets."""

from __future__ import annotations

from typing import Any

import numpy as np

from .optimizer import Optimizer, Parameters, State


class RMSProp(Optimizer):
    """Divide the gradient by a running root mean square of itself.

        s     <- rho s + (1 - rho) g^2
        theta <- theta - lr g / (sqrt(s) + eps)

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: the learning rate.
        rho: the share of the old mean square that survives a step, in [0, 1).
        eps: keeps the division finite.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0, 100.0])
        >>> optimizer = mg.optim.RMSProp([w], lr=0.5, rho=0.75)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w
        Parameter([ 0., 99.], requires_grad=True)

    Source: Hinton 2012, "Neural networks for machine learning", lecture 6e. PyTorch calls rho alpha
    and takes 0.99 for it.
    """

    slots = ("s",)

    def __init__(
        self, params: Parameters, lr: float = 1e-2, rho: float = 0.9, eps: float = 1e-8
    ) -> None:
        super().__init__(params, lr=lr, rho=rho, eps=eps)

    @staticmethod
    def update(theta: Any, g: Any, s: Any, *, t: int, lr: float, rho: float, eps: float) -> State:
        s = rho * s + (1 - rho) * g * g
        return theta - lr * g / (np.sqrt(s) + eps), s
