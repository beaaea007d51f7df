"""AdaGrad: a learning rate for each number, from the sum of its squared gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from .optimizer import Optimizer, Parameters, State


class AdaGrad(Optimizer):
    """The adaptive gradient method.

        s     <- s + g^2
        theta <- theta - lr g / (sqrt(s) + eps)

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: the learning rate.
        eps: keeps the division finite.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0, 100.0])
        >>> optimizer = mg.optim.AdaGrad([w], lr=0.5)
        >>> (w**2).sum().backward()
        >>> optimizer.step()  # the first step has length lr, whatever the gradient
        >>> w
        Parameter([ 0.5, 99.5], requires_grad=True)

    Source: Duchi, Hazan & Singer 2011, "Adaptive subgradient methods for online learning and
    stochastic optimization", section 1.1 (diagonal form). Deviation: eps stands outside the root
    and s starts at 0, as in PyTorch.
    """

    slots = ("s",)

    def __init__(self, params: Parameters, lr: float = 1e-2, eps: float = 1e-10) -> None:
        super().__init__(params, lr=lr, eps=eps)

    @staticmethod
    def update(theta: Any, g: Any, s: Any, *, t: int, lr: float, eps: float) -> State:
        s = s + g * g
        return theta - lr * g / (np.sqrt(s) + eps), s
