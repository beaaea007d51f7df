"""The tensor that is learnt."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from .tensor import Tensor


class Parameter(Tensor):
    """A tensor that is learnt: a leaf which requires a gradient and which modules register.

    Args:
        data: as for `Tensor`; floating-point.
        requires_grad: False for a frozen parameter.

    Example:
        >>> import minigrad as mg
        >>> mg.Parameter([0.5, -0.5])
        Parameter([ 0.5, -0.5], requires_grad=True)
    """

    __slots__ = ()

    def __init__(
        self, data: Any, requires_grad: bool = True, dtype: npt.DTypeLike | None = None
    ) -> None:
        super().__init__(data, requires_grad, dtype)
