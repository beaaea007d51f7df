"""Numbers that meet arrays in element-wise calls, made into arrays once instead of at each call.

NumPy converts a Python number to the arrays' dtype at every call, which takes as long as a small
call itself. And `np.maximum(h, 0)` is several times as fast if the zeros fill an array: only then
does NumPy use vector instructions. The results are the same to the last bit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .program import Instruction, Program, Value

_TAKE_ARRAYS = frozenset(
    {
        np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum, np.fmax, np.fmin,
        np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal,
    }
)  # fmt: skip
_FASTER_FILLED = frozenset({np.maximum, np.minimum})
_LARGEST = 1 << 20  # bytes of a filled array
_NAMES = {0: "zero", 1: "one", 2: "two", -1: "minus_one", 0.5: "half"}


def with_scalar_arrays(program: Program) -> Program:
    """Replace numbers in element-wise calls on floats by constant arrays."""
    made: dict[Any, Value] = {}
    constants = dict(program.constants)

    def constant(number: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Value:
        key = repr(number), type(number), dtype, shape
        if key not in made:
            array = np.full(shape, number, dtype)
            array.flags.writeable = False
            name = _NAMES.get(number, "number")
            made[key] = Value.like(array, name=f"{name}s" if shape else name)
            constants[made[key]] = array
        return made[key]

    def converted(i: Instruction) -> Instruction:
        arrays = [a for a in i.args if isinstance(a, Value)]
        if i.fn not in _TAKE_ARRAYS or not _are_floats(arrays):
            return i
        dtype = arrays[0].dtype
        shape: tuple[int, ...] = ()
        if i.fn in _FASTER_FILLED and arrays[0].is_contiguous and arrays[0].nbytes <= _LARGEST:
            shape = arrays[0].shape
        args = [
            constant(a, dtype, shape) if type(a) in (int, float) and _fits(a, dtype) else a
            for a in i.args
        ]
        return replace(i, args=tuple(args)) if args != list(i.args) else i

    instructions = [converted(i) for i in program.instructions]
    return replace(program, instructions=instructions, constants=constants)


def _are_floats(values: list[Value]) -> bool:
    """Whether they are arrays of one floating-point dtype, which a number then takes on."""
    return (
        bool(values)
        and all(v.is_array and v.dtype.kind == "f" for v in values)
        and len({v.dtype for v in values}) == 1
    )


def _fits(number: float, dtype: np.dtype[Any]) -> bool:
    """Whether the conversion neither overflows nor warns."""
    return abs(number) <= float(np.finfo(dtype).max)
