"""The training loop: step after step, epoch after epoch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from ..data import DataLoader, Dataset
from ..modes import no_grad
from ..nn import Module
from .objective import Objective
from .session import Row, Session
from .step import NotFiniteError, Step, step_of
from .stop import Stop

Callback: TypeAlias = Callable[[Session], None]

_EVALUATION_BATCH = 1024  # rows; bounds the memory that evaluating takes


class DivergedError(ArithmeticError):
    """The loss became infinite or NaN: going on would only spread it."""


def _do_nothing(session: Session) -> None:
    pass


def fit(
    session: Session,
    objective: Objective,
    test: Dataset,
    epochs: int,
    *,
    backend: str | None = None,
    after_step: Callback = _do_nothing,
    after_epoch: Callback = _do_nothing,
    stop: Stop | None = None,
) -> None:
    """Train until so many epochs are complete, counting those that the session has behind it.

    Args:
        session: what is trained, from wherever it is, also in the middle of an epoch.
        objective: the loss to minimise and the score to report.
        test: measured after each epoch, never learnt from.
        epochs: the number of epochs to reach.
        backend: None to make each call of a step as it is written; else the backend of
            `mg.compile` that replays the step: "numpy", to the same bits, or "numba".
        after_step: called with the session after each optimizer step.
        after_epoch: called with the session when an epoch's row of metrics is in its history.
        stop: looked at between steps; once it is requested, `fit` returns.

    Raises:
        DivergedError: the loss became infinite or NaN; the update has not been made.

    Example:
        >>> import numpy as np
        >>> from minigrad import data, nn, optim
        >>> from minigrad.train import OBJECTIVES, Session, fit
        >>> train, test = data.datasets.iris().split(rng=np.random.default_rng(0))
        >>> model = nn.Linear(4, 3, rng=np.random.default_rng(1))
        >>> session = Session(model, optim.Adam(model.named_parameters(), lr=0.1),
        ...                   data.DataLoader(train, shuffle=True, rng=np.random.default_rng(2)))
        >>> fit(session, OBJECTIVES["classification"], test, epochs=20)
        >>> session.history[-1]["test_accuracy"] > 0.9
        True
    """
    stop = stop or Stop()
    step = step_of(session, objective, backend)
    # Overflow ends in an infinite or NaN loss, which is reported once, with its step.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        while session.epoch < epochs and not stop.requested:
            session.model.train()
            for x, y in session.loader:
                train_step(session, objective, x, y, step)
                after_step(session)
                if stop.requested:
                    return
            session.end_epoch(_epoch_metrics(session, objective, test))
            after_epoch(session)


def train_step(
    session: Session, objective: Objective, x: Any, y: Any, step: Step | None = None
) -> None:
    """Make one optimizer step on one batch, and add the batch to the epoch's sums.

    Args:
        session: what is trained.
        objective: the loss to minimise.
        x: features, shape (N, ...).
        y: targets, shape (N,) for labels or (N, K).
        step: from `step_of`, for the same session and objective; None makes one that is not
            compiled.

    Raises:
        DivergedError: the loss is infinite or NaN; the update has not been made.
    """
    step = step or step_of(session, objective)
    try:
        mean_loss, outputs = step(x, y)
    except NotFiniteError as error:
        raise _diverged(error.args[0], session, "loss") from None

    session.step += 1
    correct = objective.count(outputs, y) if objective.count else 0
    session.sums.add(len(x), mean_loss, correct)


def evaluate(model: Module, objective: Objective, data: Dataset) -> Row:
    """Measure a model, without learning: no graph, dropout off, float64 means over all rows.

    Args:
        model: what to measure.
        objective: the loss and the score.
        data: the rows to measure it on.

    Returns:
        `{"loss": ..., score's name: ...}`.

    Example:
        >>> import numpy as np
        >>> from minigrad import data, nn
        >>> from minigrad.train import OBJECTIVES, evaluate
        >>> line = data.Dataset(np.eye(2), np.eye(2)[:, 0], "line", "regression")
        >>> model = nn.Linear(2, 1, init=lambda shape, rng: np.zeros(shape))
        >>> evaluate(model, OBJECTIVES["regression"], line)
        {'loss': 0.5, 'r2': -1.0}
    """
    was_training = model.training
    model.eval()
    with no_grad():
        batches = [model(x).data for x, _ in DataLoader(data, _EVALUATION_BATCH)]
    model.train(was_training)
    outputs = np.concatenate(batches).astype(np.float64)
    return {
        "loss": float(objective.loss(outputs, data.y)),
        objective.score_name: objective.score(outputs, data.y),
    }


def _epoch_metrics(session: Session, objective: Objective, test: Dataset) -> Row:
    sums = session.sums
    metrics = {"train_loss": sums.loss / sums.rows}
    if objective.count:
        metrics[f"train_{objective.score_name}"] = sums.correct / sums.rows
    for name, value in evaluate(session.model, objective, test).items():
        if not math.isfinite(value):
            raise _diverged(value, session, f"test {name}")
        metrics[f"test_{name}"] = value
    return metrics


def _diverged(value: float, session: Session, name: str) -> DivergedError:
    return DivergedError(
        f"training diverged: the {name} is {value} in epoch {session.epoch + 1}, after step"
        f" {session.step}; a learning rate below {session.optimizer.lr:g} may help"
    )
