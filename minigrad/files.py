"""Writing a file whole or not at all, also when the disk is full or the power fails."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from secrets import token_hex


def write_atomically(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file so that any reader, at any time, finds all of the old content or all of the new.

    The bytes go to a temporary file in the same folder, which is flushed to the disk before it
    takes the name: a rename within a folder is one step for the file system. The folder is
    flushed last, so that the new name survives a power failure too.

    Args:
        path: the file; its folder exists.
        data: the whole content.

    Raises:
        OSError: the content could not be written. The old file, if there was one, is as it was,
            unless flushing the folder failed: then the new one is in place, whole. No temporary
            file is left.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from minigrad.files import write_atomically
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "note.txt"
        ...     write_atomically(path, b"old")
        ...     write_atomically(path, b"new")
        ...     path.read_bytes(), len(list(Path(folder).iterdir()))
        (b'new', 1)
    """
    path = Path(path)
    unfinished = path.with_name(f".{path.name}.{token_hex(4)}.tmp")
    try:
        with open(unfinished, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
        _flush_folder(path.parent)
    except OSError as error:
        reason = f"could not be written ({error.strerror or error})"
        raise OSError(error.errno, reason, str(path)) from error
    finally:
        with suppress(OSError):  # after the rename there is none
            unfinished.unlink()


def _flush_folder(folder: Path) -> None:
    if os.name != "posix":
        return  # elsewhere a folder cannot be opened
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
