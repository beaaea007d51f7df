"""A derivative rule as the expression that it has just computed.

Rules are plain NumPy calls. So they also run on objects which, beside the array, carry the text of
how it came about, whatever branches and helper functions lie in between.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..array_methods import ArrayMethods
from ..vjps import COMPOSITES, VJPS, astype, getitem, name_of, spread

Part = str | int  # text; or the position of an argument
_ATOM = 9  # what binds so strongly needs no parentheses
_INFIX = {
    np.add: ("+", 1), np.subtract: ("-", 1), np.multiply: ("*", 2), np.divide: ("/", 2),
    np.matmul: ("@", 2), np.dot: ("@", 2), np.power: ("**", 4), np.equal: ("==", 0),
    np.not_equal: ("!=", 0), np.greater: (">", 0), np.greater_equal: (">=", 0), np.less: ("<", 0),
    np.less_equal: ("<=", 0),
}  # fmt: skip
_NOT_ASSOCIATIVE = (np.subtract, np.divide, np.matmul, np.dot)
_BY_ELEMENT = (np.where, np.zeros_like, np.ones_like, astype)
_LONGEST = 400  # characters


@dataclass(frozen=True)
class Expression:
    """What a rule computed.

    Attributes:
        parts: text, and between it the positions of arguments in `names`.
        names: the arguments' names; g is the incoming gradient.
        values: the arrays and numbers that they stand for.
        by_element: whether every element of the result is computed from the elements at the same
            place, so that the numbers of one place can be put in.
    """

    parts: tuple[Part, ...]
    names: tuple[str, ...]
    values: tuple[Any, ...]
    by_element: bool

    def __str__(self) -> str:
        """With names: `g * (1 - y * y)`."""
        return "".join(p if isinstance(p, str) else self.names[p] for p in self.parts)

    def with_numbers(self, index: tuple[int, ...] = ()) -> str:
        """With the numbers at one place of the result: `1 * (1 - 0.7071 * 0.7071)`.

        Raises:
            ValueError: the expression is not one of single elements, and its arrays have several.
        """
        if not self.by_element and any(np.size(v) > 1 for v in self._used()):
            raise ValueError(f"{self} is no expression of single elements")
        return "".join(
            p if isinstance(p, str) else _inside(element_at(self.values[p], index))
            for p in self.parts
        )

    @property
    def is_of_numbers(self) -> bool:
        """Whether all arrays in it have one element."""
        return all(np.size(v) == 1 for v in self._used())

    def _used(self) -> list[Any]:
        return [self.values[p] for p in self.parts if not isinstance(p, str)]


def element_at(value: Any, index: tuple[int, ...]) -> Any:
    """The element that broadcasting puts at an index."""
    array = np.asarray(value)
    if array.size == 1:
        return array.reshape(())[()]
    own = index[len(index) - array.ndim :]
    return array[tuple(0 if n == 1 else k for k, n in zip(own, array.shape, strict=True))]


class Written(ArrayMethods):
    """An array, and the text of the expression that made it."""

    __slots__ = ("_data", "by_element", "parts", "strength")

    def __init__(
        self, data: Any, parts: tuple[Part, ...], strength: int = _ATOM, by_element: bool = True
    ) -> None:
        self._data = np.asarray(data)
        self.parts, self.strength, self.by_element = parts, strength, by_element

    @staticmethod
    def _apply(fn: Callable[..., Any], *args: Any, **params: Any) -> Any:
        if fn in COMPOSITES:
            return COMPOSITES[fn](*args, **params)
        data = fn(*map(_plain, args), **{k: _plain(v) for k, v in params.items()})
        return Written(data, *_text_of(fn, args, params), _is_by_element(fn, args))

    def _memory(self) -> Any:
        return self._data

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **params: Any) -> Any:
        fn: Any = ufunc if method == "__call__" else getattr(ufunc, method)
        return self._apply(fn, *inputs, **params)

    def __array_function__(self, fn: Any, types: Any, args: Any, params: Any) -> Any:
        return self._apply(fn, *args, **params)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self._data, dtype=dtype)


def expression_of(fn: Any, i: int, g: Any, node: Any) -> Expression:
    """What the rule of a call's argument i computes from the cotangent g of its result."""
    from .rules import rule_of

    known = rule_of(fn, i)
    values = (g, node.value, *node.args)
    names = tuple(map(known.name_of, range(len(values))))
    given = [Written(v, (k,)) if isinstance(v, np.ndarray) else v for k, v in enumerate(values)]
    rule: Any = VJPS[fn][i]
    return expression(partial(rule, *given, **node.params), names, values)


def expression(call: Callable[[], Any], names: Sequence[str], values: Sequence[Any]) -> Expression:
    """What a call makes of arguments that are `Written`; itself by name where it takes none."""
    try:
        with np.errstate(all="ignore"):
            made = call()
    except Exception:  # a rule may do what arrays can and this cannot; it is only shown
        made = None
    if not isinstance(made, Written):
        return Expression(("?",), tuple(names), tuple(values), False)
    parts = _joined(made.parts)
    if sum(len(p) if isinstance(p, str) else 4 for p in parts) > _LONGEST:
        return Expression(("…",), tuple(names), tuple(values), False)
    return Expression(parts, tuple(names), tuple(values), made.by_element)


def number(x: Any) -> str:
    """A number to four digits."""
    return f"{x:.4g}" if isinstance(x, (float, np.floating)) else str(x)


def _inside(x: Any) -> str:
    text = number(x)
    return f"({text})" if text.startswith("-") else text


def _plain(a: Any) -> Any:
    if isinstance(a, (list, tuple)):
        return type(a)(map(_plain, a))
    return a._data if isinstance(a, Written) else a


def _is_by_element(fn: Any, args: Any) -> bool:
    inside = all(a.by_element for a in args if isinstance(a, Written))
    return inside and ((isinstance(fn, np.ufunc) and fn.signature is None) or fn in _BY_ELEMENT)


def _text_of(fn: Any, args: Any, params: Any) -> tuple[tuple[Part, ...], int]:
    """The expression of a call, and how strongly it binds."""
    if fn in _INFIX and len(args) == 2 and not params:
        sign, strength = _INFIX[fn]
        left = _operand(args[0], strength + (fn is np.power))
        right = _operand(args[1], strength + (fn in _NOT_ASSOCIATIVE or strength == 0))
        return (*left, f" {sign} ", *right), strength
    if fn is np.negative:
        return ("-", *_operand(args[0], 3)), 3
    if fn is np.square:
        return (*_operand(args[0], 5), " ** 2"), 4
    if fn is np.transpose and len(args) == 1:
        return (*_operand(args[0], _ATOM), ".T"), _ATOM
    if fn in (astype, np.copy):
        return _operand(args[0], 0), _strength(args[0])
    if fn is getitem:
        return (*_operand(args[0], _ATOM), f"[{_index(args[1])}]"), _ATOM
    parts: list[Part] = [f"{called_name(fn)}("]
    for a in args:
        parts += [*_operand(a, 0), ", "]
    for key, value in params.items():
        if value is not None and value is not False:
            parts += [f"{key}=", *_operand(value, 0), ", "]
    return (*parts[:-1], ")") if len(parts) > 1 else (f"{parts[0]})",), _ATOM


def called_name(fn: Any) -> str:
    """A function as it is called in code: `np.tanh`; a primitive by its own name."""
    if fn is spread:
        return "np.broadcast_to"
    home = getattr(fn, "__module__", None) or ""
    is_numpys = isinstance(getattr(fn, "__self__", fn), np.ufunc) or home.startswith("numpy")
    return f"np.{name_of(fn)}" if is_numpys else name_of(fn)


def _strength(a: Any) -> int:
    return a.strength if isinstance(a, Written) else _ATOM


def _operand(a: Any, strength: int) -> tuple[Part, ...]:
    if not isinstance(a, Written):
        text = _constant(a)
        return (f"({text})" if text.startswith("-") and strength else text,)
    return a.parts if a.strength >= strength else ("(", *a.parts, ")")


def _constant(a: Any) -> str:
    if isinstance(a, np.ndarray) and a.ndim:
        same = a.size and np.all(a == a.flat[0])
        return f"{number(a.flat[0])}s{a.shape}" if same else f"constant{a.shape}"
    if isinstance(a, (float, np.generic)) or (isinstance(a, np.ndarray) and not a.ndim):
        return number(np.asarray(a)[()])
    if isinstance(a, Written):
        return "…"
    if isinstance(a, tuple):
        return f"({', '.join(map(_constant, a))}{',' * (len(a) == 1)})"
    if isinstance(a, slice):
        ends = ["" if v is None else str(v) for v in (a.start, a.stop)]
        return ":".join(ends if a.step is None else [*ends, str(a.step)])
    return "..." if a is Ellipsis else getattr(a, "__name__", None) or repr(a)


def _index(index: Any) -> str:
    return ", ".join(map(_constant, index)) if isinstance(index, tuple) else _constant(index)


def _joined(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The same with neighbouring pieces of text in one."""
    joined: list[Part] = []
    for part in parts:
        if joined and isinstance(part, str) and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return tuple(joined)
