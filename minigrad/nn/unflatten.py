"""The opposite of flattening."""

from __future__ import annotations

import math
from typing import Any

from .inputs import layer_name
from .module import Module


class Unflatten(Module):
    """Make several axes of one: (N, d1 d2 ...) -> (N, d1, d2, ...).

    Args:
        axis: the axis.
        shape: the lengths (d1, d2, ...) of the axes that take its place; one of them may be -1, for
            what is left.

    Raises:
        ValueError: lengths that cannot be, an input without the axis, or one of another length.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> mg.nn.Unflatten(1, (2, -1))(np.zeros((5, 6))).shape
        (5, 2, 3)
    """

    def __init__(self, axis: int, shape: tuple[int, ...]) -> None:
        self.axis, self.shape = axis, tuple(shape)
        if not shape or any(n < -1 for n in shape) or self.shape.count(-1) > 1:
            raise ValueError(
                f"{layer_name(self)}: the lengths must not be negative, but for a single -1"
            )

    def forward(self, x: Any) -> Any:
        if not -x.ndim <= self.axis < x.ndim:
            raise ValueError(f"{layer_name(self)}: an input of shape {x.shape} has no such axis")
        axis = self.axis % x.ndim
        known = math.prod(n for n in self.shape if n != -1)
        rest = x.shape[axis] // known if known and -1 in self.shape else 1
        if known * rest != x.shape[axis]:
            raise ValueError(
                f"{layer_name(self)}: axis {self.axis} of an input of shape {x.shape} does not "
                f"become {self.shape}, which makes a multiple of {known}"
                if -1 in self.shape
                else f"{layer_name(self)}: axis {self.axis} of an input of shape {x.shape} does "
                f"not become {self.shape}, which has {known} elements"
            )
        lengths = tuple(rest if n == -1 else n for n in self.shape)
        return x.reshape(*x.shape[:axis], *lengths, *x.shape[axis + 1 :])

    def extra_repr(self) -> str:
        return f"{self.axis}, {self.shape}"
