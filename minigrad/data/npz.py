"""NumPy archives: `np.savez(path, x=..., y=...)` and the layout of Keras's mnist.npz."""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.data.dataset import DataError, Dataset, Task
from minigrad.data.files import read_file
from minigrad.data.images import image_features
from minigrad.data.messages import listing

# What zipfile and NumPy raise between them on damaged, encrypted or pickled content.
_UNREADABLE = (
    EOFError,
    MemoryError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


def from_npz(
    path: str | os.PathLike[str], task: Task | None = None, flatten: bool = True
) -> Dataset:
    """Read a data set from a NumPy archive.

    The archive holds `x` (or `X`) and `y`; or `x_train`, `y_train`, `x_test` and `y_test`,
    which are joined, training rows first. uint8 features are taken for pixels and scaled to
    x / 255; other dtypes keep their values. Pickled objects are never loaded.

    Args:
        path: the `.npz` file.
        task: None takes integer targets for labels and others for regression.
        flatten: whether to join all axes of `x` but the first.

    Returns:
        The data set; labels may have shape (N,) or (N, 1) in the file, and their own numbers
        are the class names.

    Raises:
        DataError: the file cannot be read, is no archive or is damaged, lacks an array, or
            the arrays make no data set.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from minigrad.data import datasets
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "toy.npz"
        ...     np.savez(path, x=np.eye(3), y=np.array([0, 1, 2]))
        ...     datasets.from_npz(path)
        Dataset('toy.npz', classification, x (3, 3), 3 classes)
    """
    content = read_file(path)
    if not zipfile.is_zipfile(io.BytesIO(content)):
        raise DataError(
            f"{path}: expected a NumPy archive (.npz), found no zip file, or half of one"
        )
    try:
        archive = np.load(io.BytesIO(content), allow_pickle=False)
    except _UNREADABLE as error:
        raise DataError(f"{path}: expected a NumPy archive (.npz), found: {error}") from error
    with archive:
        x, y = _pair(path, archive)
    if task is None:
        task = "classification" if y.dtype.kind in "biu" else "regression"
    if task == "classification" and y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    return Dataset(image_features(x, flatten), y, Path(path).name, task)


def _pair(path: str | os.PathLike[str], archive: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    held = set(archive.files)
    for names in (("x", "y"), ("X", "y")):
        if held.issuperset(names):
            x, y = (_array(path, archive, name) for name in names)
            return x, y
    if held.issuperset(("x_train", "y_train", "x_test", "y_test")):
        return _joined(path, archive, "x"), _joined(path, archive, "y")
    raise DataError(
        f"{path}: expected arrays x and y (or x_train, y_train, x_test, y_test),"
        f" found {listing(archive.files) or 'none'}"
    )


def _joined(path: str | os.PathLike[str], archive: Any, name: str) -> NDArray[Any]:
    train = _array(path, archive, f"{name}_train")
    test = _array(path, archive, f"{name}_test")
    if train.shape[1:] != test.shape[1:] or train.dtype != test.dtype:
        raise DataError(
            f"{path}: expected {name}_train and {name}_test alike, found {train.dtype}"
            f" {train.shape} and {test.dtype} {test.shape}"
        )
    return np.concatenate([train, test])


def _array(path: str | os.PathLike[str], archive: Any, name: str) -> NDArray[Any]:
    try:
        array = archive[name]
    except _UNREADABLE as error:
        raise DataError(
            f"{path}: expected an array of numbers in {name}, found: {error}"
        ) from error
    if not isinstance(array, np.ndarray) or array.ndim == 0:
        raise DataError(
            f"{path}: expected rows of numbers in {name}, found {type(array).__name__} without rows"
        )
    return array
