"""Adamax: Adam with the largest recent gradient in place of a mean square."""

from __future__ import annotations

from typing import Any

import numpy as np

from .adam import Adam
from .optimizer import Parameters, State


class Adamax(Adam):
    """Adam in the infinity norm.

        m     <- beta1 m + (1 - beta1) g
        u     <- max(beta2 u, |g| + eps)
        theta <- theta - lr / (1 - beta1^t) m / u

    u is a maximum, not a mean from 0, and needs no correction.

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: the learning rate.
        betas: (beta1, beta2), the shares of m and u that survive a step, in [0, 1).
        eps: keeps the division finite.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0, 100.0])
        >>> optimizer = mg.optim.Adamax([w], lr=0.5)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w
        Parameter([ 0.5, 99.5], requires_grad=True)

    Source: Kingma & Ba 2015, "Adam: a method for stochastic optimization", algorithm 2. Deviation:
    eps, as in PyTorch, for gradients that are 0 from the start.
    """

    slots = ("m", "u")

    def __init__(
        self,
        params: Parameters,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        **options: Any,
    ) -> None:
        super().__init__(params, lr, betas, eps, **options)

    @staticmethod
    def update(
        theta: Any, g: Any, m: Any, u: Any, *, t: int, lr: float, betas: Any, eps: float
    ) -> State:
        beta1, beta2 = betas
        m = beta1 * m + (1 - beta1) * g
        u = np.maximum(beta2 * u, np.abs(g) + eps)
        return theta - lr / (1 - beta1**t) * m / u, m, u
