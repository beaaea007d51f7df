"""From a configuration to the rows a network learns from and those it is tested on."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from ..data import Dataset, datasets
from .config import RunConfig
from .generators import Generators

TEST_FRACTION = 0.25


def prepare(config: RunConfig, generators: Generators) -> tuple[Dataset, Dataset]:
    """Load a data set, hold out a quarter for testing (stratified by class), and standardize.

    Features become (x - mean) / std, with the mean and deviation of the training rows: each
    feature its own; pixels (all features in [0, 1], and not from a table) share one of each,
    for they are on one scale. Regression targets are standardized too, so that the loss is in
    units of their variance (1 for what predicting the mean achieves); R^2 is not affected.

    Args:
        config: says what to load.
        generators: `data` draws synthetic sets, `split` the rows to hold out.

    Returns:
        The pair (train, test).

    Raises:
        DataError: the data cannot be loaded or split.
        ImportError: a bundled set needs scikit-learn, which is not installed.

    Example:
        >>> from minigrad.train import RunConfig
        >>> from minigrad.train.generators import Generators
        >>> from minigrad.train.preparation import prepare
        >>> prepare(RunConfig("iris"), Generators.from_seed(0))[1]
        Dataset('iris', classification, x (38, 4), 3 classes)
    """
    data = datasets.load(
        config.data,
        target=_target(config),
        labels=config.labels,
        task=config.task,
        rng=generators.data,
    )
    train, test = data.split(TEST_FRACTION, generators.split)
    if config.target is None and train.x.min() >= 0 and train.x.max() <= 1:
        train, test = _standardize_pixels(train, test)
    else:
        (train, test), _ = datasets.standardize(train, test)
    return _standardize_targets(train, test) if data.task == "regression" else (train, test)


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


def _standardize_pixels(train: Dataset, test: Dataset) -> tuple[Dataset, Dataset]:
    mean = train.x.mean(dtype=np.float64)
    std = train.x.std(dtype=np.float64) or 1.0  # 0 for images of one colour
    shift, scale = np.float32(mean), np.float32(std)
    return replace(train, x=(train.x - shift) / scale), replace(test, x=(test.x - shift) / scale)


def _standardize_targets(train: Dataset, test: Dataset) -> tuple[Dataset, Dataset]:
    as_features = [replace(part, x=part.y, feature_names=()) for part in (train, test)]
    scaled, _ = datasets.standardize(*as_features)
    return replace(train, y=scaled[0].x), replace(test, y=scaled[1].x)
