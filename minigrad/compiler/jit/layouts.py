"""Where the elements of every array lie, in terms of the array that owns the memory.

A view such as `x[1:].T` costs nothing in a loop: its elements are those of x, in another order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..program import Instruction, Program, Value, mapped


@dataclass(frozen=True, slots=True)
class Layout:
    """The elements of an array: of `root`, from number `offset` on, in steps of `strides`.

    Attributes:
        root: the value that owns the memory.
        offset: the first element, counted from the root's first one.
        shape: the array's shape.
        strides: elements (not bytes) between neighbours along each axis.
    """

    root: Value
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def along(self, shape: Sequence[int]) -> tuple[int, ...]:
        """The strides along the axes of `shape`, to which the array is broadcast.

        Axes of length 1 are left out, as everywhere in loops: nothing moves along them.
        """
        padded = (0,) * (len(shape) - len(self.shape)) + self.steps
        return tuple(s for s, n in zip(padded, shape, strict=True) if n != 1)

    def without(self, axis: int) -> Layout:
        """The same without an axis of length 1."""
        shape, strides = (x[:axis] + x[axis + 1 :] for x in (self.shape, self.strides))
        return replace(self, shape=shape, strides=strides)

    @property
    def steps(self) -> tuple[int, ...]:
        """The strides, 0 along axes of length 1."""
        return tuple(0 if n == 1 else s for s, n in zip(self.strides, self.shape, strict=True))

    @property
    def is_contiguous(self) -> bool:
        return Value(np.dtype(np.bool_), self.shape, self.strides).is_contiguous


def long_axes(shape: Sequence[int]) -> tuple[int, ...]:
    """A shape without its axes of length 1."""
    return tuple(n for n in shape if n != 1)


def row_by_row(shape: Sequence[int]) -> tuple[int, ...]:
    """The strides of an array without gaps whose last index runs fastest."""
    strides = [1]
    for n in reversed(shape[1:]):
        strides.append(strides[-1] * n)
    return tuple(reversed(strides[: len(shape)]))


def layouts_of(program: Program) -> dict[Value, Layout]:
    """The layout of every array of a program.

    Views are taken of memory that is never touched, only to see where they lie. One that cannot be
    told that way is treated as an array of its own, into which the elements are copied.
    """
    layouts: dict[Value, Layout] = {}
    stand_ins: dict[Value, Any] = {}
    for v in [*program.inputs, *program.state, *program.constants]:
        if v.is_array:
            layouts[v] = _own(v)
    for i in program.instructions:
        if i.out.is_array:
            found = None if i.out.base is None else _viewed(i, layouts, stand_ins)
            layouts[i.out] = found or _made(i.out)
    return layouts


def _own(v: Value) -> Layout:
    return Layout(v, 0, v.shape, tuple(s // v.dtype.itemsize for s in v.strides))


def _made(v: Value) -> Layout:
    """Memory for results is laid out in their order of axes, or row by row if that has gaps."""
    return _own(v) if v.is_dense else Layout(v, 0, v.shape, row_by_row(v.shape))


def _viewed(
    i: Instruction, layouts: dict[Value, Layout], stand_ins: dict[Value, Any]
) -> Layout | None:
    base = i.out.base
    if base is None or [v for v in i.reads if v.is_array] != [base] or i.out.dtype != base.dtype:
        return None
    root = layouts[base].root

    def concrete(a: Any) -> Any:
        return _stand_in(a, layouts, stand_ins) if isinstance(a, Value) else a

    view = i.fn(*mapped(i.args, concrete), **mapped(i.params, concrete))
    whole = _stand_in(root, layouts, stand_ins)
    offset, rest = divmod(_address(view) - _address(whole), root.dtype.itemsize)
    if rest or view.shape != i.out.shape or not np.may_share_memory(view, whole):
        return None
    stand_ins[i.out] = view
    return Layout(root, offset, view.shape, tuple(s // view.itemsize for s in view.strides))


def _stand_in(v: Value, layouts: dict[Value, Layout], stand_ins: dict[Value, Any]) -> Any:
    """An array like v in memory that nobody has written to."""
    if v not in stand_ins:
        strides = tuple(s * v.dtype.itemsize for s in layouts[v].strides)
        reach = [(n - 1) * s for n, s in zip(v.shape, strides, strict=True)] if v.size else []
        low, high = sum(min(r, 0) for r in reach), sum(max(r, 0) for r in reach)
        memory = np.empty(high - low + v.dtype.itemsize, np.uint8)
        stand_ins[v] = np.ndarray(v.shape, v.dtype, memory, -low, strides)
    return stand_ins[v]


def _address(array: Any) -> int:
    return int(array.__array_interface__["data"][0])
