"""Which optimizer to take: what is known about the problem, then a short race."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from .. import functional
from .adam import Adam, AdamW
from .finite import NotFiniteError
from .gd import GD
from .lbfgs import LBFGS
from .momentum import Momentum
from .optimizer import Optimizer

Loss: TypeAlias = Callable[[Any, Any], Any]

SMALL = 5_000  # examples that one gradient may well look at
BATCH = 64
RACE_EXAMPLES = 2_000


@dataclass(frozen=True)
class Candidate:
    """An optimizer that may be recommended.

    Attributes:
        kind: its class.
        rates: the learning rates that the race tries.
        batch: how many examples a gradient looks at; None: all.
        why: the reason to try it here.
    """

    kind: type[Optimizer]
    rates: tuple[float, ...]
    batch: int | None
    why: str

    @property
    def name(self) -> str:
        return self.kind.__name__


@dataclass(frozen=True)
class Recommendation:
    """What came out of the race.

    Attributes:
        facts: what was found out about the problem, in words.
        candidates: who took part.
        losses: for each, the least training loss and the learning rate that led to it.
        start: the loss before training.
        best: the name of the winner.
        lr: its learning rate.
        batch: its batch size; None: all examples at once.
    """

    facts: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    losses: dict[str, tuple[float, float]]
    start: float

    @property
    def best(self) -> str:
        return min(self.losses, key=lambda name: self.losses[name][0])

    @property
    def lr(self) -> float:
        return self.losses[self.best][1]

    @property
    def batch(self) -> int | None:
        return self._winner.batch

    @property
    def _winner(self) -> Candidate:
        return next(c for c in self.candidates if c.name == self.best)

    def optimizer(self, params: Any, **options: Any) -> Optimizer:
        """The recommended optimizer for these parameters."""
        return self._winner.kind(params, lr=self.lr, **options)

    def __str__(self) -> str:
        lines = [f"- {fact}" for fact in self.facts]
        lines.append(f"loss before training: {self.start:.2g}; after the race:")
        for c in self.candidates:
            loss, lr = self.losses[c.name]
            batch = "all" if c.batch is None else c.batch
            lines.append(f"  {c.name:<9} lr {lr:<6g} batch {batch:<4} loss {loss:<8.2g} {c.why}")
        lines.append(f"recommended: {self.best}, lr {self.lr:g}")
        return "\n".join(lines)


def recommend(
    model: Any,
    data: Any,
    loss: Loss | None = None,
    *,
    epochs: int = 10,
    rng: np.random.Generator | None = None,
    verbose: bool = True,
) -> Recommendation:
    """Look at a model and its data, say what speaks for which optimizer, and let them race.

    Few examples, or a loss that is convex, allow gradients over all of the data; otherwise
    mini-batches; deep networks profit from a rate for each weight. Every candidate trains a copy
    of the model with a few learning rates, on at most 2,000 examples, for as many passes over
    these as the others. The training loss decides; it says nothing about other data.

    Args:
        model: a module. It is left as it is.
        data: a pair (x, y), or anything with attributes `x` and `y`: arrays with one row for each
            example.
        loss: `loss(model(x), y)`; by default cross-entropy for whole-numbered labels, else the
            mean squared error.
        epochs: passes over the data for each candidate and learning rate.
        rng: draws examples and batches; the same ones at every call if left out.
        verbose: whether to print the reasoning and the race.

    Returns:
        A `Recommendation`: `best`, `lr`, and `optimizer(params)`, which makes it.

    Raises:
        ValueError: no parameters, or x and y of different lengths.

    Example:
        >>> import minigrad as mg
        >>> rng = np.random.default_rng(0)
        >>> x = rng.standard_normal((200, 3)) * [0.1, 1.0, 10.0]  # of different scales
        >>> y = x @ np.array([[1.0], [-2.0], [0.5]]) + rng.standard_normal((200, 1))
        >>> found = mg.optim.recommend(mg.nn.Linear(3, 1, rng=rng), (x, y), verbose=False)
        >>> found.best
        'LBFGS'

    Source: Bottou, Curtis & Nocedal 2018, "Optimization methods for large-scale machine learning",
    section 3.3, for the choice between whole and mini-batches.
    """
    rng = np.random.default_rng(0) if rng is None else rng
    x, y = data if isinstance(data, tuple) else (data.x, data.y)
    x, y = np.asarray(x), np.asarray(y)
    if len(x) != len(y):
        raise ValueError(f"recommend: {len(x)} rows of x, but {len(y)} of y")
    parameters = list(model.parameters())
    if not parameters:
        raise ValueError("recommend: the model has no parameters")
    if loss is None:
        loss = functional.cross_entropy if y.dtype.kind in "iu" else functional.mse_loss
    facts, candidates = _considered(parameters, len(x))
    chosen = np.sort(rng.permutation(len(x))[:RACE_EXAMPLES])
    x, y = x[chosen], y[chosen]
    seed = int(rng.integers(2**32))
    losses = {
        c.name: min(
            (_raced(c, lr, model, x, y, loss, epochs, np.random.default_rng(seed)), lr)
            for lr in c.rates
        )
        for c in candidates
    }
    result = Recommendation(facts, candidates, losses, _loss_of(copy.deepcopy(model), x, y, loss))
    if verbose:
        print(result)
    return result


def _considered(
    parameters: Sequence[Any], examples: int
) -> tuple[tuple[str, ...], tuple[Candidate, ...]]:
    """The facts, and the candidates that they speak for."""
    weights = sum(p.size for p in parameters)
    layers = sum(p.ndim >= 2 for p in parameters)
    in_layers = "in 1 layer" if layers == 1 else f"in {layers} layers"
    facts = [f"{examples} examples, {weights} parameters {in_layers}"]
    found = []
    whole = examples <= SMALL
    if whole:
        facts.append("few examples: a gradient may look at all of them")
    if layers <= 1:
        facts.append("one layer: with the usual losses the problem is convex, with one minimum")
    if whole and layers <= 1:
        found.append(Candidate(LBFGS, (1.0,), None, "curvature, on a smooth convex problem"))
        found.append(Candidate(GD, (0.01, 0.1, 0.5), None, "the plain method"))
    rates = (1e-3, 1e-2, 1e-1)
    found.append(Candidate(Momentum, rates, BATCH, "mini-batches, one rate for all weights"))
    if layers > 1:
        facts.append("several layers: not convex; a rate for each weight evens out their scales")
    found.append(Candidate(Adam, (1e-3, 3e-3, 1e-2), BATCH, "mini-batches, a rate for each weight"))
    if weights > 10 * examples:
        facts.append("ten times more parameters than examples: weight decay is worth a try")
        found.append(Candidate(AdamW, (1e-3, 3e-3), BATCH, "the same with weight decay"))
    return tuple(facts), tuple(found)


def _raced(
    candidate: Candidate,
    lr: float,
    model: Any,
    x: Any,
    y: Any,
    loss: Loss,
    epochs: int,
    rng: np.random.Generator,
) -> float:
    """The training loss of a copy of the model after the race; infinite if it diverged."""
    twin = copy.deepcopy(model)
    trains = _step_of(candidate, lr, twin, loss)
    with np.errstate(all="ignore"):
        try:
            for rows in _batches(len(x), candidate.batch, epochs, rng):
                trains(x[rows], y[rows])
        except NotFiniteError:
            return math.inf
        reached = _loss_of(twin, x, y, loss)
    return reached if math.isfinite(reached) else math.inf


def _step_of(candidate: Candidate, lr: float, model: Any, loss: Loss) -> Callable[[Any, Any], Any]:
    """A training step on a batch; one iteration of those that make several."""
    options: dict[str, Any] = {"max_iter": 1} if candidate.kind is LBFGS else {}
    optimizer = candidate.kind(model.parameters(), lr=lr, **options)

    def step(x: Any, y: Any) -> None:
        def closure() -> Any:
            optimizer.zero_grad()
            value = loss(model(x), y)
            value.backward()
            return value

        if isinstance(optimizer, LBFGS):
            optimizer.step(closure)
        else:
            closure()
            optimizer.step()

    return step


def _batches(n: int, size: int | None, epochs: int, rng: np.random.Generator) -> Iterator[Any]:
    for _ in range(epochs):
        order = rng.permutation(n)
        yield from np.array_split(order, max(1, n // (size or n)))


def _loss_of(model: Any, x: Any, y: Any, loss: Loss) -> float:
    model.eval()
    return float(loss(model(x), y).item())
