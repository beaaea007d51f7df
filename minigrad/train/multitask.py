"""Several losses at once: fixed weights, learnt weights, and gradients that do not fight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..nn import Module
from ..optim.naming import named
from ..parameter import Parameter
from ..tensor import Tensor, wrap
from ..transforms import grad


class WeightedLosses(Module):
    """A sum of losses with fixed weights: sum_i w_i L_i.

    Args:
        weights: a number for each loss.

    Example:
        >>> import minigrad as mg
        >>> total = mg.train.WeightedLosses([1.0, 0.25])
        >>> total([mg.tensor(2.0), mg.tensor(4.0)])
        tensor(3.)
    """

    def __init__(self, weights: Sequence[float]) -> None:
        self._weights = tuple(float(w) for w in weights)

    def forward(self, losses: Sequence[Any]) -> Any:
        _check_count(losses, len(self._weights))
        terms = [w * loss for w, loss in zip(self._weights, losses, strict=True)]
        return sum(terms[1:], terms[0])

    def extra_repr(self) -> str:
        return ", ".join(map(str, self._weights))


class LearnedWeights(Module):
    """A sum of losses whose weights are learnt: a task that stays noisy comes to count less.

        sum_i L_i / (2 sigma_i^2) + log sigma_i

    Its parameters are s_i = log sigma_i^2, which may be any numbers: the term is
    (exp(-s_i) L_i + s_i) / 2. Each is least at sigma_i^2 = L_i. Give the optimizer these parameters
    beside those of the model; do not let them decay.

    Args:
        tasks: the number of losses.
        dtype: of the parameters; float32 if not given.

    Attributes:
        log_variance: s, shape (tasks,), all 0 at first, where each weight is 1/2.

    Example:
        >>> import minigrad as mg
        >>> total = mg.train.LearnedWeights(2)
        >>> total([mg.tensor(2.0), mg.tensor(4.0)]).item()
        3.0
        >>> total.weights()
        array([0.5, 0.5], dtype=float32)

    Source: Kendall, Gal & Cipolla 2018, "Multi-task learning using uncertainty to weigh losses for
    scene geometry and semantics", equation 7 and, for log sigma^2, the end of section 3.2.
    """

    def __init__(self, tasks: int, dtype: Any = None) -> None:
        self.log_variance = Parameter(np.zeros(tasks, dtype or np.float32))

    def forward(self, losses: Sequence[Any]) -> Any:
        _check_count(losses, self.log_variance.size)
        s = self.log_variance
        return (np.exp(-s) * np.stack(list(losses)) + s).sum() / 2

    def weights(self) -> Any:
        """1 / (2 sigma_i^2), by which each loss is multiplied now; shape (tasks,)."""
        return np.exp(-self.log_variance.data) / 2


def pcgrad_backward(losses: Sequence[Tensor], parameters: Any, rng: np.random.Generator) -> None:
    """Add the losses' gradients, each without what would undo another one.

        for each task i:  d_i = g_i
            for each other task j, in random order:
                d_i <- d_i - min(0, d_i . g_j) / |g_j|^2 g_j
        p.grad <- p.grad + sum_i d_i

    It stands where `backward` of a sum of losses stands. All parameters together are one vector.

    Args:
        losses: scalars, of which each depends on some of the parameters; their graphs are kept
            until the last one has been differentiated.
        parameters: a module, an optimizer, parameters, or (name, parameter) pairs. One that no loss
            depends on gets no gradient.
        rng: draws the orders.

    Raises:
        ValueError: there is no loss.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> w = mg.Parameter([0.0, 0.0])
        >>> losses = [w[0], w[1] - w[0]]  # the gradients (1, 0) and (-1, 1)
        >>> mg.train.pcgrad_backward(losses, [w], np.random.default_rng(0))
        >>> w.grad  # (1, 0) + (1, 1) / 2, and (-1, 1) + (1, 0)
        tensor([0.5, 1.5])

    Source: Yu, Kumar, Gupta, Levine, Hausman & Finn 2020, "Gradient surgery for multi-task
    learning", algorithm 1.
    """
    if not losses:
        raise ValueError("expected at least one loss, got none")
    everything = [p for _, p in named(parameters) if p.requires_grad]
    rows = [
        grad(loss, everything, allow_unused=True, retain_graph=i < len(losses) - 1)
        for i, loss in enumerate(losses)
    ]
    learning = [k for k in range(len(everything)) if any(row[k] is not None for row in rows)]
    targets = [everything[k] for k in learning]
    gradients = np.stack([_flat([row[k] for k in learning], targets) for row in rows])
    start = 0
    total = _projected(gradients, rng).sum(axis=0)
    for p in targets:
        part = wrap(total[start : start + p.size].reshape(p.shape).astype(p.dtype), None)
        p.grad = part if p.grad is None else p.grad + part
        start += p.size


def _projected(gradients: Any, rng: np.random.Generator) -> Any:
    """Each row without its conflicts with the others; the branches are arithmetic, so that a
    compiled step takes them anew in each run."""
    tasks = len(gradients)
    rows = []
    for i in range(tasks):
        row = gradients[i]
        order = rng.permutation(tasks)
        others = np.take(gradients, order, axis=0)
        for k in range(tasks):
            other = others[k]
            length = np.dot(other, other)
            conflict = np.where(order[k] != i, np.minimum(np.dot(row, other), 0), 0)
            row = row - (conflict / np.where(length > 0, length, 1)).astype(row.dtype) * other
        rows.append(row)
    return np.stack(rows)


def _flat(row: Sequence[Tensor | None], targets: Sequence[Parameter]) -> Any:
    """One task's gradients of all parameters in a row, 0 where it does not depend on one."""
    pairs = zip(row, targets, strict=True)
    parts = [np.zeros(p.size, p.dtype) if g is None else g._data.reshape(-1) for g, p in pairs]
    return np.concatenate(parts)


def _check_count(losses: Sequence[Any], expected: int) -> None:
    if len(losses) != expected:
        raise ValueError(
            f"expected {expected} losses, a weight is there for each; got {len(losses)}"
        )
