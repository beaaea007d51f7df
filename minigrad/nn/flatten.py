"""Flattening."""

from __future__ import annotations

import math
from typing import Any

from .module import Module


class Flatten(Module):
    """(N, d1, d2, ...) -> (N, d1 d2 ...).

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> mg.nn.Flatten()(np.zeros((5, 2, 3))).shape
        (5, 6)
    """

    def forward(self, x: Any) -> Any:
        return x.reshape(x.shape[0], math.prod(x.shape[1:]))
