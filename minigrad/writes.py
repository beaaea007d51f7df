"""Writes in place: a node that saved an array which was changed afterwards must not be walked.

An array is known by the memory it is a view of, so that a write to a buffer is seen by everything
which shares it. Writes take their numbers from the same counter as nodes: "changed after it was
saved" is a comparison of two numbers, and the usual training step needs just one.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

from .node import Node, next_number

Bounds = tuple[int, int] | None  # first and last address; None: all of the memory

_written: dict[int, tuple[weakref.ref[Any], dict[Bounds, int]]] = {}
_last_write = 0


def record_write(array: np.ndarray[Any, Any]) -> None:
    """Note that `array` has changed: older nodes that saved any of it can't be differentiated."""
    if hasattr(array, "written"):  # its stand-in while a function is recorded
        return
    count_write()
    memory = memory_of(array)
    key = id(memory)
    if key not in _written:
        _written[key] = (weakref.ref(memory, lambda _: _written.pop(key, None)), {})
    bounds = None if array is memory else byte_bounds(array)
    _written[key][1][bounds] = _last_write


def count_write() -> int:
    """The number of a write that happens now."""
    global _last_write
    _last_write = next_number()
    return _last_write


def memory_of(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array that owns the memory which `array` is a view of."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _written_at(saved: Any) -> int:
    """The number of the last write to any part of an array, or of the arrays in an index."""
    if isinstance(saved, tuple):
        return max(map(_written_at, saved), default=0)
    written = getattr(saved, "written", None)  # of a stand-in
    if written is not None:
        return int(written)
    return _last_write_to(saved) if isinstance(saved, np.ndarray) else 0


def _last_write_to(array: np.ndarray[Any, Any]) -> int:
    _, writes = _written.get(id(memory_of(array)), (None, {}))
    if not writes:
        return 0
    first, last = byte_bounds(array)
    return max(
        (n for b, n in writes.items() if b is None or (b[0] < last and first < b[1])), default=0
    )


def check_unwritten(order: Sequence[Node]) -> None:
    """Raise if something that a node saved was written to afterwards."""
    if not order or order[0].number > _last_write:
        return
    for node in order:
        for i, saved in enumerate((*node.args, node.value)):
            if _written_at(saved) > node.number:
                raise RuntimeError(
                    f"backward through {node.name}: {_describe(node, i)} was changed in place "
                    "after it was saved; compute the output again after the change (or call "
                    "backward before it)"
                )


def _describe(node: Node, i: int) -> str:
    """The leaf that the saved value `i` of `node` is a view of; else its place in the call."""
    if i == len(node.inputs):
        return "its output"
    origin = node.inputs[i]
    while isinstance(origin, Node) and not origin.is_leaf:
        origin = origin.inputs[0]
    if isinstance(origin, Node) and np.shares_memory(origin.value, node.args[i]):
        return origin.name
    return f"its argument {i}"
