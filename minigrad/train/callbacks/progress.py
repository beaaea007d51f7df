"""How training is going: a bar in a terminal or a notebook, elsewhere one line an epoch."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any, TextIO

from ..session import Session
from .callback import Callback

_SHOWN = 4  # numbers beside the bar; a line has little room


class Progress(Callback):
    """Shows the loss and the metrics while a model is trained.

    In a terminal and in a notebook that is a bar, of all epochs; elsewhere, as in a file or a
    pipe, one line an epoch.

    Args:
        lines: where plain lines go; None is standard output. The bar goes to standard error, if
            that is a terminal, and takes the place of the lines.

    Example:
        >>> import numpy as np
        >>> from minigrad import data, nn, optim
        >>> from minigrad.train import Progress, Session
        >>> loader = data.DataLoader((np.eye(2), np.ones((2, 1))))
        >>> model = nn.Linear(2, 1)
        >>> session = Session(model, optim.SGD(model.parameters()), loader)
        >>> session.epochs = 5
        >>> session.end_epoch({"train_loss": 0.5, "test_loss": 0.25, "test_r2": 0.75})
        >>> Progress().on_epoch_end(session)
        epoch 1/5: train loss 0.5000, test loss 0.2500, test R2 0.7500
    """

    def __init__(self, lines: TextIO | None = None) -> None:
        self._lines = lines
        self._bar: Any = None

    def on_fit_begin(self, session: Session) -> None:
        """Show the bar, where there is one."""
        self._bar = _bar(session.step, session.epochs * len(session.loader))

    def on_step_end(self, session: Session) -> None:
        """Move the bar, and show the means over the epoch so far."""
        if self._bar is not None:
            shown = dict(list(session.means().items())[:_SHOWN])
            epoch = f"epoch {session.epoch + 1}/{session.epochs}"
            self._bar.set_description_str(f"{epoch}: {listed(shown)}", refresh=False)
            self._bar.update()

    def on_epoch_end(self, session: Session) -> None:
        """Print the epoch's metrics, unless there is a bar."""
        if self._bar is None:
            row = dict(session.logs)
            epoch = int(row.pop("epoch"))
            self.line(f"epoch {epoch}/{session.epochs}: {listed(row)}")

    def on_fit_end(self, session: Session) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def line(self, text: str) -> None:
        """Print a line, at once: a reader at the other end of a pipe waits for it."""
        print(text, file=self._lines, flush=True)


def _bar(begin: int, end: int) -> Any:
    """A bar for where this runs, or None."""
    if _in_notebook():
        try:
            from tqdm.notebook import tqdm as widget  # type: ignore[import-untyped]

            return widget(total=end, initial=begin)
        except ImportError:  # the bar is a widget, and the package for widgets is not installed
            return None
    if sys.stderr is None or not sys.stderr.isatty():
        return None
    from tqdm import tqdm  # type: ignore[import-untyped]  # only a terminal needs it

    return tqdm(
        total=end,
        initial=begin,
        ncols=_columns(sys.stderr),
        nrows=2,  # for one bar; tqdm hides it where the terminal seems to have no lines
        bar_format="{desc} |{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}]",
        file=sys.stderr,
    )


def _in_notebook() -> bool:
    """Whether this runs in a kernel that a notebook talks to, and not in IPython's own terminal."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return shell is not None and "IPKernelApp" in shell.config


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
        >>> from minigrad.train.callbacks.progress import listed
        >>> listed({"train_loss": 0.5, "test_r2": 0.75})
        'train loss 0.5000, test R2 0.7500'
    """
    return ", ".join(
        f"{name.replace('_', ' ').replace('r2', 'R2')} {value:.4f}"
        for name, value in metrics.items()
    )
