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
from collections.abc import Mapping
from functools import cache
from types import CodeType, FrameType

from ..vjps import name_of
from .program import Program, Value

_RESERVED = {"np", "buffer", *keyword.kwlist, *dir(builtins)}
_STORES = {"STORE_FAST", "STORE_NAME", "STORE_DEREF", "STORE_GLOBAL"}


def named(program: Program, shared: Mapping[Value, Value] | None = None) -> dict[Value, str]:
    """A name for each value; different ones, except that a value in `shared` is called as another.

    Args:
        program: what the values belong to.
        shared: for a value that takes another one's place in memory, that other.
    """
    shared = shared or {}
    values = [*program.inputs, *program.state, *program.constants]
    values += [i.out for i in program.instructions]
    makers = {i.out: name_of(i.fn) for i in program.instructions}
    wanted: dict[Value, str] = {}
    for v in values:
        if v not in shared:
            wanted[v] = _wanted_name(v, makers, wanted)
    often = Counter(wanted.values())
    names: dict[Value, str] = {}
    taken: set[str] = set()
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


def _wanted_name(v: Value, makers: Mapping[Value, str], wanted: Mapping[Value, str]) -> str:
    if v.name is not None:
        return identifier(v.name)
    if v.cotangent_of is not None and v.cotangent_of in wanted:
        return f"d_{wanted[v.cotangent_of]}"
    return identifier(makers.get(v, "constant")).removeprefix("_")


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
