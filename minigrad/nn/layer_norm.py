"""Layer normalisation."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from ..functional.normalization import affine
from ..parameter import Parameter
from . import init
from .inputs import require_floating, wrong_shape
from .module import Module


class LayerNorm(Module):
    """Standardise each example over its last axes, then scale and shift.

        y = (x - mean) / sqrt(variance + eps) w + b

    Args:
        normalized_shape: the lengths of the axes that are normalised over: one, or several.
        eps: what is added to the variance.
        elementwise_affine: whether there are w and b.
        bias: whether there is a b.

    Attributes:
        weight: w, of shape `normalized_shape`, ones at first; or None.
        bias: b, of the same shape, zeros at first; or None.

    Raises:
        ValueError: no axis, a length below 1, or an input whose last axes have other lengths.
        TypeError: an input that is not floating-point.

    Example:
        >>> import numpy as np
        >>> from minigrad import nn
        >>> nn.LayerNorm(2)(np.array([[1.0, 3.0], [30.0, 10.0]], np.float32)).data.round(3)
        array([[-1.,  1.],
               [ 1., -1.]], dtype=float32)

    Source: Ba, Kiros & Hinton 2016, "Layer normalization", equations 3 and 4. Deviation: eps is
    added to the variance, as in PyTorch.
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
    ) -> None:
        self.normalized_shape = normalized_lengths("LayerNorm", normalized_shape)
        self.eps = eps
        shape = self.normalized_shape
        self._axes = tuple(range(-len(shape), 0))
        self.weight = Parameter(init.ones(shape)) if elementwise_affine else None
        self.bias = Parameter(init.zeros(shape)) if elementwise_affine and bias else None

    def forward(self, x: Any) -> Any:
        require_floating(self, x)
        if x.shape[-len(self._axes) :] != self.normalized_shape:
            raise wrong_shape(self, last_axes(self.normalized_shape), x)
        y = F.standardize(x, self._axes, self.eps)
        return y if self.weight is None else affine(y, self.weight, self.bias)

    def extra_repr(self) -> str:
        return ", ".join(map(str, self.normalized_shape))


def normalized_lengths(layer: str, shape: int | tuple[int, ...]) -> tuple[int, ...]:
    """The lengths of the axes to normalise over, checked."""
    lengths = (shape,) if isinstance(shape, int) else tuple(shape)
    if not lengths or any(n < 1 for n in lengths):
        raise ValueError(f"{layer} needs one axis or more, of lengths of at least 1, got {shape}")
    return lengths


def last_axes(lengths: tuple[int, ...]) -> str:
    """`(..., 3, 4)`."""
    return f"(..., {', '.join(map(str, lengths))})"
