"""Many calls of a compiled function in one: `step.loop(xs, ys)`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..tensor import Tensor, wrap
from .program import mapped
from .signature import leaves


def looped(call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Call a function for each element along the first axis of its arguments, stack the results.

    Args:
        call: the function.
        args, kwargs: nested arguments; arrays with at least one axis are cut along the first.

    Raises:
        ValueError: the lengths of the first axes differ, or there is nothing to cut.
    """
    lengths = {len(a) for a in leaves((args, kwargs)) if _is_cut(a)}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(
            "loop() calls the function for each element along the first axis of its arguments, "
            f"which must have one length of at least 1; got lengths {sorted(lengths)}"
        )
    steps = range(lengths.pop())
    results = [call(*_at(args, k), **_at(kwargs, k)) for k in steps]
    return _stacked(results)


def _is_cut(a: Any) -> bool:
    return isinstance(a, (np.ndarray, Tensor)) and a.ndim > 0


def _at(structure: Any, k: int) -> Any:
    """The arguments of call number k."""
    return mapped(structure, lambda a: a[k] if _is_cut(a) else a)


def _stacked(results: Sequence[Any]) -> Any:
    """One structure of arrays instead of many structures."""
    first = results[0]
    if isinstance(first, dict):
        return {key: _stacked([r[key] for r in results]) for key in first}
    if isinstance(first, (tuple, list)):
        members = [_stacked(rs) for rs in zip(*results, strict=True)]
        return type(first)(*members) if hasattr(first, "_fields") else type(first)(members)
    if isinstance(first, Tensor):
        return wrap(np.stack([r._data for r in results]), None)
    return np.stack(results) if isinstance(first, (np.ndarray, float, int)) else first
