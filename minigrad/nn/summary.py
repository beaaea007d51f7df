"""`module.summary(...)`: what each layer makes, holds and costs, by one call of the module."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, TypeAlias

from ..frames import called_modules
from ..modes import active_recorder
from ..parameter import Parameter
from ..quantities import in_bytes
from ..transforms.structures import leaves
from .examples import example, untouched
from .hooks import register
from .multiply_adds import Counter

if TYPE_CHECKING:
    from .module import Module

Shape: TypeAlias = tuple[int, ...]

_HEAD = ("layer", "type", "output shape", "parameters", "multiply-adds")


@dataclass
class Row:
    """What a summary says of one module, without the modules below it.

    Attributes:
        path: where it is; "" for the module that the summary is of.
        kind: its class.
        output_shapes: of the arrays that its last call returned.
        parameters: how many numbers it can learn or holds frozen; those of a shared parameter
            count for the first module that has it.
        frozen: how many of them are frozen.
        multiply_adds: in all of its calls.
        calls: how often it was called.
    """

    path: str
    kind: str
    output_shapes: tuple[Shape, ...] = ()
    parameters: int = 0
    frozen: int = 0
    multiply_adds: int = 0
    calls: int = 0

    def cells(self) -> tuple[str, ...]:
        """What stands in the table."""
        shapes = ", ".join(map(str, self.output_shapes)) if self.calls else "not called"
        times = f", last of {self.calls} calls" if self.calls > 1 else ""
        frozen = "" if not self.frozen else f" ({self.frozen:,} frozen)"
        numbers = (f"{self.parameters:,}{frozen}", f"{self.multiply_adds:,}")
        return self.path or "(whole)", self.kind, shapes + times, *numbers


@dataclass(frozen=True)
class Summary:
    """A table of modules with its totals; printed as text, in a notebook as HTML.

    Attributes:
        rows: one for each module, parents first.
        input_shapes: of the arrays that it was called with.
        parameter_bytes, buffer_bytes: the memory of all parameters and of all buffers.
    """

    rows: tuple[Row, ...]
    input_shapes: tuple[Shape, ...]
    parameter_bytes: int
    buffer_bytes: int

    @property
    def parameters(self) -> int:
        """How many numbers all parameters hold, shared ones once."""
        return sum(row.parameters for row in self.rows)

    @property
    def frozen(self) -> int:
        """How many of them are frozen."""
        return sum(row.frozen for row in self.rows)

    @property
    def trainable(self) -> int:
        """How many of them are learnt."""
        return self.parameters - self.frozen

    @property
    def multiply_adds(self) -> int:
        """How many products are summed up in one call of the whole module."""
        return sum(row.multiply_adds for row in self.rows)

    def _totals(self) -> str:
        inputs = ", ".join(map(str, self.input_shapes)) or "no arrays"
        buffers = f", buffers {in_bytes(self.buffer_bytes)}" if self.buffer_bytes else ""
        return (
            f"{self.parameters:,} parameters: {self.trainable:,} trainable, {self.frozen:,} frozen "
            f"({in_bytes(self.parameter_bytes)}{buffers}); {self.multiply_adds:,} multiply-adds "
            f"for {inputs}"
        )

    def __str__(self) -> str:
        table = [_HEAD, *(row.cells() for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = ["  ".join(_aligned(cells, widths)).rstrip() for cells in table]
        return "\n".join([*lines, self._totals()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "".join(map(_html_row, (row.cells() for row in self.rows)))
        head = "".join(f'<th style="text-align:left">{name}</th>' for name in _HEAD)
        table = f'<table style="color:inherit"><tr>{head}</tr>{rows}</table>'
        return f"{table}<div>{escape(self._totals())}</div>"


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    for k, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        yield cell.ljust(width) if k < 3 else cell.rjust(width)


def _html_row(cells: Sequence[str]) -> str:
    sides = ("left", "left", "left", "right", "right")
    return "<tr>{}</tr>".format(
        "".join(
            f'<td style="text-align:{side};padding:.1em .7em .1em 0">{escape(cell)}</td>'
            for side, cell in zip(sides, cells, strict=True)
        )
    )


def summarized(root: Module, inputs: tuple[Any, ...], options: dict[str, Any]) -> Summary:
    """Call a module, look at what happens, and put everything back as it was."""
    if (recorder := active_recorder()) is not None:
        recorder.refuse("the summary of a module")
    rows = _rows(root)

    def note(module: Module, args: Any, result: Any) -> None:
        rows[module].calls += 1
        rows[module].output_shapes = _shapes(result)

    def add(number: int) -> None:
        innermost = next(m for m in reversed(called_modules()) if m in rows)
        rows[innermost].multiply_adds += number

    arguments = [example(a, root) for a in inputs]
    with untouched(root), Counter(add).counting():
        root.eval()
        for module in rows:
            register(module, "after", note)
        root(*arguments, **options)
    return Summary(
        tuple(rows.values()),
        _shapes((arguments, options)),
        sum(p._data.nbytes for p in root.parameters()),
        sum(buffer.nbytes for buffer in root.buffers()),
    )


def _rows(root: Module) -> dict[Module, Row]:
    rows: dict[Module, Row] = {}
    seen: set[Parameter] = set()
    for path, module in root.named_modules():
        rows[module] = row = Row(path, type(module).__name__)
        own = [p for p in vars(module).values() if isinstance(p, Parameter) and p not in seen]
        own = list(dict.fromkeys(own))
        seen.update(own)
        row.parameters = sum(p.size for p in own)
        row.frozen = sum(p.size for p in own if not p.requires_grad)
    return rows


def _shapes(a: Any) -> tuple[Shape, ...]:
    return tuple(tuple(leaf.shape) for leaf in leaves(a) if hasattr(leaf, "shape"))
