"""The gated feed-forward layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import functional as F
from .linear import Linear
from .module import Module


class SwiGLU(Module):
    """Two dense layers, the first one with a gate: y = (silu(x G^T) * (x U^T)) D^T.

    Args:
        features: the length of x's and y's last axis.
        hidden_features: the length of what lies between; two thirds of an ungated layer's make as
            many parameters.
        bias: whether the three dense layers have biases.
        rng: the generator that weights are drawn from; a fresh one if left out.

    Attributes:
        gate, up: dense layers with G and U, features -> hidden_features.
        down: the dense layer with D, hidden_features -> features.

    Raises:
        ValueError: a length below 1, or an input whose last axis is not `features`.

    Example:
        >>> import minigrad as mg
        >>> layer = mg.nn.SwiGLU(6, 16, rng=np.random.default_rng(0))
        >>> layer(np.zeros((5, 6), np.float32)).shape
        (5, 6)

    Source: Shazeer 2020, "GLU variants improve transformer", equation 6; W, V and W2 there.
    """

    def __init__(
        self,
        features: int,
        hidden_features: int,
        bias: bool = False,
        *,
        rng: np.random.Generator | None = None,
    ) -> None:
        rng = rng or np.random.default_rng()
        self.gate = Linear(features, hidden_features, bias, rng=rng)
        self.up = Linear(features, hidden_features, bias, rng=rng)
        self.down = Linear(hidden_features, features, bias, rng=rng)

    def forward(self, x: Any) -> Any:
        return self.down(F.silu(self.gate(x)) * self.up(x))
