"""What a configuration says, built: the data, the network, the optimizer; and its checkpoint."""

from __future__ import annotations

from pathlib import Path

from ..data import DataLoader
from ..extras import require
from ..nn import Module
from ..optim import EMA, bias_corrected
from .callbacks import Averaging, Callback, EarlyStopping
from .checkpoint import CheckpointError, load_checkpoint, save_checkpoint
from .config import ConfigError, RunConfig
from .generators import Generators
from .networks import network
from .objective import OBJECTIVES
from .optimizers import optimizer_of
from .preparation import fingerprint, prepare
from .session import Session


class Experiment:
    """A run, ready to be trained.

    Args:
        config: what to build; the same configuration builds the same, bit for bit.

    Attributes:
        train_set: the prepared rows to learn from.
        held_out: the sets to measure on, by name: "valid", if there is one, and "test".
        early_stopping: what ends the run in time; None if it is not asked for.
        objective: the loss and the score of the data's task.
        session: the state of training.

    Raises:
        DataError: the data cannot be loaded or split.
        ConfigError: the optimizer does not take such settings.
        ImportError: a package that the data or the compiler need is not installed.

    Example:
        >>> from minigrad.train import RunConfig
        >>> from minigrad.train.experiment import Experiment
        >>> Experiment(RunConfig("iris", hidden=())).describe()
        'iris: 112 rows to train on, 38 to test on; 15 parameters; adam, lr 0.001, batches of 64'
    """

    def __init__(self, config: RunConfig) -> None:
        if config.compile == "numba":
            require("numba", "jit", "compiling with Numba")  # now, not when training begins
        generators = Generators.from_seed(config.seed)
        self.config = config
        self.held_out = prepare(config, generators)
        self._data = fingerprint(*self.held_out.values())
        self.train_set = self.held_out.pop("train")
        self.objective = OBJECTIVES[self.train_set.task]
        model = self._network(generators)
        batch_size = config.batch_size or len(self.train_set)
        loader = DataLoader(self.train_set, batch_size, shuffle=True, rng=generators.shuffle)
        try:
            optimizer = optimizer_of(config, model, config.epochs * len(loader))
        except (TypeError, ValueError) as error:
            raise ConfigError(str(error)) from error
        self.early_stopping: EarlyStopping | None = None
        listening: list[Callback] = []
        if config.early_stop is not None:
            self.early_stopping = EarlyStopping("valid_loss", config.early_stop)
            listening.append(self.early_stopping)
        if config.ema is not None:
            listening.append(Averaging(EMA(model, bias_corrected(config.ema))))
        self.session = Session(model, optimizer, loader, listening)

    def _network(self, generators: Generators) -> Module:
        config = self.config
        try:
            return network(config.model, self.train_set, config.hidden or (), generators.init)
        except ValueError as error:
            raise ConfigError(str(error)) from error

    def describe(self) -> str:
        """Return one line that says what is going to be trained."""
        parameters = sum(parameter.size for parameter in self.session.model.parameters())
        return (
            f"{self.train_set.name}: {len(self.train_set)} rows to train on,"
            f" {self._held_out_rows()}; {self._kind()}{parameters} parameters;"
            f" {self.config.optimizer}, lr {self.config.lr:g},"
            f" batches of {self.session.loader.batch_size}{_more(self.config)}"
            + (f"; compiled ({self.config.compile})" if self.config.compile else "")
        )

    def _kind(self) -> str:
        return "" if self.config.model == "mlp" else f"{self.config.model} of "

    def _held_out_rows(self) -> str:
        verbs = {"valid": "validate", "test": "test"}
        return ", ".join(f"{len(rows)} to {verbs[name]} on" for name, rows in self.held_out.items())

    def largest_product(self) -> int:
        """Return the number of multiplications of a step's largest matrix product."""
        widest = max(parameter.size for parameter in self.session.model.parameters())
        return self.session.loader.batch_size * widest

    def save(self, path: Path) -> None:
        """Write a checkpoint."""
        save_checkpoint(path, {"data": self._data, "session": self.session.state_dict()})

    def load(self, path: Path) -> None:
        """Go on where a checkpoint is.

        Raises:
            CheckpointError: it is damaged or another run's, or the data have changed since.
            ConfigError: more epochs have begun than the configuration asks for.
            OSError: it cannot be read.
        """
        state = load_checkpoint(path)
        try:
            data, session = state["data"], state["session"]
            if data == self._data:
                self.session.load_state_dict(session)
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"{path}: expected a checkpoint of this run: {error}") from error
        if data != self._data:
            raise CheckpointError(
                f"{path}: expected the data that this run began with: {self.config.data} has"
                " changed since"
            )
        begun = self.session.epoch + (self.session.sums.rows > 0)
        if self.config.epochs < begun:
            raise ConfigError(
                f"{path}: epoch {begun} has begun: expected at least as many epochs, found"
                f" {self.config.epochs}"
            )


def _more(config: RunConfig) -> str:
    """What a run has besides what every run has."""
    parts = [
        f"{config.schedule} schedule" if config.schedule else "",
        f"warm-up of {config.warmup} steps" if config.warmup else "",
        f"weight decay {config.weight_decay:g}" if config.weight_decay else "",
        f"gradients of norm {config.clip_norm:g} at most" if config.clip_norm is not None else "",
        f"lookahead {config.lookahead}" if config.lookahead is not None else "",
        f"sam {config.sam:g}" if config.sam is not None else "",
        f"weights averaged by {config.ema:g}" if config.ema is not None else "",
        f"patience of {config.early_stop} epochs" if config.early_stop is not None else "",
    ]
    return "".join(f", {part}" for part in parts if part)
