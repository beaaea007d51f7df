"""How calls are written as NumPy source: as an expression, and into memory that exists already."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .. import vjps
from ..traced import draw
from .functions import put_view, whole_view
from .program import Instruction, Value, written

Names = Mapping[Value, str]

_INFIX = {  # each with how tightly it binds
    operator.eq: ("==", 0), operator.ne: ("!=", 0), operator.lt: ("<", 0), operator.le: ("<=", 0),
    operator.gt: (">", 0), operator.ge: (">=", 0), operator.add: ("+", 1), operator.sub: ("-", 1),
    operator.mul: ("*", 2), operator.truediv: ("/", 2), operator.floordiv: ("//", 2),
    operator.mod: ("%", 2), operator.pow: ("**", 4),
}  # fmt: skip
_NEGATIVE = 3
_TAKE_OUT = {
    np.dot, np.einsum, np.cumsum, np.cumprod, np.max, np.min, np.amax, np.amin, np.var, np.std,
    np.mean, np.sum, np.prod, np.concatenate, np.clip,
}  # fmt: skip
_DEFAULTS: dict[str, Any] = {"dtype": None, "keepdims": False, "where": True, "optimize": False}
_UFUNC_METHODS = {"", ".reduce", ".accumulate", ".outer"}
_POSITIONAL = ("transpose", "swapaxes", "reshape")  # methods without keyword arguments
_FILLING_DRAWS = ("random", "standard_normal", "standard_exponential")


class Term(str):
    """An expression of numbers, which may need parentheses inside another one."""

    binding: int

    def __new__(cls, text: str, binding: int) -> Term:
        term = super().__new__(cls, text)
        term.binding = binding
        return term

    def within(self, binding: int) -> str:
        """The expression as an operand of an operator that binds as tightly as given."""
        return f"({self})" if self.binding <= binding else str(self)


def expression(i: Instruction, names: Names) -> str:
    """The call as an expression: `np.tanh(h)`, `x[1:]`, `1 - beta1`."""
    special = _EXPRESSIONS.get(i.fn)
    if special is not None:
        return special(i, names)
    if i.fn in _INFIX:
        return _infix(i, names)
    return f"{function_name(i.fn)}({_arguments(i, names)})"


def _infix(i: Instruction, names: Names) -> Term:
    sign, binding = _INFIX[i.fn]
    first, second = (_operand(a, names) for a in i.args)
    is_power = i.fn is operator.pow  # which alone is carried out from the right
    left = first.within(binding if is_power else binding - 1) if isinstance(first, Term) else first
    right = second.within(binding) if isinstance(second, Term) else second
    is_short = is_power and left.isidentifier() and right.isidentifier()
    return Term(f"{left}{sign}{right}" if is_short else f"{left} {sign} {right}", binding)


def _operand(a: Any, names: Names) -> str:
    text = written(a, names)
    if isinstance(a, Value):
        return names[a]
    return Term(text, _NEGATIVE) if text.startswith("-") else text


def writes_into(i: Instruction) -> bool:
    """Whether the call can write its result into memory that exists already."""
    if i.fn is draw:
        fills = i.args[1] in _FILLING_DRAWS and len(i.args) == 3 and i.out.is_contiguous
        return fills and isinstance(i.args[2], tuple)
    if i.fn in (np.dot, np.concatenate):
        return i.out.is_contiguous
    return i.fn in _STATEMENTS or i.fn in _TAKE_OUT or _ufunc_of(i.fn) is not None


def statements(i: Instruction, out: str, names: Names) -> list[str]:
    """The call as lines that write its result into the array `out`."""
    special = _STATEMENTS.get(i.fn)
    if special is not None:
        return special(i, out, names)
    return [f"{function_name(i.fn)}({_arguments(i, names)}, out={out})"]


def function_name(fn: Callable[..., Any]) -> str:
    """The name by which the printed program calls a function."""
    name = vjps.name_of(fn)
    if _ufunc_of(fn) is not None:
        return f"np.{name}"
    module = getattr(fn, "__module__", None) or ""
    if module == "numpy" or module.startswith("numpy."):
        return f"{module.replace('numpy', 'np', 1)}.{name}"
    return name


def is_numpy(fn: Callable[..., Any]) -> bool:
    """Whether a program that has only imported NumPy can call the function."""
    return function_name(fn).startswith("np.") or fn in _EXPRESSIONS or fn in _INFIX


def _ufunc_of(fn: Any) -> np.ufunc | None:
    owner = getattr(fn, "__self__", fn)
    if not isinstance(owner, np.ufunc):
        return None
    name = owner.__name__
    called = vjps.name_of(fn)
    is_numpys = vars(np).get(name) is owner and called.removeprefix(name) in _UFUNC_METHODS
    return owner if is_numpys else None


def _arguments(i: Instruction, names: Names) -> str:
    args = [written(a, names) for a in i.args]
    args += [
        f"{key}={written(a, names)}"
        for key, a in i.params.items()
        if not (key in _DEFAULTS and a is _DEFAULTS[key])
    ]
    return ", ".join(args)


def _index(index: Any, names: Names) -> str:
    """What stands between the brackets: `1:, None`."""
    if isinstance(index, tuple):
        parts = ", ".join(_index(p, names) for p in index)
        return parts + ("," if len(index) == 1 else "") or "()"
    if isinstance(index, slice):
        ends = ["" if p is None else written(p, names) for p in (index.start, index.stop)]
        step = "" if index.step is None else f":{written(index.step, names)}"
        return ":".join(ends) + step
    return written(index, names)


def _getitem(i: Instruction, names: Names) -> str:
    x, index = i.args
    return f"{written(x, names)}[{_index(index, names)}]"


def _method(name: str) -> Callable[[Instruction, Names], str]:
    def method(i: Instruction, names: Names) -> str:
        if (i.params and name in _POSITIONAL) or (name == "reshape" and len(i.args) > 2):
            return f"np.{name}({_arguments(i, names)})"
        x, *rest = i.args
        arguments = [written(a, names) for a in rest]
        arguments += [f"{key}={written(a, names)}" for key, a in i.params.items()]
        return f"{written(x, names)}.{name}({', '.join(arguments)})"

    return method


def _transpose(i: Instruction, names: Names) -> str:
    if len(i.args) == 1 and not i.params:
        return f"{written(i.args[0], names)}.T"
    return _method("transpose")(i, names)


def _concat(i: Instruction, names: Names) -> str:
    parts = ", ".join(written(a, names) for a in i.args)
    axis = i.params.get("axis", 0)
    return f"np.concatenate(({parts},){f', axis={axis}' if axis else ''})"


def _draw(i: Instruction, names: Names) -> str:
    generator, method, *args = i.args
    arguments = [written(a, names) for a in args]
    arguments += [f"{key}={written(a, names)}" for key, a in i.params.items()]
    return f"{written(generator, names)}.{method}({', '.join(arguments)})"


def _whole_view(i: Instruction, names: Names) -> str:
    x, start, shape, strides = i.args
    size = i.out.size
    if i.out.is_contiguous:
        flat = written(x, names) if len(x.shape) == 1 else f"{written(x, names)}.reshape(-1)"
        part = f"{flat}[{start}:{start + size}]"
        return part if len(shape) == 1 else f"{part}.reshape({written(shape, names)})"
    flat = f"{written(x, names)}.reshape(-1)[{start}:]"
    return f"np.lib.stride_tricks.as_strided({flat}, {shape}, {strides})"


def _negative(i: Instruction, names: Names) -> str:
    operand = _operand(i.args[0], names)
    return Term(f"-{operand.within(2) if isinstance(operand, Term) else operand}", _NEGATIVE)


_EXPRESSIONS: dict[Any, Callable[[Instruction, Names], str]] = {
    vjps.getitem: _getitem,
    operator.getitem: _getitem,
    operator.neg: _negative,
    operator.abs: lambda i, names: f"abs({written(i.args[0], names)})",
    vjps.astype: _method("astype"),
    vjps.concat: _concat,
    np.transpose: _transpose,
    np.reshape: _method("reshape"),
    np.swapaxes: _method("swapaxes"),
    draw: _draw,
    whole_view: _whole_view,
}


def _assign(i: Instruction, out: str, names: Names) -> list[str]:
    return [f"{out}[...] = {written(i.args[0], names)}"]


def _concat_into(i: Instruction, out: str, names: Names) -> list[str]:
    return [f"{_concat(i, names)[:-1]}, out={out})"]


def _where(i: Instruction, out: str, names: Names) -> list[str]:
    condition, a, b = (written(x, names) for x in i.args)
    if not isinstance(i.args[0], bool) and i.args[0].dtype != bool:
        condition = f"({condition} != 0)"
    return [f"{out}[...] = {b}", f"np.copyto({out}, {a}, where={condition})"]


def _scatter_add(i: Instruction, out: str, names: Names) -> list[str]:
    g, index, _ = i.args
    if vjps.is_basic(index):
        added = f"{out}[{_index(index, names)}] = {written(g, names)}"
    else:
        flat = ".reshape(-1)" if len(i.out.shape) == 1 and isinstance(index, Value) else ""
        added = f"np.add.at({out}, {written(index, names)}{flat}, {written(g, names)}{flat})"
    return [f"{out}[...] = 0", added]


def _put(i: Instruction, out: str, names: Names) -> list[str]:
    x, index, value = i.args
    copied = [] if written(x, names) == out else [f"{out}[...] = {written(x, names)}"]
    return [*copied, f"{out}[{_index(index, names)}] = {written(value, names)}"]


def _put_view(i: Instruction, out: str, names: Names) -> list[str]:
    x, value, start, *_ = i.args
    copied = [] if written(x, names) == out else [f"{out}[...] = {written(x, names)}"]
    part = f"{out}.reshape(-1)[{start}:{start + value.size}]"
    return [*copied, f"{part} = {written(value, names)}.reshape(-1)"]


def _draw_into(i: Instruction, out: str, names: Names) -> list[str]:
    generator, method, _ = i.args
    dtype = "".join(f"{key}={written(a, names)}, " for key, a in i.params.items())
    return [f"{written(generator, names)}.{method}({dtype}out={out})"]


_STATEMENTS: dict[Any, Callable[[Instruction, str, Names], list[str]]] = {
    vjps.astype: _assign,
    np.copy: _assign,
    vjps.spread: _assign,
    vjps.concat: _concat_into,
    np.where: _where,
    vjps.scatter_add: _scatter_add,
    vjps.put: _put,
    put_view: _put_view,
    draw: _draw_into,
}
