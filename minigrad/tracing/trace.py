"""The list of records that a traced backward pass is."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from .records import Array, Contribution, Gradient, Record, TracedNode, Update


class Trace(list[Record]):
    """The records of a backward pass, in the order in which things happened.

    A plain list, which prints as a table. Records can be asserted in tests: see `records`.

    Attributes:
        output: the node that the pass started from.
    """

    def __init__(self, records: Iterable[Record], output: TracedNode) -> None:
        super().__init__(records)
        self.output = output

    @property
    def contributions(self) -> list[Contribution]:
        """What went along the edges, in order."""
        return [r for r in self if isinstance(r, Contribution)]

    @property
    def gradients(self) -> dict[str, Array]:
        """The gradient of each leaf and retained result, by name."""
        return {r.node.name: r.gradient for r in self if isinstance(r, Gradient)}

    @property
    def updates(self) -> list[Update]:
        """The optimizer's step, parameter by parameter."""
        return [r for r in self if isinstance(r, Update)]

    @property
    def nodes(self) -> list[TracedNode]:
        """All nodes of the graph, oldest first."""
        found = {self.output}
        stack = [self.output]
        while stack:
            new = {p for p in stack.pop().parents if p is not None} - found
            found |= new
            stack += new
        return sorted(found, key=attrgetter("place"))

    def into(self, tensor: Any) -> list[Contribution]:
        """The contributions that a tensor (or a node, or a name) received.

        Example:
            >>> import minigrad as mg
            >>> x = mg.tensor(2.0, requires_grad=True)
            >>> [float(c.contribution) for c in mg.trace_backward(x * 3.0 + x).into(x)]
            [1.0, 3.0]
        """
        node = getattr(tensor, "node", tensor)
        number = getattr(node, "number", None)
        return [c for c in self.contributions if node == c.parent.name or number == c.parent.number]

    def pending(self, step: int) -> dict[str, int]:
        """How many contributions each node is waiting for, by its name, after a step."""
        left = {node.name: node.uses for node in self.nodes}
        for record in self[: step + 1]:
            if isinstance(record, Contribution):
                left[record.parent.name] = record.left
        return left

    def to_json(self, *, full: bool = False, few: int = 64) -> str:
        """The trace as JSON; see the page on traces for the schema.

        Args:
            full: write all arrays element by element.
            few: else only those of up to so many elements, and of larger ones a summary.
        """
        from .serialise import to_json

        return to_json(self, full=full, few=few)

    def __str__(self) -> str:
        from .table import table

        return table(self)
