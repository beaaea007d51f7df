"""A derivative rule as a reader knows it: its formula, and the lines of source that are it."""

from __future__ import annotations

import dis
import inspect
import linecache
import os
import textwrap
from dataclasses import dataclass, replace
from functools import cache, partial
from types import CodeType
from typing import Any

from ..vjps import VJPS, Function, SharingRules

PACKAGE = os.path.dirname(os.path.dirname(__file__))


@dataclass(frozen=True)
class Rule:
    """A derivative rule.

    Attributes:
        formula: the expression of a lambda, `g * (1 - y * y)`; the beginning of the docstring of a
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
    rules: Any = VJPS[fn]
    if isinstance(rules, SharingRules):
        return _with_shared(_described(rules.shared), _described(rules.rules[i]))
    return _described(rules[i])


def _with_shared(shared: Rule, own: Rule) -> Rule:
    """A rule that starts from what several rules have in common, which stands in g's place."""
    formula = f"{own.formula}, where {own.names[0]} = {shared.formula}"
    return replace(shared, formula=formula, source=f"{shared.source}\n\n{own.source}")


def _described(rule: Any) -> Rule:
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
        formula = " ".join(rule.__doc__.strip().split("\n\n")[0].split()).rstrip(".")
    return Rule(formula, names, source, shown_file(code.co_filename), first)


def _extent(code: CodeType) -> tuple[int, int, str]:
    """The first and the last line of a function, and what its last `return` returns."""
    found: list[tuple[str, Any]] = [(i.opname, i.positions) for i in dis.get_instructions(code)]
    places = [(name, p) for name, p in found if p and None not in p and tuple(p[2:]) != (0, 0)]
    if not places:
        return code.co_firstlineno, code.co_firstlineno, ""
    returns = [p for name, p in places if name.startswith("RETURN_")]
    begin, end, left, right = (returns or [p for _, p in places])[-1]
    if code.co_name == "<lambda>":  # all of it is what it returns
        begin, left = min((p[0], p[2]) for _, p in places)
        end, right = max((p[1], p[3]) for _, p in places)
    lines = [linecache.getline(code.co_filename, n) for n in range(begin, end + 1)]
    lines[-1] = _cut(lines[-1], 0, right)
    lines[0] = _cut(lines[0], left, None)
    formula = " ".join(" ".join(lines).split()).removeprefix("return ")
    return code.co_firstlineno, max(p[1] for _, p in places), formula


def _cut(line: str, begin: int | None, end: int | None) -> str:
    """Columns are counted in bytes of UTF-8."""
    return line.encode()[begin:end].decode()


def shown_file(path: str) -> str:
    """A path as a page shows it, which may be read on another machine."""
    if path.startswith(PACKAGE + os.sep):
        return os.path.relpath(path, os.path.dirname(PACKAGE)).replace(os.sep, "/")
    return os.path.basename(path)
