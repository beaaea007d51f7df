"""What a drawing says of each operation, on request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..node import Node
from ..provenance import Origin, origin_of
from ..quantities import in_bytes, in_seconds
from ..tracing.rules import shown_file
from .histogram import strip
from .labels import Array, call_text, kind_text, shortened, value_text
from .sketch import Amounts

Said = tuple[str, list[str]]

_SOURCE = 60  # characters of a line of source


@dataclass(frozen=True)
class Shown:
    """What is asked for; see `draw`."""

    shapes: bool = True
    dtypes: bool = False
    values: bool = False
    gradients: bool = False
    full_names: bool = False
    memory: bool = False
    source: bool = False
    profile: Any = None

    def call(self, node: Node) -> str:
        """The operation with its constants: `subtract(1, ·)`, or `np.subtract(1, ·)`."""
        return call_text(node, self.full_names)

    def kind(self, dtype: Any, shape: tuple[int, ...]) -> str:
        """`(32, 10)`, `(3,) float64`."""
        if self.shapes:
            return kind_text(dtype, shape, self.dtypes)
        return str(dtype) if self.dtypes else ""

    def said(self, array: Array, node: Node | None = None, gradient: Any = None) -> Said:
        """Shape and dtype, with the value of a scalar in their place; and what stands below."""
        kind = self.kind(array.dtype, array.shape)
        lines: list[str] = []
        if self.values:
            lines += _numbers(array)
            if not array.ndim and self.shapes:
                kind, lines = kind.replace("scalar", lines[0]), []
        if self.gradients and gradient is not None:
            value, *histogram = _numbers(gradient)
            lines += [f"grad {value}", *histogram]
        origin = origin_of(node) if self.source and node is not None else None
        if origin is not None:
            lines += _source(origin)
        return kind, lines

    def seconds(self, node: Node) -> float:
        """How long the operation took, if it is known."""
        return 0.0 if self.profile is None else float(self.profile.seconds_of(node))

    def amounts(self, amounts: Amounts) -> Iterator[str]:
        """Memory and time."""
        if self.memory:
            yield in_bytes(amounts.nbytes) if amounts.nbytes else "a view"
        if amounts.seconds:
            yield in_seconds(amounts.seconds)


def _numbers(array: Array) -> Iterator[str]:
    yield value_text(array)
    histogram = strip(array)
    if histogram:
        yield histogram


def _source(origin: Origin) -> Iterator[str]:
    path, _, number = origin.where.rpartition(", line ")
    yield f"{shown_file(path)}:{number}" if path else origin.where
    if origin.source:
        yield shortened(origin.source, _SOURCE)
