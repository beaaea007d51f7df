"""Residual connections."""

from __future__ import annotations

from typing import Any

from .inputs import layer_name
from .module import Module


class Residual(Module):
    """x + f(x), or s(x) + f(x) with another shortcut than x itself.

    Args:
        module: f; its results have x's shape, or that of s(x).
        shortcut: s, for instance a projection to another number of features; None for x itself.

    Raises:
        ValueError: f(x) and the shortcut have different shapes.

    Example:
        >>> import numpy as np
        >>> from minigrad import nn
        >>> nn.Residual(nn.ReLU())(np.array([-1.0, 2.0]))
        array([-1.,  4.])

    Source: He et al. 2016, "Deep residual learning for image recognition", equations 1 and 2.
    """

    def __init__(self, module: Module, shortcut: Module | None = None) -> None:
        self.module = module
        self.shortcut = shortcut

    def forward(self, x: Any) -> Any:
        y = self.module(x)
        kept = x if self.shortcut is None else self.shortcut(x)
        if y.shape != kept.shape:
            raise ValueError(
                f"{layer_name(self)}: the module made shape {y.shape}, but the shortcut has "
                f"{kept.shape}; give it a shortcut= which makes the same shape"
            )
        return kept + y
