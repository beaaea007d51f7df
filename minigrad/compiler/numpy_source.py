"""A program printed as NumPy source, such as a person would write by hand.

The source defines `make(...)`, which receives the arrays that persist (parameters, an optimizer's
running means), sets the memory up, and returns the function that is called at each step. In that
function every result goes to memory that is there already.
"""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import workspace
from .blocking import Group, groups_of, numbers_first
from .embedding import embedded
from .forms import expression, is_numpy, statements, writes_into
from .functions import NUMBERS
from .literals import literal
from .memory import Fresh, InARow, Inside, Own, Plan, Slot, planned
from .names import named
from .program import Instruction, Program, Value, values_in, written
from .threads import at_once

INDENT = "    "
_COMMENT_COLUMN = 64
_UNTYPED = re.compile(r"  # type: ignore\[[\w-]+\]")


@dataclass(frozen=True)
class Source:
    """What is printed, and what running it needs.

    Attributes:
        text: the module's source.
        objects: by name, functions that could not be printed.
        fixed: the arrays and generators that `make` receives, in order.
        arguments: the arrays and numbers that the step receives at each call, in order.
        results: what a call returns, in order: the outputs, then the new values of numbers.
        groups: the chains that are carried out in blocks.
        constants: the arrays among `fixed` that are not state.
        plan: where everything lies in memory.
    """

    text: str
    objects: dict[str, Any]
    fixed: list[Value]
    arguments: list[Value]
    results: list[Value]
    groups: list[Group]
    constants: dict[Value, Any]
    plan: Plan


def printed(program: Program) -> Source:
    """Print a program as NumPy source."""
    return _Printer(numbers_first(program)).source()


class _Printer:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.groups = groups_of(program)
        self.plan = planned(program, self.groups)
        self.called = self._called()
        reserved = {program.name, *(fn.__name__ for fn in self.called)}
        self.names = named(program, self.plan.takes_over, reserved)
        literals = {v: literal(a) for v, a in program.constants.items()}
        self.literals = {v: text for v, text in literals.items() if text is not None}
        self.fixed = [v for v in [*program.state, *program.constants] if not v.is_number]
        self.arguments = [*program.inputs, *(v for v in program.state if v.is_number)]
        made = [i.out.root for i in program.instructions if i.out.root in self.plan.places]
        self.moving = {v for v in made if not self.plan.is_fixed(v, program.inputs)}
        self.moving |= set(self.arguments)
        self._inline_numbers()

    def source(self) -> Source:
        program, names = self.program, self.names
        setup, step = self._setup(), self._step()
        shares = {at_once} if any(g.lanes > 1 for g in self.groups) else set()
        definitions, objects = embedded(self.called | shares)
        helpers = [*definitions.values()] + [
            _UNTYPED.sub("", inspect.getsource(helper))
            for helper in (workspace.buffer, workspace.stretches)
            if any(f"{helper.__name__}(" in line for line in [*setup, *step])
        ]
        received = [v for v in self.fixed if v not in self.literals]
        make = [
            f"def make({', '.join(names[v] for v in received)}):",
            *_indented(setup),
            *([""] if setup else []),
            f"{INDENT}def {program.name}({', '.join(names[v] for v in self.arguments)}):",
            *_indented(_indented(step)),
            "",
            f"{INDENT}return {program.name}, {_tuple(names[v] for v in program.kept)}",
        ]
        parts = ["import numpy as np", *(h.strip() for h in helpers), "\n".join(make)]
        text = "\n\n\n".join(parts) + "\n"
        return Source(
            text,
            objects,
            received,
            self.arguments,
            self._results(),
            self.groups,
            program.constants,
            self.plan,
        )

    def _called(self) -> set[Any]:
        """The functions, not NumPy's, that the step calls by name."""
        return {
            i.fn
            for i in self.program.instructions
            if not is_numpy(i.fn)
            and (isinstance(self.plan.places.get(i.out), Fresh) or not writes_into(i))
        }

    def _needed_views(self) -> set[Value]:
        """The views that something reads; the parts of a concatenation in place need none."""
        needed = set(self.program.results)
        for i in reversed(self.program.instructions):
            is_there = i.out in self.plan.elided and not self._parts(i.out)
            if not is_there and (i.out.base is None or i.out in needed):
                needed.update(i.reads)
        return needed

    # What is done once.

    def _setup(self) -> list[str]:
        made = [i.out for i in self.program.instructions]
        owners = [v for v in made if v.base is None and not self._goes_by_another(v)]
        lines = [f"{self.names[v]} = {text}" for v, text in self.literals.items()]
        lines += self._fixed_views(lambda root: root in self.fixed)
        if self.plan.arena:
            lines.append(f"arena = np.empty({self.plan.arena}, np.uint8)")
        lines += [line for v in owners for line in self._allocation(v)]
        lines += [line for v in sorted(owners, key=self._depth) for line in self._part(v)]
        lines += self._fixed_views(lambda root: root not in self.fixed)
        for number, group in enumerate(self.groups, 1):
            if self._is_fixed_group(group):
                lines.append(f"blocks{number} = {self._stretches(group)}")
        return lines

    def _goes_by_another(self, v: Value) -> bool:
        """Whether the value is called as the one in whose place it lies."""
        other = self.plan.takes_over.get(v)
        return other is not None and self.names[other] == self.names[v]

    def _fixed_views(self, belongs: Any) -> list[str]:
        """Views of memory that stays where it is are taken once."""
        needed = self._needed_views()
        return [
            _commented(f"{self.names[i.out]} = {expression(i, self.names)}", i.out)
            for i in self.program.instructions
            if self._is_fixed_view(i) and i.out in needed and belongs(i.out.root)
        ]

    def _is_fixed_view(self, i: Instruction) -> bool:
        return (
            i.out.base is not None
            and i.out.root not in self.moving
            and all(v.root not in self.moving for v in i.reads)
        )

    def _allocation(self, v: Value) -> list[str]:
        place = self.plan.places[v]
        if isinstance(place, Slot) and self.plan.arena:
            count = min(v.size, place.nbytes // v.dtype.itemsize)
            shape = v.shape if count == v.size else (count,)
            call = f"buffer(arena, {place.offset}, {{}}, {written(v.dtype, {})})"
        elif isinstance(place, Own | Slot):
            shape, call = v.shape, f"np.empty({{}}, {written(v.dtype, {})})"
        else:
            return []
        return [f"{self.names[v]} = {_in_order(call, shape, v)}"]

    def _depth(self, v: Value) -> int:
        """How many arrays the value is a part of, one inside the other."""
        place = self.plan.places[v]
        return 1 + self._depth(place.whole) if isinstance(place, Inside) else 0

    def _part(self, v: Value) -> list[str]:
        place = self.plan.places[v]
        if not isinstance(place, Inside):
            return []
        flat = self.names[place.whole] + ("" if len(place.whole.shape) == 1 else ".reshape(-1)")
        part = f"{flat}[{place.start}:{place.start + v.size}]"
        return [f"{self.names[v]} = {part}{'' if len(v.shape) == 1 else f'.reshape({v.shape})'}"]

    def _stretches(self, group: Group) -> str:
        whole, scratch = self._members(group)
        rows = ([self.names[part] for part in self._parts(v)] for v in whole)
        taken = zip(whole, rows, strict=True)
        arrays = _tuple(_tuple(row) if row else self.names[v] for v, row in taken)
        spare = _tuple(self.names[v] for v in scratch)
        pieces = f"stretches({group.block}, {arrays}, {spare}"
        if group.lanes == 1:
            return f"{pieces})"
        return f"[{pieces}, lane, {group.lanes}) for lane in range({group.lanes})]"

    def _parts(self, v: Value) -> tuple[Value, ...]:
        """The arrays that stand for a concatenation which is not made."""
        place = self.plan.places.get(v)
        return place.parts if isinstance(place, InARow) else ()

    def _is_fixed_group(self, group: Group) -> bool:
        """Whether all arrays of a group lie where they lay at the last call."""
        whole, _ = self._members(group)
        return not any(v.root in self.moving for v in whole)

    def _members(self, group: Group) -> tuple[list[Value], list[Value]]:
        """The arrays of a group that are cut into blocks, and its scratch arrays."""
        instructions = self.program.instructions[group.first : group.stop]
        values = [v for i in instructions for v in (*i.reads, i.out) if v.size == group.size]
        by_name = {self.names[v]: v for v in reversed(values)}
        members = [by_name[name] for name in dict.fromkeys(self.names[v] for v in values)]
        scratch = [v for v in members if self._is_scratch(v, group)]
        return [v for v in members if v not in scratch], scratch

    def _is_scratch(self, v: Value, group: Group) -> bool:
        place = self.plan.places.get(v)
        return isinstance(place, Slot) and place.nbytes < v.nbytes

    # What is done at each call.

    def _step(self) -> list[str]:
        lines: list[str] = []
        section = None
        inside = {k: (n, g) for n, g in enumerate(self.groups, 1) for k in range(g.first, g.stop)}
        for k, i in enumerate(self.program.instructions):
            number, group = inside.get(k, (0, None))
            new = self._group(number, group) if group and k == group.first else []
            new = new if group else self._lines(i)
            if new and i.section != section:
                section = i.section
                lines.append(f"# {section}")
            lines += self._group(number, group) if group and k == group.first else []
            lines += [] if group else new
        for state, value in self.program.writes.items():
            if state.is_array and self.names[value] != self.names[state]:
                lines.append(f"{self.names[state]}[...] = {self.names[value]}")
        results = [self._returned(v) for v in self._results()]
        return [*lines, f"return {_tuple(results)}"]

    def _results(self) -> list[Value]:
        numbers = [v for s, v in self.program.writes.items() if not s.is_array]
        return [*values_in(self.program.outputs), *numbers]

    def _returned(self, v: Value) -> str:
        """Memory that the next call writes to is copied."""
        stays = v.is_array and not isinstance(self.plan.places.get(v.root), Fresh)
        order = "" if not stays or v.is_contiguous else '"K"'
        return f"{self.names[v]}.copy({order})" if stays else self.names[v]

    def _lines(self, i: Instruction, names: Any = None) -> list[str]:
        names = names or self.names
        v = i.out
        if v in self.plan.elided or v in self.inlined or self._is_fixed_view(i):
            return []
        place = self.plan.places.get(v)
        if v.base is not None or isinstance(place, Fresh):
            lines = [f"{names[v]} = {expression(i, names)}"]
        else:
            lines = statements(i, names[v], names)
        if i.errstate:
            settings = ", ".join(f"{key}={e!r}" for key, e in i.errstate.items())
            lines = [f"with np.errstate({settings}):", *_indented(lines)]
        if v.is_array:
            lines[-1] = _commented(lines[-1], v)
        return lines

    def _group(self, number: int, group: Group) -> list[str]:
        whole, scratch = self._members(group)
        cut = {self.names[v] for v in [*whole, *scratch]}
        names = {
            v: f"{name}_" if name in cut and v.size == group.size else name
            for v, name in self.names.items()
        }
        listed = _tuple(f"{self.names[v]}_" for v in [*whole, *scratch])[1:-1].rstrip(",")
        body = [
            line
            for i in self.program.instructions[group.first : group.stop]
            for line in self._lines(i, names)
        ]
        body = [line.split("  # ")[0].rstrip() for line in body]
        blocks = f"blocks{number}" if self._is_fixed_group(group) else self._stretches(group)
        comma = "" if "," in listed else ","
        if group.lanes == 1:
            return [f"for {listed}{comma} in {blocks}:", *_indented(body)]
        return [
            f"def chain{number}(blocks):",
            *_indented([f"for {listed}{comma} in blocks:", *_indented(body)]),
            f"at_once(chain{number}, {blocks})",
        ]

    def _inline_numbers(self) -> None:
        """Write a number that is used once where it is used."""
        uses = Counter(v for i in self.program.instructions for v in i.reads)
        uses.update(self.program.results)
        grouped = {k for g in self.groups for k in range(g.first, g.stop)}
        readers = {v: k for k, i in enumerate(self.program.instructions) for v in i.reads}
        self.inlined = set()
        for i in self.program.instructions:
            v = i.out
            once = uses[v] == 1 and v in readers and readers[v] not in grouped
            if i.fn in NUMBERS and once and v.name is None:
                self.inlined.add(v)
                self.names[v] = expression(i, self.names)


def _in_order(call: str, shape: tuple[int, ...], v: Value) -> str:
    """Memory of a shape whose axes lie in the order of the value's strides."""
    if v.is_contiguous or len(shape) != len(v.shape):
        return call.format(shape)
    order = v.axes_by_stride
    inverse = tuple(int(a) for a in np.argsort(order))
    return f"{call.format(tuple(shape[a] for a in order))}.transpose({inverse})"


def _commented(line: str, v: Value) -> str:
    return f"{line:<{_COMMENT_COLUMN}}  # {v.shape}"


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"{INDENT}{line}" if line else line for line in lines]


def _tuple(names: Iterable[str]) -> str:
    listed = list(names)
    return f"({listed[0]},)" if len(listed) == 1 else f"({', '.join(listed)})"
