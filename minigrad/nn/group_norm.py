"""Group normalisation."""

from __future__ import annotations

import math
from typing import Any

from .. import functional as F
from ..functional.normalization import affine as scaled
from ..parameter import Parameter
from . import init
from .inputs import layer_name, require_floating, wrong_shape
from .module import Module


class GroupNorm(Module):
    """Standardise groups of channels of each example, then scale and shift each channel.

        y = (x - mean) / sqrt(variance + eps) w + b

    One group makes it layer normalisation, as many groups as channels instance normalisation.

    Args:
        num_groups: how many groups of neighbouring channels there are; divides C.
        num_channels: C.
        eps: what is added to the variance.
        affine: whether there are w and b.

    Attributes:
        weight, bias: w and b, shape (C,), ones and zeros at first; or None.

    Raises:
        ValueError: the channels do not make so many groups, or an input that is not of shape
            (N, C, ...).
        TypeError: an input that is not floating-point.

    Example:
        >>> import numpy as np
        >>> from minigrad import nn
        >>> x = np.array([[1.0, 3.0, -20.0, 20.0]], np.float32)
        >>> nn.GroupNorm(2, 4)(x).data.round(3)
        array([[-1.,  1., -1.,  1.]], dtype=float32)

    Source: Wu & He 2018, "Group normalization", equations 1, 2, 6 and 7.
    """

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True
    ) -> None:
        self.num_groups, self.num_channels, self.eps = num_groups, num_channels, eps
        if num_groups < 1 or num_channels < 1 or num_channels % num_groups:
            raise ValueError(
                f"{layer_name(self)}: {num_channels} channels do not make {num_groups} groups of "
                "the same size; both must be positive, and one a multiple of the other"
            )
        self.weight = Parameter(init.ones((num_channels,))) if affine else None
        self.bias = Parameter(init.zeros((num_channels,))) if affine else None

    def forward(self, x: Any) -> Any:
        require_floating(self, x)
        if x.ndim < 2 or x.shape[1] != self.num_channels:
            raise wrong_shape(self, f"(N, {self.num_channels}, ...)", x)
        n, c, *window = x.shape
        groups = x.reshape(n * self.num_groups, c // self.num_groups * math.prod(window))
        y = F.standardize(groups, -1, self.eps).reshape(x.shape)
        if self.weight is None or self.bias is None:
            return y
        shape = (c, *(1,) * len(window))
        return scaled(y, self.weight.reshape(shape), self.bias.reshape(shape))

    def extra_repr(self) -> str:
        return f"{self.num_groups}, {self.num_channels}"
