"""How training is going: a bar on a terminal, elsewhere one line an epoch."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any, TextIO

from .objective import Objective
from .session import Session


class Progress:
    """Shows the loss and the score of a session while it is trained.

    A context manager: the bar is there inside the `with` block.

    Args:
        session: what is trained; its position is where the bar begins.
        objective: names the score.
        epochs: the number of epochs to reach.
        lines: where plain lines go; None is standard output. The bar goes to standard error, if
            that is a terminal, and takes the place of the lines.

    Example:
        >>> import numpy as np
        >>> from minigrad import data, nn, optim
        >>> from minigrad.train import OBJECTIVES, Progress, Session
        >>> loader = data.DataLoader((np.eye(2), np.ones((2, 1))))
        >>> model = nn.Linear(2, 1)
        >>> session = Session(model, optim.SGD(model.parameters()), loader)
        >>> progress = Progress(session, OBJECTIVES["regression"], epochs=5)
        >>> session.end_epoch({"train_loss": 0.5, "test_loss": 0.25, "test_r2": 0.75})
        >>> progress.after_epoch(session)
        epoch 1/5: train loss 0.5000, test loss 0.2500, test R2 0.7500
    """

    def __init__(
        self, session: Session, objective: Objective, epochs: int, lines: TextIO | None = None
    ) -> None:
        self._objective = objective
        self._epochs = epochs
        self._lines = lines
        self._begin = session.step
        self._end = epochs * len(session.loader)
        self._bar: Any = None

    def __enter__(self) -> Progress:
        if sys.stderr is not None and sys.stderr.isatty():
            from tqdm import tqdm  # type: ignore[import-untyped]  # only a terminal needs it

            self._bar = tqdm(
                total=self._end,
                initial=self._begin,
                ncols=_columns(sys.stderr),
                nrows=2,  # for one bar; tqdm hides it where the terminal seems to have no lines
                bar_format="{desc} |{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}]",
                file=sys.stderr,
            )
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def after_step(self, session: Session) -> None:
        """Move the bar, and show the means over the epoch so far."""
        if self._bar is not None:
            sums, count = session.sums, self._objective.count
            shown = {"loss": sums.loss / sums.rows}
            if count is not None:
                shown[self._objective.score_name] = sums.correct / sums.rows
            elif session.history:
                shown["test_r2"] = session.history[-1]["test_r2"]
            epoch = f"epoch {session.epoch + 1}/{self._epochs}"
            self._bar.set_description_str(f"{epoch}: {listed(shown)}", refresh=False)
            self._bar.update()

    def after_epoch(self, session: Session) -> None:
        """Print the epoch's metrics, unless there is a bar."""
        if self._bar is None:
            row = dict(session.history[-1])
            epoch = int(row.pop("epoch"))
            self.line(f"epoch {epoch}/{self._epochs}: {listed(row)}")

    def line(self, text: str) -> None:
        """Print a line, at once: a reader at the other end of a pipe waits for it."""
        print(text, file=self._lines, flush=True)


def _columns(terminal: TextIO) -> int:
    """The bar's width; for 80 columns where the terminal does not say, as bare pseudo-terminals."""
    try:
        columns = os.get_terminal_size(terminal.fileno()).columns
    except OSError:
        columns = 0
    return (columns or 80) - 1


def listed(metrics: Mapping[str, float]) -> str:
    """Return metrics as people write them.

    Example:
        >>> from minigrad.train.progress import listed
        >>> listed({"train_loss": 0.5, "test_r2": 0.75})
        'train loss 0.5000, test R2 0.7500'
    """
    return ", ".join(
        f"{name.replace('_', ' ').replace('r2', 'R2')} {value:.4f}"
        for name, value in metrics.items()
    )
