"""Running a program as machine code: the loops are compiled by Numba."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..extras import require
from .executable import Layout
from .program import Program, Value
from .timing import call_seconds, copied

_ALIGNMENT = 64  # bytes: a cache line, and the longest vector


class NumbaExecutable:
    """A program printed as loops, compiled, with its memory.

    Args:
        program: the program after the passes.
        memory: the array or generator for each state and constant.

    Attributes:
        source: the printed program.
        memory: the array or generator for each value that has one.
        step: the function, of `source.arguments`; returns `source.results`.
        kept: the arrays that hold the program's `kept` values after a call.
        fallbacks: the calls that NumPy carries out, because loops cannot, and why.

    Raises:
        ImportError: Numba, or SciPy, whose matrix products it uses, is not installed.
    """

    step: Callable[..., tuple[Any, ...]]

    def __init__(self, program: Program, memory: Mapping[Value, Any]) -> None:
        for module in ("numba", "scipy"):
            require(module, extra="jit", purpose='mg.compile(..., backend="numba")')
        from .jit.cache import loaded
        from .jit.signatures import signature_of
        from .jit.source import printed

        self._program, self._given = program, memory
        self.source = printed(program)
        self.fallbacks = self.source.fallbacks
        self.memory: dict[Value, Any] = dict(memory)
        roots = [self._array(v) for v in self.source.table]
        addresses = np.array([_address(a) for a in roots], np.int64)
        functions = vars(loaded(self.source.text))
        for name, arguments in self.source.kernels.items():
            functions[name].compile(signature_of(arguments, self.source.layouts))
        made = [self._array(v) for v in self.source.made]
        self.step, self.kept = functions["make"](addresses, *made, **self.source.objects)

    def layout(self, program: Program) -> Layout:
        """What `explain` tells about the memory. Values inside a loop need none."""
        made = [i.out for i in program.instructions if i.out.is_array and i.out.base is None]
        elsewhere = {*self._given, *self.source.over, *self.source.inside, *program.kept}
        arena = sum(a.nbytes for v, a in self.memory.items() if v not in elsewhere)
        in_place = len(self.source.over) + len(self.source.inside.keys() - self.source.shared)
        return Layout(arena, sum(v.nbytes for v in made), in_place)

    def seconds(self, arguments: Sequence[Any]) -> dict[str, float]:
        """The time of a call: its loops belong to several sections."""
        copies = {v: copied(a) for v, a in self._given.items()}
        twin = NumbaExecutable(self._program, copies)
        return {"whole call": call_seconds(twin.step, arguments)}

    def _array(self, v: Value) -> Any:
        """The memory of a value."""
        if v not in self.memory:
            if v in self.source.over:
                self.memory[v] = self._array(self.source.over[v])
            elif v in self.source.inside:
                whole, start = self.source.inside[v]
                part = self._array(whole).reshape(-1)[start : start + v.size]
                self.memory[v] = part.reshape(v.shape)
            else:
                layout = self.source.layouts[v]
                self.memory[v] = _empty(layout.shape, layout.strides, v.dtype)
        return self.memory[v]


def _empty(shape: tuple[int, ...], strides: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
    """Memory without gaps, its axes in the order of the strides."""
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    memory = bytearray(size + _ALIGNMENT)  # and not an array, of which this would be a view
    start = -_address(np.frombuffer(memory, np.uint8)) % _ALIGNMENT
    steps = tuple(s * dtype.itemsize for s in strides)
    return np.ndarray(shape, dtype, memory, start, steps)


def _address(array: Any) -> int:
    return int(array.__array_interface__["data"][0])
