"""What a run is asked to do, checked, and as JSON."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, get_args

from ..compiler.backends import BACKENDS
from ..data import datasets
from ..data.dataset import Task
from ..data.messages import did_you_mean, listing
from ..optim import schedules
from .optimizers import OPTIMIZERS, WHOLE_BATCH, default_of

RUN_SCHEDULES = tuple(schedules.run_schedules())
# Settings that older runs do not have, and what they did.
_LATER = {
    "compile": None, "schedule": None, "warmup": 0, "weight_decay": 0.0, "clip_norm": None,
    "lookahead": None, "sam": None, "ema": None, "early_stop": None, "validation": 0.0,
    "model": "mlp",
}  # fmt: skip
NETWORKS = {"mlp": (128, 64), "cnn": (16, 32), "lstm": (64,), "transformer": (64, 64)}  # widths
_WIDEST = 1_000_000  # a wider layer is a misprint, and would not fit into memory
_BATCH_SIZE = 64
_VALIDATION = 0.2  # the share of the training rows, where early stopping needs some


class ConfigError(ValueError):
    """A setting that makes no sense, or does not fit the run; one line that says what would."""


@dataclass(frozen=True)
class RunConfig:
    """All that determines a run: the same configuration gives the same weights, bit for bit.

    Args:
        data: a name of `datasets.names()` or a file; see `datasets.load`. The path of a file
            that exists is made absolute.
        labels: the labels file, if `data` is a file of IDX images.
        target: the target column, if `data` is a table: its name, or its position.
        task: "classification" or "regression"; None lets the data decide.
        model: the kind of network, a key of `NETWORKS`: "mlp"; or, for square images, "cnn",
            "lstm" or "transformer", of which the last two read an image row by row.
        hidden: the widths of its hidden layers (channels, states, blocks); () is a linear model;
            None becomes what `NETWORKS` says.
        optimizer: a key of `OPTIMIZERS`: the lower-case name of a class in `minigrad.optim`.
        lr: the learning rate; None becomes the optimizer's own default.
        epochs: how often to go through the training set.
        batch_size: rows in a batch; None becomes 64. With "gd" and "lbfgs" it is always None: the
            whole training set.
        seed: where all random numbers come from.
        compile: the backend of `mg.compile` that replays the training step, "numpy" (to the same
            weights) or "numba"; None makes its calls as they are written.
        schedule: how the learning rate changes over the run: one of `RUN_SCHEDULES`; None: not.
        warmup: how many steps lead up to the rate.
        weight_decay: how strongly weights, but not biases, are drawn to 0; None becomes the
            optimizer's own default, which is 0 for most.
        clip_norm: the largest norm of all gradients together that is not scaled down; None for no
            limit.
        lookahead: the k of a `Lookahead` around the optimizer; None for none.
        sam: the rho of a `SAM` around the optimizer; None for none.
        ema: the decay of an average of the weights, `bias_corrected`, that is measured after each
            epoch and becomes the model in the end; None for none.
        early_stop: after how many epochs without a better loss on validation rows to stop; the
            best epoch's weights become the model. None: at the last epoch.
        validation: the share of the training rows that is held out to validate on; None becomes
            0.2 with `early_stop`, otherwise 0.

    Raises:
        ConfigError: a setting is of the wrong type, out of range or unknown.

    Example:
        >>> from minigrad.train import RunConfig
        >>> config = RunConfig("iris", optimizer="gd")
        >>> config.lr, config.batch_size
        (0.01, None)
        >>> RunConfig(epochs=0)
        Traceback (most recent call last):
            ...
        minigrad.train.config.ConfigError: expected epochs of at least 1, found 0
    """

    data: str = "digits"
    labels: str | None = None
    target: str | None = None
    task: Task | None = None
    model: str = "mlp"
    hidden: tuple[int, ...] | None = None
    optimizer: str = "adam"
    lr: float | None = None
    epochs: int = 30
    batch_size: int | None = None
    seed: int = 0
    compile: str | None = None
    schedule: str | None = None
    warmup: int = 0
    weight_decay: float | None = None
    clip_norm: float | None = None
    lookahead: int | None = None
    sam: float | None = None
    ema: float | None = None
    early_stop: int | None = None
    validation: float | None = None

    def __post_init__(self) -> None:
        _check_texts(self)
        self._set("data", _located(self.data))
        self._set("labels", None if self.labels is None else _located(self.labels))
        if self.model not in NETWORKS:
            raise ConfigError(
                f"unknown model {self.model!r}{did_you_mean(self.model, list(NETWORKS))};"
                f" choose one of {listing(list(NETWORKS))}"
            )
        hidden = NETWORKS[self.model] if self.hidden is None else self.hidden
        self._set("hidden", _widths(hidden))
        self._set("optimizer", self.optimizer.lower())
        if self.optimizer not in OPTIMIZERS:
            raise ConfigError(
                f"unknown optimizer {self.optimizer!r}"
                f"{did_you_mean(self.optimizer, list(OPTIMIZERS))};"
                f" choose one of {listing(list(OPTIMIZERS))}"
            )
        self._set("lr", _rate(default_of(self.optimizer, "lr") if self.lr is None else self.lr))
        self._set("epochs", _integer("epochs", self.epochs, 1))
        size = _BATCH_SIZE if self.batch_size is None else self.batch_size
        size = _integer("batch size", size, 1)
        self._set("batch_size", None if self.optimizer in WHOLE_BATCH else size)
        self._set("seed", _integer("seed", self.seed, 0))
        if self.compile not in (None, *BACKENDS):
            raise ConfigError(
                f"expected compile to be one of {listing(list(BACKENDS))}, found {self.compile!r}"
            )
        _check_schedule(self.schedule)
        self._set("warmup", _integer("steps of warm-up", self.warmup, 0))
        decay = self.weight_decay
        decay = default_of(self.optimizer, "weight_decay") if decay is None else decay
        self._set("weight_decay", _amount("weight decay", decay))
        if self.clip_norm is not None:
            self._set("clip_norm", _amount("norm to clip to", self.clip_norm))
        self._check_what_stands_around()
        self._check_validation()

    def _check_what_stands_around(self) -> None:
        if self.lookahead is not None:
            self._set("lookahead", _integer("steps of lookahead", self.lookahead, 1))
        if self.sam is not None:
            self._set("sam", _amount("distance of sam", self.sam))
        if self.ema is not None:
            self._set("ema", _share("decay of ema", self.ema))
        if self.optimizer != "lbfgs":
            return
        for name in ("weight_decay", "clip_norm", "lookahead", "sam"):
            if getattr(self, name):
                raise ConfigError(
                    "lbfgs searches along lines of the loss as it is, by itself: expected no"
                    f" {name.replace('_', ' ')}, found {_text(getattr(self, name))}"
                )

    def _check_validation(self) -> None:
        if self.early_stop is not None:
            self._set("early_stop", _integer("epochs of patience", self.early_stop, 1))
        share = _VALIDATION if self.early_stop is not None else 0.0
        share = _share("validation", share if self.validation is None else self.validation)
        if self.early_stop is not None and not share:
            raise ConfigError("early stopping needs rows to validate on, found validation 0")
        self._set("validation", share)

    def _set(self, field: str, value: object) -> None:
        object.__setattr__(self, field, value)  # the dataclass is frozen

    def to_json(self) -> str:
        """Return the configuration as JSON, one setting a line."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes, source: object) -> RunConfig:
        """Read what `to_json` wrote.

        Args:
            text: the JSON.
            source: what errors call it, such as the file's path.

        Returns:
            The configuration.

        Raises:
            ConfigError: it is not the JSON of a configuration.

        Example:
            >>> from minigrad.train import RunConfig
            >>> config = RunConfig("moons", hidden=(8,))
            >>> RunConfig.from_json(config.to_json(), "this text") == config
            True
        """
        try:
            settings = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{source}: expected JSON, found: {error}") from error
        names = [field.name for field in fields(cls)]
        if isinstance(settings, dict):
            settings = {**_LATER, **settings}
        if not isinstance(settings, dict) or sorted(settings) != sorted(names):
            raise ConfigError(f"{source}: expected the settings {', '.join(names)} of a run")
        try:
            return cls(**settings)
        except ConfigError as error:
            raise ConfigError(f"{source}: {error}") from error

    def extended(self, settings: Mapping[str, Any]) -> RunConfig:
        """Apply settings to a run that has begun: only the number of epochs may differ.

        Args:
            settings: some fields and their values, as given anew.

        Returns:
            The configuration to go on with.

        Raises:
            ConfigError: another setting differs; the message names it.
        """
        wanted = replace(self, **settings)
        if wanted.epochs != self.epochs and (self.schedule is not None or self.warmup):
            raise ConfigError(
                f"this run's schedule spans its {self.epochs} epochs: leave --epochs out, or start"
                " a new run"
            )
        for name in settings:
            old, new = getattr(self, name), getattr(wanted, name)
            if name != "epochs" and old != new:
                raise ConfigError(
                    f"this run has {name.replace('_', ' ')} {_text(old)}, and it cannot go on with"
                    f" {_text(new)}: leave the option out, or start a new run"
                )
        return wanted


def read_settings(path: Path | str) -> dict[str, Any]:
    """The settings in a TOML file, or in the `config.json` of a run.

    Args:
        path: the file; its suffix says which of the two it is.

    Returns:
        Some fields of `RunConfig` and their values.

    Raises:
        ConfigError: it cannot be read as such, or holds something else; the message says where.
        OSError: there is no such file.
    """
    path = Path(path)
    text = path.read_bytes()
    try:
        settings = json.loads(text) if path.suffix == ".json" else tomllib.loads(text.decode())
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error
    if not isinstance(settings, dict):
        raise ConfigError(f"{path}: expected settings by name, found {type(settings).__name__}")
    settings = {name.replace("-", "_"): value for name, value in settings.items()}
    known = [field.name for field in fields(RunConfig)]
    for name in settings:
        if name not in known:
            raise ConfigError(f"{path}: unknown setting {name!r}{did_you_mean(name, known)}")
    return settings


def _check_texts(config: RunConfig) -> None:
    for name in ("data", "labels", "target", "model", "optimizer"):
        value = getattr(config, name)
        optional = name in ("labels", "target")
        if not (isinstance(value, str) or (optional and value is None)):
            raise ConfigError(f"expected text for {name}, found {value!r}")
    if config.task not in (None, *get_args(Task)):
        raise ConfigError(f"expected task 'classification' or 'regression', found {config.task!r}")


def _check_schedule(schedule: Any) -> None:
    if schedule not in (None, *RUN_SCHEDULES):
        raise ConfigError(
            f"unknown schedule {schedule!r}{did_you_mean(str(schedule), list(RUN_SCHEDULES))};"
            f" choose one of {listing(list(RUN_SCHEDULES))}"
        )


def _located(data: str) -> str:
    """A name in its usual spelling; a file's path from the root, to be found from anywhere."""
    name = data.replace("-", "_")
    if name in datasets.names():
        return name
    return str(Path(data).absolute()) if Path(data).exists() else data


def _widths(hidden: Any) -> tuple[int, ...]:
    if not isinstance(hidden, (list, tuple)):
        raise ConfigError(f"expected a list of widths for hidden, found {hidden!r}")
    return tuple(_integer("hidden widths", width, 1, _WIDEST) for width in hidden)


def _rate(lr: Any) -> float:
    if type(lr) not in (int, float) or not 0 < lr < math.inf:
        raise ConfigError(f"expected a positive, finite learning rate, found {lr!r}")
    return float(lr)


def _amount(name: str, value: Any) -> float:
    if type(value) not in (int, float) or not 0 <= value < math.inf:
        raise ConfigError(f"expected a {name} of at least 0, found {value!r}")
    return float(value)


def _share(name: str, value: Any) -> float:
    if type(value) not in (int, float) or not 0 <= value < 1:
        raise ConfigError(f"expected a {name} from 0 to below 1, found {value!r}")
    return float(value)


def _integer(name: str, value: Any, least: int, most: int | None = None) -> int:
    if type(value) is not int or value < least or (most is not None and value > most):
        limits = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise ConfigError(f"expected {name} {limits}, found {value!r}")
    return value


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "none"
    return "none" if value is None else str(value)
