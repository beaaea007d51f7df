"""Calling a module with example inputs, to look at what happens, without leaving a trace."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ..conversion import get_default_dtype
from ..modes import changed
from ..tensor import Tensor

if TYPE_CHECKING:
    from .module import Module


def example(a: Any, root: Module) -> Any:
    """An argument: numbers that are drawn for a shape; an array of real numbers as a tensor.

    Args:
        a: what the caller gave.
        root: the module that is going to be called; numbers are of its parameters' dtype.

    Raises:
        TypeError: a bare integer, which is no shape.
    """
    if isinstance(a, int) and not isinstance(a, bool):
        raise TypeError(
            f"example inputs are arrays, or shapes with the batch's axis: ({a},), got {a}"
        )
    if isinstance(a, (tuple, list)) and all(isinstance(n, int) for n in a):
        dtypes = [p.dtype for p in root.parameters()]
        draws = np.random.default_rng(0).standard_normal(tuple(a))
        return Tensor(draws.astype(dtypes[0] if dtypes else get_default_dtype()))
    return Tensor(a) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a


@contextmanager
def untouched(root: Module) -> Iterator[None]:
    """Afterwards, put back whatever the block has changed in the modules, and in what they hold."""
    attributes = [(module, dict(vars(module))) for module in root.modules()]
    held = list(_held([before for _, before in attributes]))
    try:
        yield
    finally:
        for module, before in attributes:
            vars(module).clear()
            vars(module).update(before)
        for thing, before in held:
            _restore(thing, before)
        changed()


def _held(things: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Arrays, generators and containers that attributes lead to, and what is in them."""
    stack, seen = things, set()
    while stack:
        a = stack.pop()
        if id(a) in seen:
            continue
        seen.add(id(a))
        if isinstance(a, np.random.Generator):
            yield a, a.bit_generator.state
        elif isinstance(a, (np.ndarray, list, dict, set, deque)):
            yield a, a.copy()
        if isinstance(a, (list, tuple, deque, dict)):
            stack += a.values() if isinstance(a, dict) else a


def _restore(thing: Any, before: Any) -> None:
    if isinstance(thing, np.random.Generator):
        thing.bit_generator.state = before
    elif isinstance(thing, np.ndarray):
        if thing.tobytes() != before.tobytes():
            thing[...] = before
    else:
        thing.clear()
        (thing.extend if isinstance(thing, (list, deque)) else thing.update)(before)
