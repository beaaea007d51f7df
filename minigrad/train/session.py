"""Everything that changes while a model is trained, so that training can stop and go on."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data import DataLoader
from ..nn import Module
from ..optim import Optimizer
from .checkpoint import CheckpointError, load_checkpoint
from .metrics import Metric
from .stop import Stop
from .sums import Row, RunningSums

if TYPE_CHECKING:
    from .callbacks import Callback


class Session:
    """The state of a training run, which callbacks look at and checkpoints hold.

    A session that loads another's state goes on exactly as the other would have, bit for bit,
    wherever between two steps the state was taken. The generators of modules (`Dropout.rng`), the
    loader's order and the callbacks' own states are part of it.

    Args:
        model: what is trained.
        optimizer: the optimizer of the model's parameters.
        loader: serves the training set as (x, y).
        callbacks: what is told of the session's steps and epochs.

    Attributes:
        epoch: how many epochs are complete.
        step: how many optimizer steps have been made.
        epochs: the number of epochs to reach; `fit` sets it.
        sums: the running sums of the epoch that has begun.
        metrics: what the sums are of, besides the loss; `fit` sets it.
        history: one row of metrics a complete epoch.
        stop: ends training after the current step, once a callback sets its `reason`.
        ending: whether training ends here; set before each save point.
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

    def __init__(
        self,
        model: Module,
        optimizer: Optimizer,
        loader: DataLoader,
        callbacks: Iterable[Callback] = (),
    ) -> None:
        self.model, self.optimizer, self.loader = model, optimizer, loader
        self.callbacks = list(callbacks)
        self.epoch = self.step = self.epochs = 0
        self.sums = RunningSums()
        self.metrics: Mapping[str, Metric] = {}
        self.history: list[Row] = []
        self.stop = Stop()
        self.ending = False
        self.seconds = 0.0

    @property
    def is_over(self) -> bool:
        """Whether training ended by itself: at the last epoch, or where a callback asked for it."""
        ended = self.stop.reason is not None or self.epoch >= self.epochs
        return ended and self.stop.signal is None

    @property
    def logs(self) -> Row:
        """The metrics of the last complete epoch; empty before the first."""
        return self.history[-1] if self.history else {}

    def means(self) -> Row:
        """The mean loss and the metrics of the epoch so far; empty before its first step."""
        return self.sums.values(self.metrics) if self.sums.rows else {}

    def end_epoch(self, metrics: Mapping[str, float]) -> None:
        """Count an epoch, keep its metrics as a row of the history, and begin new sums."""
        self.epoch += 1
        self.history.append({"epoch": self.epoch, **metrics})
        self.sums = RunningSums()

    def go_on_with(self, loader: DataLoader) -> None:
        """Learn from another loader; in the midst of an epoch, from where the last one is.

        Raises:
            ValueError: in the midst of an epoch: the loader is of another make.
        """
        if self.sums.rows > 0 and loader is not self.loader:
            loader.load_state_dict(self.loader.state_dict())
        self.loader = loader

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
            "callbacks": {name: callback.state_dict() for name, callback in self._callbacks()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where another session was.

        Callbacks are known by their class, and by their order where there are several of one. One
        that the other session had not begins anew.

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
            for name, callback in self._callbacks():
                if name in state["callbacks"]:
                    callback.load_state_dict(state["callbacks"][name])
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"the state of a session lacks or garbles {error}") from error

    def load(self, path: str | os.PathLike[str]) -> None:
        """Go on where a checkpoint of the whole session is; see `load_state_dict`.

        Raises:
            CheckpointError: it is damaged, or of another model, optimizer or loader.
            OSError: it cannot be read.
        """
        state = load_checkpoint(path)
        try:
            self.load_state_dict(state)
        except ValueError as error:
            raise CheckpointError(f"{path}: expected a checkpoint of this run: {error}") from error

    def _callbacks(self) -> Iterator[tuple[str, Callback]]:
        """The callbacks as `EarlyStopping`, `Checkpoints`, `Checkpoints.2`, ..."""
        seen: Counter[str] = Counter()
        for callback in self.callbacks:
            kind = type(callback).__name__
            seen[kind] += 1
            yield kind if seen[kind] == 1 else f"{kind}.{seen[kind]}", callback


def _generators(model: Module) -> Iterator[tuple[str, np.random.Generator]]:
    """The generators that modules draw from, by the module's path."""
    for path, module in model.named_modules():
        rng = getattr(module, "rng", None)
        if isinstance(rng, np.random.Generator):
            yield path, rng
