"""A nest of loops as source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..folding import is_immutable
from ..program import Value
from .arrays import Arrays
from .expressions import combined, constant, element, is_elementwise, within
from .layouts import Layout
from .members import Member, Read, Strides
from .places import Places
from .reductions import Accumulator, into_array, start_of
from .statements import Nest, padded, row_split, yields

INDENT = "    "
INDICES = ("i", "j", "k", "l")
_LONGEST = 60  # characters of an expression inside another one


class LoopPrinter:
    """Prints nests.

    Args:
        places: where the values lie.
        names: the names of values.
        constants: the contents of constants.
    """

    def __init__(
        self, places: Places, names: Mapping[Value, str], constants: Mapping[Value, Any]
    ) -> None:
        self.places, self.names = places, names
        self.constants = constants
        self.suffix = "_"  # of the variable for one element of an array
        while any(name + self.suffix in names.values() for name in names.values()):
            self.suffix += "_"

    def lines(self, nest: Nest, arrays: Arrays) -> list[str]:
        return _Nest(self, nest, arrays).lines()

    def memory_steps(self, nest: Nest) -> list[Strides]:
        """The strides of everything that the loops read or write in memory."""
        return _Nest(self, nest, None).steps


class _Nest:
    def __init__(self, printer: LoopPrinter, nest: Nest, arrays: Any) -> None:
        self.places, self.names = printer.places, printer.names
        self.constants, self.suffix = printer.constants, printer.suffix
        self.layouts = printer.places.layouts
        self.nest, self.arrays = nest, arrays
        self.members = [m for m in nest.members if m not in self.places.in_place]
        self.phases = self.places.phases(nest)
        self.n = len(nest.space)
        self.steps = [
            padded(s, self.n)
            for m in self.members
            for s in (*(r.strides for r in m.reads if self._is_memory(r)), *self._stores(m))
        ]
        self.axes = self._merged_axes()
        self.text: dict[Value, str] = {}  # what stands for a value in expressions
        self.loaded: dict[tuple[Value, int, Strides], str] = {}  # by `_place`

    # The axes: the longest steps through memory outermost, the rows' before those inside of rows;
    # and those along which everything goes on evenly become one.

    def _merged_axes(self) -> list[list[int]]:
        axes: list[list[int]] = []
        for a in sorted(range(self.n), key=self._turn):
            before = axes[-1][-1] if axes else -1
            even = axes and self._is_inside_rows(before) == self._is_inside_rows(a)
            length = self.nest.space[a]
            if even and all(s[before] == s[a] * length for s in self.steps):
                axes[-1].append(a)
            else:
                axes.append([a])
        return axes

    def _turn(self, axis: int) -> tuple[bool, int]:
        return self._is_inside_rows(axis), -sum(abs(s[axis]) for s in self.steps)

    def _is_inside_rows(self, axis: int) -> bool:
        return self.nest.split is not None and axis >= self.nest.split

    def _stores(self, m: Member) -> list[Strides]:
        return [m.target] if self._is_stored(m) else []

    def _is_stored(self, m: Member) -> bool:
        return m.out.is_array and self.layouts[m.out].root in self.places.stored

    def _is_memory(self, read: Read) -> bool:
        return self.nest.maker(read.root) is None and not self.places.is_register(read, self.nest)

    def _access(self, layout: Layout, strides: Strides) -> str:
        """An element in memory, as `x[i, j]`."""
        strides = padded(strides, self.n)
        moving = [a for a in self.axes if strides[a[-1]] != 0]
        if not moving:
            part = Layout(layout.root, layout.offset, (1,), (1,))
            return f"{self.arrays.name(part)}[0]"
        shape = tuple(int(np.prod([self.nest.space[b] for b in a])) for a in moving)
        part = Layout(layout.root, layout.offset, shape, tuple(strides[a[-1]] for a in moving))
        indices = ", ".join(_index(self.axes.index(a)) for a in moving)
        return f"{self.arrays.name(part)}[{indices}]"

    # The lines.

    def lines(self) -> list[str]:
        row, inner = self._axes_of_rows()
        body: list[str] = []
        for phase in range(max(self.phases.values()) + 1):
            members = [m for m in self.members if self.phases[m] == phase]
            self.loaded = {}
            if self.nest.split is not None:
                body += self._level([m for m in members if len(m.space) < self.n])
                members = [m for m in members if len(m.space) == self.n]
            reductions = [m for m in members if row_split(m) is not None and self._per_row(m)]
            self.loaded = {}
            body += [line for m in reductions for line in self._accumulator(m).start()]
            inside = self._level(members)
            body += self._in_loops(inner, inside) if inside else []
            body += [line for m in reductions for line in self._end(m)]
        whole = [m for m in self.members if not yields(m, self.nest.split)]
        before = [line for m in whole for line in self._before(m)]
        after = [line for m in whole if m.out.size == 1 for line in self._end(m)]
        return [*before, *self._in_loops(row, body), *after]

    def _axes_of_rows(self) -> tuple[list[int], list[int]]:
        numbers = range(len(self.axes))
        split = self.nest.split
        if split is None:
            return [], list(numbers)
        rows = [k for k in numbers if self.axes[k][0] < split]
        return rows, [k for k in numbers if k not in rows]

    def _in_loops(self, axes: list[int], body: list[str]) -> list[str]:
        for k in reversed(axes):
            length = int(np.prod([self.nest.space[a] for a in self.axes[k]]))
            body = [f"for {_index(k)} in range({length}):", *(INDENT + line for line in body)]
        return body

    def _per_row(self, m: Member) -> bool:
        return yields(m, self.nest.split)

    def _level(self, members: list[Member]) -> list[str]:
        """The calls of one level of loops: first what is read more than once, then each call."""
        lines = self._loads(members)
        uses = Counter(r.root for m in members for r in m.reads)
        everywhere = Counter(r.root for m in self.nest.members for r in m.reads)
        for m in members:
            v = m.out
            if m.accumulation is not None:
                lines += self._accumulated(m)
                continue
            text = self._expression(m)
            again = uses[v] > 0
            if self._is_stored(m):
                target = self._access(self.layouts[v], m.target)
                is_variable = v.size == 1 and v in self.names  # the part of an array is none
                if again or everywhere[v] or is_variable:
                    name = self._variable(v)
                    lines.append(f"{name} = {text}")
                    self.text[v], text = name, name
                lines.append(f"{target} = {text}")
            elif (
                uses[v] == everywhere[v] == 1
                and v.name is None
                and self.nest.space
                and len(text) <= _LONGEST
            ):
                self.text[v] = within(text)
            else:
                self.text[v] = self.names[v]
                lines.append(f"{self.names[v]} = {text}")
        return lines

    def _loads(self, members: list[Member]) -> list[str]:
        """What is read twice, or by others than the call that writes over it, is read first."""
        reads = [(r, m) for m in members for r in m.reads if self._is_memory(r)]
        counts = Counter(_place(r) for r, _ in reads)
        over = {self.places.over.get(m.out): m for m in members}
        numbers: Counter[Value] = Counter()
        lines = []
        for r, m in reads:
            once = counts[_place(r)] == 1 and over.get(r.root, m) is m
            if once or _place(r) in self.loaded or r.root.size == 1:
                continue
            numbers[r.root] += 1
            number = numbers[r.root] if numbers[r.root] > 1 else ""
            name = f"{self.names[r.root]}{self.suffix}{number}"
            lines.append(f"{name} = {self._access(r.layout, r.strides)}")
            self.loaded[_place(r)] = name
        return lines

    # Expressions.

    def _operand(self, a: Any, m: Member) -> str:
        if isinstance(a, Read):
            return self._of_array(a, m)
        if isinstance(a, Value):
            return self.names[a]
        if isinstance(a, np.generic):
            return constant(a.item(), a.dtype)
        return constant(a, np.dtype(np.float64)) if type(a) is float else repr(a)

    def _of_array(self, read: Read, m: Member) -> str:
        maker = self.nest.maker(read.root)
        if maker is not None:
            is_element = len(maker.space) == self.n and maker.accumulation is None
            if is_element and self.phases[maker] != self.phases[m]:
                return self._access(self.layouts[maker.out], maker.target)
            return self.text.get(read.root, self.names[read.root])
        if self.places.is_register(read, self.nest):
            return self.names[read.root]
        return (
            self.loaded.get(_place(read))
            or self._literal(read)
            or self._access(read.layout, read.strides)
        )

    def _literal(self, read: Read) -> str | None:
        """The contents of a constant of one element that cannot change."""
        array = self.constants.get(read.root)
        if array is None or array.size != 1 or not is_immutable(array):
            return None
        return constant(array.item(), array.dtype)

    def _expression(self, m: Member) -> str:
        if not is_elementwise(m.instruction) and m.out.is_array:  # a reduction over one element
            return self._term(m)
        return element(m.instruction, [self._operand(a, m) for a in m.operands])

    def _term(self, m: Member) -> str:
        return combined(m.instruction, [self._operand(r, m) for r in m.reads])

    # Reductions.

    def _accumulator(self, m: Member) -> Accumulator:
        return Accumulator(m, self._variable(m.out))

    def _variable(self, v: Value) -> str:
        """The variable for one element of a value; its own name is that of an array in memory."""
        stored = v.is_array and self.layouts[v].root in self.places.stored
        return f"{self.names[v]}{self.suffix}" if stored and v.size != 1 else self.names[v]

    def _before(self, m: Member) -> list[str]:
        if m.out.size == 1:
            return self._accumulator(m).start()
        layout = self.layouts[m.out]
        flat = self.arrays.name(Layout(layout.root, layout.offset, (m.out.size,), (1,)))
        start = start_of(m, m.out.dtype)
        return [f"for i in range({m.out.size}):", f"{INDENT}{flat}[i] = {start}"]

    def _accumulated(self, m: Member) -> list[str]:
        term = self._term(m)
        if yields(m, self.nest.split) or m.out.size == 1:
            return self._accumulator(m).add(term)
        return [into_array(m, self._access(self.layouts[m.out], m.target), term)]

    def _end(self, m: Member) -> list[str]:
        """What follows when all terms have been put together."""
        lines, name = self._accumulator(m).end(), self._variable(m.out)
        self.text[m.out] = name
        if self._is_stored(m):
            lines.append(f"{self._access(self.layouts[m.out], m.target)} = {name}")
        return lines


def _place(read: Read) -> tuple[Value, int, Strides]:
    return read.root, read.layout.offset, read.strides


def _index(k: int) -> str:
    return INDICES[k] if k < len(INDICES) else f"i{k}"
