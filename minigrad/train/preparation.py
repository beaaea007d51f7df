"""From a configuration to the rows a network learns from and those it is tested on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..data import Dataset, datasets
from .config import RunConfig
from .generators import Generators

TEST_FRACTION = 0.25


def prepare(config: RunConfig, generators: Generators) -> dict[str, Dataset]:
    """Load a data set, hold out a quarter for testing (stratified by class), and standardize.

    A share of the other rows is held out for validation, if the configuration says so; the test
    set is the same rows then as otherwise.

    Features become (x - mean) / std, with the mean and deviation of the training rows: each
    feature its own; pixels (all features in [0, 1], and not from a table) share one of each,
    for they are on one scale. Regression targets are standardized too, so that the loss is in
    units of their variance (1 for what predicting the mean achieves); R^2 is not affected.

    Args:
        config: says what to load.
        generators: `data` draws synthetic sets, `split` the rows to test on, `validation` those to
            validate on.

    Returns:
        {"train": ..., "valid": ..., "test": ...}, without "valid" where nothing is held out for it.

    Raises:
        DataError: the data cannot be loaded or split.
        ImportError: a bundled set needs scikit-learn, which is not installed.

    Example:
        >>> from minigrad.train import RunConfig
        >>> from minigrad.train.generators import Generators
        >>> from minigrad.train.preparation import prepare
        >>> sets = prepare(RunConfig("iris", validation=0.2), Generators.from_seed(0))
        >>> {name: len(rows) for name, rows in sets.items()}
        {'train': 90, 'valid': 22, 'test': 38}
    """
    data = datasets.load(
        config.data,
        target=_target(config),
        labels=config.labels,
        task=config.task,
        rng=generators.data,
    )
    train, test = data.split(TEST_FRACTION, generators.split)
    sets = {"train": train, "test": test}
    if config.validation:
        train, valid = train.split(config.validation, generators.validation)
        sets = {"train": train, "valid": valid, "test": test}
    scaled = list(sets.values())
    if config.target is None and train.x.min() >= 0 and train.x.max() <= 1:
        scaled = _standardize_pixels(scaled)
    else:
        scaled, _ = datasets.standardize(*scaled)
    if data.task == "regression":
        scaled = _standardize_targets(scaled)
    return dict(zip(sets, scaled, strict=True))


def fingerprint(*parts: Dataset) -> str:
    """Return a digest (SHA-256) of data sets, to notice that a file has changed.

    Args:
        parts: the sets, in order.

    Returns:
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for array in (array for part in parts for array in (part.x, part.y)):
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _target(config: RunConfig) -> str | int | None:
    """The target column's name; where no column is called that, a number is a position."""
    try:
        position = int(config.target or "")
    except ValueError:
        return config.target
    is_table = config.data.lower().endswith((".csv", ".tsv"))
    named = is_table and config.target in datasets.column_names(config.data)
    return config.target if named else position


def _standardize_pixels(sets: Sequence[Dataset]) -> list[Dataset]:
    """By the mean and deviation of the first set, as all do here."""
    mean = sets[0].x.mean(dtype=np.float64)
    std = sets[0].x.std(dtype=np.float64) or 1.0  # 0 for images of one colour
    shift, scale = np.float32(mean), np.float32(std)
    return [replace(part, x=(part.x - shift) / scale) for part in sets]


def _standardize_targets(sets: Sequence[Dataset]) -> list[Dataset]:
    as_features = [replace(part, x=part.y, feature_names=()) for part in sets]
    scaled, _ = datasets.standardize(*as_features)
    return [replace(part, y=target.x) for part, target in zip(sets, scaled, strict=True)]
