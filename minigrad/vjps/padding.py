"""The rule of padding: around the array stand constants or copies of its own elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from .axes import as_array
from .indexing import moved, scatter_add
from .registry import defcomposite

_MODES = ("constant", "edge", "reflect", "symmetric", "wrap")


def _pad(
    array: Any,
    pad_width: Any,
    mode: Any = "constant",
    *,
    constant_values: Any = 0,
    reflect_type: str = "even",
) -> Any:
    if mode not in _MODES:
        raise TypeError(f"pad on tensors: mode must be one of {', '.join(_MODES)}, got {mode!r}")
    if reflect_type != "even":
        raise TypeError(f"pad on tensors: reflect_type must be 'even', got {reflect_type!r}")
    if mode != "constant":
        return moved(lambda places: np.pad(places, pad_width, mode), array)
    if type(constant_values) in (int, float) and constant_values == 0:
        return _zero_padded(array, pad_width)
    return moved(
        lambda places, outside: np.pad(places, pad_width, constant_values=outside),
        array,
        _stacked(constant_values).astype(array.dtype),
    )


def _zero_padded(x: Any, pad_width: Any) -> Any:
    """x in the middle of zeros, which is many times quicker than to look each element up."""
    before, shape = _extent(x.shape, pad_width)
    middle = tuple(slice(b, b + n) for b, n in zip(before, x.shape, strict=True))
    return scatter_add(x, middle, shape)


def _extent(shape: tuple[int, ...], pad_width: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """How much stands before each axis, and the padded shape; `pad_width` in all NumPy's forms."""
    widths = np.zeros((len(shape), 2), np.intp)
    if isinstance(pad_width, dict):
        for axis, width in pad_width.items():
            widths[axis] = width
    else:
        np.copyto(widths, np.asarray(pad_width), casting="same_kind")
    if (widths < 0).any():
        raise ValueError(f"pad: pad_width must not be negative, got {pad_width!r}")
    return tuple(widths[:, 0].tolist()), tuple((widths.sum(axis=1) + shape).tolist())


def _stacked(values: Any) -> Any:
    """Numbers, tensors, or pairs of them, as one array."""
    if isinstance(values, (tuple, list)):
        return np.stack([_stacked(v) for v in values])
    return as_array(values)


defcomposite(np.pad, _pad)
