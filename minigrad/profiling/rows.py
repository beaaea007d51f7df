"""Profiles as tables: by operation, or by module."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..quantities import in_bytes, in_seconds, in_thousands
from .span import Span

By: TypeAlias = Literal["operation", "module"]
_HEAD = ("calls", "forward", "rules", "backward", "share", "memory", "FLOPs", "per second")


@dataclass
class Row:
    """What a table says of an operation or of a module.

    Attributes:
        name: of the function; or the names of the modules, joined by dots.
        calls: of the operation, or of operations in the module.
        forward: seconds in those calls.
        rules: how many derivative rules ran for them.
        backward: seconds in those rules.
        nbytes: the memory of all results, of calls and rules.
        flops: the floating-point operations of both.
    """

    name: str
    calls: int = 0
    forward: float = 0.0
    rules: int = 0
    backward: float = 0.0
    nbytes: int = 0
    flops: int = 0

    @property
    def seconds(self) -> float:
        """The time of calls and rules."""
        return self.forward + self.backward

    def add(self, span: Span) -> None:
        """Count a call or a rule in, without the spans inside."""
        seconds = span.own / 1e9
        self.calls += span.kind == "operation"
        self.rules += span.kind == "rule"
        if span.phase == "forward":
            self.forward += seconds
        else:
            self.backward += seconds
        self.nbytes += span.nbytes
        self.flops += span.flops

    def cells(self, total: float) -> tuple[str, ...]:
        """What stands in a table, of which `total` seconds are the whole."""
        share = f"{100 * self.seconds / total:.1f} %" if total else ""
        speed = in_thousands(self.flops / self.seconds) if self.flops and self.seconds else ""
        forward, backward = in_seconds(self.forward), in_seconds(self.backward)
        times = f"{self.calls:,}", forward, f"{self.rules:,}", backward, share
        return self.name, *times, in_bytes(self.nbytes), in_thousands(self.flops), speed


def rows_of(spans: Iterable[Span], by: By) -> list[Row]:
    """The rows of a table; see `profile`."""
    rows: dict[str, Row] = {}
    for span in spans:
        if by == "module":
            paths = [".".join(span.modules[: k + 1]) for k in range(len(span.modules))]
            names = [rows.setdefault(path, Row(path)) for path in paths]
        else:
            names = [rows.setdefault(span.name, Row(span.name))] if span.kind != "module" else []
        for row in names if span.kind != "module" else []:
            row.add(span)
    found = list(rows.values())
    return found if by == "module" else sorted(found, key=lambda row: -row.seconds)


def table(spans: Sequence[Span], by: By) -> str:
    """The rows as text, with a total below."""
    if by not in ("operation", "module"):
        raise ValueError(f'a profile has tables by "operation" and by "module", not by {by!r}')
    total = Row("total")
    for span in spans:
        if span.kind != "module":
            total.add(span)
    rows = [(by, *_HEAD), *(r.cells(total.seconds) for r in (*rows_of(spans, by), total))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for name, *cells in rows:
        numbers = [c.rjust(width) for c, width in zip(cells, widths[1:], strict=True)]
        lines.append("  ".join([name.ljust(widths[0]), *numbers]).rstrip())
    return "\n".join(lines)
