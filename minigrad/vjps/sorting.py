"""The rules of sorting: each output takes the cotangent back to the element it was.

Equal elements keep their order: the first of them is taken to be the first in the output too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .registry import defvjp


def _order(x: Any, axis: int | None) -> Any:
    return np.argsort(x, axis=axis, kind="stable")


def _sort_rule(
    g: Any, y: Any, x: Any, axis: int | None = -1, kind: Any = None, *, stable: Any = None
) -> Any:
    """Each element gets the cotangent at its rank, which is the order of the order."""
    ranks = _order(_order(x, axis), axis)
    return np.take_along_axis(g, ranks, axis).reshape(x.shape)


def _partition_rule(
    g: Any, y: Any, x: Any, kth: Any, axis: int | None = -1, kind: Any = "introselect"
) -> Any:
    """The output holds the same elements in an order of its own; sorted, it is as in a sort."""
    return _sort_rule(np.take_along_axis(g, _order(y, axis), axis), y, x, axis)


defvjp(np.sort, _sort_rule)
defvjp(np.partition, _partition_rule)
