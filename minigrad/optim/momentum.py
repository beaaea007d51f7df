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
    Deviation: the learning rate multiplies the velocity when it is used (PyTorch's form, here
    called B), not the gradient when it goes in (form A, `MomentumA`); the two differ only if lr
    changes.
    """

    slots = ("v",)

    def __init__(
        self, params: Parameters, lr: float = 1e-2, momentum: float = 0.9, **options: Any
    ) -> None:
        super().__init__(params, lr=lr, momentum=momentum, **options)

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


class MomentumA(Momentum):
    """Momentum in form A: the velocity is the step itself, with the learning rate inside.

        v     <- momentum v - lr g
        theta <- theta + v

    After lr was lowered, the old steps go on at their old length; in form B (`Momentum`) all are
    shortened. With a constant lr the two are the same: v_A = -lr v_B.

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: the learning rate.
        momentum: the share of the velocity that survives a step, in [0, 1).

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0])
        >>> optimizer = mg.optim.MomentumA([w], lr=0.25, momentum=0.5)
        >>> for lr in (0.25, 0.0):  # the second step is the velocity alone
        ...     optimizer.lr = lr
        ...     optimizer.zero_grad()
        ...     (w**2).sum().backward()
        ...     optimizer.step()
        >>> w
        Parameter([0.25], requires_grad=True)

    Source: Sutskever et al. 2013, "On the importance of initialization and momentum in deep
    learning", equations 1 and 2. It is Keras's form.
    """

    @staticmethod
    def update(theta: Any, g: Any, v: Any, *, t: int, lr: float, momentum: float) -> State:
        v = momentum * v - lr * g
        return theta + v, v


class NesterovA(Momentum):
    """Nesterov's accelerated gradient in form A, with the learning rate inside the velocity.

        v     <- momentum v - lr g
        theta <- theta + momentum v - lr g

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: the learning rate.
        momentum: the share of the velocity that survives a step, in [0, 1).

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0])
        >>> optimizer = mg.optim.NesterovA([w], lr=0.25, momentum=0.5)
        >>> (w**2).sum().backward()
        >>> optimizer.step()
        >>> w
        Parameter([0.25], requires_grad=True)

    Source: Sutskever et al. 2013, "On the importance of initialization and momentum in deep
    learning", equations 3 and 4, written for the point where the gradient is taken, as in Bengio
    et al. 2013, "Advances in optimizing recurrent networks", equation 7. It is Keras's form.
    """

    @staticmethod
    def update(theta: Any, g: Any, v: Any, *, t: int, lr: float, momentum: float) -> State:
        v = momentum * v - lr * g
        return theta + momentum * v - lr * g, v


class DampenedMomentum(Momentum):
    """Momentum to which each gradient adds only a part of itself.

        v     <- momentum v + (1 - dampening) g      in the first step v <- g
        theta <- theta - lr v

    With dampening = momentum the velocity is a running mean of the gradients, not their sum, and a
    step is as long as one of gradient descent.

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: the learning rate.
        momentum: the share of the velocity that survives a step, in [0, 1).
        dampening: the share of a gradient that is left out, in [0, 1).

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0])
        >>> optimizer = mg.optim.DampenedMomentum([w], lr=0.25, momentum=0.5, dampening=0.5)
        >>> for _ in range(2):
        ...     optimizer.zero_grad()
        ...     (w**2).sum().backward()
        ...     optimizer.step()
        >>> w
        Parameter([0.125], requires_grad=True)

    Source: PyTorch's `SGD(dampening=...)`, which does not dampen the first gradient.
    """

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-2,
        momentum: float = 0.9,
        dampening: float = 0.9,
        **options: Any,
    ) -> None:
        Optimizer.__init__(self, params, lr=lr, momentum=momentum, dampening=dampening, **options)

    @staticmethod
    def update(  # type: ignore[override]
        theta: Any, g: Any, v: Any, *, t: int, lr: float, momentum: float, dampening: float
    ) -> State:
        share = 1 if t == 1 else 1 - dampening
        v = momentum * v + share * g
        return theta - lr * v, v
