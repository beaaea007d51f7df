"""One run from its configuration to its folder, from the beginning or from a checkpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, TextIO

from .callbacks import Callback, JSONLog, Progress, Timer
from .callbacks.progress import listed
from .checkpoint import save_model
from .config import RunConfig
from .experiment import Experiment
from .folder import (
    CHECKPOINT,
    METRICS,
    MODEL,
    create_folder,
    read_config,
    refuse_used,
    resume_command,
    write_config,
)
from .loop import fit
from .pictures import draw_pictures
from .session import Session
from .step import step_of
from .stop import Stop, stop_on_signals
from .sums import Row
from .threads import blas_threads_for

# An epoch of a small set takes a millisecond, as long as to get a checkpoint onto the disk.
_CHECKPOINT_SECONDS = 1.0


@dataclass(frozen=True)
class Result:
    """What a run came to.

    Args:
        metrics: the row of the epoch whose weights the model has, as in `metrics.jsonl`: the last
            complete one, or the best one of an early-stopped run; empty before the first.
        seconds: the time that the training loop has taken, over all resumptions.
        epochs: the number of complete epochs.
        parameters: how many numbers the model has learnt.
        run_dir: the run's folder.
        signal: the number of the signal that stopped the run, or None.
        best_epoch: the epoch whose weights the model has, if early stopping chose it, or None.
    """

    metrics: Row
    seconds: float
    epochs: int
    parameters: int
    run_dir: Path
    signal: int | None = None
    best_epoch: int | None = None

    def held_out_metrics(self) -> Row:
        """Return `test_loss`, and `test_accuracy` or `test_r2`; before them `valid_loss`, ..."""
        return {
            name: value
            for name, value in self.metrics.items()
            if name.startswith(("valid_", "test_"))
        }

    def to_json(self) -> str:
        """Return the result as one JSON object on one line, with the metrics of rows held out."""
        return json.dumps(
            {
                **self.held_out_metrics(),
                **({} if self.best_epoch is None else {"best_epoch": self.best_epoch}),
                "seconds": round(self.seconds, 3),
                "epochs": self.epochs,
                "parameters": self.parameters,
                "run_dir": str(self.run_dir),
            }
        )


def train(
    config: RunConfig, out: Path | str | None = None, *, lines: TextIO | None = None
) -> Result:
    """Train a network in a new run folder.

    The folder holds `config.json`, `metrics.jsonl` (a line for each epoch) and
    `checkpoint.safetensors` (a second old at most, or an epoch); in the end `model.safetensors`,
    `curves.svg` and `graph.svg` too. Ctrl-C or SIGTERM ends the run after the current step, ready
    to be resumed.

    Args:
        config: what to train.
        out: the folder; None is the first free one of `runs/<data>-1`, `runs/<data>-2`, ...
        lines: where progress is printed; None is standard output.

    Returns:
        The result; its `signal` tells whether the run was stopped.

    Raises:
        ConfigError: the folder holds a run already.
        DataError: the data are not what they should be; no folder has been created.
        DivergedError: the loss became infinite or NaN; the last checkpoint is kept.
        ImportError: a package that the data need is not installed.
        OSError: a file cannot be read or written.

    Example:
        >>> import io, tempfile
        >>> from minigrad.train import RunConfig, train
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     result = train(RunConfig("iris", epochs=20), folder, lines=io.StringIO())
        >>> result.epochs, result.parameters, result.metrics["test_accuracy"] > 0.9
        (20, 9091, True)
    """
    if out is not None:
        refuse_used(Path(out))  # before reading the data, which may take long
    experiment = Experiment(config)
    with stop_on_signals() as stop:
        folder = create_folder(None if out is None else Path(out), experiment.train_set.name)
        return _complete(experiment, folder, stop, lines)


def resume(
    folder: Path | str,
    settings: Mapping[str, Any] | None = None,
    out: Path | str | None = None,
    *,
    lines: TextIO | None = None,
) -> Result:
    """Go on with a run from its checkpoint, to the same weights as if it had never stopped.

    A run that is complete is only reported, and its pictures drawn again.

    Args:
        folder: the run's folder.
        settings: fields of `RunConfig` given anew: `epochs` may differ, down to the number of
            epochs that have begun; others may only repeat what the run has.
        out: another folder to go on in, leaving `folder` as it is.
        lines: where progress is printed; None is standard output.

    Returns:
        The result; its `signal` tells whether the run was stopped again.

    Raises:
        ConfigError: `folder` holds no run, `out` does, or a setting differs.
        CheckpointError: the checkpoint is damaged, or the data have changed since.
        DataError, DivergedError, ImportError, OSError: as for `train`.

    Example:
        >>> import io, tempfile
        >>> from minigrad.train import RunConfig, resume, train
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = train(RunConfig("iris", epochs=1), folder, lines=io.StringIO())
        ...     resume(folder, {"epochs": 3}, lines=io.StringIO()).epochs
        3
    """
    folder = Path(folder)
    target = folder if out is None else Path(out)
    if target.absolute() != folder.absolute():
        refuse_used(target)
    experiment = Experiment(read_config(folder).extended(settings or {}))
    experiment.load(folder / CHECKPOINT)
    with stop_on_signals() as stop:
        target.mkdir(parents=True, exist_ok=True)
        return _complete(experiment, target, stop, lines)


def _complete(experiment: Experiment, folder: Path, stop: Stop, lines: TextIO | None) -> Result:
    """Train to the end, or until a stop, and fill the folder."""
    session, config = experiment.session, experiment.config
    progress = Progress(lines)
    session.callbacks += [JSONLog(folder / METRICS), progress, _Save(experiment, folder), Timer()]
    write_config(folder, config)
    experiment.save(folder / CHECKPOINT)
    progress.line(experiment.describe())
    with blas_threads_for(experiment.largest_product()):
        step = step_of(session, experiment.objective, config.compile, clip_norm=config.clip_norm)
        held_out = experiment.held_out
        fit(session, experiment.objective, held_out, config.epochs, step=step, stop=stop)
    save_model(session.model, folder / MODEL)
    result = _result(experiment, folder)
    if stop.signal is not None:
        progress.line(f"stopped after step {session.step}; go on with: {resume_command(folder)}")
        return result
    if result.best_epoch is not None:
        reason = f"{stop.reason.replace('_', ' ')}: " if stop.reason else ""
        progress.line(f"{reason}the model is that of epoch {result.best_epoch}")
    progress.line(f"{listed(result.held_out_metrics())}, {session.seconds:.1f} s: {folder}")
    for note in draw_pictures(folder, session, experiment.objective, experiment.train_set):
        progress.line(note)
    return result


def _result(experiment: Experiment, folder: Path) -> Result:
    session, early = experiment.session, experiment.early_stopping
    best_epoch = early.best_epoch if early is not None and session.is_over else None
    metrics = session.history[(best_epoch or session.epoch) - 1] if session.history else {}
    parameters = sum(parameter.size for parameter in session.model.parameters())
    return Result(
        metrics, session.seconds, session.epoch, parameters, folder, session.stop.signal, best_epoch
    )


class _Save(Callback):
    """Writes every second or so a checkpoint, at the end of an epoch; and where training ends.

    It stands behind what puts other weights into the trained model, which comes after it then.
    """

    def __init__(self, experiment: Experiment, folder: Path) -> None:
        self._experiment, self._path = experiment, folder / CHECKPOINT
        self._saved = perf_counter()

    def on_save_point(self, session: Session) -> None:
        """Save, if it is time."""
        if session.sums.rows == 0 and perf_counter() - self._saved > _CHECKPOINT_SECONDS:
            self._experiment.save(self._path)
            self._saved = perf_counter()

    def on_fit_end(self, session: Session) -> None:
        """Save, unless an error has ended training between two save points."""
        if session.ending:
            self._experiment.save(self._path)
