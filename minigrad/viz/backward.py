"""The backward pass as a sketch: cotangents, and the derivative rules between them."""

from __future__ import annotations

from ..tracing import Contribution, Seed, Trace, TracedNode
from .labels import Array, shortened
from .shown import Shown
from .sketch import Amounts, Box, Frame, Look, Sketch

_WIDTH = 44  # characters of a rule


def add_backward(
    sketch: Sketch, trace: Trace, shown: Shown, frame: Frame | None = None
) -> Backward:
    """Draw a backward pass: the seed, each rule, each sum over broadcast axes, each cotangent.

    Args:
        sketch: is added to.
        trace: the pass, as `mg.trace_backward` recorded it.
        shown: what is said of each cotangent.
        frame: where it is drawn; in the whole picture if left out.

    Returns:
        What was drawn: the boxes of cotangents and of rules.
    """
    backward = Backward(sketch, trace, shown, frame or sketch.whole)
    for record in trace:
        if isinstance(record, Seed):
            backward.cotangent(record.node)
        elif isinstance(record, Contribution):
            backward.contribution(record)
    return backward


class Backward:
    """A backward pass that is being drawn.

    Attributes:
        cotangents: the box of each node's cotangent. It is drawn when the first contribution to it
            arrives, so that boxes stand before those that use them.
        rules: the box of the rule of each contribution.
    """

    def __init__(self, sketch: Sketch, trace: Trace, shown: Shown, frame: Frame) -> None:
        self.sketch, self.shown, self.frame = sketch, shown, frame
        self.letter = trace.output.label or "L"
        self.totals: dict[TracedNode, Array] = {}
        for record in trace:
            if isinstance(record, Seed):
                self.totals[record.node] = record.gradient
            elif isinstance(record, Contribution):
                self.totals[record.parent] = record.total
        self.cotangents: dict[TracedNode, Box] = {}
        self.rules: dict[Contribution, Box] = {}

    def cotangent(self, node: TracedNode) -> Box:
        """The box of a node's cotangent."""
        if node not in self.cotangents:
            title = f"∂{self.letter}/∂{node.name}"
            box = self._add("cotangent", title, self.totals[node], self._frame_of(node))
            box.is_output = node.is_leaf
            self.cotangents[node] = box
        return self.cotangents[node]

    def contribution(self, record: Contribution) -> None:
        """Draw a rule, and what becomes of its result, up to the cotangent of the input."""
        frame = self._frame_of(record.node)
        lines = [f"{record.operation}, ∂/∂{record.rule.name_of(record.argument + 2)}"]
        if self.shown.values and record.expression.is_of_numbers:
            lines.append(shortened(record.expression.with_numbers(), _WIDTH))
        rule = self._add("rule", _written(record), record.local, frame, *lines)
        rule.amounts.operations = 1
        self.rules[record] = rule
        self.sketch.connect(self.cotangent(record.node), rule)
        if record.is_unbroadcast:
            look, title = _fitting(record.local, record.contribution)
            fitted = self._add(look, title, record.contribution, frame)
            self.sketch.connect(rule, fitted)
            rule = fitted
        slot = record.parent.uses - record.pending
        self.sketch.connect(rule, self.cotangent(record.parent), slot)

    def _frame_of(self, node: TracedNode) -> Frame:
        calls = node.origin.calls if node.origin is not None else ()
        return self.sketch.frame_of(calls, self.frame)

    def _add(self, look: Look, title: str, value: Array, frame: Frame, *above: str) -> Box:
        kind, lines = self.shown.said(value)
        amounts = Amounts(nbytes=value.nbytes)
        return self.sketch.add(Box(look, title, kind, (*above, *lines), frame, amounts=amounts))


def _written(record: Contribution) -> str:
    """What the rule has computed; its formula where that is long."""
    written = str(record.expression)
    if written in ("?", "…") or len(written) > _WIDTH:
        written = record.rule.formula or record.operation
    return shortened(written, _WIDTH)


def _fitting(local: Array, contribution: Array) -> tuple[Look, str]:
    """What the engine did to a rule's result, so that it fits the input."""
    if local.shape == contribution.shape:
        return "rule", f"to {contribution.dtype}"
    extra = local.ndim - contribution.ndim
    stretched = [
        k for k in range(local.ndim) if k < extra or contribution.shape[k - extra] != local.shape[k]
    ]
    axes = ", ".join(map(str, stretched))
    return "sum", f"sum over {'axis' if len(stretched) == 1 else 'axes'} {axes}"
