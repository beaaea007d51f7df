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
from ..tracing.written import called_name
from ..vjps import name_of
from .labels import call_line, inline
from .shown import Shown
from .sketch import Amounts, Box, Frame, Look, Sketch

_MOST_FREQUENT = 6  # functions that a summary lists
_NAMED_VIEWS = (whole_view, np.transpose, np.reshape)  # `fc1_weight_T` says it all
_FEW = 12  # so many inputs, states or constants of a large program are drawn one by one


def program_sketch(
    program: Program,
    kind: str | None,
    shown: Shown,
    max_nodes: int,
    before: Program | None = None,
) -> Sketch:
    """Sketch a program; see `draw`.

    Args:
        program: its instructions are the boxes.
        kind: the section to be drawn; "step" or None for all.
        shown: what is said of each call.
        max_nodes: of a program with more instructions only the sections are drawn.
        before: the program before a pass; calls that are not in it are marked.
    """
    for option in ("values", "gradients", "source", "profile"):
        if getattr(shown, option):
            raise ValueError(f"a program has no {option} to show: draw it without {option}=")
    wanted = [i for i in program.instructions if kind in (None, "step", i.section)]
    if not wanted:
        raise ValueError(f"{program.name} has no {kind} pass to draw")
    old = wanted if before is None else before.instructions
    sketch = _ProgramSketch(program, wanted, shown, len(wanted) > max_nodes)
    for i in set(wanted).difference(old):
        if sketch.boxes[i.out].look == "operation":
            sketch.boxes[i.out].look = "changed"
    return sketch.sketch


class _ProgramSketch:
    """A program that is being drawn, with the box of every value."""

    def __init__(
        self, program: Program, instructions: Sequence[Instruction], shown: Shown, is_large: bool
    ) -> None:
        self.program, self.shown = program, shown
        self.sketch = Sketch(shown)
        self.names = named(program)
        self.outputs = set(values_in(program.outputs))
        self.boxes: dict[Value, Box] = {}
        self._add_sources(instructions, is_large)
        self.sources = set(self.boxes)
        for section, run in groupby(instructions, key=attrgetter("section")):
            if is_large:
                self._add_summary(section, list(run))
            else:
                self._add_section(section, list(run))
        self._add_writes()

    def _add_sources(self, instructions: Sequence[Instruction], is_large: bool) -> None:
        """Draw what the instructions read and do not make."""
        made = {i.out for i in instructions}
        read = {v for i in instructions for v in i.reads}
        learnt = self._parameters()
        earlier = [i.out for i in self.program.instructions if i.out in read - made]
        is_whole = len(instructions) == len(self.program.instructions)
        kinds: list[tuple[Look, str, list[Value]]] = [
            ("input", "inputs", self.program.inputs),
            ("parameter", "parameters", [v for v in self.program.state if v in learnt]),
            ("state", "states", [v for v in self.program.state if v not in learnt]),
            ("constant", "constants", list(self.program.constants)),
            ("constant", "earlier results", earlier),
        ]
        for look, plural, values in kinds:
            values = [v for v in values if is_whole or v in read]
            if is_large and len(values) > _FEW:
                box = Box(look, f"{len(values)} {plural}", frame=self.sketch.whole)
                self.boxes |= dict.fromkeys(values, self.sketch.add(box))
                continue
            for v in values:
                self._add(v, look, self.names[v], self.sketch.whole)

    def _parameters(self) -> set[Value]:
        """The states with a gradient among the results: `d_w` is that of `w`, a state or a part."""
        gradients = {self.names[v] for v in self.program.kept}
        values = [*self.program.state, *(i.out for i in self.program.instructions)]
        return {v.root for v in values if f"d_{self.names[v]}" in gradients}

    def _add_section(self, section: str, instructions: Sequence[Instruction]) -> None:
        """Draw each call of a section."""
        from_outside = set(self.boxes) - self.sources
        frame = self.sketch.region(section, section)
        for i in instructions:
            look: Look = "operation" if i.out.is_array and i.out.base is None else "view"
            self._add(i.out, look, self._title(i), frame).amounts.operations = 1
        for i in instructions:
            for slot, v in enumerate(i.reads):
                way = "far" if v in from_outside else "data"
                self.sketch.connect(self.boxes[v], self.boxes[i.out], slot, way)

    def _add(self, v: Value, look: Look, title: str, frame: Frame) -> Box:
        kind = self.shown.kind(v.dtype, v.shape) if v.is_array else v.kind
        kind = kind if v.is_array or look != "view" else ""
        amounts = Amounts(nbytes=v.nbytes if v.base is None else 0)
        box = Box(look, title, kind, (), frame, v in self.outputs, amounts)
        self.boxes[v] = self.sketch.add(box)
        return box

    def _title(self, i: Instruction) -> str:
        name = self.names[i.out]
        if i.fn in _NAMED_VIEWS and i.out.base is not None:
            return name
        arguments = [inline(a) or "·" for a in i.args]
        function = called_name(i.fn) if self.shown.full_names else name_of(i.fn)
        return f"{name} = {call_line(function, arguments, i.params)}"

    def _add_summary(self, section: str, instructions: Sequence[Instruction]) -> None:
        """Draw a whole section as one box, with the functions that it calls most often."""
        often = Counter(name_of(i.fn) for i in instructions if i.out.base is None)
        lines = tuple(f"{name} × {n:,}" for name, n in often.most_common(_MOST_FREQUENT))
        is_output = any(i.out in self.outputs for i in instructions)
        title = f"{section}: {len(instructions):,} calls"
        box = Box("module", title, "", lines, self.sketch.whole, is_output)
        tails = [self.boxes[v] for i in instructions for v in i.reads if v in self.boxes]
        self.sketch.add(box)
        for tail in dict.fromkeys(tails):
            self.sketch.connect(tail, box)
        self.boxes |= dict.fromkeys((i.out for i in instructions), box)

    def _add_writes(self) -> None:
        """Lead the new value of each state back to it."""
        pairs = [
            (self.boxes[v], self.boxes[state])
            for state, v in self.program.writes.items()
            if v in self.boxes and state in self.boxes
        ]
        for tail, head in dict.fromkeys(pairs):
            self.sketch.connect(tail, head, look="next")
