"""A compiled function before and after each pass of the compiler."""

from __future__ import annotations

from typing import Literal

from ..compiler import Compiled
from ..compiler.pipeline import stages
from .drawing import Drawing
from .program_graph import program_sketch
from .shown import Shown


def draw_passes(
    compiled: Compiled,
    *,
    rankdir: Literal["TB", "LR", "BT", "RL"] = "TB",
    max_nodes: int = 200,
    legend: bool = True,
) -> dict[str, Drawing]:
    """Draw a compiled function as it was recorded, and after each pass that changed it.

    What a pass has changed is marked in the drawing after it; what it has removed is in the one
    before.

    Args:
        compiled: the function; the program of its latest call is drawn.
        rankdir: the direction in which data flow.
        max_nodes: of a program with more calls each section is drawn as one box.
        legend: whether to write what the looks mean.

    Returns:
        The drawings, by name: "recorded", then the round and the pass: "1: fold constants".

    Raises:
        RuntimeError: the function has not been called yet.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> @mg.compile
        ... def f(x):
        ...     unused = np.sin(x)
        ...     return np.exp(x) + np.exp(x)
        >>> _ = f(np.ones(3))
        >>> for name, drawing in mg.viz.draw_passes(f).items():
        ...     print(name, len(drawing.sketch.boxes))
        recorded 5
        1: merge common subexpressions 4
        1: remove dead code 3
    """
    drawings = {}
    before = compiled.recorded
    sketch = program_sketch(before, None, Shown(), max_nodes)
    drawings["recorded"] = Drawing(sketch, rankdir, legend)
    for number, name, program in stages(before):
        if program is not before:
            sketch = program_sketch(program, None, Shown(), max_nodes, before)
            drawings[f"{number}: {name}"] = Drawing(sketch, rankdir, legend)
        before = program
    return drawings
