"""The training loop: step after step, epoch after epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, TypeAlias

import numpy as np

from ..data import DataLoader, Dataset
from ..modes import no_grad
from ..nn import Module
from ..optim import NotFiniteError
from .objective import Objective
from .session import Session
from .step import Step, step_of
from .stop import Stop
from .sums import Row, RunningSums

Data: TypeAlias = Dataset | tuple[Any, ...] | DataLoader

_EVALUATION_BATCH = 1024  # rows; bounds the memory that evaluating takes


class DivergedError(ArithmeticError):
    """The loss became infinite or NaN: going on would only spread it."""


def fit(
    session: Session,
    objective: Objective,
    held_out: Mapping[str, Data],
    epochs: int,
    *,
    step: Step | None = None,
    stop: Stop | None = None,
) -> None:
    """Train until so many epochs are complete, counting those that the session has behind it.

    Args:
        session: what is trained, from wherever it is, also in the middle of an epoch.
        objective: the loss to minimise and the metrics to report.
        held_out: measured after each epoch, never learnt from, by the names that their metrics
            begin with: `{"valid": ..., "test": ...}`.
        epochs: the number of epochs to reach.
        step: from `step_of`, for the same session and objective; None makes one that is not
            compiled.
        stop: looked at between steps; once it is requested, by a signal or by a callback, `fit`
            returns, after the event that it came in. None is a new one.

    Raises:
        DivergedError: the loss became infinite or NaN, and no callback has turned that into a
            stop; the update has not been made.

    Example:
        >>> import numpy as np
        >>> from minigrad import data, nn, optim
        >>> from minigrad.train import OBJECTIVES, Session, fit
        >>> train, test = data.datasets.iris().split(rng=np.random.default_rng(0))
        >>> model = nn.Linear(4, 3, rng=np.random.default_rng(1))
        >>> session = Session(model, optim.Adam(model.named_parameters(), lr=0.1),
        ...                   data.DataLoader(train, shuffle=True, rng=np.random.default_rng(2)))
        >>> fit(session, OBJECTIVES["classification"], {"test": test}, epochs=20)
        >>> session.history[-1]["test_accuracy"] > 0.9
        True
    """
    session.epochs, session.metrics, session.stop = epochs, objective.metrics, stop or Stop()
    step = step or step_of(session, objective)
    with ExitStack() as ends:
        for callback in session.callbacks:
            callback.on_fit_begin(session)
            ends.callback(callback.on_fit_end, session)
        # Overflow ends in an infinite or NaN loss, which is reported once, with its step.
        ends.enter_context(np.errstate(over="ignore", invalid="ignore", divide="ignore"))
        session.ending = session.epoch >= epochs or session.stop.requested
        try:
            while not session.ending:
                _epoch(session, objective, held_out, step)
        except DivergedError as error:
            for callback in session.callbacks:
                callback.on_diverged(session, error)
            if not session.stop.requested:
                raise


def _epoch(
    session: Session, objective: Objective, held_out: Mapping[str, Data], step: Step
) -> None:
    """Make an epoch, or what is left of it; or a part of it, if a stop is requested."""
    callbacks = session.callbacks
    session.model.train()
    if session.sums.rows == 0:
        for callback in callbacks:
            callback.on_epoch_begin(session)
    else:  # the pass over the rows shall go on where it is, and not begin anew
        session.loader.load_state_dict(session.loader.state_dict())
    for x, y in session.loader:
        for callback in callbacks:
            callback.on_step_begin(session)
        train_step(session, objective, x, y, step)
        for callback in callbacks:
            callback.on_step_end(session)
        _save_point(session)
        if session.ending:
            return
    with ExitStack() as ends:
        for callback in callbacks:
            callback.on_evaluation_begin(session)
            ends.callback(callback.on_evaluation_end, session)
        session.end_epoch(_epoch_metrics(session, objective, held_out))
        for callback in callbacks:
            callback.on_epoch_end(session)
    _save_point(session)


def _save_point(session: Session) -> None:
    # Looked at once: a signal that comes while callbacks save is for the next save point.
    session.ending = session.epoch >= session.epochs or session.stop.requested
    for callback in session.callbacks:
        callback.on_save_point(session)


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
        raise _diverged(error.value, session, error.what.removeprefix("the ")) from None

    session.step += 1
    session.sums.add(mean_loss, outputs, y, objective.metrics)


def evaluate(model: Module, objective: Objective, data: Data) -> Row:
    """Measure a model, without learning: no graph, dropout off, float64 means over all rows.

    Args:
        model: what to measure.
        objective: the loss and the metrics.
        data: the rows to measure it on; of a loader all rows, in their own order.

    Returns:
        `{"loss": ..., metric's name: ...}`.

    Example:
        >>> import numpy as np
        >>> from minigrad import data, nn
        >>> from minigrad.train import OBJECTIVES, evaluate
        >>> line = data.Dataset(np.eye(2), np.eye(2)[:, 0], "line", "regression")
        >>> model = nn.Linear(2, 1, init=lambda shape, rng: np.zeros(shape))
        >>> evaluate(model, OBJECTIVES["regression"], line)
        {'loss': 0.5, 'r2': -1.0}
    """
    rows = data.arrays if isinstance(data, DataLoader) else data
    sums = RunningSums()
    was_training = model.training
    model.eval()
    try:
        with no_grad():
            for x, y in DataLoader(rows, _EVALUATION_BATCH):
                outputs = model(x).data.astype(np.float64)
                sums.add(float(objective.loss(outputs, y)), outputs, y, objective.metrics)
    finally:
        model.train(was_training)
    return sums.values(objective.metrics)


def _epoch_metrics(session: Session, objective: Objective, held_out: Mapping[str, Data]) -> Row:
    row = session.sums.values(objective.metrics, "train_")
    for name, rows in held_out.items():
        measured = evaluate(session.model, objective, rows)
        if not math.isfinite(measured["loss"]):
            raise _diverged(measured["loss"], session, f"{name} loss")
        row |= {f"{name}_{key}": value for key, value in measured.items()}
    return row


def _diverged(value: float, session: Session, name: str) -> DivergedError:
    return DivergedError(
        f"training diverged: the {name} is {value} in epoch {session.epoch + 1}, after step"
        f" {session.step}; a learning rate below {session.optimizer.lr:g} may help"
    )
