"""RAdam: Adam with a warm-up that follows from its formula."""

from __future__ import annotations

from typing import Any

import numpy as np

from .adam import Adam
from .optimizer import State


class RAdam(Adam):
    """Rectified Adam: the division waits until its divisor can be trusted, then comes in slowly.

        m_hat   = m / (1 - beta1^t)                        with the m and v of `Adam`
        rho_inf = 2 / (1 - beta2) - 1
        rho     = rho_inf - 2 t beta2^t / (1 - beta2^t)    gradients that v is a mean of, about
        theta  <- theta - lr m_hat                         if rho <= 5; else, with r^2 =
                  (rho - 4) (rho - 2) rho_inf / ((rho_inf - 4) (rho_inf - 2) rho),
        theta  <- theta - lr r m_hat sqrt(1 - beta2^t) / (sqrt(v) + eps)

    With beta2 = 0.999 the first 5 steps are those of momentum: they are as long as the gradient.

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: the learning rate.
        betas: (beta1, beta2), the shares of the two means that survive a step, in [0, 1).
        eps: keeps the division finite.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0, 100.0])
        >>> optimizer = mg.optim.RAdam([w], lr=0.25)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w
        Parameter([ 0.5, 50. ], requires_grad=True)

    Source: Liu et al. 2020, "On the variance of the adaptive learning rate and beyond", algorithm
    2. Deviations: eps; and the bound for rho is 5, as in the authors' code and in PyTorch, where
    the paper has 4.
    """

    @staticmethod
    def update(
        theta: Any, g: Any, m: Any, v: Any, *, t: int, lr: float, betas: Any, eps: float
    ) -> State:
        beta1, beta2 = betas
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        rate = lr / (1 - beta1**t)
        rho_inf = 2 / (1 - beta2) - 1
        rho = rho_inf - 2 * t * beta2**t / (1 - beta2**t)
        if rho <= 5:
            return theta - rate * m, m, v
        r2 = (rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho)
        rate = rate * (r2 * (1 - beta2**t)) ** 0.5
        return theta - rate * m / (np.sqrt(v) + eps), m, v
