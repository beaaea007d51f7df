"""Muon: momentum, made orthogonal."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..parameter import Parameter
from .adam import AdamW
from .decay import Prepare, with_decoupled
from .members import Named, NoDecay, divided
from .naming import named
from .optimizer import Group, Optimizer, Parameters, State
from .schedules import as_schedule
from .together import Together


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
            and other parameters are for an optimizer beside it: see `MuonWithAdamW`.
        lr: the learning rate: the length of a step in each direction.
        momentum: the share of v that survives a step, in [0, 1).
        steps: of Newton and Schulz's iteration.
        eps: the least length of a momentum that is brought to 1.

    Raises:
        ValueError: a parameter that is no matrix.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([[0.0, 0.0], [0.0, 0.0]])
        >>> optimizer = mg.optim.Muon([w], lr=1.0)
        >>> (w * [[1.0, 0.0], [0.0, 9.0]]).sum().backward()
        >>> optimizer.step()  # about as far in both directions
        >>> w.data.round(2)
        array([[-0.75,  0.  ],
               [ 0.  , -0.7 ]], dtype=float32)

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


class MuonWithAdamW(Together):
    """Muon for the matrices, and AdamW for everything else: biases, gains, filters.

        v     <- momentum v + g                     of matrices, as in `Muon`:
        o      = orthogonalized(g + momentum v)
        theta <- theta - lr weight_decay theta
        theta <- theta - lr sqrt(max(1, rows / columns)) o
        theta <- AdamW's step, with share lr        of all others, and of those in `rest`

    Args:
        params: parameters, or (name, parameter) pairs.
        lr: Muon's learning rate: a number or a schedule.
        share: AdamW's learning rate, as a share of `lr`, at least 0.
        momentum: Muon's.
        betas: AdamW's.
        weight_decay: of both.
        no_decay: the parameters to leave out of it; see `Optimizer`.
        rest: the matrices that are AdamW's as well, by patterns of names or by a function of
            (name, parameter).
        maximize: step up the gradient, not down.

    Example:
        >>> import minigrad as mg
        >>> from minigrad import nn
        >>> model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
        >>> optimizer = mg.optim.MuonWithAdamW(model.named_parameters(), lr=0.25, rest="2.*")
        >>> [group.names for group in optimizer.groups]
        [['0.weight'], ['0.bias', '2.weight', '2.bias']]
        >>> [group.hyper["lr"] for group in optimizer.groups]
        [0.25, 0.0125]

    Source: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks", which
    leaves the first and the last layer to AdamW; here that is what `rest` says.
    """

    def __init__(
        self,
        params: Parameters,
        lr: Any = 2e-2,
        share: float = 0.05,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.999),
        weight_decay: Any = 0.0,
        no_decay: NoDecay = (),
        rest: NoDecay = (),
        maximize: bool = False,
    ) -> None:
        self.share = share
        pairs = named(params)
        left = {name for name, _ in divided(pairs, rest)[1]}

        def is_for_muon(name: str, p: Parameter) -> bool:
            return p.ndim == 2 and name not in left

        others, matrices = divided(pairs, is_for_muon)
        options: Any = {
            "weight_decay": weight_decay, "no_decay": no_decay, "maximize": maximize,
        }  # fmt: skip
        made: list[Optimizer] = []
        if matrices:
            made.append(Muon(matrices, lr, momentum, **options))
        if others:
            made.append(AdamW(others, self._shared(lr), betas, **options))
        super().__init__(*made)

    @property
    def lr(self) -> float:
        """Muon's learning rate in the next step; assigning it sets AdamW's as well."""
        first = self.optimizers[0]
        return first.lr if isinstance(first, Muon) else first.lr / self.share

    @lr.setter
    def lr(self, value: Any) -> None:
        for optimizer in self.optimizers:
            optimizer.lr = value if isinstance(optimizer, Muon) else self._shared(value)

    def _shared(self, lr: Any) -> Any:
        return as_schedule(lr) * self.share if callable(lr) else lr * self.share


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
