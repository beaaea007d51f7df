"""The forward graph as a sketch: a box for each operation, data flowing along the arrows."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from ..node import Leaf, Node
from ..provenance import label_of, origin_of
from ..tensor import Tensor
from .labels import Array, inline
from .shown import Shown
from .sketch import Amounts, Box, Frame, Look, Sketch

_MOST = 20_000  # operations that are looked at; of a larger graph the newest
_number = attrgetter("number")


def add_forward(
    sketch: Sketch,
    outputs: Sequence[Tensor],
    shown: Shown,
    *,
    inputs: Mapping[int, str] | None = None,
    gradients: Mapping[int, Array] | None = None,
    frame: Frame | None = None,
) -> dict[Any, Box]:
    """Draw the operations by which tensors were computed, and all that they use.

    Args:
        sketch: is added to.
        outputs: the tensors.
        shown: what is said of each operation.
        inputs: the names of example inputs, by the identity of their arrays.
        gradients: of nodes, by their numbers, to be shown.
        frame: where it is drawn; in the whole picture if left out.

    Returns:
        The boxes, by node; those of constants by the identity of their arrays.
    """
    forward = _Forward(sketch, outputs, shown, inputs or {}, gradients or {}, frame or sketch.whole)
    operations = operations_behind(outputs)
    newest = sorted(heapq.nlargest(_MOST, operations, key=_number), key=_number)
    forward.add_operations(newest, left_out=len(operations) - len(newest))
    forward.add_unused(outputs)
    return forward.boxes


def operations_behind(tensors: Iterable[Tensor]) -> set[Node]:
    """Every operation that the tensors depend on."""
    stack = [t.node for t in tensors if t.node is not None and not t.node.is_leaf]
    seen = set(stack)
    while stack:
        node = stack.pop()
        if node.is_freed:
            raise RuntimeError(
                f"the graph was freed, at {node.name}, by backward(): draw it before, or call "
                "backward(retain_graph=True)"
            )
        for parent in node.inputs:
            if type(parent) is Node and parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return seen


def source_of(tensor: Tensor) -> Any:
    """What stands for a tensor in a drawing: its node; the identity of its array if it has none."""
    return id(tensor._data) if tensor.node is None else tensor.node


class _Forward:
    """A forward graph that is being drawn, with the box of everything drawn so far."""

    def __init__(
        self,
        sketch: Sketch,
        outputs: Sequence[Tensor],
        shown: Shown,
        inputs: Mapping[int, str],
        gradients: Mapping[int, Array],
        frame: Frame,
    ) -> None:
        self.sketch, self.shown, self.frame = sketch, shown, frame
        self.outputs = {source_of(t): t.name for t in outputs}
        self.inputs, self.gradients = inputs, gradients
        self.boxes: dict[Any, Box] = {}
        self.older: Box | None = None
        self.backward: Frame | None = None  # for a backward pass that was recorded too

    def add_operations(self, operations: Sequence[Node], left_out: int) -> None:
        """Draw operations, given oldest first."""
        if left_out:
            self._add_older(left_out)
        for node in operations:
            tails = [
                (i, self._source(a.value if isinstance(a, Node) else a, a))
                for i, a in enumerate(node.inputs)
                if isinstance(a, Node) or inline(a) is None
            ]
            name, call = label_of(node), self.shown.call(node)
            title = f"{name} = {call}" if name else call
            box = self._add(node, "operation", title, node.value, self._frame_of(node), node)
            box.amounts.operations = 1
            for i, tail in tails:
                self.sketch.connect(tail, box, i)

    def add_unused(self, outputs: Iterable[Tensor]) -> None:
        """Draw the outputs that no operation made and none has used."""
        for tensor in outputs:
            if tensor.is_leaf:
                self._source(tensor._data, tensor.node)

    def _add_older(self, count: int) -> None:
        title = f"{count:,} older operation{'s' * (count != 1)}"
        self.older = self.sketch.add(Box("older", title, frame=self.frame))
        self.older.amounts.operations = count
        self.sketch.notes.append(f"the newest {_MOST:,} operations of {_MOST + count:,}")

    def _frame_of(self, node: Node) -> Frame:
        origin = origin_of(node)
        if origin is None:
            return self.frame
        around = self.frame
        if origin.rule:
            around = self.backward = self.backward or Frame("backward", self.frame, "backward")
        return self.sketch.frame_of(origin.calls, around)

    def _source(self, value: Array, maker: Any) -> Box:
        """The box from which an argument comes."""
        is_node = isinstance(maker, Node)
        key = maker if is_node else id(value)
        if key in self.boxes:
            return self.boxes[key]
        name = self.inputs.get(id(value)) or self.outputs.get(key)
        if not is_node:
            look: Look = "input" if id(value) in self.inputs else "constant"
            return self._add(key, look, name or "constant", value, self.frame)
        if isinstance(maker, Leaf):
            is_input = id(value) in self.inputs
            title = maker.label or name or "leaf"
            box = self._add(
                key, "input" if is_input else "parameter", title, value, self.frame, maker
            )
            box.amounts.numbers = 0 if is_input else value.size
            return box
        assert self.older is not None
        return self.older

    def _add(
        self, key: Any, look: Look, title: str, value: Array, frame: Frame, node: Node | None = None
    ) -> Box:
        gradient = None if node is None else self.gradients.get(node.number)
        kind, lines = self.shown.said(value, node, gradient)
        owned = value.nbytes if value.base is None else 0
        seconds = self.shown.seconds(node) if look == "operation" and node is not None else 0.0
        amounts = Amounts(nbytes=owned, seconds=seconds)
        box = Box(look, title, kind, tuple(lines), frame, key in self.outputs, amounts)
        self.boxes[key] = self.sketch.add(box)
        return box
