"""The tensor that is learnt."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from .frames import users_line
from .modes import active_recorder
from .tensor import Tensor
from .writes import record_write


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

    @property
    def requires_grad(self) -> bool:
        """Whether it is learnt; a parameter that is frozen loses its gradient."""
        return self.node is not None

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        Tensor.requires_grad.fset(self, wanted)  # type: ignore[attr-defined]
        if not wanted and self._grad is not None:
            self.grad = None  # an optimizer would go on using it

    def _convert(self, dtype: npt.DTypeLike) -> None:
        """Hold the same numbers in another floating-point dtype; the gradient too.

        It counts as a write: a graph from before would give a gradient of the old dtype.
        """
        if (recorder := active_recorder()) is not None:
            recorder.refuse("converting a parameter to another dtype")
        record_write(self._data, users_line())
        if self._grad is not None:
            self._grad = self._grad.astype(dtype)
        self._replace(self._data.astype(dtype))
