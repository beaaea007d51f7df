"""Stop when the model gets no better on rows that it does not learn from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..session import Session
from .best import Best, Mode
from .callback import Callback


class EarlyStopping(Callback):
    """Stops after `patience` epochs without improvement, and puts the best weights back.

    The weights are put back when training ends by itself, at the last epoch or at a stop that a
    callback asked for; one that a signal interrupts keeps its last weights, from which it goes on.
    Checkpoints, too, hold the weights as they were, and the best ones beside them.

    Args:
        monitor: the metric's name in the logs.
        patience: the epochs to wait, at least 1.
        min_delta: an epoch improves if its metric is better than the best by more than this.
        mode: "min" or "max", whichever is better; None for what the metric's name says.
        restore: whether to put the best epoch's weights and buffers back.

    Attributes:
        best_epoch: the number of the best epoch so far, from 1; 0 before the first.
        best_value: its metric.

    Raises:
        ValueError: an argument is out of range; in training: the metric is not in the logs.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> from minigrad import nn, optim
        >>> from minigrad.train import callbacks
        >>> early = callbacks.EarlyStopping("train_loss", patience=2)
        >>> model = nn.Linear(2, 1, rng=np.random.default_rng(0))
        >>> trainer = mg.train.Trainer(  # each step overshoots
        ...     model, mg.functional.mse_loss, optim.SGD(model.named_parameters(), lr=5.0),
        ...     callbacks=[early])
        >>> history = trainer.fit((np.eye(2), np.ones((2, 1))), epochs=100)
        >>> len(history), early.best_epoch, trainer.session.stop.reason
        (3, 1, 'train_loss has not improved in 2 epochs')

    Source: Prechelt 1998, "Early stopping - but when?", criterion UP with strips of one epoch.
    """

    def __init__(
        self,
        monitor: str = "valid_loss",
        patience: int = 10,
        min_delta: float = 0.0,
        mode: Mode | None = None,
        restore: bool = True,
    ) -> None:
        if patience < 1:
            raise ValueError(f"expected a patience of at least 1 epoch, found {patience}")
        self._best = Best(monitor, mode, min_delta)
        self._weights: dict[str, Any] | None = None
        self._waited = 0
        self.patience, self.restore = patience, restore
        self.best_epoch = 0

    @property
    def best_value(self) -> float | None:
        """The best epoch's metric; None before the first."""
        return self._best.value

    def on_fit_begin(self, session: Session) -> None:
        """A run whose patience was exhausted does not go on."""
        self._look(session)

    def on_epoch_end(self, session: Session) -> None:
        """Keep the weights if they are the best, else lose patience."""
        if self._best.improved(session.logs):
            self.best_epoch, self._waited = session.epoch, 0
            self._weights = session.model.state_dict() if self.restore else None
        else:
            self._waited += 1
            self._look(session)

    def on_fit_end(self, session: Session) -> None:
        """Put the best weights back."""
        if session.is_over and self._weights is not None:
            session.model.load_state_dict(self._weights)

    def _look(self, session: Session) -> None:
        if self._waited >= self.patience:
            monitor = self._best.monitor
            session.stop.reason = f"{monitor} has not improved in {self._waited} epochs"

    def state_dict(self) -> dict[str, Any]:
        """The best epoch, its weights, and the epochs since."""
        return {
            "best": self._best.state_dict(),
            "best_epoch": self.best_epoch,
            "weights": self._weights,
            "waited": self._waited,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        self._best.load_state_dict(state["best"])
        self.best_epoch, self._waited = state["best_epoch"], state["waited"]
        self._weights = state["weights"]
