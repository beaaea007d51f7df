"""AdaGrad: a learning rate for each number, from the sum of its squared gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from .optimizer import Optimizer, Parameters, State


class AdaGrad(Optimizer):
    """The adaptive gradient method.

        s     <- s + g^2                        from s = s0
        lr_t   = lr / (1 + (t - 1) lr_decay)
        theta <- theta - lr_t g / (sqrt(s + eps_root) + eps)

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: the learning rate.
        eps: keeps the division finite.
        eps_root: the same inside the root, where some have it (Keras, Optax).
        s0: what the sum starts from; more of it makes the first steps shorter.
        lr_decay: how fast the learning rate falls besides, as in PyTorch.

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

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-2,
        eps: float = 1e-10,
        eps_root: float = 0.0,
        s0: float = 0.0,
        lr_decay: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(
            params, lr=lr, eps=eps, eps_root=eps_root, s0=s0, lr_decay=lr_decay, **options
        )

    @staticmethod
    def init(theta: Any, **hyper: Any) -> State:
        return (np.full_like(theta, hyper["s0"]),)

    @staticmethod
    def update(
        theta: Any,
        g: Any,
        s: Any,
        *,
        t: int,
        lr: float,
        eps: float,
        eps_root: float,
        s0: float,
        lr_decay: float,
    ) -> State:
        s = s + g * g
        lr = lr / (1 + (t - 1) * lr_decay)
        return theta - lr * g / (np.sqrt(s + eps_root) + eps), s
