"""The drawing of a program: all of a compiled step, from the forward pass to the update."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter

import numpy as np

from ..compiler.functions import whole_view
from ..compiler.names import named
from ..compiler.program import Instruction, Program, Value, values_in
from ..vjps import name_of
from .drawing import Drawing
from .labels import call_line, inline, kind_text

_MOST_FREQUENT = 6  # functions that a summary lists
_NAMED_VIEWS = (whole_view, np.transpose, np.reshape)  # `fc1_weight_T` says it all
_FEW = 12  # so many inputs, states or constants of a large program are drawn one by one


def draw_program(program: Program, rankdir: str, max_nodes: int) -> Drawing:
    """Draw a program; see `draw`.

    Args:
        program: its instructions are the boxes.
        rankdir: the direction in which data flow.
        max_nodes: of a program with more instructions only the sections are drawn.

    Returns:
        The drawing.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> from minigrad.viz.program_graph import draw_program
        >>> @mg.compile
        ... def norm(x):
        ...     return np.sqrt(np.sum(x * x))
        >>> _ = norm(np.ones(3))
        >>> draw_program(norm.program, "TB", max_nodes=500).source.count("->")
        4
    """
    is_large = len(program.instructions) > max_nodes
    sketch = _Sketch(program, Drawing(rankdir), is_large)
    for section, run in groupby(program.instructions, key=attrgetter("section")):
        if is_large:
            sketch.add_summary(section, list(run))
        else:
            sketch.add_section(section, list(run))
    sketch.add_writes()
    return sketch.drawing


class _Sketch:
    """A drawing under way, which knows the box of every value."""

    def __init__(self, program: Program, drawing: Drawing, is_large: bool) -> None:
        self.program, self.drawing = program, drawing
        self.names = named(program)
        self.outputs = set(values_in(program.outputs))
        self.boxes: dict[Value, str] = {}
        self._add_sources("input", "inputs", program.inputs, is_large)
        learnt = self._parameters()
        self._add_sources("leaf", "parameters", [v for v in program.state if v in learnt], is_large)
        rest = [v for v in program.state if v not in learnt]
        self._add_sources("state", "states", rest, is_large)
        self._add_sources("constant", "constants", list(program.constants), is_large)
        self.sources = set(self.boxes)

    def _add_sources(self, look: str, plural: str, values: Sequence[Value], is_large: bool) -> None:
        if is_large and len(values) > _FEW:
            self.boxes |= dict.fromkeys(values, self.drawing.add(look, f"{len(values)} {plural}"))
            return
        for v in values:
            is_output = v in self.outputs
            self.boxes[v] = self.drawing.add(look, self.names[v], _kind(v), is_output=is_output)

    def _parameters(self) -> set[Value]:
        """The states with a gradient among the results: `d_w` is that of `w`, a state or a part."""
        gradients = {self.names[v] for v in self.program.kept}
        values = [*self.program.state, *(i.out for i in self.program.instructions)]
        return {v.root for v in values if f"d_{self.names[v]}" in gradients}

    def add_section(self, title: str, instructions: Sequence[Instruction]) -> None:
        """Draw each call of a section."""
        from_outside = set(self.boxes) - self.sources
        with self.drawing.cluster(title):
            for i in instructions:
                self.boxes[i.out] = self._add(i)
        for i in instructions:
            for v in i.reads:
                look = "far" if v in from_outside else "near"
                self.drawing.connect(self.boxes[v], self.boxes[i.out], look)

    def _add(self, i: Instruction) -> str:
        look = "operation" if i.out.is_array and i.out.base is None else "light"
        lines = [self._title(i), *([_kind(i.out)] if i.out.is_array else [])]
        return self.drawing.add(look, *lines, is_output=i.out in self.outputs)

    def _title(self, i: Instruction) -> str:
        name = self.names[i.out]
        if i.fn in _NAMED_VIEWS and i.out.base is not None:
            return name
        arguments = [inline(a) or "·" for a in i.args]
        return f"{name} = {call_line(name_of(i.fn), arguments, i.params)}"

    def add_summary(self, title: str, instructions: Sequence[Instruction]) -> None:
        """Draw a whole section as one box, with the functions that it calls most often."""
        often = Counter(name_of(i.fn) for i in instructions if i.out.base is None)
        lines = [f"{name} x {n:,}" for name, n in often.most_common(_MOST_FREQUENT)]
        is_output = any(i.out in self.outputs for i in instructions)
        calls = f"{title}: {len(instructions):,} calls"
        box = self.drawing.add("operation", calls, *lines, is_output=is_output)
        tails = [self.boxes[v] for i in instructions for v in i.reads if v in self.boxes]
        for tail in dict.fromkeys(tails):
            self.drawing.connect(tail, box)
        self.boxes |= dict.fromkeys((i.out for i in instructions), box)

    def add_writes(self) -> None:
        """Lead the new value of each state back to it."""
        pairs = [(self.boxes[v], self.boxes[state]) for state, v in self.program.writes.items()]
        for tail, head in dict.fromkeys(pairs):
            self.drawing.connect(tail, head, "back")


def _kind(v: Value) -> str:
    return kind_text(v.dtype, v.shape) if v.is_array else v.kind
