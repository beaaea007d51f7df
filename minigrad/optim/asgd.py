"""Averaged SGD: descent with a falling learning rate, and the mean of the weights on the way."""

from __future__ import annotations

from typing import Any

from .optimizer import Optimizer, Parameters, State


class ASGD(Optimizer):
    """Averaged stochastic gradient descent.

        eta      = lr / (1 + lambd lr (t - 1))^alpha
        theta   <- (1 - lambd eta) theta - eta g
        average <- average + (theta - average) / max(1, t - 1 - t0)

    The average is kept in the state, `optimizer.state_dict()["state"][name]["average"]`; theta is
    not replaced by it. For the mean of another rule's weights there is `EMA` with `plain_average`.

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: the learning rate at first.
        lambd: the decay term: how strongly weights are drawn to 0, and the learning rate falls.
        alpha: the power by which the learning rate falls.
        t0: the number of steps before the mean begins; until then it is theta itself.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0])
        >>> optimizer = mg.optim.ASGD([w], lr=0.25, lambd=0.0)
        >>> for _ in range(3):
        ...     optimizer.zero_grad()
        ...     (w**2).sum().backward()
        ...     optimizer.step()
        >>> w, optimizer.state_dict()["state"]["param0"]["average"]  # of 1/4 and 1/8
        (Parameter([0.125], requires_grad=True), array([0.1875], dtype=float32))

    Source: Polyak & Juditsky 1992, "Acceleration of stochastic approximation by averaging"; rate
    and decay from Bottou 2012, "Stochastic gradient descent tricks", section 5. Deviation: the
    mean begins with the second step's weights, as in PyTorch; there t0 is 10^6, which most runs do
    not reach.
    """

    slots = ("average",)

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(params, lr=lr, lambd=lambd, alpha=alpha, t0=t0, **options)

    @staticmethod
    def update(
        theta: Any,
        g: Any,
        average: Any,
        *,
        t: int,
        lr: float,
        lambd: float,
        alpha: float,
        t0: float,
    ) -> State:
        eta = lr / (1 + lambd * lr * (t - 1)) ** alpha
        theta = (1 - lambd * eta) * theta - eta * g
        return theta, average + (theta - average) / max(1, t - 1 - t0)
