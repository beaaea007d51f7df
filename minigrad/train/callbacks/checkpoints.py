"""The state of training on the disk: the last, the best, and every n-th."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

from ..checkpoint import save_checkpoint
from ..session import Session
from .best import Best, Mode
from .callback import Callback


class Checkpoints(Callback):
    """Saves the whole session, from which `Trainer.fit(..., resume=path)` goes on.

    The folder gets `last.safetensors`, written after each epoch and when training is stopped;
    with `best`, `best.safetensors`; with `every`, `epoch-0010.safetensors` and so on, of which the
    newest `keep` stay. Each file is written whole or not at all: a crash at any moment leaves the
    one before it.

    Args:
        folder: where the files go; it is made if need be.
        best: the name of a metric in the logs; its best epoch is saved.
        mode: "min" or "max", whichever is better; None for what the metric's name says.
        every: save each epoch whose number is a multiple of this, in a file of its own.
        keep: how many of those to keep; None for all.
        steps: write the last checkpoint after so many steps, too, in the midst of epochs.
        seconds: write the last checkpoint only if the one before it is older than this, or
            training ends; 0 for after each epoch.

    Raises:
        ValueError: a number is out of range.
        OSError: in training: a file could not be written; the older one is as it was.

    Example:
        >>> import os, tempfile
        >>> import numpy as np
        >>> import minigrad as mg
        >>> from minigrad import nn, optim
        >>> from minigrad.train import callbacks
        >>> model = nn.Linear(2, 1)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save = callbacks.Checkpoints(folder, best="train_loss", every=2, keep=1)
        ...     trainer = mg.train.Trainer(
        ...         model, mg.functional.mse_loss, optim.SGD(model.named_parameters()),
        ...         callbacks=[save])
        ...     _ = trainer.fit((np.eye(2), np.ones((2, 1))), epochs=5)
        ...     sorted(os.listdir(folder))
        ['best.safetensors', 'epoch-0004.safetensors', 'last.safetensors']
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        best: str | None = None,
        mode: Mode | None = None,
        every: int | None = None,
        keep: int | None = 3,
        steps: int | None = None,
        seconds: float = 0.0,
    ) -> None:
        for name, number in {"every": every, "keep": keep, "steps": steps}.items():
            if number is not None and number < 1:
                raise ValueError(f"expected {name} to be None or at least 1, found {number}")
        self.folder = Path(folder)
        self.last, self.best = (self.folder / f"{name}.safetensors" for name in ("last", "best"))
        self._best = None if best is None else Best(best, mode)
        self._every, self._keep, self._steps = every, keep, steps
        self._seconds = seconds
        self._saved_at = 0.0
        self._numbered: list[str] = []

    def on_fit_begin(self, session: Session) -> None:
        """Make the folder: better now than after an epoch's work."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._saved_at = perf_counter()

    def on_save_point(self, session: Session) -> None:
        """Save what is due."""
        complete = session.sums.rows == 0
        if complete:
            self._save_epoch(session)
            due = perf_counter() - self._saved_at >= self._seconds
        else:
            due = self._steps is not None and session.step % self._steps == 0
        if due or session.ending:
            save_checkpoint(self.last, session.state_dict())
            self._saved_at = perf_counter()

    def _save_epoch(self, session: Session) -> None:
        improved = self._best is not None and self._best.improved(session.logs)
        outdated: list[str] = []
        path = self.folder / f"epoch-{session.epoch:04d}.safetensors"
        numbered = self._every is not None and session.epoch % self._every == 0
        if numbered:
            self._numbered = [name for name in self._numbered if name != path.name] + [path.name]
            if self._keep is not None:
                outdated = self._numbered[: -self._keep]
                self._numbered = self._numbered[-self._keep :]
        if improved or numbered:
            state = session.state_dict()
            for target in [self.best] * improved + [path] * numbered:
                save_checkpoint(target, state)
        for name in outdated:  # only now: the newer ones are on the disk
            (self.folder / name).unlink(missing_ok=True)

    def state_dict(self) -> dict[str, Any]:
        """The best value, and the names of the numbered files."""
        best = None if self._best is None else self._best.state_dict()
        return {"best": best, "numbered": list(self._numbered)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        if self._best is not None and state["best"] is not None:
            self._best.load_state_dict(state["best"])
        self._numbered = list(state["numbered"])
