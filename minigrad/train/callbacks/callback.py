"""The events of a training run, and the class that hears of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from ..loop import DivergedError
    from ..session import Session

Event: TypeAlias = Callable[["Session"], None]


class Callback:
    """Base of the callbacks: each method is an event, and does nothing unless overridden.

        on_fit_begin
            on_epoch_begin                         not again when an epoch is resumed in its middle
                on_step_begin, on_step_end         around each optimizer step
                on_save_point
            on_evaluation_begin                    the epoch is over, and the model looked at
            on_epoch_end                           the epoch's row is in session.history
            on_evaluation_end                      also when the evaluation fails
            on_save_point
        on_fit_end                                 also when an error ends training

    Each event reaches all callbacks, in the order of their list, before the next event comes;
    `on_evaluation_end` and `on_fit_end` come in the opposite order, as nested `with` blocks end.
    At a save point every callback has seen the step or the epoch: there, and only there, the
    session may be saved.

    What a callback must remember for a resumed run to be the unbroken one is its `state_dict`.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> from minigrad import nn, optim
        >>> class Count(mg.train.callbacks.Callback):
        ...     def on_epoch_end(self, session):
        ...         print(f"epoch {session.epoch} of {session.epochs}: step {session.step}")
        >>> model = nn.Linear(2, 1)
        >>> trainer = mg.train.Trainer(
        ...     model, mg.functional.mse_loss, optim.SGD(model.named_parameters()),
        ...     callbacks=[Count()])
        >>> _ = trainer.fit((np.eye(2), np.ones((2, 1))), epochs=2, batch_size=1)
        epoch 1 of 2: step 2
        epoch 2 of 2: step 4
    """

    def on_fit_begin(self, session: Session) -> None:
        """Training begins, or goes on."""

    def on_epoch_begin(self, session: Session) -> None:
        """An epoch begins, with no step made yet."""

    def on_step_begin(self, session: Session) -> None:
        """A step is about to be made."""

    def on_step_end(self, session: Session) -> None:
        """A step has been made: weights are updated, and their gradients still there."""

    def on_evaluation_begin(self, session: Session) -> None:
        """The steps of an epoch are made; the model is about to be measured."""

    def on_epoch_end(self, session: Session) -> None:
        """An epoch is complete, and measured."""

    def on_evaluation_end(self, session: Session) -> None:
        """The model has been looked at by all."""

    def on_save_point(self, session: Session) -> None:
        """The session is in a state from which it can go on."""

    def on_diverged(self, session: Session, error: DivergedError) -> None:
        """The loss is infinite or NaN; unless a callback requests a stop, the error is raised."""

    def on_fit_end(self, session: Session) -> None:
        """Training is over, or is interrupted."""

    def state_dict(self) -> dict[str, Any]:
        """What must be remembered, as `save_checkpoint` takes it."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` returned."""


class Call(Callback):
    """Calls functions, for what does not deserve a class.

    Args:
        on_step_end, on_epoch_end: called with the session at these events.

    Example:
        >>> from minigrad.train import callbacks
        >>> shout = callbacks.Call(on_epoch_end=lambda session: print(session.logs["train_loss"]))
    """

    def __init__(self, on_step_end: Event | None = None, on_epoch_end: Event | None = None) -> None:
        self._step_end, self._epoch_end = on_step_end, on_epoch_end

    def on_step_end(self, session: Session) -> None:
        """Call the first function."""
        if self._step_end is not None:
            self._step_end(session)

    def on_epoch_end(self, session: Session) -> None:
        """Call the second function."""
        if self._epoch_end is not None:
            self._epoch_end(session)
