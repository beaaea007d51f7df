"""RMSProp: AdaGrad which forgets; by the mean square of the gradient, or by its variance."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .optimizer import Optimizer, Parameters, State


class RMSProp(Optimizer):
    """Divide the gradient by a running root mean square of itself.

        s     <- rho s + (1 - rho) g^2
        theta <- theta - lr g / (sqrt(s + eps_root) + eps)

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: the learning rate.
        rho: the share of the old mean square that survives a step, in [0, 1).
        eps: keeps the division finite.
        eps_root: the same inside the root, where some have it (Keras, Optax).

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0, 100.0])
        >>> optimizer = mg.optim.RMSProp([w], lr=0.5, rho=0.75)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w
        Parameter([ 0., 99.], requires_grad=True)

    Source: Hinton 2012, "Neural networks for machine learning", lecture 6e. PyTorch calls rho alpha
    and takes 0.99 for it.
    """

    slots: ClassVar[tuple[str, ...]] = ("s",)

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-2,
        rho: float = 0.9,
        eps: float = 1e-8,
        eps_root: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(params, lr=lr, rho=rho, eps=eps, eps_root=eps_root, **options)

    @staticmethod
    def update(
        theta: Any, g: Any, s: Any, *, t: int, lr: float, rho: float, eps: float, eps_root: float
    ) -> State:
        n, s = divided(g, s, rho, eps, eps_root)
        return theta - lr * n, s


class CenteredRMSProp(RMSProp):
    """RMSProp by the standard deviation: the mean gradient is taken out of the mean square.

        s     <- rho s + (1 - rho) g^2
        m     <- rho m + (1 - rho) g
        theta <- theta - lr g / (sqrt(s - m^2 + eps_root) + eps)

    Where the gradient hardly varies the divisor is small, and steps get long.

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: the learning rate.
        rho: the share of the old means that survives a step, in [0, 1).
        eps: keeps the division finite.
        eps_root: the same inside the root.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0, 100.0])
        >>> optimizer = mg.optim.CenteredRMSProp([w], lr=0.5, rho=0.5)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w
        Parameter([ 0., 99.], requires_grad=True)

    Source: Graves 2013, "Generating sequences with recurrent neural networks", equations 38 to 41,
    without its momentum (see `CenteredRMSPropMomentum`). Deviation: eps outside the root.
    """

    slots = ("s", "m")

    @staticmethod
    def update(  # type: ignore[override]
        theta: Any,
        g: Any,
        s: Any,
        m: Any,
        *,
        t: int,
        lr: float,
        rho: float,
        eps: float,
        eps_root: float,
    ) -> State:
        n, s, m = divided_centred(g, s, m, rho, eps, eps_root)
        return theta - lr * n, s, m


def divided(g: Any, s: Any, rho: float, eps: float, eps_root: float) -> State:
    """The gradient by the running root mean square of it, and the new mean square."""
    s = rho * s + (1 - rho) * g * g
    return g / (np.sqrt(s + eps_root) + eps), s


def divided_centred(g: Any, s: Any, m: Any, rho: float, eps: float, eps_root: float) -> State:
    """The gradient by its running standard deviation; the new mean square, the new mean."""
    s = rho * s + (1 - rho) * g * g
    m = rho * m + (1 - rho) * g
    return g / (np.sqrt(s - m * m + eps_root) + eps), s, m
