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

from .node import Node, next_number

_written: dict[int, tuple[weakref.ref[Any], int]] = {}
_last_write = 0


def record_write(array: np.ndarray[Any, Any]) -> None:
    """Note that `array`'s memory has changed: older nodes that saved it can't be differentiated."""
    global _last_write
    memory = _memory_of(array)
    key = id(memory)
    _last_write = next_number()
    _written[key] = (weakref.ref(memory, lambda _: _written.pop(key, None)), _last_write)


def _memory_of(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array that owns the memory which `array` is a view of."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def check_unwritten(order: Sequence[Node]) -> None:
    if not order or order[0].number > _last_write:
        return
    for node in order:
        for i, saved in enumerate((*node.args, node.value)):
            if isinstance(saved, np.ndarray):
                _, written = _written.get(id(_memory_of(saved)), (None, 0))
                if written > node.number:
                    raise RuntimeError(
                        f"backward through {node.name}: {_describe(node, i)} was changed in place "
                        "after it was saved; compute the output again after the change (or call "
                        "backward before it)"
                    )


def _describe(node: Node, i: int) -> str:
    """The leaf that the saved value `i` of `node` is a view of; else its place in the call."""
    if i == len(node.parents):
        return "its output"
    origin = node.parents[i]
    while origin is not None and not origin.is_leaf:
        origin = origin.parents[0]
    if origin is not None and np.shares_memory(origin.value, node.args[i]):
        return origin.name
    return f"its argument {i}"
