"""Writes in place: a node that saved an array which was changed afterwards must not be walked.

An array is known by the memory it is a view of, so that a write to a buffer is seen by everything
which shares it. Writes take their numbers from the same counter as nodes: "changed after it was
saved" is a comparison of two numbers, and the usual training step needs just one.

Who asks for a tensor's array (`t.data`, `np.asarray(t)`) may write to it without telling. So a copy
is kept until the next backward pass, which compares: an array that differs was written to right
after it was asked for, as in `t.data[0] = 5`.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.array_utils import byte_bounds

from .frames import Place, shown, users_line
from .node import Node, next_number

Array = np.ndarray[Any, Any]
Bounds = tuple[int, int] | None  # first and last address; None: all of the memory
Write = tuple[int, Place]  # when an array was written to, and where in the user's code


class Lent(NamedTuple):
    """An array that somebody may write to, and what it held when it was given away."""

    array: weakref.ref[Any]
    before: Array
    write: Write  # which it was, if the array has changed since


_NEVER: Write = 0, ("", 0)
_written: dict[int, tuple[weakref.ref[Any], dict[Bounds, Write]]] = {}
_lent: dict[int, Lent] = {}
_last_write = 0


def record_write(array: Array, where: Place) -> None:
    """Note that `array` has changed: older nodes that saved any of it can't be differentiated."""
    global _last_write
    if type(array) is np.ndarray:  # and not its stand-in while a function is recorded
        memory = memory_of(array)
        bounds = None if array is memory else byte_bounds(array)
        _last_write = next_number()
        _writes_to(memory)[bounds] = _last_write, where


def _writes_to(memory: Array) -> dict[Bounds, Write]:
    """The last write to each part of a memory that was ever written to by itself."""
    key = id(memory)
    if key not in _written:
        _written[key] = (weakref.ref(memory, lambda _: _written.pop(key, None)), {})
    return _written[key][1]


def lend(array: Any) -> Any:
    """The array, which from now on somebody outside may write to."""
    if type(array) is np.ndarray and array.flags.writeable:
        key = id(array)
        _settle(key)
        gone = weakref.ref(array, lambda _: _lent.pop(key, None))
        _lent[key] = Lent(gone, array.copy(), (next_number(), users_line()))
    return array


def _settle(key: int) -> None:
    """Note the write to an array that was lent, if there was one."""
    global _last_write
    lent = _lent.pop(key, None)
    array = lent and lent.array()
    if lent is not None and array is not None and array.tobytes() != lent.before.tobytes():
        writes, bounds = _writes_to(memory_of(array)), byte_bounds(array)
        writes[bounds] = max(lent.write, writes.get(bounds, _NEVER))
        _last_write = max(_last_write, lent.write[0])


def _settle_all() -> None:
    for key in list(_lent):
        _settle(key)


def count_write() -> int:
    """The number of a write that happens now."""
    global _last_write
    _last_write = next_number()
    return _last_write


def memory_of(array: Array) -> Array:
    """The array that owns the memory which `array` is a view of."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _write_to(saved: Any) -> Write:
    """The last write to any part of an array, or of the arrays in an index."""
    if isinstance(saved, tuple):
        return max(map(_write_to, saved), default=_NEVER)
    written = getattr(saved, "written", None)  # of a stand-in
    if written is not None:
        return int(written), ("the function that is being compiled", 0)
    return _last_write_to(saved) if isinstance(saved, np.ndarray) else _NEVER


def _last_write_to(array: Array) -> Write:
    _, writes = _written.get(id(memory_of(array)), (None, {}))
    if not writes:
        return _NEVER
    first, last = byte_bounds(array)
    overlapping = (w for b, w in writes.items() if b is None or (b[0] < last and first < b[1]))
    return max(overlapping, default=_NEVER)


def check_unwritten(order: Sequence[Node]) -> None:
    """Raise if something that a node saved was written to afterwards."""
    if _lent:
        _settle_all()
    for node in order:
        if node.number > _last_write:  # and so are all that follow
            return
        for i, saved in enumerate((*node.args, node.value)):
            number, where = _write_to(saved)
            if number > node.number:
                raise RuntimeError(
                    f"backward through {node.name}: {_describe(node, i)} was changed in place "
                    f"after it was saved (by {shown(where)}); compute the output again after the "
                    "change (or call backward before it)"
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
