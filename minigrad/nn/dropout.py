"""Dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import functional as F
from .module import Module


class Dropout(Module):
    """Zero each element with probability p while training; see `functional.dropout`.

    Args:
        p: the probability of dropping, in [0, 1].
        rng: the generator that masks are drawn from; a fresh one if left out.

    Raises:
        ValueError: p lies outside [0, 1].

    Example:
        >>> import minigrad as mg
        >>> layer = mg.nn.Dropout(0.5, rng=np.random.default_rng(0))
        >>> layer(np.ones(4))
        array([2., 2., 2., 0.])
        >>> layer.eval()(np.ones(4))
        array([1., 1., 1., 1.])
    """

    def __init__(self, p: float = 0.5, *, rng: np.random.Generator | None = None) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"the probability p of dropping must lie in [0, 1], got {p}")
        self.p = p
        self.rng = rng or np.random.default_rng()

    def forward(self, x: Any) -> Any:
        return F.dropout(x, self.p, self.training, self.rng)

    def extra_repr(self) -> str:
        return f"{self.p}"
