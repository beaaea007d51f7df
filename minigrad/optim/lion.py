"""Lion: steps of one length, along the signs of a momentum."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .decay import Prepare, with_decoupled
from .optimizer import Optimizer, Parameters, State


class Lion(Optimizer):
    """Evolved sign momentum.

        c      = beta1 m + (1 - beta1) g
        theta <- theta - lr weight_decay theta
        theta <- theta - lr sign(c)
        m     <- beta2 m + (1 - beta2) g

    All numbers move by lr in each step, so lr has to be 3 to 10 times smaller than Adam's, and
    weight_decay as many times larger.

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: the learning rate: the length of each step.
        betas: (beta1, beta2), the shares of the momentum that survive, in the step and in the
            state, in [0, 1).

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0, 100.0])
        >>> optimizer = mg.optim.Lion([w], lr=0.5)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w
        Parameter([ 0.5, 99.5], requires_grad=True)

    Source: Chen et al. 2023, "Symbolic discovery of optimization algorithms", algorithm 2.
    """

    slots = ("m",)
    decay: ClassVar[Prepare] = staticmethod(with_decoupled)

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        **options: Any,
    ) -> None:
        super().__init__(params, lr=lr, betas=betas, **options)

    @staticmethod
    def update(theta: Any, g: Any, m: Any, *, t: int, lr: float, betas: Any) -> State:
        beta1, beta2 = betas
        c = beta1 * m + (1 - beta1) * g
        return theta - lr * np.sign(c), beta2 * m + (1 - beta2) * g
