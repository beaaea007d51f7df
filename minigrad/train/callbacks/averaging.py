"""Measure and keep an average of the weights, beside training, which goes on without it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...optim import EMA
from ..session import Session
from .callback import Callback
from .early_stopping import EarlyStopping


class Averaging(Callback):
    """Updates an average of the weights after each step, and has the model measured with it.

        on_step_end            the average takes in the weights
        on_evaluation_begin    the averages stand in the place of the weights
        on_evaluation_end      the weights are back, bit for bit
        on_fit_end             the model gets the averages, if training ended by itself

    So `valid_...` in the logs, the weights that `EarlyStopping` keeps and the trained model are
    averages; `train_...`, measured as the batches pass, and checkpoints are of the weights
    themselves, from which training goes on, and which the next `fit` puts back.

    Args:
        ema: the average, of the model that is trained.
        keep: whether the trained model has the averages. Without it they are to be had by `with
            ema.weights():`.

    Raises:
        ValueError: in training: the average is of something else, or an `EarlyStopping` comes
            behind it, whose best weights it would replace at the end.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> from minigrad import nn, optim
        >>> from minigrad.train import callbacks
        >>> model = nn.Linear(2, 1, rng=np.random.default_rng(0))
        >>> ema = optim.EMA(model, optim.bias_corrected(0.9))
        >>> trainer = mg.train.Trainer(
        ...     model, mg.functional.mse_loss, optim.SGD(model.named_parameters()),
        ...     callbacks=[callbacks.Averaging(ema)])
        >>> x, y = np.eye(2), np.ones((2, 1))
        >>> history = trainer.fit((x, y), (x, y), epochs=3)
        >>> trainer.evaluate((x, y))["loss"] == history[-1]["valid_loss"]
        True
        >>> bool((model.weight.data == ema.state_dict()["average"]["weight"]).all())
        True
    """

    def __init__(self, ema: EMA, keep: bool = True) -> None:
        self.ema, self.keep = ema, keep
        self._own: dict[str, Any] | None = None  # while the model has the averages

    def on_fit_begin(self, session: Session) -> None:
        """Go on from the weights themselves."""
        self._put_back(session)
        strangers = self._average().keys() - session.model.state_dict().keys()
        if strangers:
            raise ValueError(
                f"the average is of {', '.join(sorted(strangers))}, which the model does not have:"
                " make it by EMA(model)"
            )
        behind = session.callbacks[session.callbacks.index(self) :]
        if self.keep and any(isinstance(c, EarlyStopping) and c.restore for c in behind):
            raise ValueError(
                "EarlyStopping behind Averaging: the last averages would replace the best ones;"
                " put it before, or pass keep=False"
            )

    def on_step_end(self, session: Session) -> None:
        """Take the weights into the average."""
        self.ema.update()

    def on_evaluation_begin(self, session: Session) -> None:
        """Put the averages in the place of the weights."""
        self._put_in(session)

    def on_evaluation_end(self, session: Session) -> None:
        """Put the weights back."""
        self._put_back(session)

    def on_fit_end(self, session: Session) -> None:
        """Leave the averages in the trained model."""
        if self.keep and session.is_over:
            self._put_in(session)

    def _average(self) -> dict[str, Any]:
        return self.ema.state_dict()["average"]  # type: ignore[no-any-return]

    def _put_in(self, session: Session) -> None:
        self._own = session.model.state_dict()
        session.model.load_state_dict(self._average(), strict=False)

    def _put_back(self, session: Session) -> None:
        if self._own is not None:
            session.model.load_state_dict(self._own)
            self._own = None

    def state_dict(self) -> dict[str, Any]:
        """The average, and how many updates are in it."""
        return self.ema.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there, with weights that are the model's own."""
        self.ema.load_state_dict(state)
        self._own = None
