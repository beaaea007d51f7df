"""Adam: momentum, divided by a running root mean square, both corrected for their start at 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from .optimizer import Optimizer, Parameters, State


class Adam(Optimizer):
    """Adaptive moment estimation.

        m     <- beta1 m + (1 - beta1) g
        v     <- beta2 v + (1 - beta2) g^2
        m_hat  = m / (1 - beta1^t)
        v_hat  = v / (1 - beta2^t)
        theta <- theta - lr m_hat / (sqrt(v_hat) + eps)

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: the learning rate.
        betas: (beta1, beta2), the shares of the two means that survive a step, in [0, 1).
        eps: keeps the division finite.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0, 100.0])
        >>> optimizer = mg.optim.Adam([w], lr=0.5, betas=(0.5, 0.75))
        >>> (w**2).sum().backward()
        >>> optimizer.step()  # the first step has length lr, whatever the gradient
        >>> w
        Parameter([ 0.5, 99.5], requires_grad=True)

    Source: Kingma & Ba 2015, "Adam: a method for stochastic optimization", algorithm 1, its
    two corrections drawn together into one number as at the end of section 2; eps is scaled along,
    so that the result is that of the formula above.
    """

    slots = ("m", "v")

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        super().__init__(params, lr=lr, betas=betas, eps=eps)

    @staticmethod
    def update(
        theta: Any, g: Any, m: Any, v: Any, *, t: int, lr: float, betas: Any, eps: float
    ) -> State:
        beta1, beta2 = betas
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        root = (1 - beta2**t) ** 0.5  # sqrt(v_hat) = sqrt(v) / root
        rate = lr * root / (1 - beta1**t)
        return theta - rate * m / (np.sqrt(v) + eps * root), m, v
