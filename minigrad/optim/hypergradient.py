"""Hypergradient descent: the learning rate is itself learnt, by the gradient of the loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..compiler import state_numbers
from ..modes import active_recorder
from ..vjps import primitive
from .members import Named
from .optimizer import Group, Optimizer, Parameters, State
from .persistent import array_of, number_of, set_number, weights_of


@primitive
def adapted_rate(lr: float, hyper_lr: float, *pairs: Any) -> float:
    """lr + hyper_lr g . u, at least 0; the arrays are g, u, g, u, ... of all parameters."""
    gain = sum(
        float(np.dot(np.ravel(g), np.ravel(u)))
        for g, u in zip(pairs[::2], pairs[1::2], strict=True)
    )
    return max(0.0, lr + hyper_lr * gain)


class Hypergradient(Optimizer):
    """Base of the rules that adapt their learning rate; their last slot is the direction u.

    The loss after theta <- theta - lr u has the derivative -g . u with respect to lr, where g is
    the new gradient. So each step begins with a step of lr along it, for each group by itself:

        lr <- max(0, lr + hyper_lr g_t . u_(t-1))
    """

    def step(self) -> None:
        """Adapt the learning rate of each group, then update every parameter with a gradient.

        Raises:
            RuntimeError: no parameter has a gradient.
            TypeError: the learning rate is a schedule.
        """
        for group in self.groups:
            self._require_numbers(group.hyper)
            group.hyper["lr"] = float(group.hyper["lr"])  # an int would be a constant of programs
            self._adapt(group)
        super().step()

    def _group(self, named: Named, hyper: dict[str, Any]) -> Group:
        self._require_numbers(hyper)
        return super()._group(named, hyper)

    def _require_numbers(self, hyper: Mapping[str, Any]) -> None:
        if callable(hyper["lr"]) or callable(hyper["hyper_lr"]):
            raise TypeError(
                f"{type(self).__name__} adapts lr itself; give lr and hyper_lr as numbers, or take"
                " the rule without hypergradient for a schedule"
            )

    def _adapt(self, group: Group) -> None:
        recorder, hyper = active_recorder(), group.hyper
        options: Any = hyper
        if recorder is not None:
            options = {key: state_numbers(recorder, hyper, key) for key in hyper if key != "lr"}
        pairs: list[Any] = []
        units: Any = group.units  # buffers, as the rules are element-wise
        for unit in units:
            u = array_of(unit.state[-1], "u")
            for p, end in zip(unit.parameters, unit.ends, strict=True):
                if (g := p.grad) is not None:
                    _, slope, _ = type(self).decay(weights_of(p), g._data, options)
                    pairs += [slope.reshape(-1), u[end - p.size : end]]
        lr = adapted_rate(number_of(hyper, "lr"), options["hyper_lr"], *pairs)
        set_number(hyper, "lr", lr)


class HypergradientSGD(Hypergradient):
    """Gradient descent whose learning rate grows while gradients agree, and shrinks when they turn.

        lr    <- max(0, lr + hyper_lr g_t . g_(t-1))
        theta <- theta - lr g_t

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`. Each group has a
            learning rate of its own.
        lr: the learning rate to start from.
        hyper_lr: the learning rate of the learning rate (beta in the paper).
        options: `weight_decay`, `no_decay` and `maximize`; see `Optimizer`.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0])
        >>> optimizer = mg.optim.HypergradientSGD([w], lr=0.125, hyper_lr=0.0625)
        >>> for _ in range(2):
        ...     optimizer.zero_grad()
        ...     (w**2).sum().backward()  # the gradients are 2 and 1.5
        ...     optimizer.step()
        >>> optimizer.lr, w.item()
        (0.3125, 0.28125)

    Source: Baydin, Cornish, Rubio, Schmidt & Wood 2018, "Online learning rate adaptation with
    hypergradient descent", algorithm 4 (SGD-HD). The paper lets the rate become negative; here 0
    is the least.
    """

    slots = ("u",)

    def __init__(
        self, params: Parameters, lr: float = 1e-3, hyper_lr: float = 1e-3, **options: Any
    ) -> None:
        super().__init__(params, lr=lr, hyper_lr=hyper_lr, **options)

    @staticmethod
    def update(theta: Any, g: Any, u: Any, *, t: int, lr: float, hyper_lr: float) -> State:
        u = 1.0 * g
        return theta - lr * u, u


class HypergradientAdam(Hypergradient):
    """Adam whose learning rate grows while gradients agree with the last direction.

        lr    <- max(0, lr + hyper_lr g_t . u_(t-1))
        m, v  <- the running means of g and g^2, as in Adam
        u      = m_hat / (sqrt(v_hat) + eps)
        theta <- theta - lr u

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`. Each group has a
            learning rate of its own.
        lr: the learning rate to start from.
        hyper_lr: the learning rate of the learning rate (beta in the paper).
        betas: (beta1, beta2), the shares of the two means that survive a step, in [0, 1).
        eps: keeps the division finite.
        options: `weight_decay`, `no_decay` and `maximize`; see `Optimizer`.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0])
        >>> optimizer = mg.optim.HypergradientAdam([w], lr=0.25, hyper_lr=0.125)
        >>> for _ in range(2):
        ...     optimizer.zero_grad()
        ...     (w**2).sum().backward()  # the first direction is 1, the second gradient 1.5
        ...     optimizer.step()
        >>> round(optimizer.lr, 4)
        0.4375

    Source: Baydin, Cornish, Rubio, Schmidt & Wood 2018, "Online learning rate adaptation with
    hypergradient descent", algorithm 6 (Adam-HD). The paper lets the rate become negative; here 0
    is the least.
    """

    slots = ("m", "v", "u")

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        hyper_lr: float = 1e-7,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        **options: Any,
    ) -> None:
        super().__init__(params, lr=lr, hyper_lr=hyper_lr, betas=betas, eps=eps, **options)

    @staticmethod
    def update(
        theta: Any,
        g: Any,
        m: Any,
        v: Any,
        u: Any,
        *,
        t: int,
        lr: float,
        hyper_lr: float,
        betas: Any,
        eps: float,
    ) -> State:
        beta1, beta2 = betas
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        root = (1 - beta2**t) ** 0.5  # sqrt(v_hat) = sqrt(v) / root
        u = root / (1 - beta1**t) * m / (np.sqrt(v) + eps * root)
        return theta - lr * u, m, v, u
