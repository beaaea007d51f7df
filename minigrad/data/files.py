"""Reading a file whole, or saying in one line why it cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

from minigrad.data.dataset import DataError


def read_file(path: str | os.PathLike[str]) -> bytes:
    """Read a file's bytes.

    Args:
        path: the file.

    Returns:
        All of its bytes, at least one.

    Raises:
        DataError: the path names nothing, a directory, an empty file, or one that the
            operating system does not let us read.

    Example:
        >>> from minigrad.data.files import read_file
        >>> read_file("no/such/file.csv")
        Traceback (most recent call last):
            ...
        minigrad.data.dataset.DataError: no/such/file.csv: expected a file, found nothing there
    """
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"{path}: expected a file, found nothing there") from error
    except IsADirectoryError as error:
        raise DataError(f"{path}: expected a file, found a directory") from error
    except OSError as error:
        raise DataError(f"{path}: expected a readable file, found: {error.strerror}") from error
    if not content:
        raise DataError(f"{path}: expected data, found an empty file")
    return content
