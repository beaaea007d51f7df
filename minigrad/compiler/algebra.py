"""Algebraic simplification: calls whose result is known to be a value that is there already.

Only what keeps every bit is in the table: `x + 0` is not, as it turns -0.0 into 0.0, and neither
is `x * 2 * 0.5`, which may overflow on its way. (Left aside: signalling nans, which no calculation
makes; any calculation turns one into a quiet nan.)
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np

from .. import vjps
from .folding import is_immutable
from .program import Array, Instruction, Program, Value
from .results import ResultMemory
from .rewriting import rewritten


@dataclass
class Known:
    """What a rule may ask about the values that it meets.

    Attributes:
        makers: the instruction that makes each value, for those made so far.
        constants: the contents of the constants that cannot change.
    """

    constants: dict[Value, Array]
    makers: dict[Value, Instruction] = field(default_factory=dict)

    def is_all(self, number: int, a: Any) -> bool:
        """Whether an argument is that number, or a constant full of it; -0.0 is not 0."""
        if isinstance(a, Value):
            a = self.constants.get(a)
        if not isinstance(a, (bool, int, float, np.generic, np.ndarray)):
            return False
        array = np.asarray(a)
        if array.dtype.kind not in "biuf":
            return False
        return bool(np.all(array == number)) and not np.any(np.signbit(array))

    def made_by(self, functions: tuple[Any, ...], a: Any) -> Instruction | None:
        """The instruction that makes an argument, if it is a call of one of these functions."""
        maker = self.makers.get(a) if isinstance(a, Value) else None
        return maker if maker is not None and maker.fn in functions else None


Replacement: TypeAlias = "Value | Instruction | None"


@dataclass(frozen=True)
class Rule:
    """One way to simplify a call.

    Attributes:
        pattern: the rule as a reader knows it.
        reason: why every bit stays as it is.
        functions: the functions whose calls the rule is about.
        replacement: what may take the call's place, if it has the same dtype, shape and memory
            layout: a value that is there already, or a simpler call; None if the rule does not
            apply.
    """

    pattern: str
    reason: str
    functions: tuple[Any, ...]
    replacement: Callable[[Instruction, Known], Any]


_NEGATIVE = (np.negative, operator.neg)
_PERMUTING = (np.transpose, np.swapaxes, np.moveaxis, np.matrix_transpose)
_RESHAPING = (np.reshape, np.expand_dims, np.squeeze)


def _operand(i: Instruction, known: Known) -> Any:
    return None if "where" in i.params else i.args[0]


def _left_if_right_is(number: int) -> Callable[[Instruction, Known], Any]:
    def replacement(i: Instruction, known: Known) -> Any:
        return i.args[0] if not i.params and known.is_all(number, i.args[1]) else None

    return replacement


def _right_if_left_is(number: int) -> Callable[[Instruction, Known], Any]:
    def replacement(i: Instruction, known: Known) -> Any:
        return i.args[1] if not i.params and known.is_all(number, i.args[0]) else None

    return replacement


def _first_power(i: Instruction, known: Known) -> Any:
    """x; but with an array of exponents pow is computed and rounds, and a half loses nan's sign."""
    x, exponent = i.args
    if not isinstance(x, Value) or isinstance(exponent, Value) or i.params:
        return None
    is_copied = not x.is_array or x.dtype.kind in "iu" or x.dtype in (np.float32, np.float64)
    return x if is_copied and known.is_all(1, exponent) else None


def _negated_twice(i: Instruction, known: Known) -> Any:
    inner = known.made_by(_NEGATIVE, i.args[0])
    return None if inner is None or i.params or inner.params else inner.args[0]


def _permutation(i: Instruction) -> tuple[int, ...]:
    """The order in which a call puts the axes of its operand."""
    lengths = range(len(i.args[0].shape))  # each axis is as long as its number says
    moved: tuple[int, ...] = i.fn(np.empty(tuple(lengths)), *i.args[1:], **i.params).shape
    return moved


def _permuted(i: Instruction, known: Known) -> Replacement:
    inner = known.made_by(_PERMUTING, i.args[0])
    if not _is_view(i):
        return None
    x, axes = i.args[0], _permutation(i)
    if inner is not None and _is_view(inner):
        x, axes = inner.args[0], tuple(_permutation(inner)[a] for a in axes)
    ascending = tuple(range(len(axes)))
    if axes == ascending:
        return x  # type: ignore[no-any-return]
    order = () if axes == ascending[::-1] else (axes,)
    return None if x is i.args[0] else _view(i, x, np.transpose, *order)


def _reshaped(i: Instruction, known: Known) -> Any:
    return i.args[0] if _is_row_major_view(i) else None


def _reshaped_twice(i: Instruction, known: Known) -> Replacement:
    inner = known.made_by(_RESHAPING, i.args[0])
    if inner is None or not (_is_row_major_view(i) and _is_row_major_view(inner)):
        return None
    x, out = inner.args[0], i.out
    if x.layout == out.layout:
        return x  # type: ignore[no-any-return]
    usual = np.empty(out.shape, out.dtype).strides  # an axis of length 1 may have another stride
    return _view(i, x, np.reshape, out.shape) if out.strides == usual else None


def _is_row_major_view(i: Instruction) -> bool:
    """Whether a reshaping call is a view that takes the elements row by row."""
    order = i.params.get("order", "C") if len(i.args) < 3 else i.args[2]
    return _is_view(i) and (i.fn is not np.reshape or order == "C")


def _is_view(i: Instruction) -> bool:
    """Whether the result is a view of the first operand."""
    return i.out.base is not None and i.out.base is i.args[0]


def _view(i: Instruction, x: Value, fn: Any, *args: Any) -> Instruction:
    """The same view, taken of x directly."""
    return replace(i, fn=fn, args=(x, *args), params={}, out=replace(i.out, base=x))


RULES = (
    Rule(
        "x * 1 -> x", "a product with one is exact",
        (np.multiply, operator.mul), _left_if_right_is(1),
    ),
    Rule(
        "1 * x -> x", "a product with one is exact",
        (np.multiply, operator.mul), _right_if_left_is(1),
    ),
    Rule(
        "x / 1 -> x", "a quotient by one is exact",
        (np.divide, operator.truediv), _left_if_right_is(1),
    ),
    Rule(
        "x - 0 -> x", "exact, and -0.0 - 0.0 is -0.0",
        (np.subtract, operator.sub), _left_if_right_is(0),
    ),
    Rule(
        "x ** 1 -> x", "NumPy copies x if the exponent is the number 1",
        (np.power, operator.pow), _first_power,
    ),
    Rule(
        "-(-x) -> x", "the sign is turned twice, that of a nan too",
        _NEGATIVE, _negated_twice,
    ),
    Rule(
        "+x -> x", "a copy, and values never change",
        (np.positive,), _operand,
    ),
    Rule(
        "copy(x) -> x", "values never change",
        (np.copy,), _operand,
    ),
    Rule(
        "x.astype(x.dtype) -> x", "a copy, and values never change",
        (vjps.astype,), _operand,
    ),
    Rule(
        "spread(x, x.shape) -> x", "every element is repeated once",
        (vjps.spread, np.broadcast_to), _operand,
    ),
    Rule(
        "x.transpose(p).transpose(q) -> x.transpose(pq)", "views of the same memory",
        _PERMUTING, _permuted,
    ),
    Rule(
        "x.reshape(x.shape) -> x", "a view of the same memory",
        (np.reshape,), _reshaped,
    ),
    Rule(
        "x.reshape(s).reshape(t) -> x.reshape(t)", "views of the same memory, row by row",
        _RESHAPING, _reshaped_twice,
    ),
)  # fmt: skip


def simplify(program: Program) -> Program:
    """Apply the rules of the table wherever they keep every bit and the layout in memory.

    Args:
        program: what is walked through.

    Returns:
        A program with fewer or simpler calls; `program` itself if no rule applies.
    """
    results = ResultMemory(program)
    known = Known({v: a for v, a in program.constants.items() if is_immutable(a)})

    def rewrite(i: Instruction) -> Instruction | Value:
        for rule in RULES:
            if i.has_effect or not i.args or i.fn not in rule.functions:
                continue
            found = rule.replacement(i, known)
            if isinstance(found, Instruction):
                i = found
            elif isinstance(found, Value) and _stands_for(found, i.out, results):
                return found
        known.makers[i.out] = i
        return i

    return rewritten(program, rewrite)


def _stands_for(x: Value, out: Value, results: ResultMemory) -> bool:
    """Whether x is of the same kind as a result and may take its place.

    A product depends on the layout of its operands in memory, to the last bit, so that has to be
    the same as well. Complex numbers are left alone: there even `x * 1` is not exact.
    """
    if x.layout != out.layout or (out.is_array and out.dtype.kind == "c"):
        return False
    return results.allows(out, x)
