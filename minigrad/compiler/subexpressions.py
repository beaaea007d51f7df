"""Common subexpressions: the same call on the same values is carried out once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .folding import is_immutable
from .program import Instruction, Program, Value
from .results import ResultMemory
from .rewriting import rewritten


def merge_common(program: Program) -> Program:
    """Let the first of several equal calls stand for all of them, and likewise for constants.

    Calls are equal if the function, all arguments and the error settings are. Numbers are equal
    if their types and all of their bits are: 1, 1.0 and True are three things, as are 0.0 and
    -0.0. Constants are equal if their contents are, and cannot change.

    Args:
        program: what is walked through.

    Returns:
        The shorter program; `program` itself if no two calls or constants are equal.
    """
    results = ResultMemory(program)
    first: dict[Any, Value] = {}

    def rewrite(i: Instruction) -> Instruction | Value:
        if i.has_effect:
            return i
        known = first.setdefault(_call_key(i), i.out)
        return known if known is not i.out and results.allows(i.out, known) else i

    same = _equal_constants(program, results)
    constants = {v: a for v, a in program.constants.items() if v not in same}
    return rewritten(replace(program, constants=constants) if same else program, rewrite, same)


def _equal_constants(program: Program, results: ResultMemory) -> dict[Value, Value]:
    """For each constant that an earlier one can stand for, that earlier one."""
    first: dict[Any, Value] = {}
    same = {}
    for v, array in program.constants.items():
        if is_immutable(array) and not results.holds(v):
            known = first.setdefault((*v.layout, array.tobytes()), v)
            if known is not v:
                same[v] = known
    return same


def _call_key(i: Instruction) -> Any:
    """What two calls have in common if one can stand for the other."""
    return i.fn, _key(i.args), _key(i.params), _key(i.errstate), i.out.layout, i.out.base


def _key(a: Any) -> Any:
    """Something hashable that is equal for equal arguments only."""
    if isinstance(a, (tuple, list)):
        return type(a), *map(_key, a)
    if isinstance(a, dict):
        return dict, *((key, _key(a[key])) for key in sorted(a))
    if isinstance(a, slice):
        return slice, _key(a.start), _key(a.stop), _key(a.step)
    if isinstance(a, (float, complex, np.generic)):
        number = np.asarray(a)
        return type(a), number.dtype, number.tobytes()  # the bits: 0.0 == -0.0, but nan != nan
    return type(a), a if _is_hashable(a) else id(a)


def _is_hashable(a: Any) -> bool:
    try:
        hash(a)
    except TypeError:
        return False
    return True
