"""A trace as a table for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .records import Array, Contribution, Gradient, Hooked, Record, Seed
from .written import number

if TYPE_CHECKING:
    from .trace import Trace

_HEAD = ("step", "from", "to", "g", "rule", "contribution", "total", "left")
_FEW = 4  # elements that are written out
_NUMERIC = (0, 7)


def table(trace: Trace) -> str:
    """One line for each record, under a head; the columns are as wide as they have to be."""
    rows = [_HEAD, *(_cells(record) for record in trace)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(_HEAD))]
    lines = [
        "  ".join(
            cell.rjust(width) if k in _NUMERIC else cell.ljust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join(lines)


def _cells(record: Record) -> Sequence[str]:
    step = str(record.step)
    if isinstance(record, Seed):
        return step, "", record.node.name, "", "start", "", text(record.gradient), ""
    if isinstance(record, Contribution):
        return (
            step, record.node.name, f"{record.parent.name}", text(record.incoming), worked(record),
            text(record.contribution), text(record.total), str(record.left),
        )  # fmt: skip
    if isinstance(record, Hooked):
        return step, "", record.node.name, "", "hooks", "", text(record.after), ""
    if isinstance(record, Gradient):
        return step, "", record.node.name, "", "gradient", "", text(record.gradient), ""
    change = f"{text(record.before)} -> {text(record.after)}"
    return step, "", record.name, text(record.gradient), record.optimizer, "", change, ""


def worked(record: Contribution) -> str:
    """The rule with its numbers where these are few: `1 * (1 - 0.7071 * 0.7071)`."""
    expression = record.expression
    if expression.is_of_numbers and expression.parts not in (("?",), ("…",)):
        return expression.with_numbers((0,) * record.local.ndim)
    return record.rule.formula if expression.parts in (("?",), ("…",)) else str(expression)


def text(array: Array) -> str:
    """A few numbers in full; of many their shape and their norm."""
    if array.size == 1:
        return number(array.reshape(())[()])
    if array.size <= _FEW:
        return f"[{', '.join(number(x) for x in array.reshape(-1))}]"
    return f"{_shape(array)} |{number(float(np.linalg.norm(array)))}|"


def _shape(array: Any) -> str:
    return "x".join(map(str, array.shape))
