"""Everything that changes while a model is trained, so that training can stop and go on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..data import DataLoader
from ..nn import Module
from ..optim import Optimizer

Row = dict[str, float]


@dataclass
class RunningSums:
    """What the current epoch has added up so far, in float64: exact means over uneven batches.

    Args:
        rows: the rows seen.
        loss: the sum over rows of the loss.
        correct: the rows that were classified correctly; stays 0 in regression.

    Example:
        >>> from minigrad.train.session import RunningSums
        >>> sums = RunningSums()
        >>> sums.add(rows=3, mean_loss=1.0, correct=2)
        >>> sums.add(rows=1, mean_loss=2.0, correct=1)
        >>> sums.loss / sums.rows, sums.correct / sums.rows
        (1.25, 0.75)
    """

    rows: int = 0
    loss: float = 0.0
    correct: int = 0

    def add(self, rows: int, mean_loss: float, correct: int) -> None:
        """Add a batch: its number of rows, their mean loss, and how many were correct."""
        self.rows += rows
        self.loss += mean_loss * rows
        self.correct += correct


class Session:
    """The state of a training run.

    A session that loads another's state goes on exactly as the other would have, bit for bit,
    wherever between two steps the state was taken. The generators of modules (`Dropout.rng`) and
    the loader's order are part of it.

    Args:
        model: what is trained.
        optimizer: the optimizer of the model's parameters.
        loader: serves the training set as (x, y).

    Attributes:
        epoch: how many epochs are complete.
        step: how many optimizer steps have been made.
        sums: the running sums of the epoch that has begun.
        history: one row of metrics a complete epoch.
        seconds: the time that training has taken, over all resumptions; kept, not measured here.

    Example:
        >>> import numpy as np
        >>> from minigrad import data, nn, optim
        >>> from minigrad.train import Session
        >>> def new():
        ...     model = nn.Linear(2, 1, rng=np.random.default_rng(0))
        ...     loader = data.DataLoader((np.eye(2), np.ones((2, 1))))
        ...     return Session(model, optim.Adam(model.named_parameters()), loader)
        >>> first, second = new(), new()
        >>> first.step = 7
        >>> second.load_state_dict(first.state_dict())
        >>> second.step
        7
    """

    def __init__(self, model: Module, optimizer: Optimizer, loader: DataLoader) -> None:
        self.model, self.optimizer, self.loader = model, optimizer, loader
        self.epoch = self.step = 0
        self.sums = RunningSums()
        self.history: list[Row] = []
        self.seconds = 0.0

    def end_epoch(self, metrics: Mapping[str, float]) -> None:
        """Count an epoch, keep its metrics as a row of the history, and begin new sums."""
        self.epoch += 1
        self.history.append({"epoch": self.epoch, **metrics})
        self.sums = RunningSums()

    def state_dict(self) -> dict[str, Any]:
        """Return the whole state, as `save_checkpoint` takes it.

        Returns:
            Nested dicts and lists; arrays are copies.
        """
        return {
            "model": self.model.state_dict(),
            "generators": {path: rng.bit_generator.state for path, rng in _generators(self.model)},
            "optimizer": self.optimizer.state_dict(),
            "loader": self.loader.state_dict(),
            "epoch": self.epoch,
            "step": self.step,
            "sums": asdict(self.sums),
            "history": [dict(row) for row in self.history],
            "seconds": self.seconds,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where another session was.

        Args:
            state: what the `state_dict` of a session of the same make returned.

        Raises:
            ValueError: the state is of another model, optimizer or loader. Part of it may have
                been taken over: do not train on.
        """
        try:
            self.model.load_state_dict(state["model"])
            for path, rng in _generators(self.model):
                rng.bit_generator.state = state["generators"][path]
            self.optimizer.load_state_dict(state["optimizer"])
            self.loader.load_state_dict(state["loader"])
            self.epoch, self.step = int(state["epoch"]), int(state["step"])
            self.sums = RunningSums(**state["sums"])
            self.history = [dict(row) for row in state["history"]]
            self.seconds = float(state["seconds"])
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"the state of a session lacks or garbles {error}") from error


def _generators(model: Module) -> Iterator[tuple[str, np.random.Generator]]:
    """The generators that modules draw from, by the module's path."""
    for path, module in model.named_modules():
        rng = getattr(module, "rng", None)
        if isinstance(rng, np.random.Generator):
            yield path, rng
