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
from collections import Counter
from collections.abc import Collection, Mapping
from functools import cache
from types import CodeType, FrameType

import numpy as np

from ..vjps import name_of
from .program import Instruction, Program, Value

_RESERVED = {"np", "arena", "buffer", "stretches", "make", *keyword.kwlist, *dir(builtins)}
_STORES = {"STORE_FAST", "STORE_NAME", "STORE_DEREF", "STORE_GLOBAL"}
_PLAIN_NAMES = {
    "add.reduce": "total", "maximum.reduce": "largest", "minimum.reduce": "smallest",
    "multiply": "product", "divide": "quotient", "subtract": "difference", "add": "sum",
    "astype": "cast", "spread": "spread", "put": "changed", "put_view": "changed",
    "draw": "drawn", "concat": "joined", "getitem": "part", "einsum": "contracted",
}  # fmt: skip


def named(
    program: Program,
    shared: Mapping[Value, Value] | None = None,
    functions: Collection[str] = (),
) -> dict[Value, str]:
    """A name for each value; different ones, except that a value in `shared` is called as another.

    Args:
        program: what the values belong to.
        shared: for a value that takes another one's place in memory, that other.
        functions: the names of functions that the program calls; no value may have these.
    """
    shared = shared or {}
    values = [*program.inputs, *program.state, *program.constants]
    values += [i.out for i in program.instructions]
    makers = program.makers()
    wanted: dict[Value, str] = {}
    for v in values:
        wanted[v] = wanted[shared[v]] if v in shared else _wanted_name(v, makers, wanted)
    often = Counter(wanted[v] for v in values if v not in shared)
    names: dict[Value, str] = {}
    taken = set(functions)
    numbers: Counter[str] = Counter()
    for v in values:
        if v in shared:
            names[v] = names[shared[v]]
            continue
        name = wanted[v]
        while name in taken or (name == wanted[v] and often[name] > 1):
            numbers[wanted[v]] += 1
            name = f"{wanted[v]}{numbers[wanted[v]]}"
        taken.add(name)
        names[v] = name
    return names


def _wanted_name(
    v: Value, makers: Mapping[Value, Instruction], wanted: Mapping[Value, str]
) -> str:
    if v.name is not None:
        return identifier(v.name)
    if v.cotangent_of is not None and v.cotangent_of in wanted:
        return f"d_{wanted[v.cotangent_of]}"
    if v not in makers:
        return "constant"
    if v.base in wanted:
        return f"{wanted[v.base]}_{_view_name(makers[v])}"
    function = name_of(makers[v].fn)
    return identifier(_PLAIN_NAMES.get(function, function)).removeprefix("_")


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


def assigned_name(frame: FrameType) -> str | None:
    """The variable that the call which `frame` is carrying out is assigned to."""
    return _stores(frame.f_code).get(frame.f_lasti)


@cache
def _stores(code: CodeType) -> dict[int, str]:
    """For each instruction that a store to a variable follows, the variable's name."""
    instructions = list(dis.get_instructions(code))
    return {
        call.offset: store.argval
        for call, store in zip(instructions, instructions[1:], strict=False)
        if store.opname in _STORES
    }
