"""Names for the values of a program, such as a person would choose.

A parameter has its own name, a cotangent is called `d_` and what it is the cotangent of, and a
value that a line such as `h = np.tanh(x)` keeps is called `h`. Everything else is named after the
function that made it.
"""

from __future__ import annotations

import builtins
import dis
import keyword
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Mapping
from functools import cache
from types import CodeType, FrameType
from typing import Any

import numpy as np

from ..vjps import name_of
from .program import Instruction, Program, Value

_RESERVED = {
    "np",
    "arena",
    "at_once",
    "buffer",
    "stretches",
    "make",
    *keyword.kwlist,
    *dir(builtins),
}
_STORES = {"STORE_FAST", "STORE_NAME", "STORE_DEREF", "STORE_GLOBAL"}
_PLAIN_NAMES = {
    "add.reduce": "total", "maximum.reduce": "largest", "minimum.reduce": "smallest",
    "multiply": "product", "divide": "quotient", "subtract": "difference", "add": "sum",
    "astype": "cast", "spread": "spread", "put": "changed", "put_view": "changed",
    "draw": "drawn", "concat": "joined", "getitem": "part", "einsum": "contracted",
}  # fmt: skip


def named(
    program: Program,
    in_place: Mapping[Value, Value] | None = None,
    functions: Collection[str] = (),
) -> dict[Value, str]:
    """A name for each value; different ones, except that a value may be called as another.

    Args:
        program: what the values belong to.
        in_place: for a value that lies where another one was, that other: a line such as
            `np.add(h, b, out=h)` is read more easily than one with two names for one memory.
        functions: the names of functions that the program calls; no value may have these.
    """
    values = [*program.inputs, *program.state, *program.constants]
    values += [i.out for i in program.instructions]
    makers = program.makers()
    own = {v: _own_name(v, program, makers) for v in values}
    first = _first_of_their_name(in_place or {}, own, makers)
    often = Counter(own[v] for v in values if v not in first)
    names: dict[Value, str] = {}
    taken = set(functions)
    numbers: Counter[str] = Counter()
    for v in values:
        if v in first:
            names[v] = names[first[v]]
            continue
        wanted = own[v] or _derived_name(v, makers, names)
        name = wanted
        while name in taken or (name == wanted and often[wanted] > 1):
            numbers[wanted] += 1
            name = f"{wanted}{numbers[wanted]}"
        taken.add(name)
        names[v] = name
    return names


def _first_of_their_name(
    in_place: Mapping[Value, Value], own: dict[Value, str | None], makers: Collection[Value]
) -> dict[Value, Value]:
    """For each value that is called as the one in whose place it lies, the first so called.

    What has no name of its own goes by the other's; and lends it its own, if only the other has
    none: `loss` says more than `quotient`.
    """
    first: dict[Value, Value] = {}
    for v, other in in_place.items():
        head = first.get(other, other)
        if head not in makers:  # an input or a state
            first[v] = head
        elif v.cotangent_of is not None and head.cotangent_of is not None:
            same = [first.get(u, u) for u in (v.cotangent_of, head.cotangent_of)]
            if same[0] is same[1]:
                first[v] = head
        elif v.cotangent_of is None and v.name is None:
            first[v] = head
        elif v.name is not None and head.name is None and head.cotangent_of is None:
            own[head] = own[v]
            first[v] = head
        elif v.name is not None and v.name == head.name:
            first[v] = head
    return first


def _constant_name(array: Any) -> str:
    """`zeros` and `ones` for what is nothing else; a constant that is written to keeps silent."""
    if isinstance(array, np.ndarray) and array.size and not array.flags.writeable:
        for number, name in ((0, "zeros"), (1, "ones")):
            if (array == number).all():
                return name
    return "constant"


def _own_name(v: Value, program: Program, makers: Mapping[Value, Instruction]) -> str | None:
    """The name that a value has been told, or one after its function; None: see below."""
    if v.name is not None:
        return identifier(v.name)
    if v not in makers:
        return _constant_name(program.constants.get(v))
    if v.cotangent_of is not None or v.base is not None:
        return None
    function = name_of(makers[v].fn)
    return identifier(_PLAIN_NAMES.get(function, function)).removeprefix("_")


def _derived_name(v: Value, makers: Mapping[Value, Instruction], names: Mapping[Value, str]) -> str:
    """The name of a cotangent or a view, after that of the value it belongs to."""
    if v.cotangent_of is not None and v.cotangent_of in names:
        return f"d_{names[v.cotangent_of]}"
    if v.base is not None and v.base in names:
        return f"{names[v.base]}_{_view_name(makers[v])}"
    return identifier(name_of(makers[v].fn)).removeprefix("_")


def _view_name(i: Instruction) -> str:
    if i.fn is np.transpose:
        return "T"
    if i.fn is np.reshape:
        return "flat" if len(i.out.shape) == 1 else "reshaped"
    return "part" if name_of(i.fn) == "getitem" else identifier(name_of(i.fn))


def identifier(name: str) -> str:
    """The nearest Python name: `fc1.weight` -> `fc1_weight`, `0.bias` -> `layer0_bias`."""
    name = re.sub(r"\W+", "_", name)
    name = f"layer{name}" if name[:1].isdigit() else name
    return f"{name}_" if name in _RESERVED or not name else name


def assigned_name(
    frame: FrameType | None, transparent: tuple[str, ...], opaque: tuple[str, ...]
) -> str | None:
    """The variable that the result of the call which `frame` is carrying out is assigned to.

    A result that a function returns at once is looked for where that function was called.

    Args:
        frame: where the call is made.
        transparent: files or folders whose frames only pass results on.
        opaque: those whose frames do something else with them.
    """
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(opaque):
            return None
        if not file.startswith(transparent):
            name, is_returned = _fate(frame.f_code, frame.f_lasti)
            if not is_returned:
                return name
        frame = frame.f_back
    return None


def _fate(code: CodeType, offset: int) -> tuple[str | None, bool]:
    """The variable that an instruction's result is stored in, and whether it is returned."""
    instructions = _instructions(code)
    after = bisect_right(instructions, offset, key=lambda i: i.offset)  # caches follow a call
    while after < len(instructions) and instructions[after].opname == "SWAP":
        after += 2  # a return out of a loop takes the loop's iterator from the stack first
    if after >= len(instructions):
        return None, False
    then = instructions[after]
    return (str(then.argval) if then.opname in _STORES else None), then.opname == "RETURN_VALUE"


@cache
def _instructions(code: CodeType) -> list[dis.Instruction]:
    return list(dis.get_instructions(code))
