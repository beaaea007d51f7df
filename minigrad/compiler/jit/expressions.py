"""What a loop computes for one element: calls of NumPy as expressions of numbers.

Numba computes on numbers as C does, not as NumPy does: an int32 times an int32 is an int64, a
float32 times a number is a float64. So each operand is converted to the dtype that NumPy would
compute in, and whole numbers are converted back.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from ... import vjps
from ..program import Instruction, Value

Kind: TypeAlias = Any  # an array's dtype, or int, float or bool for a Python number

_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
_BOOL = np.dtype(np.bool_)
_DTYPES = {np.dtype(c) for c in "?bBhHiIlLqQfd"}

# For floats and whole numbers. `{0}` and `{1}` are the operands, `{bits}` the size of the dtype.
_ARITHMETIC: dict[Any, str] = {
    np.add: "{0} + {1}", np.subtract: "{0} - {1}", np.multiply: "{0} * {1}", np.negative: "-{0}",
    np.absolute: "abs({0})", np.square: "square({0})", np.maximum: "maximum({0}, {1})",
    np.minimum: "minimum({0}, {1})", np.positive: "{0}", np.sign: "np.sign({0})",
}  # fmt: skip
_COMPARISONS: dict[Any, str] = {
    np.equal: "{0} == {1}", np.not_equal: "{0} != {1}", np.less: "{0} < {1}",
    np.less_equal: "{0} <= {1}", np.greater: "{0} > {1}", np.greater_equal: "{0} >= {1}",
}  # fmt: skip
_ON_FLOATS: dict[Any, str] = {
    np.divide: "{0} / {1}", np.exp: "exp{bits}({0})", np.tanh: "tanh{bits}({0})",
    np.sqrt: "np.sqrt({0})", np.reciprocal: "{one} / {0}", np.power: "{0} ** {1}",
    np.float_power: "{0} ** {1}", np.isnan: "{0} != {0}",
    np.isfinite: "{0} - {0} == {zero}", np.isinf: "np.isinf({0})", np.fabs: "abs({0})",
}  # fmt: skip
_CALLED = (
    "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "arcsinh", "arccosh",
    "arctanh", "log2", "log10", "log1p", "expm1", "exp2", "floor", "ceil", "rint", "trunc",
)  # fmt: skip
_ON_FLOATS |= {getattr(np, name): f"np.{name}({{0}})" for name in _CALLED}
_ON_FLOATS |= {getattr(np, name): f"np.{name}({{0}}, {{1}})" for name in ("arctan2", "hypot")}
_LOGIC: dict[Any, str] = {
    np.logical_and: "{0} and {1}", np.logical_or: "{0} or {1}", np.logical_not: "not {0}",
    np.logical_xor: "{0} != {1}",
}  # fmt: skip
_BITS: dict[Any, str] = {
    np.bitwise_and: "{0} & {1}", np.bitwise_or: "{0} | {1}", np.bitwise_xor: "{0} ^ {1}",
}  # fmt: skip
_NUMBERS: dict[Any, str] = {
    operator.add: "{0} + {1}", operator.sub: "{0} - {1}", operator.mul: "{0} * {1}",
    operator.truediv: "quotient({0}, {1})", operator.neg: "-{0}", operator.abs: "abs({0})",
    operator.eq: "{0} == {1}", operator.ne: "{0} != {1}", operator.lt: "{0} < {1}",
    operator.le: "{0} <= {1}", operator.gt: "{0} > {1}", operator.ge: "{0} >= {1}",
    operator.pow: "{0} ** {1}",
}  # fmt: skip
_POWERS = (np.power, np.float_power)
_COPIES = (vjps.astype, vjps.spread, np.copy)


def is_supported(i: Instruction) -> bool:
    """Whether loops know the dtypes of a call, and its settings for floating-point errors."""
    quiet = i.errstate is None or set(i.errstate.values()) == {"ignore"}
    return quiet and all(_is_known(v) for v in (*i.reads, i.out))


def _is_known(v: Value) -> bool:
    return v.is_number or (v.is_array and v.dtype in _DTYPES and v.dtype.isnative)


def is_elementwise(i: Instruction) -> bool:
    """Whether this module knows how to compute the elements of the call's result."""
    if i.fn is np.copy:  # in whatever order, which the layout of the result has
        return i.params.keys() <= {"order"}
    if i.fn in _COPIES:
        return not i.params
    if i.fn is np.where:
        return len(i.args) == 3 and not i.params
    if i.fn is np.clip:
        known = [a for a in i.args if isinstance(a, (Value, int, float))]
        return len(known) == 3 and not i.params
    return not i.params and _format(i) is not None


def element(i: Instruction, operands: Sequence[str]) -> str:
    """The call as an expression.

    Args:
        i: an element-wise call, or one on Python numbers.
        operands: an element of each array among the operands, and the other operands, as source.
    """
    if i.fn in _NUMBERS:
        return _of_numbers(i, operands)
    kinds = [kind_of(a) for a in i.args]
    if i.fn in _COPIES:
        return converted(operands[0], kinds[0], i.out.dtype)
    if i.fn is np.where:
        condition = converted(operands[0], kinds[0], _BOOL)
        a, b = (
            converted(x, kind, i.out.dtype) for x, kind in zip(operands[1:], kinds[1:], strict=True)
        )
        return f"{a} if {condition} else {b}"
    if i.fn is np.clip:
        bounded = zip(operands, kinds, strict=True)
        x, low, high = (converted(text, kind, i.out.dtype) for text, kind in bounded)
        return f"minimum(maximum({x}, {low}), {high})"
    dtypes = _loop(i)
    texts = [converted(x, k, d) for x, k, d in zip(operands, kinds, dtypes, strict=False)]
    if i.fn in _POWERS:
        texts = [within(x) for x in texts]  # of a negative number
    computed = (_format(i) or "").format(
        *texts, bits=8 * dtypes[0].itemsize, zero=constant(0, dtypes[0]), one=constant(1, dtypes[0])
    )
    # NumPy's whole numbers keep their size, Numba's grow.
    wraps = i.out.dtype.kind in "iu"
    return converted(computed, int, i.out.dtype) if wraps else computed


def combined(i: Instruction, operands: Sequence[str]) -> str:
    """What one turn of a reduction adds: the product of the operands."""
    texts = [
        converted(x, kind_of(a), i.out.dtype)
        for x, a in zip(operands, [a for a in i.args if isinstance(a, Value)], strict=True)
    ]
    return " * ".join(texts)


def constant(number: Any, dtype: np.dtype[Any]) -> str:
    """A number as source, of the dtype."""
    if dtype == _BOOL:
        return str(bool(number))
    number = float(number) if dtype.kind == "f" else int(number)
    text = repr(number) if np.isfinite(number) else f"np.{number}".replace("np.-", "-np.")
    return text if dtype == np.float64 else f"np.{dtype.name}({text})"


def converted(text: str, kind: Kind, dtype: np.dtype[Any]) -> str:
    """An expression of one kind, converted to a dtype."""
    if kind == dtype or (kind is float and dtype == np.float64):
        return text
    if dtype == _BOOL:
        return text if kind is bool else f"({text} != 0)"
    return f"np.{dtype.name}({bare(text)})"


def bare(text: str) -> str:
    """An expression without parentheses around all of it."""
    return text[1:-1] if text.startswith("(") and _closing(text, 0) == len(text) - 1 else text


def within(text: str) -> str:
    """An expression as a part of another one."""
    name = re.match(r"[\w.]*", text)
    start = name.end() if name else 0
    if start == len(text) or (text[start] in "([" and _closing(text, start) == len(text) - 1):
        return text
    return f"({text})"


def _closing(text: str, start: int) -> int:
    """Where the parenthesis or bracket at `start` is closed."""
    depth = 0
    for k in range(start, len(text)):
        depth += (text[k] in "([") - (text[k] in ")]")
        if depth == 0:
            return k
    return len(text)


def kind_of(a: Any) -> Kind:
    if isinstance(a, (Value, np.generic)):
        return a.dtype
    return type(a)


def _format(i: Instruction) -> str | None:
    """How the call is written; None if it is unknown."""
    if not isinstance(i.fn, np.ufunc) or i.fn.nout != 1 or i.fn.signature is not None:
        return None
    for a in i.args:
        if not isinstance(a, (Value, np.generic, int, float)):
            return None
    try:
        dtypes = _loop(i)
    except TypeError:
        return None
    if not set(dtypes) <= _DTYPES or len(i.args) != i.fn.nin:
        return None
    return _format_on(i, dtypes[0])


def _format_on(i: Instruction, dtype: np.dtype[Any]) -> str | None:
    if i.fn in _COMPARISONS:
        return _COMPARISONS[i.fn]
    if dtype == _BOOL:
        on_bools = {**_LOGIC, **_BITS, np.invert: "not {0}"}
        return on_bools.get(i.fn)
    if i.fn is np.log:
        return "log32({0})" if dtype == np.float32 else "np.log({0})"
    if dtype in _FLOATS:
        return _power(i) or _ARITHMETIC.get(i.fn) or _ON_FLOATS.get(i.fn)
    return _ARITHMETIC.get(i.fn) or {**_BITS, np.invert: "~{0}"}.get(i.fn)


def _power(i: Instruction) -> str | None:
    """Powers that are products or roots."""
    if i.fn is not np.power or isinstance(i.args[1], Value):
        return None
    return {2: "square({0})", 0.5: "np.sqrt({0})", -1: "{one} / {0}", 1: "{0}"}.get(i.args[1])


def _loop(i: Instruction) -> tuple[np.dtype[Any], ...]:
    """The dtypes that NumPy computes in, operands first."""
    kinds = [kind_of(a) for a in i.args]
    if not any(isinstance(k, np.dtype) for k in kinds):
        kinds = [np.dtype(k) for k in kinds]
    kinds = [_BOOL if k is bool else k for k in kinds]
    ufunc: Any = i.fn
    dtypes: tuple[np.dtype[Any], ...] = ufunc.resolve_dtypes((*kinds, None))
    if i.fn in _LOGIC:
        return (_BOOL,) * len(dtypes)
    return dtypes


def _of_numbers(i: Instruction, operands: Sequence[str]) -> str:
    if i.fn is operator.pow:
        base, exponent = map(within, operands)
        is_float = i.out.dtype is float and kind_of(i.args[0]) is int
        operands = [f"float({base})" if is_float else base, exponent]
    return _NUMBERS[i.fn].format(*operands)
