"""Root mean square normalisation."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import functional as F
from ..functional.normalization import affine
from ..parameter import Parameter
from . import init
from .inputs import require_floating, wrong_shape
from .layer_norm import last_axes, normalized_lengths
from .module import Module


class RMSNorm(Module):
    """Divide each example by its root mean square over its last axes, then scale.

        y = x / sqrt(mean(x^2) + eps) w

    Args:
        normalized_shape: the lengths of the axes that are normalised over: one, or several.
        eps: what is added to the mean square; the distance from 1 to the next number of the
            input's dtype if left out.
        elementwise_affine: whether there is a w.

    Attributes:
        weight: w, of shape `normalized_shape`, ones at first; or None.

    Raises:
        ValueError: no axis, a length below 1, or an input whose last axes have other lengths.
        TypeError: an input that is not floating-point.

    Example:
        >>> import numpy as np
        >>> from minigrad import nn
        >>> nn.RMSNorm(2)(np.array([[3.0, -4.0]], np.float32)).data.round(4)
        array([[ 0.8485, -1.1314]], dtype=float32)

    Source: Zhang & Sennrich 2019, "Root mean square layer normalization", equation 4. Deviation:
    eps, as in PyTorch.
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float | None = None,
        elementwise_affine: bool = True,
    ) -> None:
        self.normalized_shape = normalized_lengths("RMSNorm", normalized_shape)
        self.eps = eps
        self._axes = tuple(range(-len(self.normalized_shape), 0))
        self.weight = Parameter(init.ones(self.normalized_shape)) if elementwise_affine else None

    def forward(self, x: Any) -> Any:
        require_floating(self, x)
        if x.shape[-len(self._axes) :] != self.normalized_shape:
            raise wrong_shape(self, last_axes(self.normalized_shape), x)
        eps = float(np.finfo(x.dtype).eps) if self.eps is None else self.eps
        y = F.rms_normalize(x, self._axes, eps)
        return y if self.weight is None else affine(y, self.weight)

    def extra_repr(self) -> str:
        return ", ".join(map(str, self.normalized_shape))
