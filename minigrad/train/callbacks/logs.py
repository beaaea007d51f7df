"""The metrics of each epoch in a text file, for spreadsheets and scripts."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable
from pathlib import Path

from ...files import write_atomically
from ..session import Session
from ..sums import Row
from .callback import Callback


class _Log(Callback):
    """A file with one line an epoch, which a resumed run goes on with.

    When training begins, the file is written anew from the session's history. So epochs that a
    crash has cut off after the last checkpoint are not in it twice, nor is half a line.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._columns: list[str] = []

    def on_fit_begin(self, session: Session) -> None:
        """Write the epochs so far, in place of what is there."""
        self._rewrite(session.history)

    def on_epoch_end(self, session: Session) -> None:
        """Add the epoch's line."""
        if list(session.logs) != self._columns:
            self._rewrite(session.history)
        else:
            with open(self.path, "a", encoding="utf-8", newline="") as file:
                file.write(self.lines([session.logs]))

    def _rewrite(self, history: list[Row]) -> None:
        # A dict and not a set: the order of columns is that of their first row.
        self._columns = list(dict.fromkeys(name for row in history for name in row))
        write_atomically(self.path, (self.header() + self.lines(history)).encode())

    def header(self) -> str:
        """What stands above the first row."""
        return ""

    def lines(self, rows: Iterable[Row]) -> str:
        """Rows as text."""
        raise NotImplementedError


class JSONLog(_Log):
    """Writes one JSON object a line and epoch.

    Args:
        path: the file; its folder exists. What is in it is replaced by the session's history.

    Raises:
        OSError: in training: the file cannot be written.

    Example:
        >>> import pathlib, tempfile
        >>> import numpy as np
        >>> import minigrad as mg
        >>> from minigrad.train import callbacks
        >>> model = mg.nn.Linear(2, 1, init=lambda shape, rng: np.zeros(shape, np.float32))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "log.jsonl")
        ...     trainer = mg.train.Trainer(
        ...         model, mg.functional.mse_loss, mg.optim.SGD(model.parameters(), lr=0.0),
        ...         callbacks=[callbacks.JSONLog(path)])
        ...     _ = trainer.fit((np.eye(2), np.ones((2, 1))), epochs=1)
        ...     path.read_text().startswith('{"epoch": 1, "train_loss": ')
        True
    """

    def lines(self, rows: Iterable[Row]) -> str:
        """An object a row."""
        return "".join(json.dumps(row) + "\n" for row in rows)


class CSVLog(_Log):
    """Writes a table with a header and one row an epoch, separated by commas.

    Numbers have all the digits they need to be read back exactly. A metric that an epoch lacks
    is an empty field.

    Args:
        path: the file; its folder exists. What is in it is replaced by the session's history.

    Raises:
        OSError: in training: the file cannot be written.

    Example:
        >>> from minigrad.train import callbacks
        >>> log = callbacks.CSVLog("log.csv")
    """

    def header(self) -> str:
        """The columns' names."""
        return self._table([self._columns]) if self._columns else ""

    def lines(self, rows: Iterable[Row]) -> str:
        """A line a row."""
        return self._table([row.get(name, "") for name in self._columns] for row in rows)

    @staticmethod
    def _table(rows: Iterable[Iterable[object]]) -> str:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(rows)
        return text.getvalue()
