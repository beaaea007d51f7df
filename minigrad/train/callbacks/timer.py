"""How long training takes."""

from __future__ import annotations

from time import perf_counter

from ..session import Session
from .callback import Callback


class Timer(Callback):
    """Measures `session.seconds`, over all resumptions, and the speed of the current `fit`.

    Attributes:
        steps: how many steps the current `fit` has made.
        seconds: how long they took, with everything between them.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> from minigrad.train import callbacks
        >>> timer = callbacks.Timer()
        >>> model = mg.nn.Linear(2, 1)
        >>> trainer = mg.train.Trainer(
        ...     model, mg.functional.mse_loss, mg.optim.SGD(model.parameters()), callbacks=[timer])
        >>> _ = trainer.fit((np.eye(2), np.ones((2, 1))), epochs=3)
        >>> print(timer)  # doctest: +SKIP
        3 steps in 0.001 s: 2,417 steps a second
        >>> timer.steps, timer.seconds == trainer.session.seconds
        (3, True)
    """

    def __init__(self) -> None:
        self.steps, self.seconds = 0, 0.0
        self._began = self._seconds_before = 0.0

    def on_fit_begin(self, session: Session) -> None:
        """Start the clock."""
        self.steps, self.seconds = 0, 0.0
        self._seconds_before = session.seconds
        self._began = perf_counter()

    def on_step_end(self, session: Session) -> None:
        """Count a step."""
        self.steps += 1
        self._read(session)

    def on_epoch_end(self, session: Session) -> None:
        """Look at the clock."""
        self._read(session)

    def on_fit_end(self, session: Session) -> None:
        """Look at the clock for the last time."""
        self._read(session)

    def _read(self, session: Session) -> None:
        self.seconds = perf_counter() - self._began
        session.seconds = self._seconds_before + self.seconds

    def __str__(self) -> str:
        speed = self.steps / self.seconds if self.seconds else 0.0
        return f"{self.steps:,} steps in {self.seconds:.3f} s: {speed:,.0f} steps a second"
