"""What docstrings say of rules and schedules, for tables."""

from __future__ import annotations

import inspect
from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of a table of rules or schedules.

    Args:
        name: as on the command line, such as "cosine-restarts".
        kind: the class.
        summary: the docstring's first sentence.
        formula: the docstring's formula, line by line.
        arguments: with their defaults, such as "start, steps, growth=1, end=0.0".
        source: author, year, title; or whose practice it is; empty where there is none.
    """

    name: str
    kind: type
    summary: str
    formula: str
    arguments: str
    source: str

    def __str__(self) -> str:
        lines = [self.summary, *self.formula.splitlines(), self.arguments, self.source]
        return "\n".join([self.name, *(f"    {line}" for line in lines if line)])


def described(name: str, kind: type, without: Collection[str] = ()) -> Row:
    """The row of a class whose docstring has the usual form: summary, formula, ..., source.

    Args:
        name: what the row is called.
        kind: the class.
        without: arguments to leave out.
    """
    summary, *paragraphs = (inspect.getdoc(kind) or "").split("\n\n")
    formula = paragraphs[0] if paragraphs and paragraphs[0].startswith("    ") else ""
    sources = [p.removeprefix("Source: ") for p in paragraphs if p.startswith("Source: ")]
    taken = inspect.signature(kind).parameters.values()
    return Row(
        name,
        kind,
        _on_one_line(summary),
        inspect.cleandoc(formula),
        ", ".join(_argument(p) for p in taken if p.name not in without),
        _on_one_line("".join(sources)),
    )


def _argument(parameter: inspect.Parameter) -> str:
    if parameter.default is inspect.Parameter.empty:
        return parameter.name
    return f"{parameter.name}={parameter.default!r}"


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
