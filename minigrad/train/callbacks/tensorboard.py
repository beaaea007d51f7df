"""Event files, which TensorBoard draws."""

from __future__ import annotations

import os
from time import time
from typing import Any

from ...extras import require
from ..session import Session
from .callback import Callback


class TensorBoard(Callback):
    """Writes the metrics and the learning rate of each epoch as TensorBoard's event files.

    Look at them with `tensorboard --logdir FOLDER`. A resumed run adds another file, whose epochs
    follow on those of the first.

    Args:
        folder: where the files go; it is made if need be.
        steps: write the loss and the metrics of the epoch so far after each so many steps, too.

    Raises:
        ImportError: in training: the package tensorboard is not installed.
        ValueError: `steps` is below 1.

    Example:
        >>> from minigrad.train import callbacks
        >>> board = callbacks.TensorBoard("runs/iris-1", steps=100)
    """

    def __init__(self, folder: str | os.PathLike[str], steps: int | None = None) -> None:
        if steps is not None and steps < 1:
            raise ValueError(f"expected steps to be None or at least 1, found {steps}")
        self.folder, self.steps = os.fspath(folder), steps
        self._writer: Any = None

    def on_fit_begin(self, session: Session) -> None:
        """Open a new event file."""
        purpose = "writing TensorBoard's event files"
        module = "tensorboard.summary.writer.event_file_writer"
        self._writer = require(module, "tensorboard", purpose).EventFileWriter(self.folder)

    def on_step_end(self, session: Session) -> None:
        """Write the means over the epoch so far, if it is time."""
        if self.steps is not None and session.step % self.steps == 0:
            means = session.means().items()
            self._write({f"step/{name}": value for name, value in means}, session.step)

    def on_epoch_end(self, session: Session) -> None:
        """Write the epoch's metrics."""
        values = {name: value for name, value in session.logs.items() if name != "epoch"}
        self._write({**values, "lr": session.optimizer.lr}, session.epoch)

    def on_fit_end(self, session: Session) -> None:
        """Close the file."""
        self._writer.close()

    def _write(self, values: dict[str, float], step: int) -> None:
        events = require("tensorboard.compat.proto.event_pb2", "tensorboard", "TensorBoard")
        summaries = require("tensorboard.compat.proto.summary_pb2", "tensorboard", "TensorBoard")
        numbers = [
            summaries.Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()
        ]
        self._writer.add_event(
            events.Event(wall_time=time(), step=step, summary=summaries.Summary(value=numbers))
        )
