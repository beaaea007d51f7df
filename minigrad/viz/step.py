"""A whole training step as a sketch: y = M(x) -> L -> gradient -> update, in three regions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..node import Node
from ..tensor import Tensor
from ..tracing import Contribution, Trace, TracedNode, Update
from .backward import add_backward
from .forward import add_forward
from .labels import shortened
from .shown import Shown
from .sketch import Amounts, Box, Frame, Sketch

_WIDTH = 44  # characters of an update


def add_step(
    sketch: Sketch, loss: Tensor, trace: Trace, shown: Shown, inputs: Mapping[int, str]
) -> None:
    """Draw the forward pass, the backward pass and the optimizer's update.

    Args:
        sketch: is added to.
        loss: the output of the forward pass.
        trace: of the backward pass and the update, as `mg.trace_backward` recorded them.
        shown: what is said of each operation.
        inputs: the names of example inputs, by the identity of their arrays.
    """
    letter = trace.output.label or "L"
    forward = sketch.region("forward", f"forward: y = M(x), {letter}")
    backward = sketch.region("backward", f"backward: ∂{letter}/∂θ")
    update = sketch.region("update", f"update of θ: {trace.updates[0].optimizer}")
    values = add_forward(sketch, [loss], shown, inputs=inputs, frame=forward)
    by_number = {node.number: box for node, box in values.items() if isinstance(node, Node)}
    seen = len(sketch.arrows)
    pass_back = add_backward(sketch, trace, shown, backward)
    for arrow in sketch.arrows[seen:]:
        arrow.look = "back"
    sketch.connect(by_number[trace.output.number], pass_back.cotangents[trace.output], look="seed")
    for record, rule in pass_back.rules.items():
        for tail in _read_again(record, by_number, values):
            sketch.connect(tail, rule, look="saved")
    for change in trace.updates:
        box = _update_box(sketch, change, shown, update)
        if change.node is not None:
            sketch.connect(pass_back.cotangents[change.node], box, look="back")
            sketch.connect(box, by_number[change.node.number], look="next")


def _read_again(
    record: Contribution, by_number: Mapping[int, Box], values: Mapping[Any, Box]
) -> list[Box]:
    """The boxes of the values that a rule reads besides its cotangent."""
    used = [part for part in record.expression.parts if isinstance(part, int)]
    sources = [record.node, record.node, *record.node.inputs]  # by position: g, y, the arguments
    boxes = []
    for k in dict.fromkeys(used):
        source = sources[k] if 0 < k < len(sources) else None
        if isinstance(source, TracedNode) and source.number in by_number:
            boxes.append(by_number[source.number])
    return boxes


def _update_box(sketch: Sketch, record: Update, shown: Shown, frame: Frame) -> Box:
    written = "" if record.expression is None else str(record.expression).replace("theta", "θ")
    if not written or len(written) > _WIDTH:
        written = record.optimizer
    state = [key for key in record.state_after if key != "t"]
    kind, lines = shown.said(record.after)
    if state:
        lines = [f"state: {', '.join(state)}", *lines]
    amounts = Amounts(operations=1, nbytes=record.after.nbytes)
    title = shortened(f"{record.name} ← {written}", 2 * _WIDTH)
    return sketch.add(Box("update", title, kind, tuple(lines), frame, amounts=amounts))
