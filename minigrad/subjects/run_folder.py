"""The network of a run, on a few rows of its data."""

from __future__ import annotations

from pathlib import Path

from ..provenance import record_origins
from ..train.experiment import Experiment
from ..train.folder import CHECKPOINT, read_config
from .subject import Subject, SubjectError


def loss_of_run(folder: Path, rows: int) -> Subject:
    """The loss where a run has come to, with its optimizer."""
    if rows < 1:
        raise SubjectError(f"--rows must be at least 1, got {rows}")
    experiment = Experiment(read_config(folder))
    experiment.load(folder / CHECKPOINT)
    session, few = experiment.session, experiment.train_set.take(slice(rows))
    with record_origins():
        loss = experiment.objective.loss(session.model.train()(few.x), few.y)
    loss.name = "loss"
    title = f"{folder.name}: {experiment.train_set.name}, after epoch {session.epoch}"
    return Subject(loss, title, session.optimizer, experiment)
