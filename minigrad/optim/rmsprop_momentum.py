"""RMSProp with momentum on top: what is summed up are the divided gradients."""

from __future__ import annotations

from typing import Any, ClassVar

from .optimizer import Optimizer, Parameters, State
from .rmsprop import divided, divided_centred


class RMSPropMomentum(Optimizer):
    """Momentum over gradients that RMSProp has divided.

        s     <- rho s + (1 - rho) g^2
        n      = g / (sqrt(s + eps_root) + eps)
        v     <- momentum v + n
        theta <- theta - lr v

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: the learning rate.
        rho: the share of the old mean square that survives a step, in [0, 1).
        momentum: the share of the velocity that survives a step, in [0, 1).
        eps: keeps the division finite.
        eps_root: the same inside the root.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0, 100.0])
        >>> optimizer = mg.optim.RMSPropMomentum([w], lr=0.5, rho=0.75)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w
        Parameter([ 0., 99.], requires_grad=True)

    Source: Tieleman & Hinton 2012, "Neural networks for machine learning", lecture 6e (momentum
    after the division); PyTorch's `RMSprop(momentum=...)`. Keras and Optax put lr inside v, which
    differs only if lr changes.
    """

    slots: ClassVar[tuple[str, ...]] = ("s", "v")

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-2,
        rho: float = 0.9,
        momentum: float = 0.9,
        eps: float = 1e-8,
        eps_root: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(
            params, lr=lr, rho=rho, momentum=momentum, eps=eps, eps_root=eps_root, **options
        )

    @staticmethod
    def update(
        theta: Any,
        g: Any,
        s: Any,
        v: Any,
        *,
        t: int,
        lr: float,
        rho: float,
        momentum: float,
        eps: float,
        eps_root: float,
    ) -> State:
        n, s = divided(g, s, rho, eps, eps_root)
        v = momentum * v + n
        return theta - lr * v, s, v


class RMSPropNesterov(RMSPropMomentum):
    """Nesterov momentum over gradients that RMSProp has divided.

        s     <- rho s + (1 - rho) g^2
        n      = g / (sqrt(s + eps_root) + eps)
        v     <- momentum v + n
        theta <- theta - lr (n + momentum v)

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: the learning rate.
        rho: the share of the old mean square that survives a step, in [0, 1).
        momentum: the share of the velocity that survives a step, in [0, 1).
        eps: keeps the division finite.
        eps_root: the same inside the root.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0, 100.0])
        >>> optimizer = mg.optim.RMSPropNesterov([w], lr=0.5, rho=0.75, momentum=0.5)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w
        Parameter([-0.5, 98.5], requires_grad=True)

    Source: Optax's `rmsprop(nesterov=True)`, with lr outside v; the momentum is that of
    `Nesterov`.
    """

    @staticmethod
    def update(
        theta: Any,
        g: Any,
        s: Any,
        v: Any,
        *,
        t: int,
        lr: float,
        rho: float,
        momentum: float,
        eps: float,
        eps_root: float,
    ) -> State:
        n, s = divided(g, s, rho, eps, eps_root)
        v = momentum * v + n
        return theta - lr * (n + momentum * v), s, v


class CenteredRMSPropMomentum(RMSPropMomentum):
    """Momentum over gradients that are divided by their running standard deviation.

        s     <- rho s + (1 - rho) g^2
        m     <- rho m + (1 - rho) g
        n      = g / (sqrt(s - m^2 + eps_root) + eps)
        v     <- momentum v + n
        theta <- theta - lr v

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: the learning rate.
        rho: the share of the old means that survives a step, in [0, 1).
        momentum: the share of the velocity that survives a step, in [0, 1).
        eps: keeps the division finite.
        eps_root: the same inside the root.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0, 100.0])
        >>> optimizer = mg.optim.CenteredRMSPropMomentum([w], lr=0.5, rho=0.5)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w
        Parameter([ 0., 99.], requires_grad=True)

    Source: Graves 2013, "Generating sequences with recurrent neural networks", equations 38 to 41.
    Deviation: lr outside v (PyTorch's form), and eps outside the root.
    """

    slots = ("s", "m", "v")

    @staticmethod
    def update(  # type: ignore[override]
        theta: Any,
        g: Any,
        s: Any,
        m: Any,
        v: Any,
        *,
        t: int,
        lr: float,
        rho: float,
        momentum: float,
        eps: float,
        eps_root: float,
    ) -> State:
        n, s, m = divided_centred(g, s, m, rho, eps, eps_root)
        v = momentum * v + n
        return theta - lr * v, s, m, v


class CenteredRMSPropNesterov(CenteredRMSPropMomentum):
    """Nesterov momentum over gradients that are divided by their running standard deviation.

        s     <- rho s + (1 - rho) g^2
        m     <- rho m + (1 - rho) g
        n      = g / (sqrt(s - m^2 + eps_root) + eps)
        v     <- momentum v + n
        theta <- theta - lr (n + momentum v)

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: the learning rate.
        rho: the share of the old means that survives a step, in [0, 1).
        momentum: the share of the velocity that survives a step, in [0, 1).
        eps: keeps the division finite.
        eps_root: the same inside the root.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0, 100.0])
        >>> optimizer = mg.optim.CenteredRMSPropNesterov([w], lr=0.5, rho=0.5, momentum=0.5)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w
        Parameter([-0.5, 98.5], requires_grad=True)

    Source: Optax's `rmsprop(centered=True, nesterov=True)`, with lr outside v.
    """

    @staticmethod
    def update(  # type: ignore[override]
        theta: Any,
        g: Any,
        s: Any,
        m: Any,
        v: Any,
        *,
        t: int,
        lr: float,
        rho: float,
        momentum: float,
        eps: float,
        eps_root: float,
    ) -> State:
        n, s, m = divided_centred(g, s, m, rho, eps, eps_root)
        v = momentum * v + n
        return theta - lr * (n + momentum * v), s, m, v
