"""One training step: predict, measure, differentiate, update; as it is written, or compiled."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from ..compiler import compile
from ..optim import LBFGS, NotFiniteError, clip_grad_norm
from ..optim import accumulate as accumulated
from ..tensor import plain
from ..vjps import primitive
from .objective import Objective
from .session import Session

Step: TypeAlias = Callable[[Any, Any], tuple[float, Any]]


class _Measured(NamedTuple):
    """A batch's loss, the same as a number, and the outputs, when gradients are in place."""

    loss: Any
    mean_loss: float
    outputs: Any


Gradients: TypeAlias = Callable[[Any, Any], _Measured]


def step_of(
    session: Session,
    objective: Objective,
    backend: str | None = None,
    *,
    accumulate: int = 1,
    clip_norm: float | None = None,
) -> Step:
    """The function that makes one optimizer step on a batch.

    Args:
        session: holds the model and the optimizer.
        objective: the loss to minimise.
        backend: None to make the calls one by one; else the backend of `mg.compile` that replays
            them. The numbers are the same, to the last bit with "numpy". `LBFGS`, which branches
            on the loss, is not replayed itself, but gets gradients that are.
        accumulate: in how many parts a batch goes through the model, one after the other, so that
            only one part's graph is in memory. Their gradients, weighted by their rows, add up
            to that of the batch's mean loss.
        clip_norm: the largest norm of all gradients together that is not scaled down; None for no
            limit.

    Returns:
        A function of features, shape (N, ...), and targets, shape (N,) for labels or (N, K),
        which returns the loss and the outputs before the update.

    Raises:
        NotFiniteError: by that function: the loss is infinite or NaN; the update has not been made.

    Example:
        >>> import numpy as np
        >>> from minigrad import data, nn, optim
        >>> from minigrad.train import OBJECTIVES, Session
        >>> from minigrad.train.step import step_of
        >>> x, y = np.eye(2, dtype=np.float32), np.ones((2, 1), np.float32)
        >>> model = nn.Linear(2, 1, init=lambda shape, rng: np.zeros(shape))
        >>> session = Session(model, optim.SGD(model.parameters(), lr=0.5), data.DataLoader((x, y)))
        >>> step = step_of(session, OBJECTIVES["regression"], backend="numpy")
        >>> [step(x, y)[0] for _ in range(3)]
        [1.0, 0.25, 0.0625]
    """
    optimizer = session.optimizer
    gradients = _gradients_of(session, objective, accumulate, clip_norm)

    def step(x: Any, y: Any) -> tuple[float, Any]:
        measured = gradients(x, y)
        optimizer.step()
        return measured.mean_loss, measured.outputs

    def replayed(function: Any) -> Any:
        return function if backend is None else compile(function, backend=backend)

    if not optimizer.takes_closure:
        return replayed(step)  # type: ignore[no-any-return]
    if isinstance(optimizer, LBFGS):
        return _with_closure(optimizer, replayed(gradients))
    return replayed(_with_closure(optimizer, gradients))  # type: ignore[no-any-return]


def _with_closure(optimizer: Any, gradients: Gradients) -> Step:
    """The step of an optimizer that asks for gradients itself, at one point or at several."""

    def step(x: Any, y: Any) -> tuple[float, Any]:
        measured: list[_Measured] = []

        def closure() -> Any:
            measured.append(gradients(x, y))
            return measured[-1].loss

        optimizer.step(closure)
        return measured[0].mean_loss, measured[0].outputs  # before the update

    return step


def _gradients_of(
    session: Session, objective: Objective, accumulate: int, clip_norm: float | None
) -> Gradients:
    """The function that puts the gradients of a batch in place; arguments as of `step_of`."""
    model, optimizer = session.model, session.optimizer

    def of_whole(x: Any, y: Any) -> _Measured:
        outputs = model(x)
        loss = objective.loss(outputs, y)
        mean_loss = finite(plain(loss))
        optimizer.zero_grad()
        loss.backward()
        return _Measured(loss, mean_loss, outputs)

    def of_parts(x: Any, y: Any) -> _Measured:
        outputs = []

        def loss_of(x: Any, y: Any) -> Any:
            part = model(x)
            outputs.append(plain(part))  # without its graph
            return objective.loss(part, y)

        size = math.ceil(len(x) / accumulate)
        starts = range(0, len(x), size)
        optimizer.zero_grad()
        loss = accumulated(loss_of, [(x[i : i + size], y[i : i + size]) for i in starts])
        return _Measured(loss, finite(plain(loss)), np.concatenate(outputs))

    def gradients(x: Any, y: Any) -> _Measured:
        measured = of_whole(x, y) if accumulate == 1 else of_parts(x, y)
        if clip_norm is not None:
            clip_grad_norm(optimizer, clip_norm)
        return measured

    return gradients


@primitive
def finite(loss: Any) -> float:
    """The loss as a number, which ends a step that should not be made."""
    number = float(loss)
    if not math.isfinite(number):
        raise NotFiniteError("the loss", loss)
    return number


finite.has_effect = True  # type: ignore[attr-defined]  # a program checks before it updates
