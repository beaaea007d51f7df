"""A module in another floating-point dtype."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .paths import buffer_places

if TYPE_CHECKING:
    from .module import Module


def convert(root: Module, dtype: npt.DTypeLike) -> None:
    """Make all floating-point parameters and buffers of one dtype."""
    new = np.dtype(dtype)
    if new.kind != "f":
        raise TypeError(f"a module converts to a floating-point dtype, got {new}")
    for parameter in root.parameters():
        if parameter.dtype.kind == "f" and parameter.dtype != new:
            parameter._convert(new)
    for place in buffer_places(root):
        if place.value.dtype.kind == "f":
            setattr(place.owner, place.name, place.value.astype(new, copy=False))
