"""AdaDelta: steps that are measured in the units of the parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from .optimizer import Optimizer, Parameters, State


class AdaDelta(Optimizer):
    """The gradient times the ratio of two running root mean squares: of steps, and of gradients.

        s     <- rho s + (1 - rho) g^2
        d      = sqrt(u + eps) / sqrt(s + eps) g
        u     <- rho u + (1 - rho) d^2
        theta <- theta - lr d

    The ratio has the units of theta over those of g, so no learning rate has to be found. As u
    starts at 0, the first steps are about sqrt(eps) long, and a run takes long to get going.

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: a factor on the step; the paper has none.
        rho: the share of the old mean squares that survives a step, in [0, 1).
        eps: keeps the division finite, and the first steps from being 0.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0, 100.0])
        >>> optimizer = mg.optim.AdaDelta([w], rho=0.75, eps=0.0625)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w.data.round(3)
        array([ 0.515, 99.5  ], dtype=float32)

    Source: Zeiler 2012, "ADADELTA: an adaptive learning rate method", algorithm 1; its rho and eps.
    PyTorch takes 0.9 for rho.
    """

    slots = ("s", "u")

    def __init__(
        self,
        params: Parameters,
        lr: float = 1.0,
        rho: float = 0.95,
        eps: float = 1e-6,
        **options: Any,
    ) -> None:
        super().__init__(params, lr=lr, rho=rho, eps=eps, **options)

    @staticmethod
    def update(
        theta: Any, g: Any, s: Any, u: Any, *, t: int, lr: float, rho: float, eps: float
    ) -> State:
        s = rho * s + (1 - rho) * g * g
        d = np.sqrt(u + eps) / np.sqrt(s + eps) * g
        u = rho * u + (1 - rho) * d * d
        return theta - lr * d, s, u
