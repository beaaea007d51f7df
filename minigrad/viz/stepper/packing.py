"""Arrays for the page: bit by bit where they are small, else as a picture of themselves."""

from __future__ import annotations

import base64
from hashlib import blake2b
from typing import Any

import numpy as np

from ...tracing.records import Array

# Elements that an array may have to be kept in full; and the sides of the picture of a larger one.
_LADDER = (4096, 2048, 1024, 576, 256, 144, 64, 36, 16)


class Packer:
    """Collects arrays, each once, and packs them into a given number of characters.

    The limit up to which arrays are kept in full is the largest that fits.
    """

    def __init__(self) -> None:
        self._places: dict[Any, int] = {}
        self._arrays: list[Array] = []

    def add(self, array: Any) -> int:
        """The place where an array is going to be found: one place for arrays that are equal."""
        array = np.asarray(array)
        key = array.dtype, array.shape, blake2b(array.tobytes()).digest()
        if key not in self._places:
            self._places[key] = len(self._arrays)
            self._arrays.append(array)
        return self._places[key]

    def packed(self, characters: int) -> list[dict[str, Any]]:
        """All arrays, in order."""
        limit = next((n for n in _LADDER if self._characters(n) <= characters), _LADDER[-1])
        return [packed(a, limit) for a in self._arrays]

    def _characters(self, limit: int) -> int:
        sizes = ((a.size, 4 if a.size > limit else _width(a)) for a in self._arrays)
        return sum(60 + min(n, limit) * width * 4 // 3 for n, width in sizes)


def packed(array: Array, limit: int) -> dict[str, Any]:
    """One array: shape, dtype and `data`; or a `picture`, rows and columns, and statistics."""
    entry: dict[str, Any] = {"shape": list(array.shape), "dtype": str(array.dtype)}
    if array.size <= limit:
        return {**entry, "data": _encoded(array)}
    rows, columns, picture = _picture(array, limit)
    more = {"grid": [rows, columns], "limit": limit, "stats": stats(array)}
    return {**entry, "picture": _encoded(picture), **more}


def stats(array: Array) -> list[float]:
    """min, max, mean, standard deviation and 2-norm of what is finite; counts of 0, nan and inf."""
    wide = np.asarray(array, np.float64)
    finite = wide[np.isfinite(wide)]
    with np.errstate(over="ignore"):
        numbers = (
            [float(f(finite)) for f in (np.min, np.max, np.mean, np.std, np.linalg.norm)]
            if finite.size
            else [0.0] * 5
        )
    counts = (wide == 0).sum(), np.isnan(wide).sum(), np.isinf(wide).sum()
    return [*numbers, *map(int, counts)]


def encoded_numbers(array: Array, dtype: str) -> str:
    """The bytes of an array in base64, little-endian."""
    little = np.asarray(array, np.dtype(dtype).newbyteorder("<"))
    return base64.b64encode(little.tobytes()).decode()


def _width(array: Array) -> int:
    return 4 if array.dtype in (np.float32, np.float16, np.bool_) else 8


def _encoded(array: Array) -> str:
    return encoded_numbers(array.reshape(-1), "f4" if _width(array) == 4 else "f8")


def _picture(array: Array, limit: int) -> tuple[int, int, Array]:
    """The array as a matrix whose last axis goes across, cut into blocks.

    Of each block the element furthest from 0 is shown, so that a single nan or a spike does not
    disappear in a mean.
    """
    matrix = np.asarray(array, np.float32).reshape(-1, array.shape[-1] if array.ndim > 1 else 1)
    if matrix.shape[1] == 1:
        columns = min(limit, 64)
        matrix = np.pad(matrix.reshape(-1), (0, -array.size % columns)).reshape(-1, columns)
    side = int(limit**0.5)
    starts = [_starts(length, min(length, side)) for length in matrix.shape]
    largest, least = (
        f.reduceat(f.reduceat(matrix, starts[0], axis=0), starts[1], axis=1)
        for f in (np.maximum, np.minimum)
    )
    return *matrix.shape, np.where(largest >= -least, largest, least)


def _starts(length: int, parts: int) -> Array:
    """Where parts of about the same length begin; the first ones are longer by one."""
    short, longer = divmod(length, parts)
    k = np.arange(parts)
    return k * short + np.minimum(k, longer)
