"""LAMB: Adam's direction, with steps in proportion to each parameter's own length."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .decay import Prepare, by_the_rule
from .optimizer import Optimizer, Parameters, State


class LAMB(Optimizer):
    """Layer-wise adaptive moments for large batches.

        u      = m_hat / (sqrt(v_hat) + eps) + weight_decay theta    with those of `Adam`
        theta <- theta - lr |theta| / |u| u

    The lengths are those of a parameter as a whole, such as the weights of a layer. If one of the
    two is 0 the step is lr u.

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: the learning rate: the length of a step by that of the parameter.
        betas: (beta1, beta2), the shares of the two means that survive a step, in [0, 1).
        eps: keeps the division finite.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([3.0, 4.0])
        >>> optimizer = mg.optim.LAMB([w], lr=0.5)
        >>> (w**2).sum().backward()
        >>> optimizer.step()  # 0.5 * 5 in the direction of (1, 1)
        >>> w.data.round(3)
        array([1.232, 2.232], dtype=float32)

    Source: You et al. 2020, "Large batch optimization for deep learning: training BERT in 76
    minutes", algorithm 2, with phi(x) = x.
    """

    slots = ("m", "v")
    decay: ClassVar[Prepare] = staticmethod(by_the_rule)
    is_elementwise = False

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        **options: Any,
    ) -> None:
        super().__init__(params, lr=lr, betas=betas, eps=eps, **options)

    @staticmethod
    def update(
        theta: Any,
        g: Any,
        m: Any,
        v: Any,
        *,
        t: int,
        lr: float,
        betas: Any,
        eps: float,
        weight_decay: float,
    ) -> State:
        beta1, beta2 = betas
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        u = m_hat / (np.sqrt(v_hat) + eps) + weight_decay * theta
        return theta - lr * trust_ratio(theta, u) * u, m, v


def trust_ratio(theta: Any, u: Any) -> Any:
    """|theta| / |u|, or 1 if one of them is 0."""
    length, of_step = np.sqrt(np.sum(theta * theta)), np.sqrt(np.sum(u * u))
    is_defined = (length > 0) & (of_step > 0)
    return np.where(is_defined, length / np.where(is_defined, of_step, 1), 1)
