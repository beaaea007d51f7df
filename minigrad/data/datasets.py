"""Every source of data under one name: bundled sets, formulas, files, and `load` for all."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from minigrad.data.dataset import DataError, Dataset, Task
from minigrad.data.idx import from_idx, read_idx, write_idx
from minigrad.data.messages import did_you_mean, listing
from minigrad.data.npz import from_npz
from minigrad.data.real import breast_cancer, diabetes, digits, iris, wine
from minigrad.data.scaling import Standardizer, standardize
from minigrad.data.synthetic import blobs, moons, spirals
from minigrad.data.tables import column_names, from_csv

__all__ = [
    "Standardizer",
    "blobs",
    "breast_cancer",
    "column_names",
    "diabetes",
    "digits",
    "from_csv",
    "from_idx",
    "from_npz",
    "iris",
    "load",
    "moons",
    "names",
    "read_idx",
    "spirals",
    "standardize",
    "wine",
    "write_idx",
]

_MEASURED: dict[str, Callable[[], Dataset]] = {
    "digits": digits,
    "iris": iris,
    "wine": wine,
    "breast_cancer": breast_cancer,
    "diabetes": diabetes,
}
_DRAWN: dict[str, Callable[..., Dataset]] = {"moons": moons, "spirals": spirals, "blobs": blobs}


def names() -> tuple[str, ...]:
    """Return the names that `load` knows.

    Returns:
        The measured sets first, then those drawn from a formula.

    Example:
        >>> from minigrad.data import datasets
        >>> datasets.names()[-3:]
        ('moons', 'spirals', 'blobs')
    """
    return (*_MEASURED, *_DRAWN)


def load(
    name_or_path: str | os.PathLike[str],
    *,
    target: str | int | None = None,
    labels: str | os.PathLike[str] | None = None,
    task: Task | None = None,
    rng: np.random.Generator | None = None,
) -> Dataset:
    """Load a data set by name or from a file, whatever kind it is.

    Args:
        name_or_path: one of `names()`, with `_` or `-`; or a file: `.csv` or `.tsv`, `.npz`,
            or IDX images.
        target: the target column of a CSV or TSV file, by name or position; needed there
            and refused elsewhere.
        labels: the labels file of an IDX pair; needed there and refused elsewhere.
        task: overrides what a CSV, TSV or NPZ file's targets suggest; refused elsewhere.
        rng: draws the synthetic sets; the others do not use it.

    Returns:
        The data set.

    Raises:
        DataError: no such name or kind of file, an argument is missing or has no meaning
            here, or the file is not what it should be.
        ImportError: a bundled set needs scikit-learn, which is not installed.

    Example:
        >>> import numpy as np
        >>> from minigrad.data import datasets
        >>> datasets.load("moons", rng=np.random.default_rng(0))
        Dataset('moons', classification, x (200, 2), 2 classes)
    """
    text = os.fspath(name_or_path)
    name, suffix = text.replace("-", "_"), Path(text).suffix.lower()
    given = {"target": target, "labels": labels, "task": task}
    if name in names():
        _refuse(given, text)
        return _MEASURED[name]() if name in _MEASURED else _DRAWN[name](rng=rng)
    if suffix in (".csv", ".tsv"):
        _refuse({"labels": labels}, text)
        if target is None:
            raise DataError(
                f"{text}: expected target=, the name of the target column;"
                f" the columns are {listing(column_names(text))}"
            )
        return from_csv(text, target, task)
    if suffix == ".npz":
        _refuse({"target": target, "labels": labels}, text)
        return from_npz(text, task)
    if labels is not None:
        _refuse({"target": target, "task": task}, text)
        return from_idx(text, labels)
    if "idx" in Path(text).name:
        raise DataError(f"{text}: expected labels=, the IDX file of the labels")
    raise DataError(
        f"no data set and no known kind of file {text!r}{did_you_mean(name, names())};"
        f" choose one of {listing(names())}, or give a .csv, .tsv or .npz file, or a pair of"
        " IDX files"
    )


def _refuse(arguments: Mapping[str, object], text: str) -> None:
    for argument, value in arguments.items():
        if value is not None:
            raise DataError(f"{text}: {argument}= has no meaning here, found {value!r}")
