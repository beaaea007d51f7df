"""The dense layer."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import functional as F
from ..conversion import get_default_dtype
from ..parameter import Parameter
from ..tensor import Array
from . import init as inits
from .module import Module


class Linear(Module):
    """A dense layer: y = x W^T + b.

    Args:
        in_features, out_features: the lengths of x's and y's last axis.
        bias: whether there is a b.
        init: draws W, as `init(shape, rng)`; U(-a, a) with a = 1 / sqrt(in_features) if left out.
        rng: the generator that W and b are drawn from; a fresh one if left out.

    Attributes:
        weight: W, shape (out_features, in_features).
        bias: b, shape (out_features,), or None; U(-a, a), or 0 if `init` is given.

    Raises:
        ValueError: a length below 1, or an input whose last axis is not `in_features`.

    Example:
        >>> import minigrad as mg
        >>> layer = mg.nn.Linear(3, 2, rng=np.random.default_rng(0))
        >>> layer(np.zeros((5, 3), np.float32)).shape
        (5, 2)

    Source: the default is PyTorch's, after LeCun et al. 1998, "Efficient backprop", section 4.6.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        init: Callable[..., Array] | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        if in_features < 1 or out_features < 1:
            raise ValueError(
                f"Linear needs at least one feature in and out, got {in_features}, {out_features}"
            )
        rng = rng or np.random.default_rng()
        self.in_features, self.out_features = in_features, out_features
        shape = (out_features, in_features)
        self.weight = Parameter((init or inits.fan_in_uniform)(shape, rng))
        bound = 1 / math.sqrt(in_features) if init is None else 0.0
        b = rng.uniform(-bound, bound, out_features).astype(get_default_dtype())
        self.bias = Parameter(b) if bias else None

    def forward(self, x: Any) -> Any:
        try:
            return F.linear(x, self.weight, self.bias)
        except (AttributeError, ValueError) as error:
            raise ValueError(
                f"{self.weight.name} of shape {self.weight.shape} takes inputs of shape "
                f"(..., {self.in_features}), got {np.shape(x)}"
            ) from error

    def extra_repr(self) -> str:
        bias = "" if self.bias is not None else ", bias=False"
        return f"{self.in_features}, {self.out_features}{bias}"
