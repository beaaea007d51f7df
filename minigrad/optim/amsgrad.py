"""AMSGrad: Adam which never forgets its largest divisor."""

from __future__ import annotations

from typing import Any

import numpy as np

from .adam import Adam
from .optimizer import State


class AMSGrad(Adam):
    """Adam with the largest mean square so far, so that steps for a gradient only get shorter.

        m     <- beta1 m + (1 - beta1) g
        v     <- beta2 v + (1 - beta2) g^2
        v_max <- max(v_max, v)
        theta <- theta - lr m / (sqrt(v_max) + eps)

    Adam may forget a rare large gradient and run the wrong way; this converges for convex losses
    (online, with lr falling as 1 / sqrt(t)). The proof says nothing about other losses.

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: the learning rate.
        betas: (beta1, beta2), the shares of the two means that survive a step, in [0, 1).
        eps: keeps the division finite.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([8.0])
        >>> optimizer = mg.optim.AMSGrad([w], lr=1.0, betas=(0.0, 0.75))
        >>> (w**2).sum().backward()
        >>> optimizer.step()  # no bias correction: lr / sqrt(1 - beta2)
        >>> w
        Parameter([6.], requires_grad=True)

    Source: Reddi, Kale & Kumar 2018, "On the convergence of Adam and beyond", algorithm 2, which
    has no bias correction. Deviations: eps, and beta1 is constant. PyTorch, Keras and Optax correct
    the bias, each at another place: see `minigrad.optim.conventions`.
    """

    slots = ("m", "v", "v_max")

    @staticmethod
    def update(  # type: ignore[override]
        theta: Any, g: Any, m: Any, v: Any, v_max: Any, *, t: int, lr: float, betas: Any, eps: float
    ) -> State:
        beta1, beta2 = betas
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        v_max = np.maximum(v_max, v)
        return theta - lr * m / (np.sqrt(v_max) + eps), m, v, v_max
