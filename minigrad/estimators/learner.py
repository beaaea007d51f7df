"""A module in training: what `fit` begins and `partial_fit` carries on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from ..data import DataLoader
from ..modes import no_grad
from ..nn import Module
from ..optim import LBFGS, Optimizer
from ..train import Objective, Session, fit
from ..train.callbacks import Callback
from ..train.step import Step, step_of
from ..train.sums import Row

Array: TypeAlias = np.ndarray[Any, Any]

_OUTPUT_BATCH = 1024  # rows; bounds the memory that predicting takes


class Learner:
    """A module, its optimizer, the order of its rows, and what became of each epoch.

    It holds no data, so it can be pickled along with an estimator. It comes back with the state
    of the optimizer and the generators, and goes on as it would have gone on.

    Args:
        model: what is trained.
        make_optimizer: makes the optimizer from the model's named parameters.
        objective: the loss.
        rng: draws the order of the rows.
        backend: None, or the backend of `mg.compile` that replays the training step.

    Attributes:
        history: one row for each complete epoch. Its "train_loss" is the mean of the losses of the
            rows, each taken before the step that it contributed to.

    Example:
        >>> import numpy as np
        >>> from minigrad import functional as F, nn, optim
        >>> from minigrad.estimators.learner import Learner
        >>> from minigrad.train import Objective
        >>> model = nn.Linear(2, 1, init=lambda shape, rng: np.zeros(shape))
        >>> rng = np.random.default_rng(0)
        >>> learner = Learner(model, optim.SGD, Objective(F.mse_loss), rng)
        >>> x, y = np.eye(2, dtype=np.float32), np.ones((2, 1), np.float32)
        >>> learner.train(x, y, epochs=1, batch_size=2)
        >>> learner.history
        [{'epoch': 1, 'train_loss': 1.0}]
        >>> learner.outputs(x).shape
        (2, 1)
    """

    def __init__(
        self,
        model: Module,
        make_optimizer: Callable[[Any], Optimizer],
        objective: Objective,
        rng: np.random.Generator,
        backend: str | None = None,
    ) -> None:
        self.model = model
        self.optimizer = make_optimizer(model.named_parameters())
        self.objective, self.rng, self.backend = objective, rng, backend
        self.history: list[Row] = []
        self._step: Step | None = None

    def train(
        self,
        x: Array,
        y: Array,
        *,
        epochs: int,
        batch_size: int,
        shuffle: bool = True,
        callbacks: Sequence[Callback] = (),
    ) -> None:
        """Train for so many more epochs on these rows.

        Args:
            x, y: features and targets, as the objective takes them.
            epochs: how many epochs, unless a callback asks for a stop.
            batch_size: rows in a batch; `LBFGS`, which noise would mislead, always takes all.
            shuffle: whether rows come in a new order in each epoch.
            callbacks: what is told of steps and epochs.

        Raises:
            DivergedError: the loss became infinite or NaN.
        """
        if isinstance(self.optimizer, LBFGS):
            batch_size = len(x)
        loader = DataLoader((x, y), batch_size, shuffle, rng=self.rng)
        session = Session(self.model, self.optimizer, loader, callbacks)
        session.epoch, session.history = len(self.history), self.history
        if self._step is None:  # compiled once, however often training is taken up again
            self._step = step_of(session, self.objective, self.backend)
        fit(session, self.objective, {}, session.epoch + epochs, step=self._step)

    def outputs(self, x: Array) -> Array:
        """What the model says of rows x, shape (N, ...): an array of shape (N, K)."""
        self.model.eval()
        with no_grad():
            batches = [
                np.asarray(self.model(x[i : i + _OUTPUT_BATCH]).data)
                for i in range(0, len(x), _OUTPUT_BATCH)
            ]
        return np.concatenate(batches)

    def __getstate__(self) -> dict[str, Any]:
        """All but the step, which is of this model: a copy makes its own."""
        return {**vars(self), "_step": None}
