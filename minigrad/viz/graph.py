"""`mg.draw`: a graph as a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from ..compiler import Compiled, Program
from ..tensor import Tensor
from ..tracing import Contribution, Seed, trace_backward
from .backward import add_backward
from .closing import closed, limited
from .computing import Computation, computed
from .drawing import Drawing
from .forward import add_forward
from .labels import Array
from .program_graph import program_sketch
from .rolling import rolled
from .shown import Shown
from .sketch import Sketch
from .step import add_step

_DIRECTIONS = ("TB", "LR", "BT", "RL")
_KINDS = ("forward", "backward", "step")
_EXPECTED = (
    "draw expects a tensor or several, a function or module with example inputs, or a compiled "
    "function"
)


def draw(
    subject: Tensor | Sequence[Tensor] | Callable[..., Any] | Compiled | Program,
    *examples: Any,
    kind: Literal["forward", "backward", "step"] | None = None,
    depth: int | None = None,
    max_nodes: int = 200,
    rankdir: Literal["TB", "LR", "BT", "RL"] = "TB",
    legend: bool = True,
    optimizer: Any = None,
    shapes: bool = True,
    dtypes: bool = False,
    values: bool = False,
    gradients: bool = False,
    full_names: bool = False,
    memory: bool = False,
    source: bool = False,
    profile: Any = None,
) -> Drawing:
    """Draw a graph: of the operations by which tensors were computed, of their backward pass, or of
    a whole training step.

    An arrow leads from each input to the operation that used it, and `a * a` has two. What shapes
    and colours mean is written below the picture: a blue rounded box is an operation, such as
    `tanh` or `subtract(1, ·)`, where the dot stands for an argument that arrives by an arrow
    (arrows enter in the order of the arguments); an orange ellipse is a parameter or another leaf
    that requires a gradient; a yellow hexagon an example input; a grey box a constant array; a
    double outline an output. Each carries the shape of its value, and its dtype unless that is
    float32.

    What was computed by a module stands in its frame, if `draw` called it, or `mg.record_origins`
    looked on. Equal blocks one after the other are drawn once (`0 … 11: Block(64) × 12`), and so
    are the steps of a loop, whose index is t; a dashed arrow leads to the next one.

    Args:
        subject: a tensor, or several whose graphs are drawn together; a function or a module, which
            is called with the example inputs; or a compiled function that has been called, or a
            `Program`.
        examples: inputs of the function or module: arrays or tensors; for a module also shapes,
            such as (32, 64). A function's arrays of real numbers are made tensors that require a
            gradient; a module is left as it was.
        kind: "forward", the graph of the operations. "backward", cotangents (violet ellipses) and
            the rules (red boxes) that carry them back, with the sums over broadcast axes; from
            `mg.trace_backward`. "step", both and the optimizer's update, as three regions, with
            dotted arrows for values that a rule reads again. Forward if left out; of a compiled
            function everything, or the part with this name.
        depth: how many levels of modules are open; those below are single boxes. 1 draws the layers
            of a network, None every operation.
        max_nodes: at most so many boxes are drawn. Of a larger graph repetitions are rolled up,
            modules closed, the oldest operations left out, until it fits; a note tells.
        rankdir: the direction in which data flow: top to bottom, left to right, or back.
        legend: whether to write what the looks mean.
        optimizer: whose update a "step" shows.
        shapes: whether to show shapes (and dtypes other than float32).
        dtypes: show every dtype.
        values: show values: up to 6 elements in full, of more their range and a histogram.
        gradients: show the gradient of the output with respect to each operation and leaf.
        full_names: write `np.tanh`, not `tanh`.
        memory: show how many bytes each result takes.
        source: show the line of code that called each operation, where `draw` called the function
            or `mg.record_origins` looked on.
        profile: an `mg.profile` that looked on, for the time of each operation.

    Returns:
        A `Drawing`: it shows itself in a notebook, has `svg()`, `png()`, `pdf()`, `dot` and
        `save(path)`, prints as text, and `graph` is the `graphviz.Digraph`.

    Raises:
        TypeError: the subject cannot be drawn, example inputs or an optimizer are missing or of no
            use.
        ValueError: an option is out of range; or the gradient of a tensor that is no scalar.
        RuntimeError: a part of the graph was freed by `backward`, or the compiled function has not
            been called yet.

    Example:
        >>> import minigrad as mg
        >>> net = mg.nn.Sequential(mg.nn.Linear(2, 8), mg.nn.ReLU(), mg.nn.Linear(8, 1))
        >>> print(mg.draw(net, (32, 2), depth=1))
        1  x                   input   (32, 2)
           Sequential
        2  ├─ 0: Linear(2, 8)  module  (32, 8)  24 parameters  <- 1
        3  ├─ 1: ReLU          module  (32, 8)  <- 2
        4  └─ 2: Linear(8, 1)  module  (32, 1)  9 parameters  <- 3
        >>> mg.draw(net, (32, 2), kind="backward").dot.startswith("digraph {")
        True
    """
    _check(kind, depth, max_nodes, rankdir)
    shown = Shown(shapes, dtypes, values, gradients, full_names, memory, source, profile)
    if isinstance(subject, (Compiled, Program)):
        if examples:
            raise TypeError(
                "a compiled function is drawn as it was called last: draw it without example inputs"
            )
        program = subject if isinstance(subject, Program) else subject.program
        return Drawing(program_sketch(program, kind, shown, max_nodes), rankdir, legend)
    kind = kind or "forward"
    computation = _computation(subject, examples, kind)
    sketch = _sketch(computation, kind, optimizer, shown)
    sketch.settle("parameter", "constant")
    sketch = rolled(sketch)
    sketch.settle("parameter")  # those of a loop's body
    if depth is not None:
        sketch = closed(sketch, depth)
    return Drawing(limited(sketch, max_nodes), rankdir, legend)


def _check(kind: Any, depth: int | None, max_nodes: int, rankdir: str) -> None:
    if rankdir not in _DIRECTIONS:
        raise ValueError(f"rankdir must be one of {', '.join(_DIRECTIONS)}, got {rankdir!r}")
    if kind is not None and kind not in _KINDS:
        raise ValueError(f"kind must be one of {', '.join(_KINDS)}, got {kind!r}")
    if max_nodes < 1:
        raise ValueError(f"max_nodes must be at least 1, got {max_nodes}")
    if depth is not None and depth < 0:
        raise ValueError(f"depth must be at least 0, or None for every operation, got {depth}")


def _computation(subject: Any, examples: Sequence[Any], kind: str) -> Computation:
    if callable(subject) and not isinstance(subject, (type, Tensor)):
        return computed(subject, examples, from_inputs=kind == "forward")
    if examples:
        raise TypeError(
            "a tensor's graph is drawn as it is: example inputs go with a function or a module, "
            f"not with a {type(subject).__name__}"
        )
    if not isinstance(subject, (Tensor, list, tuple)):
        raise TypeError(f"{_EXPECTED}, got {type(subject).__name__}")
    tensors = [subject] if isinstance(subject, Tensor) else list(subject)
    for tensor in tensors:
        if not isinstance(tensor, Tensor):
            raise TypeError(
                f"{_EXPECTED}, got a {type(subject).__name__} with a {type(tensor).__name__} in it"
            )
    if not tensors:
        raise ValueError("draw expects at least one tensor, got none")
    return Computation(tensors)


def _sketch(c: Computation, kind: str, optimizer: Any, shown: Shown) -> Sketch:
    sketch = Sketch(shown)
    if (optimizer is not None) != (kind == "step"):
        raise TypeError('kind="step" needs optimizer=, whose update it shows; the others none')
    if kind == "forward":
        gradients = _gradients(_single(c, "gradients=True")) if shown.gradients else None
        add_forward(sketch, c.outputs, shown, inputs=c.inputs, gradients=gradients)
        return sketch
    loss = _single(c, f'kind="{kind}"')
    seed = None if loss.size == 1 else np.ones(loss.shape, loss.dtype)
    if seed is not None:
        sketch.notes.append("the output is no scalar: its cotangent is all ones")
    trace = trace_backward(loss, gradient=seed, optimizer=optimizer)
    if kind == "backward":
        add_backward(sketch, trace, shown)
    else:
        add_step(sketch, loss, trace, shown, c.inputs)
    return sketch


def _single(c: Computation, what: str) -> Tensor:
    if len(c.outputs) != 1:
        raise ValueError(f"{what} needs one output, such as a loss; there are {len(c.outputs)}")
    return c.outputs[0]


def _gradients(output: Tensor) -> Mapping[int, Array]:
    """The gradient of each node, by its number."""
    found = {}
    for record in trace_backward(output):
        if isinstance(record, Seed):
            found[record.node.number] = record.gradient
        elif isinstance(record, Contribution):
            found[record.parent.number] = record.total
    return found
