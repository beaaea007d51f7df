"""Muon: momentum, made orthogonal."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .decay import Prepare, with_decoupled
from .members import Named
from .optimizer import Group, Optimizer, Parameters, State


class Muon(Optimizer):
    """Momentum for a matrix, whose singular values are all brought to about 1.

        v     <- momentum v + g
        o      = orthogonalized(g + momentum v)
        theta <- theta - lr weight_decay theta
        theta <- theta - lr sqrt(max(1, rows / columns)) o

    So the step goes equally far in all directions that the gradient has, also in the rare ones. It
    is meant for the weights of hidden layers, stored as (out, in).

    Args:
        params: matrices, as parameters, (name, parameter) pairs, or groups; see `Optimizer`. Biases
            and other parameters are for an optimizer beside it, such as `AdamW`.
        lr: the learning rate: the length of a step in each direction.
        momentum: the share of v that survives a step, in [0, 1).
        steps: of Newton and Schulz's iteration.
        eps: the least length of a momentum that is brought to 1.

    Raises:
        ValueError: a parameter that is no matrix.

    Example:
        >>> import minigrad as mg
        >>> from minigrad import nn
        >>> model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
        >>> matrices = [(n, p) for n, p in model.named_parameters() if p.ndim == 2]
        >>> others = [(n, p) for n, p in model.named_parameters() if p.ndim != 2]
        >>> optimizers = mg.optim.Muon(matrices), mg.optim.AdamW(others)
        >>> (model(mg.tensor([[1.0, 2.0, 3.0]])) ** 2).sum().backward()
        >>> for optimizer in optimizers:
        ...     optimizer.step()

    Source: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks".
    Deviation: computed in the parameter's dtype, not in bfloat16.
    """

    slots = ("v",)
    decay: ClassVar[Prepare] = staticmethod(with_decoupled)
    is_elementwise = False

    def __init__(
        self,
        params: Parameters,
        lr: float = 2e-2,
        momentum: float = 0.95,
        steps: int = 5,
        eps: float = 1e-7,
        **options: Any,
    ) -> None:
        super().__init__(params, lr=lr, momentum=momentum, steps=steps, eps=eps, **options)

    def _group(self, named: Named, hyper: dict[str, Any]) -> Group:
        for name, p in named:
            if p.ndim != 2:
                raise ValueError(
                    f"Muon takes matrices, got parameter {name!r} of shape {p.shape}; give it to "
                    "an optimizer beside it, such as AdamW"
                )
        return super()._group(named, hyper)

    @staticmethod
    def update(
        theta: Any,
        g: Any,
        v: Any,
        *,
        t: int,
        lr: float,
        momentum: float,
        steps: int,
        eps: float,
    ) -> State:
        v = momentum * v + g
        o = orthogonalized(g + momentum * v, steps, eps)
        rows, columns = theta.shape
        return theta - lr * max(1, rows / columns) ** 0.5 * o, v


def orthogonalized(g: Any, steps: int = 5, eps: float = 1e-7) -> Any:
    """Bring the singular values of a matrix to about 1 (between 0.7 and 1.2).

        x  = g / |g|
        x <- a x + b (x x^T) x + c (x x^T)^2 x

    Each singular value s goes to a s + b s^3 + c s^5, whose slope at 0 is as large as can be: the
    small ones grow fast, and none settles at 1 exactly.

    Args:
        g: (m, n).
        steps: how often.
        eps: the least length |g| that is brought to 1.

    Returns:
        (m, n): about U V^T of the singular value decomposition g = U S V^T.

    Source: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks", with its
    a, b, c; Newton and Schulz's iteration is that of Bjorck & Bowie 1971, "An iterative algorithm
    for computing the best estimate of an orthogonal matrix".
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    x = g / np.maximum(np.sqrt(np.sum(g * g)), eps)
    is_tall = g.shape[0] > g.shape[1]
    if is_tall:  # x x^T is the smaller product then
        x = x.T
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if is_tall else x
