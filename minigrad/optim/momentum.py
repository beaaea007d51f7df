"""Gradient descent with memory of its direction."""

from __future__ import annotations

from typing import Any

from .optimizer import Optimizer, Parameters, State


class Momentum(Optimizer):
    """Heavy-ball momentum: a velocity that sums up the past gradients.

        v     <- momentum v + g
        theta <- theta - lr v

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: the learning rate.
        momentum: the share of the velocity that survives a step, in [0, 1).

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0])
        >>> optimizer = mg.optim.Momentum([w], lr=0.25, momentum=0.5)
        >>> for _ in range(2):
        ...     optimizer.zero_grad()
        ...     (w**2).sum().backward()
        ...     optimizer.step()
        >>> w
        Parameter([0.], requires_grad=True)

    Source: Polyak 1964, "Some methods of speeding up the convergence of iteration methods".
    Deviation: the learning rate multiplies the velocity when it is used (PyTorch's form), not the
    gradient when it goes in (Sutskever et al. 2013); the two differ only if lr changes.
    """

    slots = ("v",)

    def __init__(self, params: Parameters, lr: float = 1e-2, momentum: float = 0.9) -> None:
        super().__init__(params, lr=lr, momentum=momentum)

    @staticmethod
    def update(theta: Any, g: Any, v: Any, *, t: int, lr: float, momentum: float) -> State:
        v = momentum * v + g
        return theta - lr * v, v


class Nesterov(Momentum):
    """Nesterov's accelerated gradient: momentum that looks one step ahead.

        v     <- momentum v + g
        theta <- theta - lr (g + momentum v)

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: the learning rate.
        momentum: the share of the velocity that survives a step, in [0, 1).

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0])
        >>> optimizer = mg.optim.Nesterov([w], lr=0.25, momentum=0.5)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w
        Parameter([0.25], requires_grad=True)

    Source: Nesterov 1983, "A method of solving a convex programming problem with convergence rate
    O(1/k^2)", in the form of Sutskever et al. 2013, "On the importance of initialization and
    momentum in deep learning", section 2. Deviation: lr is applied as in `Momentum`.
    """

    @staticmethod
    def update(theta: Any, g: Any, v: Any, *, t: int, lr: float, momentum: float) -> State:
        v = momentum * v + g
        return theta - lr * (g + momentum * v), v
