"""Positions for layers that see none: added to the input, or as turns of queries and keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import functional as F
from ..conversion import get_default_dtype
from ..parameter import Parameter
from ..tensor import Array
from .inputs import require_floating, wrong_shape
from .module import Module


class SinusoidalPositions(Module):
    """Add waves to the input: y = x + P; see `functional.sinusoidal_positions`.

    Args:
        embed_dim: the length of x's last axis.
        base: how much longer the longest wave is than the shortest.

    Raises:
        ValueError: a length below 1, or an input of another shape than (..., T, embed_dim).
        TypeError: an input that is not floating-point.

    Example:
        >>> from minigrad import nn
        >>> nn.SinusoidalPositions(2)(np.zeros((2, 2))).round(3)
        array([[0.   , 1.   ],
               [0.841, 0.54 ]])

    Source: Vaswani et al. 2017, "Attention is all you need", section 3.5.
    """

    def __init__(self, embed_dim: int, base: float = 10_000.0) -> None:
        if embed_dim < 1 or base <= 0:
            raise ValueError(
                "SinusoidalPositions needs at least one feature and a positive base, got "
                f"{embed_dim}, {base}"
            )
        self.embed_dim, self.base = embed_dim, base

    def forward(self, x: Any, offset: int = 0) -> Any:
        """x + P.

        Args:
            x: shape (..., T, embed_dim).
            offset: the first position.

        Returns:
            The same shape and dtype.
        """
        _check_input(self, x)
        return x + F.sinusoidal_positions(x.shape[-2], self.embed_dim, offset, self.base, x.dtype)

    def extra_repr(self) -> str:
        return f"{self.embed_dim}"


class LearnedPositions(Module):
    """Add a learnt vector for each position to the input: y = x + weight[:T].

    Args:
        max_length: how many positions there are.
        embed_dim: the length of x's last axis.
        init: draws the vectors, as `init(shape, rng)`; N(0, 0.02^2) if left out.
        rng: the generator that they are drawn from; a fresh one if left out.

    Attributes:
        weight: shape (max_length, embed_dim).

    Raises:
        ValueError: a length below 1, an input of another shape than (..., T, embed_dim), or one
            that reaches beyond the last position.
        TypeError: an input that is not floating-point.

    Example:
        >>> from minigrad import nn
        >>> nn.LearnedPositions(16, 4)(np.zeros((2, 10, 4), np.float32)).shape
        (2, 10, 4)

    Source: Gehring et al. 2017, "Convolutional sequence to sequence learning", section 3.1. The
    initialisation is that of Radford et al. 2018, "Improving language understanding by generative
    pre-training", section 4.1.
    """

    def __init__(
        self,
        max_length: int,
        embed_dim: int,
        *,
        init: Callable[..., Array] | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        if max_length < 1 or embed_dim < 1:
            raise ValueError(
                "LearnedPositions needs at least one position and one feature, got "
                f"{max_length}, {embed_dim}"
            )
        self.max_length, self.embed_dim = max_length, embed_dim
        rng, shape = rng or np.random.default_rng(), (max_length, embed_dim)
        drawn = rng.normal(0.0, 0.02, shape).astype(get_default_dtype()) if init is None else None
        self.weight = Parameter(init(shape, rng) if init is not None else drawn)

    def forward(self, x: Any, offset: int = 0) -> Any:
        """x + weight[offset : offset + T].

        Args:
            x: shape (..., T, embed_dim).
            offset: the first position.

        Returns:
            The same shape.
        """
        _check_input(self, x)
        end = offset + x.shape[-2]
        if offset < 0 or end > self.max_length:
            raise ValueError(
                f"LearnedPositions({self.extra_repr()}) has the positions 0 to "
                f"{self.max_length - 1}, but an input of shape {x.shape} with offset {offset} has "
                f"those from {offset} to {end - 1}; make max_length larger, or cut the input"
            )
        return x + self.weight[offset:end]

    def extra_repr(self) -> str:
        return f"{self.max_length}, {self.embed_dim}"


class RotaryPositions(Module):
    """Turn pairs of features by angles that grow with the position; see `functional.rotary`.

    For the queries and keys of `MultiheadAttention(..., rotary=RotaryPositions())`.

    Args:
        base: how much slower the last pair turns than the first.

    Raises:
        ValueError: a base that is not positive, or an input of another shape than (..., T, d) with
            an even d.

    Example:
        >>> from minigrad import nn
        >>> nn.RotaryPositions()(np.array([[1.0, 0.0], [1.0, 0.0]])).round(3)
        array([[1.   , 0.   ],
               [0.54 , 0.841]])

    Source: Su et al. 2021, "RoFormer: enhanced transformer with rotary position embedding",
    equation 34.
    """

    def __init__(self, base: float = 10_000.0) -> None:
        if base <= 0:
            raise ValueError(f"RotaryPositions needs a positive base, got {base}")
        self.base = base

    def forward(self, x: Any, offset: int = 0) -> Any:
        """x, turned.

        Args:
            x: shape (..., T, d), d even.
            offset: the first position.

        Returns:
            The same shape and dtype.
        """
        return F.rotary(x, offset, self.base)

    def extra_repr(self) -> str:
        return f"base={self.base:g}"


def _check_input(layer: Any, x: Any) -> None:
    require_floating(layer, x)
    if x.ndim < 2 or x.shape[-1] != layer.embed_dim:
        raise wrong_shape(layer, f"(..., T, {layer.embed_dim})", x)
