"""Upsampling."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from ..functional.resampling import check_settings
from .module import Module


class Upsample(Module):
    """A signal or an image of another size; see `functional.interpolate`.

    Args:
        size, scale_factor, mode, align_corners: as there.

    Raises:
        TypeError, ValueError: as there; what does not depend on the input when the layer is made.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> mg.nn.Upsample(scale_factor=2, mode="bilinear")(np.zeros((5, 3, 8, 6))).shape
        (5, 3, 16, 12)
    """

    def __init__(
        self,
        size: Any = None,
        scale_factor: Any = None,
        mode: str = "nearest",
        align_corners: bool = False,
    ) -> None:
        check_settings("Upsample", size, scale_factor, mode, align_corners)
        self.size, self.scale_factor = size, scale_factor
        self.mode, self.align_corners = mode, align_corners

    def forward(self, x: Any) -> Any:
        return F.interpolate(x, self.size, self.scale_factor, self.mode, self.align_corners)

    def extra_repr(self) -> str:
        size = f"{self.size}" if self.size is not None else f"scale_factor={self.scale_factor}"
        aligned = ", align_corners=True" if self.align_corners else ""
        return f"{size}, mode={self.mode!r}{aligned}"
