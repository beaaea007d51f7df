"""Many calls of a compiled function in one: `step.loop(xs, ys)`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..tensor import Tensor, wrap
from . import signature
from .program import mapped


class Calls:
    """The arguments of one call for each element along the first axis of the given ones.

    Args:
        args, kwargs: nested arguments; arrays with at least one axis are cut along the first.

    Raises:
        ValueError: the lengths of the first axes differ, or there is nothing to cut.
    """

    def __init__(self, args: Any, kwargs: Any) -> None:
        self._args, self._kwargs = args, kwargs
        lengths = {len(a) for a in signature.leaves((args, kwargs)) if _is_cut(a)}
        if len(lengths) != 1 or 0 in lengths:
            raise ValueError(
                "loop() calls the function for each element along the first axis of its arguments, "
                f"which must have one length of at least 1; got lengths {sorted(lengths)}"
            )
        self.length = lengths.pop()

    def at(self, k: int) -> tuple[Any, Any]:
        """The arguments of call number k."""
        return mapped(self._args, lambda a: _at(a, k)), mapped(self._kwargs, lambda a: _at(a, k))

    def inputs_from(self, k: int) -> zip[tuple[Any, ...]]:
        """For each call from number k on, the arrays and numbers that vary from call to call."""
        given = signature.leaves((self._args, self._kwargs))
        columns = [_column(a, k, self.length) for a in given if _is_cut(a) or signature.varies(a)]
        return zip(*columns, strict=True)


def _is_cut(a: Any) -> bool:
    return isinstance(a, (np.ndarray, Tensor)) and a.ndim > 0


def _at(a: Any, k: int) -> Any:
    return a[k] if _is_cut(a) else a


def _column(a: Any, k: int, length: int) -> Sequence[Any]:
    """One argument of the calls from number k on."""
    value = signature.value(a)
    if not _is_cut(a):
        return [value] * (length - k)
    return [np.asarray(part) for part in value[k:]]


def stacked(results: Sequence[Any]) -> Any:
    """One structure of arrays instead of many structures."""
    first = results[0]
    if isinstance(first, dict):
        return {key: stacked([r[key] for r in results]) for key in first}
    if isinstance(first, (tuple, list)):
        members = [stacked(rs) for rs in zip(*results, strict=True)]
        return type(first)(*members) if hasattr(first, "_fields") else type(first)(members)
    if isinstance(first, Tensor):
        return wrap(np.stack([r._data for r in results]), None)
    return np.stack(results) if isinstance(first, (np.ndarray, float, int)) else first
