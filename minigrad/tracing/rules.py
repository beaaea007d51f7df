"""A derivative rule as a reader knows it: its formula, and the lines of source that are it."""

from __future__ import annotations

import inspect
import linecache
import os
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from types import CodeType
from typing import Any

from ..vjps import VJPS, Function

PACKAGE = os.path.dirname(os.path.dirname(__file__))


@dataclass(frozen=True)
class Rule:
    """A derivative rule.

    Attributes:
        formula: the expression of a lambda, `g * (1 - y * y)`; the first line of the docstring of a
            function, else what it returns.
        names: of the rule's arguments: `g`, `y`, and those of the operation, as they are declared.
        source: the lines of source.
        file: where they are, from the folder above the package; the file's name alone elsewhere.
        line: the number of the first of them.
    """

    formula: str
    names: tuple[str, ...]
    source: str
    file: str
    line: int

    def name_of(self, k: int) -> str:
        """The name of the positional argument k: of `*operands`, `operand1`, `operand2`, ..."""
        for n, name in enumerate(self.names[: k + 1]):
            if name.startswith("*"):
                return f"{name[1:].removesuffix('s')}{k - n + 1}"
        return self.names[k] if k < len(self.names) else f"x{k - 1}"


@cache
def rule_of(fn: Function, i: int) -> Rule:
    """The derivative rule of a function's argument i.

    Example:
        >>> import numpy as np
        >>> from minigrad.tracing.rules import rule_of
        >>> rule = rule_of(np.multiply, 1)
        >>> rule.formula, rule.names, rule.file
        ('g * a', ('g', 'y', 'a', 'b'), 'minigrad/vjps/elementwise.py')
    """
    return _described(VJPS[fn][i])  # type: ignore[arg-type]


def _described(rule: Callable[..., Any]) -> Rule:
    skipped = 0
    if isinstance(rule, partial):  # of a function of any number of arguments: rule(i, g, y, ...)
        skipped, rule = len(rule.args), rule.func
    code = getattr(rule, "__code__", None)
    if code is None:
        return Rule(getattr(rule, "__name__", repr(rule)), (), "", "", 0)
    parameters = inspect.signature(rule).parameters.values()
    names = tuple(f"{'*' * (p.kind is p.VAR_POSITIONAL)}{p.name}" for p in parameters)[skipped:]
    inner = inspect.getclosurevars(rule).nonlocals.get("rule")
    if callable(inner) and hasattr(inner, "__code__"):
        rule, code = inner, inner.__code__  # a lambda that only passes its arguments on
    first, last, formula = _extent(code)
    lines = [linecache.getline(code.co_filename, n) for n in range(first, last + 1)]
    source = textwrap.dedent("".join(lines)).rstrip()
    if rule.__doc__:
        formula = rule.__doc__.strip().splitlines()[0]
    return Rule(formula, names, source, shown_file(code.co_filename), first)


def _extent(code: CodeType) -> tuple[int, int, str]:
    """The first and the last line of a function, and what its last `return` returns."""
    found: Any = code.co_positions()  # (line, end line, column, end column) or Nones
    places = [p for p in found if None not in p and p[2:] != (0, 0)]
    if not places:
        return code.co_firstlineno, code.co_firstlineno, ""
    begin, end, left, right = places[-1]
    if code.co_name == "<lambda>":  # all of it is what it returns
        begin, left = min((p[0], p[2]) for p in places)
        end, right = max((p[1], p[3]) for p in places)
    lines = [linecache.getline(code.co_filename, n) for n in range(begin, end + 1)]
    lines[-1] = _cut(lines[-1], 0, right)
    lines[0] = _cut(lines[0], left, None)
    formula = " ".join(" ".join(lines).split()).removeprefix("return ")
    return code.co_firstlineno, max(p[1] for p in places), formula


def _cut(line: str, begin: int | None, end: int | None) -> str:
    """Columns are counted in bytes of UTF-8."""
    return line.encode()[begin:end].decode()


def shown_file(path: str) -> str:
    """A path as a page shows it, which may be read on another machine."""
    if path.startswith(PACKAGE + os.sep):
        return os.path.relpath(path, os.path.dirname(PACKAGE)).replace(os.sep, "/")
    return os.path.basename(path)
