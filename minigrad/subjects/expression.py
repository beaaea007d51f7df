"""A formula typed on the command line, computed on tensors: read as a tree, never run as code."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .. import functional as F
from ..creation import tensor
from ..tensor import Tensor
from ..vjps import COMPOSITES, CONSTANTS, VJPS
from .subject import Subject, SubjectError

_NUMBERS = {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}
_METHODS = ("sum", "mean", "max", "min", "prod", "var", "std", "reshape", "transpose", "dot")
_LARGEST_POWER = 1000  # of plain numbers, whose powers Python would compute for hours
_Operation = Callable[..., Any]


def _power(a: Any, b: Any) -> Any:
    if not isinstance(a, Tensor) and not isinstance(b, Tensor) and abs(b) > _LARGEST_POWER:
        raise SubjectError(f"the exponent {b} is too large")
    return a**b


_OPERATORS: dict[type[ast.AST], _Operation] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Mod: lambda a, b: a % b,
    ast.Pow: _power,
    ast.MatMult: lambda a, b: a @ b,
    ast.USub: lambda a: -a,
    ast.UAdd: lambda a: a,
}


def loss_of_expression(text: str, at: str) -> Subject:
    """What an expression comes to, as a tensor whose leaves bear the names in it."""
    tree = _parsed(text)
    values = {name: _value(name, value) for name, value in _assignments(at).items()}
    needed = _free_names(tree)
    missing = [name for name in needed if name not in values]
    if missing:
        these = " and ".join([", ".join(missing[:-1]), missing[-1]] if missing[1:] else missing)
        example = ",".join(f"{name}=..." for name in missing)
        kind = "values" if missing[1:] else "a value"
        raise SubjectError(f"the expression needs {kind} for {these}: give it with --at {example}")
    unknown = sorted(values.keys() - needed)
    if unknown:
        raise SubjectError(f"--at gives a value for {unknown[0]}, which is not in {text!r}")
    leaves = {name: _leaf(name, values[name]) for name in needed}
    try:
        result = _Evaluation(leaves).value(tree.body)
    except RecursionError as error:
        raise SubjectError("the expression has too many brackets inside each other") from error
    if not isinstance(result, Tensor) or not result.requires_grad:
        raise SubjectError(f"{text!r} has no derivative: none of its values comes from a name")
    if result.size != 1:
        raise SubjectError(
            f"{text!r} has shape {result.shape}: a loss is one number; write sum(...) or mean(...)"
        )
    return Subject(result, text, kept=leaves)


def _parsed(text: str) -> ast.Expression:
    try:
        return ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise SubjectError(
            f"{text!r} is neither the folder of a run, nor SCRIPT.py:FUNCTION, nor an expression "
            f"({getattr(error, 'msg', error)})"
        ) from error


def _assignments(at: str) -> dict[str, str]:
    """`x=2,w=[1,-3]` by name; commas inside brackets belong to the value."""
    parts, depth, start = [], 0, 0
    for k, c in enumerate(f"{at},"):
        depth += (c in "[(") - (c in ")]")
        if c == "," and depth == 0:
            parts.append(at[start:k])
            start = k + 1
    found: dict[str, str] = {}
    for part in filter(str.strip, parts):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not name.isidentifier() or not value:
            raise SubjectError(f"--at expects NAME=VALUE, as in x=2,w=[1,-3]; got {part.strip()!r}")
        if name in found:
            raise SubjectError(f"--at gives {name} twice")
        found[name] = value
    return found


def _value(name: str, text: str) -> Any:
    value = _Evaluation({}).value(_parsed(text).body)
    try:
        return np.array(value, np.float64)
    except (TypeError, ValueError) as error:
        raise SubjectError(f"{name}={text} is no number and no array of numbers") from error


def _leaf(name: str, value: Any) -> Tensor:
    leaf = tensor(value.tolist(), requires_grad=True)
    leaf.name = name
    return leaf


def _free_names(tree: ast.Expression) -> list[str]:
    """The names that stand for values, in order: neither functions nor numbers, nor made by :=."""
    nodes = list(ast.walk(tree))
    called = {id(n.func) for n in nodes if isinstance(n, ast.Call)}
    modules = {id(n.value) for n in nodes if isinstance(n, ast.Attribute)}
    made = {n.target.id for n in nodes if isinstance(n, ast.NamedExpr)}
    names = [
        n
        for n in nodes
        if isinstance(n, ast.Name)
        and id(n) not in called
        and not (id(n) in modules and n.id in ("np", "F"))
        and n.id not in made
        and n.id not in _NUMBERS
    ]
    names.sort(key=lambda n: (n.lineno, n.col_offset))
    return list(dict.fromkeys(n.id for n in names))


class _Evaluation:
    """Computes a tree, node by node; what is not listed here is refused."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.names = dict(names)

    def value(self, node: ast.AST) -> Any:
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise SubjectError(f"an expression cannot have {_kind(node)} in it")
        try:
            return method(node)
        except (SubjectError, RecursionError):
            raise
        except Exception as error:
            raise SubjectError(f"{ast.unparse(node)}: {error}") from error

    def _constant(self, node: ast.Constant) -> Any:
        if isinstance(node.value, (int, float, str)) or node.value is None:
            return node.value
        raise SubjectError(f"an expression cannot have {node.value!r} in it")

    def _name(self, node: ast.Name) -> Any:
        if node.id in self.names:
            return self.names[node.id]
        if node.id in _NUMBERS:
            return _NUMBERS[node.id]
        raise SubjectError(f"{node.id} has no value here")

    def _namedexpr(self, node: ast.NamedExpr) -> Any:
        result = self.value(node.value)
        if isinstance(result, Tensor) and result.requires_grad and not result.is_leaf:
            result.name = node.target.id
        self.names[node.target.id] = result
        return result

    def _binop(self, node: ast.BinOp) -> Any:
        return self._operator(node.op)(self.value(node.left), self.value(node.right))

    def _unaryop(self, node: ast.UnaryOp) -> Any:
        return self._operator(node.op)(self.value(node.operand))

    def _operator(self, op: ast.AST) -> _Operation:
        if type(op) not in _OPERATORS:
            raise SubjectError(f"an expression cannot have the operator {type(op).__name__} in it")
        return _OPERATORS[type(op)]

    def _list(self, node: ast.List) -> Any:
        return [self.value(element) for element in node.elts]

    def _tuple(self, node: ast.Tuple) -> Any:
        return tuple(self.value(element) for element in node.elts)

    def _subscript(self, node: ast.Subscript) -> Any:
        return self.value(node.value)[self.value(node.slice)]

    def _slice(self, node: ast.Slice) -> Any:
        ends = (node.lower, node.upper, node.step)
        return slice(*(None if end is None else self.value(end) for end in ends))

    def _attribute(self, node: ast.Attribute) -> Any:
        if node.attr == "T" and isinstance(owner := self.value(node.value), Tensor):
            return owner.T
        raise SubjectError(f"an expression cannot have .{node.attr} in it")

    def _call(self, node: ast.Call) -> Any:
        function = self._function(node.func)
        args = [self.value(a) for a in node.args]
        if any(k.arg is None for k in node.keywords):
            raise SubjectError("an expression cannot have ** in it")
        return function(*args, **{k.arg: self.value(k.value) for k in node.keywords if k.arg})

    def _function(self, node: ast.AST) -> _Operation:
        if isinstance(node, ast.Name):
            return _known(node.id, numpy=True, ours=True)
        if isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Name) and node.value.id in ("np", "F"):
                name = node.value.id
                return _known(node.attr, numpy=name == "np", ours=name == "F")
            owner = self.value(node.value)
            if isinstance(owner, Tensor) and node.attr in _METHODS:
                method: _Operation = getattr(owner, node.attr)
                return method
            raise SubjectError(f"an expression cannot call .{node.attr}()")
        raise SubjectError(f"an expression cannot call {_kind(node)}")


def _known(name: str, *, numpy: bool, ours: bool) -> _Operation:
    """A function of `minigrad.functional`, or one of NumPy's that tensors know."""
    if ours and name in F.__all__:
        function: _Operation = getattr(F, name)
        return function
    found: Any = getattr(np, name, None) if numpy and not name.startswith("_") else None
    if callable(found) and (found in VJPS or found in COMPOSITES or _is_comparison(found)):
        chosen: _Operation = found
        return chosen
    raise SubjectError(
        f"{name} is no function that can be used here: NumPy's functions with derivative rules and "
        "those of minigrad.functional can"
    )


def _is_comparison(fn: Any) -> bool:
    """Functions without derivatives are not all harmless: `np.save` is one of them."""
    return fn in CONSTANTS and (isinstance(fn, np.ufunc) or fn in (np.argmax, np.argmin))


def _kind(node: ast.AST) -> str:
    return {"Lambda": "a lambda", "JoinedStr": "an f-string", "Compare": "a comparison"}.get(
        type(node).__name__, f"a piece like {ast.unparse(node)!r}"
    )
