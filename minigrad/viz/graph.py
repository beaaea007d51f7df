"""The drawing of a computation graph: one box for each operation, data flowing along the arrows."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal

from ..compiler import Compiled, Program
from ..node import Leaf, Node
from ..tensor import Tensor
from .labels import Array, call_text, facts, inline

if TYPE_CHECKING:
    from .drawing import Drawing

_DIRECTIONS = ("TB", "LR", "BT", "RL")
_OLDER = "older"  # in place of every operation that was left out


def draw(
    outputs: Tensor | Sequence[Tensor] | Compiled | Program,
    *,
    values: bool = False,
    rankdir: Literal["TB", "LR", "BT", "RL"] = "TB",
    max_nodes: int = 500,
) -> Drawing:
    """Draw the graph of the operations by which tensors were computed; or a compiled function.

    An arrow leads from each input to the operation that used it, and `a * a` has two. What the
    shapes and colours mean:

    - a blue rounded box: an operation, such as `tanh` or `subtract(1, ·)`; the dot stands for an
      argument that arrives by an arrow (arrows enter in the order of the arguments);
    - an orange ellipse: a leaf that requires a gradient, by its name, as `fc1.weight`;
    - a grey box: a constant array, through which no gradient flows;
    - a double outline: an output, by its name if it has one; green if it is an operation;
    - a dashed box: the older operations that were left out.

    Each carries the shape of its value, and its dtype unless that is float32.

    Of a compiled function (see `mg.compile`) the program of its latest call is drawn, with its
    forward pass, backward pass and update in frames of their own. There

    - a violet ellipse is an input;
    - an orange ellipse is the memory of parameters, an orange cylinder what else stays from call
      to call, such as a learning rate; a dashed arrow leads the new value back to either;
    - small grey text is what takes no time: views, and calculations with single numbers.

    Args:
        outputs: a tensor, or several whose graphs are drawn together; or a compiled function that
            has been called, or a `Program`.
        values: show the values too: up to 6 elements in full, of more their range. A program has
            none.
        rankdir: the direction in which data flow: top to bottom, left to right, or back.
        max_nodes: at most so many operations are drawn, the newest; a note counts the others. Of
            a program with more calls each of the three parts is drawn as one box.

    Returns:
        A `graphviz.Digraph`, to be shown in a notebook or given to `save`; the same graph always
        gives the same source.

    Raises:
        TypeError: an output is not a tensor.
        ValueError: there is no output, or an option is out of range.
        RuntimeError: a part of the graph was freed by `backward`, or the compiled function has not
            been called yet.

    Example:
        >>> import minigrad as mg
        >>> from minigrad.viz import draw
        >>> a = mg.tensor(3.0, requires_grad=True)
        >>> picture = draw(a * a)
        >>> [line.strip() for line in picture.body if "->" in line]
        ['n1 -> n2', 'n1 -> n2']
        >>> @mg.compile
        ... def step(x):
        ...     loss = ((a - x) ** 2).sum()
        ...     loss.backward()
        ...     return loss
        >>> _ = step(mg.tensor(2.0))
        >>> source = draw(step).source
        >>> "label=forward" in source, "label=backward" in source
        (True, True)
    """
    _check(rankdir, max_nodes)
    if isinstance(outputs, (Compiled, Program)):
        return _draw_program(outputs, values, rankdir, max_nodes)
    tensors = [outputs] if isinstance(outputs, Tensor) else list(outputs)
    _check_tensors(tensors)
    from .drawing import Drawing  # imports graphviz, which takes longer than all of minigrad

    operations = _operations_behind(tensors)
    newest = sorted(heapq.nlargest(max_nodes, operations, key=_number), key=_number)
    sketch = _Sketch(Drawing(rankdir), tensors, values)
    sketch.add_operations(newest, left_out=len(operations) - len(newest))
    sketch.add_unused(tensors)
    return sketch.drawing


_number = attrgetter("number")


def _draw_program(
    outputs: Compiled | Program, values: bool, rankdir: str, max_nodes: int
) -> Drawing:
    if values:
        raise ValueError("a program has no values to show: draw it without values=True")
    from .program_graph import draw_program

    program = outputs if isinstance(outputs, Program) else outputs.program
    return draw_program(program, rankdir, max_nodes)


def _check_tensors(tensors: Sequence[Any]) -> None:
    for tensor in tensors:
        if not isinstance(tensor, Tensor):
            raise TypeError(f"draw expects tensors, got {type(tensor).__name__}")
    if not tensors:
        raise ValueError("draw expects at least one tensor, got none")


def _check(rankdir: str, max_nodes: int) -> None:
    if rankdir not in _DIRECTIONS:
        raise ValueError(f"rankdir must be one of {', '.join(_DIRECTIONS)}, got {rankdir!r}")
    if max_nodes < 1:
        raise ValueError(f"max_nodes must be at least 1, got {max_nodes}")


def _operations_behind(tensors: Iterable[Tensor]) -> set[Node]:
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
        for parent in node.parents:
            if parent is not None and not parent.is_leaf and parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return seen


def _source_of(tensor: Tensor) -> Any:
    """What stands for a tensor in a drawing: its node; the identity of its array if it has none."""
    return id(tensor.data) if tensor.node is None else tensor.node


class _Sketch:
    """A drawing under way, which knows the box of everything it has drawn."""

    def __init__(self, drawing: Drawing, outputs: Sequence[Tensor], values: bool) -> None:
        self.drawing = drawing
        self.values = values
        self.outputs = {_source_of(t): t.name for t in outputs}
        self.boxes: dict[Any, str] = {}

    def add_operations(self, operations: Sequence[Node], left_out: int) -> None:
        """Draw operations, given oldest first, and all that they use."""
        if left_out:
            note = f"{left_out:,} older operation{'s' * (left_out != 1)}"
            self.boxes[_OLDER] = self.drawing.add("older", note)
        for node in operations:
            tails = [
                self._source(argument, parent)
                for argument, parent in zip(node.args, node.parents, strict=True)
                if parent is not None or inline(argument) is None
            ]
            name, call = self.outputs.get(node), call_text(node)
            box = self._add(node, "operation", f"{name} = {call}" if name else call, node.value)
            for tail in tails:
                self.drawing.connect(tail, box)

    def add_unused(self, outputs: Iterable[Tensor]) -> None:
        """Draw the outputs that no operation made and none has used."""
        for tensor in outputs:
            if tensor.is_leaf:
                self._source(tensor.data, tensor.node)

    def _source(self, value: Array, parent: Node | None) -> str:
        """The box from which an argument comes."""
        key = id(value) if parent is None else parent
        if key in self.boxes:
            return self.boxes[key]
        if parent is None:
            return self._add(key, "constant", self.outputs.get(key) or "constant", value)
        if isinstance(parent, Leaf):
            return self._add(key, "leaf", parent.label or "leaf", value)
        return self.boxes[_OLDER]

    def _add(self, key: Any, look: str, title: str, value: Array) -> str:
        lines = facts(value, self.values)
        self.boxes[key] = self.drawing.add(look, title, *lines, is_output=key in self.outputs)
        return self.boxes[key]
