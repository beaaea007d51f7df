"""NAdam: Adam which looks one step ahead, as Nesterov's momentum does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from .adam import Adam
from .optimizer import Optimizer, Parameters, State


class NAdam(Adam):
    """Adam with Nesterov momentum, which grows in the first steps.

        mu_t   = beta1 (1 - 0.96^(t psi) / 2)
        m     <- beta1 m + (1 - beta1) g
        v     <- beta2 v + (1 - beta2) g^2
        m_hat  = mu_{t+1} m / (1 - mu_1 ... mu_{t+1}) + (1 - mu_t) g / (1 - mu_1 ... mu_t)
        v_hat  = v / (1 - beta2^t)
        theta <- theta - lr m_hat / (sqrt(v_hat) + eps)

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: the learning rate.
        betas: (beta1, beta2), the shares of the two means that survive a step, in [0, 1).
        eps: keeps the division finite.
        psi: how fast mu goes from beta1 / 2 to beta1.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0, 100.0])
        >>> optimizer = mg.optim.NAdam([w], lr=0.5)
        >>> (w**2).sum().backward()
        >>> optimizer.step()  # a little longer than Adam's first step, which is lr
        >>> w.data.round(3)
        array([ 0.472, 99.472], dtype=float32)

    Source: Dozat 2016, "Incorporating Nesterov momentum into Adam", algorithm 2 and the schedule
    for mu of its section on experiments, with psi = 0.004. Deviation: m is a mean by beta1, not by
    mu_t, as in PyTorch. Keras takes psi = 1; Optax keeps mu at beta1.
    """

    counters: ClassVar[Mapping[str, float]] = {"mu_product": 1.0}

    def __init__(
        self,
        params: Parameters,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        psi: float = 4e-3,
        **options: Any,
    ) -> None:
        Optimizer.__init__(self, params, lr=lr, betas=betas, eps=eps, psi=psi, **options)

    @staticmethod
    def count(*, t: int, mu_product: float, betas: Any, psi: float, **hyper: Any) -> dict[str, Any]:
        return {"mu_product": mu_product * momentum(t, betas[0], psi)}

    @staticmethod
    def update(  # type: ignore[override]
        theta: Any,
        g: Any,
        m: Any,
        v: Any,
        *,
        t: int,
        lr: float,
        betas: Any,
        eps: float,
        psi: float,
        mu_product: float,
    ) -> State:
        beta1, beta2 = betas
        mu, mu_next = momentum(t, beta1, psi), momentum(t + 1, beta1, psi)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        ahead = mu_next / (1 - mu_product * mu_next) * m + (1 - mu) / (1 - mu_product) * g
        root = (1 - beta2**t) ** 0.5  # sqrt(v_hat) = sqrt(v) / root
        return theta - lr * root * ahead / (np.sqrt(v) + eps * root), m, v


def momentum(t: Any, beta1: Any, psi: Any) -> Any:
    """mu_t, which goes from beta1 / 2 to beta1."""
    return beta1 * (1 - 0.5 * 0.96 ** (t * psi))
