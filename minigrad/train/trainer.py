"""Training in one call: what the hand-written loop does, with metrics, callbacks and resuming."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from ..data import DataLoader
from ..nn import Module
from ..optim import Optimizer
from .callbacks import Callback
from .loop import Data, evaluate, fit
from .metrics import Metric
from .metrics.metric import by_name
from .objective import Objective
from .session import Session
from .step import Step, step_of
from .stop import Stop
from .sums import Row


class Trainer:
    """Trains a model: the loop of `fit`, around steps that one could write by hand.

        outputs = model(x); L = loss(outputs, y); g = dL/dθ; clip g; θ <- optimizer(θ, g)

    Args:
        model: what is trained.
        loss: from outputs and targets to the mean loss of a row, a scalar tensor.
        optimizer: the optimizer of the model's parameters. A schedule is its `lr`.
        metrics: measured beside the loss; `train_accuracy`, `valid_accuracy`, ... in the logs.
            A mapping gives them other names.
        callbacks: told of steps and epochs, in this order; see `callbacks.Callback`.
        compile: whether to record the step once and replay it, to the same bits; or the name of a
            backend of `mg.compile`.
        accumulate: in how many parts a batch goes through the model, to need less memory; the
            step is that of the whole batch (but for rounding, and for layers that look at a
            batch as a whole).
        clip_norm: the largest norm of the gradient that is not scaled down; None for no limit.

    Attributes:
        session: the state of training, which `fit` makes: model, optimizer, loader, epoch, step,
            history; None before.

    Raises:
        TypeError: something in `metrics` or `callbacks` is of another kind.
        ValueError: `accumulate` or `clip_norm` is out of range, or two metrics have one name.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> from minigrad import nn, optim
        >>> from minigrad.train import Trainer, metrics
        >>> rng = np.random.default_rng(0)
        >>> train, valid = mg.data.datasets.iris().split(rng=rng)
        >>> model = nn.Linear(4, 3, rng=rng)
        >>> trainer = Trainer(
        ...     model, mg.functional.cross_entropy,
        ...     optim.Adam(model.named_parameters(), lr=0.1), metrics=[metrics.Accuracy()])
        >>> history = trainer.fit(train, valid, epochs=20, rng=rng)
        >>> list(history[-1])
        ['epoch', 'train_loss', 'train_accuracy', 'valid_loss', 'valid_accuracy']
        >>> history[-1]["valid_accuracy"] > 0.9
        True

    Deviation: where other libraries accumulate the gradients of several batches, a batch is
    divided here: a step is a step, checkpoints never hold half a gradient, and parts of uneven
    sizes have their right weights.
    """

    def __init__(
        self,
        model: Module,
        loss: Callable[[Any, Any], Any],
        optimizer: Optimizer,
        *,
        metrics: Iterable[Metric] | Mapping[str, Metric] = (),
        callbacks: Iterable[Callback] = (),
        compile: bool | str = False,
        accumulate: int = 1,
        clip_norm: float | None = None,
    ) -> None:
        if type(accumulate) is not int or accumulate < 1:
            raise ValueError(f"expected accumulate to be a positive integer, found {accumulate!r}")
        if clip_norm is not None and not clip_norm > 0:
            raise ValueError(f"expected clip_norm to be None or above 0, found {clip_norm!r}")
        self.model, self.optimizer = model, optimizer
        self.objective = Objective(loss, by_name(metrics))
        self.callbacks = list(callbacks)
        for callback in self.callbacks:
            if not isinstance(callback, Callback):
                raise TypeError(f"expected a Callback, found {callback!r}: see callbacks.Call")
        self.backend = compile if isinstance(compile, str) else "numpy" if compile else None
        self.accumulate, self.clip_norm = accumulate, clip_norm
        self.session: Session | None = None
        self._step: Step | None = None

    def __getstate__(self) -> dict[str, Any]:
        """All but the step, which is of this model: a copy makes its own."""
        return {**vars(self), "_step": None}

    def fit(
        self,
        train: Data,
        valid: Data | None = None,
        epochs: int = 1,
        *,
        batch_size: int = 32,
        rng: np.random.Generator | None = None,
        resume: str | os.PathLike[str] | None = None,
        stop: Stop | None = None,
    ) -> list[Row]:
        """Train until so many epochs are complete.

        Called again, it goes on: `epochs` counts from the very first epoch, as it does for a run
        that is resumed from a file.

        Args:
            train: what to learn from: a `DataLoader`, a `Dataset`, or a tuple (x, y) of arrays.
            valid: measured after each epoch, never learnt from.
            epochs: the number of epochs to reach.
            batch_size: rows in a batch; for data that are not a loader already.
            rng: draws the order of the rows, for data that are not a loader already; a fresh
                generator if left out.
            resume: a checkpoint, as `callbacks.Checkpoints` writes it, to go on from; with data,
                model, optimizer and callbacks of the same make, the weights become those of a run
                that was never stopped, bit for bit.
            stop: ends training when it is requested; from `stop_on_signals`, by Ctrl-C.

        Returns:
            The history: a row for each complete epoch.

        Raises:
            DivergedError: the loss became infinite or NaN; the update has not been made.
            CheckpointError: the checkpoint is damaged, or of another model or optimizer.
            OSError: the checkpoint cannot be read.
        """
        if not isinstance(train, DataLoader):
            train = DataLoader(train, batch_size, shuffle=True, rng=np.random.default_rng(rng))
        if self.session is None:
            self.session = Session(self.model, self.optimizer, train, self.callbacks)
        if self._step is None:
            self._step = step_of(
                self.session,
                self.objective,
                self.backend,
                accumulate=self.accumulate,
                clip_norm=self.clip_norm,
            )
        self.session.go_on_with(train)
        if resume is not None:
            self.session.load(resume)
        held_out = {} if valid is None else {"valid": valid}
        fit(self.session, self.objective, held_out, epochs, step=self._step, stop=stop)
        return self.session.history

    def evaluate(self, data: Data) -> Row:
        """Measure the model, without learning.

        Args:
            data: a `Dataset`, a tuple (x, y) of arrays, or a loader, of which all rows count.

        Returns:
            The loss and the metrics, by name.
        """
        return evaluate(self.model, self.objective, data)
