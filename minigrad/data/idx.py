"""The IDX format of MNIST: a magic number, the dimensions, then big-endian values.

    byte 0-1   zero
    byte 2     dtype: 08 uint8, 09 int8, 0B int16, 0C int32, 0D float32, 0E float64
    byte 3     number of dimensions d
    4 d bytes  the dimensions, 32-bit unsigned, big-endian
    the rest   the values in C order, big-endian

Source: Y. LeCun, C. Cortes and C. Burges, "The MNIST Database of Handwritten Digits".
"""

from __future__ import annotations

import gzip
import os
import zlib
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.data.dataset import DataError, Dataset
from minigrad.data.files import read_file
from minigrad.data.images import image_features

_DTYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(np.uint8),
    0x09: np.dtype(np.int8),
    0x0B: np.dtype(np.int16),
    0x0C: np.dtype(np.int32),
    0x0D: np.dtype(np.float32),
    0x0E: np.dtype(np.float64),
}
_CODES = {dtype: code for code, dtype in _DTYPES.items()}
_GZIP_MAGIC = b"\x1f\x8b"


def from_idx(
    images: str | os.PathLike[str], labels: str | os.PathLike[str], flatten: bool = True
) -> Dataset:
    """Read a pair of IDX files, plain or gzipped, as a classification set.

    uint8 images are scaled to x = images / 255; other dtypes keep their values.

    Args:
        images: file of an array of shape (N, rows, columns), or any (N, ...).
        labels: file of an integer array of shape (N,), counting from 0.
        flatten: whether to join all axes but the first: x is then (N, rows * columns).

    Returns:
        A classification set with the labels' own numbers for class names.

    Raises:
        DataError: a file cannot be read, is not IDX, or is damaged; the two do not belong
            together; or their values make no classification set.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from minigrad.data import datasets
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     images, labels = Path(folder) / "images", Path(folder) / "labels.gz"
        ...     datasets.write_idx(images, np.zeros((3, 28, 28), dtype=np.uint8))
        ...     datasets.write_idx(labels, np.array([7, 2, 1], dtype=np.uint8))
        ...     datasets.from_idx(images, labels)
        Dataset('images', classification, x (3, 784), 8 classes)
    """
    x, y = read_idx(images), read_idx(labels)
    if y.ndim != 1:
        swapped = "; are images and labels swapped?" if x.ndim == 1 else ""
        raise DataError(f"{labels}: expected labels of shape (N,), found {y.shape}{swapped}")
    if len(x) != len(y):
        raise DataError(
            f"{labels}: expected a label for each of the {len(x)} images of {images},"
            f" found {len(y)}"
        )
    return Dataset(image_features(x, flatten), y, Path(images).name, "classification")


def read_idx(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Read an array from an IDX file, plain or gzipped.

    Args:
        path: the file; gzip is recognised by its first bytes, not by the name.

    Returns:
        The array in the file's dtype (native byte order) and shape, in memory of its own.

    Raises:
        DataError: the file cannot be read, is not IDX, or its length is not what its
            header announces.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from minigrad.data import datasets
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "counts.idx"
        ...     datasets.write_idx(path, np.array([[1, 2], [3, 4]], dtype=np.int16))
        ...     datasets.read_idx(path)
        array([[1, 2],
               [3, 4]], dtype=int16)
    """
    content = read_file(path)
    if content.startswith(_GZIP_MAGIC):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{path}: expected a whole gzip file, found: {error}") from error
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _DTYPES or not content[3]:
        raise DataError(
            f"{path}: expected an IDX file (00 00, a dtype code 08 to 0E, the number of"
            f" dimensions), found first bytes {content[:4].hex(' ') or 'missing'}"
        )
    dtype, ndim = _DTYPES[content[2]], content[3]
    start = 4 + 4 * ndim
    if len(content) < start:
        raise DataError(
            f"{path}: expected {start} bytes of header for {ndim} dimensions, found {len(content)}"
        )
    shape = tuple(np.frombuffer(content, ">u4", ndim, offset=4).tolist())
    expected = prod(shape) * dtype.itemsize
    if len(content) - start != expected:
        raise DataError(
            f"{path}: expected {expected} bytes of {dtype} values for shape {shape},"
            f" found {len(content) - start}"
        )
    values: NDArray[Any] = np.frombuffer(content, dtype.newbyteorder(">"), offset=start)
    try:
        return values.astype(dtype).reshape(shape)
    except ValueError as error:  # more than 64 dimensions, or no values but huge dimensions
        raise DataError(f"{path}: expected a shape that NumPy can hold, found {shape}") from error


def write_idx(path: str | os.PathLike[str], array: NDArray[Any]) -> None:
    """Write an array as an IDX file, gzipped when the name ends in `.gz`.

    Args:
        path: the file to write.
        array: at least one dimension; uint8, int8, int16, int32, float32 or float64.

    Raises:
        DataError: the format has no code for the dtype, or the array has no dimensions.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from minigrad.data import datasets
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "labels.idx"
        ...     datasets.write_idx(path, np.array([7, 2], dtype=np.uint8))
        ...     path.read_bytes().hex(" ")
        '00 00 08 01 00 00 00 02 07 02'
    """
    native = array.dtype.newbyteorder("=")
    if native not in _CODES or array.ndim == 0:
        raise DataError(
            f"{path}: expected an array of {', '.join(map(str, _CODES))} with at least one"
            f" dimension, found {array.dtype} {array.shape}"
        )
    header = bytes([0, 0, _CODES[native], array.ndim]) + np.array(array.shape, ">u4").tobytes()
    content = header + array.astype(native.newbyteorder(">")).tobytes()
    if Path(path).suffix == ".gz":
        content = gzip.compress(content, mtime=0)  # the same array gives the same bytes
    Path(path).write_bytes(content)
