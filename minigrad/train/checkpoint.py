"""Checkpoints and models as safetensors files: numbers and text, never code to be run."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..files import write_atomically
from ..nn import Module
from .encoding import Array, decode, encode

_STATE = "minigrad"  # the metadata's key under which the state's text is kept


class CheckpointError(ValueError):
    """A file that is no checkpoint, is damaged, or belongs to something else; one line.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from minigrad.train import load_checkpoint
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "half.safetensors"
        ...     _ = path.write_bytes(b"half")
        ...     try:
        ...         load_checkpoint(path)
        ...     except ValueError as error:
        ...         print(type(error).__name__, str(error).removeprefix(folder)[1:])
        CheckpointError half.safetensors: expected a safetensors file, found: header too small
    """


def save_checkpoint(path: str | os.PathLike[str], state: Any) -> None:
    """Write nested state to one safetensors file, atomically.

    Arrays are the file's tensors; everything else is one JSON text in its metadata.

    Args:
        path: the file.
        state: dicts, lists and tuples of arrays, numbers, strings, booleans and None; see
            `encoding.encode`.

    Raises:
        TypeError: the state holds something else.
        OSError: the file could not be written; an older one is as it was.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from minigrad.train import load_checkpoint, save_checkpoint
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "run.safetensors"
        ...     save_checkpoint(path, {"epoch": 3, "m": [np.float32([0.5]), None]})
        ...     load_checkpoint(path)
        {'epoch': 3, 'm': [array([0.5], dtype=float32), None]}
    """
    text, arrays = encode(state)
    write_atomically(path, _serialize(arrays, {_STATE: text}))


def load_checkpoint(path: str | os.PathLike[str]) -> Any:
    """Read what `save_checkpoint` wrote, with the same dtypes, shapes and bits.

    Args:
        path: the file.

    Returns:
        The state.

    Raises:
        CheckpointError: the file is damaged or no checkpoint.
        OSError: the file cannot be read.
    """
    arrays, metadata = _read(path)
    if _STATE not in metadata:
        raise CheckpointError(
            f"{path}: expected a checkpoint of minigrad, found safetensors of something else"
        )
    try:
        return decode(metadata[_STATE], arrays)
    except ValueError as error:
        raise CheckpointError(f"{path}: expected a checkpoint, found {error}") from error


def save_model(module: Module, path: str | os.PathLike[str]) -> None:
    """Write a module's parameters and buffers to a safetensors file, atomically.

    Args:
        module: its `state_dict()` is written, under the same flat names, such as `0.weight`,
            by which other frameworks know them; a shared parameter once, as `save_model` of
            safetensors writes PyTorch's modules.
        path: the file.

    Raises:
        OSError: the file could not be written; an older one is as it was.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from minigrad import nn
        >>> from minigrad.train import load_model, save_model
        >>> layer, other = nn.Linear(3, 2), nn.Linear(3, 2)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_model(layer, Path(folder) / "layer.safetensors")
        ...     load_model(other, Path(folder) / "layer.safetensors")
        >>> bool((layer.weight == other.weight).all())
        True
    """
    state = {name: np.array(array, order="C") for name, array in module.state_dict().items()}
    write_atomically(path, _serialize(state, None))


def load_model(module: Module, path: str | os.PathLike[str]) -> None:
    """Read a module's parameters and buffers from a safetensors file.

    Args:
        module: what they are copied into; of the same names and shapes. A shared parameter may
            have any of its names, or several.
        path: the file.

    Raises:
        CheckpointError: the file is damaged, or the names or shapes differ; the module is then
            as it was.
        OSError: the file cannot be read.
    """
    arrays, _ = _read(path)
    try:
        module.load_state_dict(arrays)
    except ValueError as error:
        raise CheckpointError(f"{path}: {error}") from error


def _serialize(arrays: Mapping[str, Array], metadata: dict[str, str] | None) -> bytes:
    from safetensors.numpy import save  # here, for most uses of minigrad save nothing

    return save(dict(arrays), metadata)


def _read(path: str | os.PathLike[str]) -> tuple[dict[str, Array], dict[str, str]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    content = Path(path).read_bytes()
    try:
        arrays = load(content)
    except SafetensorError as error:
        reason = str(error).removeprefix("Error while deserializing: ")
        raise CheckpointError(f"{path}: expected a safetensors file, found: {reason}") from error
    except KeyError as error:
        raise CheckpointError(f"{path}: expected NumPy's dtypes, found {error}") from error
    # The format: the header's length in 8 bytes, little-endian, then the header as JSON.
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return arrays, header.get("__metadata__", {})
