"""Constant folding: what follows from constants alone is computed once and for all."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from .program import Instruction, Program, Value, mapped
from .results import ResultMemory
from .rewriting import rewritten

LARGEST = 2**20  # bytes of a folded result; to read more than that is no quicker than to compute it
_ERRORS = ("divide", "over", "under", "invalid")


def is_immutable(a: Any) -> bool:
    """Whether an array's contents stay what they are: read-only memory that it owns itself."""
    return isinstance(a, np.ndarray) and not a.flags.writeable and a.base is None


def fold_constants(program: Program) -> Program:
    """Carry out the calls on constants now, and put their results in their place.

    A constant that may still change, because its memory can be written to, is left alone; so are
    calls that have an effect, results of the program, which need memory of their own at each call,
    and calls that would warn or fail, as they have to do that at each call.

    Args:
        program: what is walked through.

    Returns:
        A program with new constants, in the memory layout that the results had; numbers become
        plain arguments. `program` itself if there is nothing to fold.
    """
    results = ResultMemory(program)
    constants = dict(program.constants)
    known = {v: a for v, a in constants.items() if is_immutable(a)}

    def rewrite(i: Instruction) -> Instruction | Value | float:
        foldable = i.out.nbytes <= LARGEST and all(v in known for v in i.reads)
        if i.has_effect or not foldable or results.holds(i.out):
            return i
        result = _carried_out(i, known)
        if type(result) is i.out.dtype and type(result) in (int, float, bool):
            return result  # type: ignore[no-any-return]
        if not isinstance(result, (np.ndarray, np.generic)):
            return i
        own = np.array(result)  # in the order of the result's axes in memory
        own.flags.writeable = False
        constant = Value.like(own, name=i.out.name)
        if constant.layout != i.out.layout:  # a view with gaps, say
            return i
        constants[constant] = known[constant] = own
        return constant

    folded = rewritten(program, rewrite)
    return folded if folded is program else replace(folded, constants=constants)


def _carried_out(i: Instruction, known: Mapping[Value, Any]) -> Any:
    """The result of a call on constants; None if the call would warn or fail."""

    def concrete(a: Any) -> Any:
        return known[a] if isinstance(a, Value) else a

    ignored = [kind for kind, how in (i.errstate or {}).items() if how == "ignore"]
    errors: Any = {kind: "ignore" if kind in ignored else "raise" for kind in _ERRORS}
    with np.errstate(**errors), warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return i.fn(*mapped(i.args, concrete), **mapped(i.params, concrete))
        except Exception:  # whatever it is, it belongs to the call that is made later
            return None
