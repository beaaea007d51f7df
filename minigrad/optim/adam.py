"""Adam: momentum, divided by a running root mean square, both corrected for their start at 0."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .decay import Prepare, with_decoupled
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

    slots: ClassVar[tuple[str, ...]] = ("m", "v")

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        **options: Any,
    ) -> None:
        super().__init__(params, lr=lr, betas=betas, eps=eps, **options)

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


class AdamW(Adam):
    """Adam with decoupled weight decay.

        theta <- theta - lr weight_decay theta
        theta <- theta - lr m_hat / (sqrt(v_hat) + eps)      with the m_hat and v_hat of `Adam`

    Weight decay that goes through the gradient (L2, as in `Adam`) is divided by sqrt(v_hat) too, so
    that weights with large gradients hardly decay; here all decay at the same rate.

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: the learning rate.
        betas: (beta1, beta2), the shares of the two means that survive a step, in [0, 1).
        eps: keeps the division finite.
        weight_decay: the share of a weight that is lost in a step, divided by lr.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0, 100.0])
        >>> optimizer = mg.optim.AdamW([w], lr=0.5, weight_decay=0.5)
        >>> (w**2).sum().backward()
        >>> optimizer.step()  # 3/4 of the weight, less lr
        >>> w
        Parameter([ 0.25, 74.5 ], requires_grad=True)

    Source: Loshchilov & Hutter 2019, "Decoupled weight decay regularization", algorithm 2.
    Deviation: the decay is multiplied by lr, as in PyTorch and Optax, not by the schedule alone.
    """

    decay: ClassVar[Prepare] = staticmethod(with_decoupled)

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        **options: Any,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay=weight_decay, **options)


class UncorrectedAdam(Adam):
    """Adam whose means are used as they are, though they start at 0.

        m     <- beta1 m + (1 - beta1) g
        v     <- beta2 v + (1 - beta2) g^2
        theta <- theta - lr m / (sqrt(v) + eps)

    v grows more slowly than m, so the first steps are too long: (1 - beta1) / sqrt(1 - beta2) =
    3.16 lr with the defaults, and 6.5 lr at t = 10 if the gradient stays the same.

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: the learning rate.
        betas: (beta1, beta2), the shares of the two means that survive a step, in [0, 1).
        eps: keeps the division finite.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([10.0])
        >>> optimizer = mg.optim.UncorrectedAdam([w], lr=1.0)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w.data.round(3)
        array([6.838], dtype=float32)

    Source: Kingma & Ba 2015, "Adam: a method for stochastic optimization", section 6.4, where it is
    compared with the corrected form. It is MLX's default.
    """

    @staticmethod
    def update(
        theta: Any, g: Any, m: Any, v: Any, *, t: int, lr: float, betas: Any, eps: float
    ) -> State:
        beta1, beta2 = betas
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        return theta - lr * m / (np.sqrt(v) + eps), m, v
