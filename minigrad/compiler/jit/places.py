"""Which values have to lie in memory, and where.

Most values of a nest of loops are needed by the same turn only, and lie in a register. In memory
are those that a matrix product, a call of NumPy, other loops or the caller read.
"""

from __future__ import annotations

from ..program import Value
from .layouts import Layout
from .members import Layouts, Member, Read
from .schedule import Schedule
from .statements import Call, Nest, Product, Statement, padded, row_split, yields

LONGEST = 32  # statements in a compiled function


def phases_of(nest: Nest) -> dict[Member, int]:
    """For each member, the number of the inner loop over a row in which it is carried out.

    What is computed once for each row from a reduction over that row waits for the next one.
    """
    phases: dict[Member, int] = {}
    for m in nest.members:
        phase = 0
        for read in m.reads:
            maker = nest.maker(read.root)
            if maker is not None and maker is not m:
                reduced = row_split(maker) is not None and row_split(maker) == nest.split
                phase = max(phase, phases[maker] + reduced)
        phases[m] = phase
    return phases


class Places:
    """Where the values of a schedule lie.

    Attributes:
        stored: the values, made by the program, that lie in memory.
        over: for a value that is written over another one, that one: a state, or an operand that
            nobody else reads.
        inside: for a part of a concatenation that is made in its place, the whole and the offset.
        in_place: the copies of such parts, which are not needed.
        segments: the statements of each compiled function, and calls left to NumPy between them.
    """

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.layouts = schedule.layouts
        self.over: dict[Value, Value] = {}
        self.inside: dict[Value, tuple[Value, int]] = {}
        self.in_place: set[Member] = set()
        self._phases = {s: phases_of(s) for s in schedule.statements if isinstance(s, Nest)}
        for state, v in schedule.new_states.items():
            if self._may_overwrite(state, v):
                self.over[v] = state
        for copy, part in schedule.parts:
            self._make_in_place(copy, part)
        self.segments = self._cut()
        self.segment_of = {id(s): k for k, segment in enumerate(self.segments) for s in segment}
        self.stored = self._stored()
        for s in schedule.statements:
            for m in s.members if isinstance(s, Nest) else ():
                self._write_over_an_operand(m)

    def phases(self, nest: Nest) -> dict[Member, int]:
        return self._phases[nest]

    def owner(self, root: Value) -> Value:
        """The value in whose memory another one lies in the end."""
        while root in self.over or root in self.inside:
            root = self.over[root] if root in self.over else self.inside[root][0]
        return root

    def _readers(self, root: Value) -> list[Statement]:
        return [s for s in self.schedule.statements if root in roots_read(s, self.layouts)]

    # New states.

    def _may_overwrite(self, state: Value, v: Value) -> bool:
        """Whether a new state can be written over the old one as soon as it is known."""
        here, there = self.layouts[v], self.layouts[state]
        maker = self.schedule.made_by[v]
        program, new_states = self.schedule.program, self.schedule.new_states.values()
        results = [self.layouts[u].root for u in program.results if u.is_array]
        if (here.shape, here.steps, v.dtype) != (there.shape, there.steps, state.dtype):
            return False
        if state in results or state in new_states or not _makes(maker, v):
            return False
        order = self.schedule.statements
        readers = self._readers(state)
        if isinstance(maker, Nest) and maker in readers:
            readers.remove(maker)
            if not self._reads_before(maker, state, v):
                return False
        if isinstance(maker, Call) and maker in readers:
            readers.remove(maker)
        return all(order.index(s) < order.index(maker) for s in readers)

    def _reads_before(self, nest: Nest, state: Value, v: Value) -> bool:
        """Whether all of a nest's reads of the old state are of the element about to be written."""
        phases, n = self._phases[nest], len(nest.space)
        maker = nest.maker(v)
        if maker is None or maker.accumulation is not None:
            return False
        turn = {m: (phases[m], k) for k, m in enumerate(nest.members)}
        return all(
            padded(r.strides, n) == padded(maker.target, n)
            and r.layout.offset == 0
            and len(m.space) == len(maker.space)
            and turn[m] <= turn[maker]
            for m in nest.members
            for r in m.reads
            if r.root is state
        )

    def _write_over_an_operand(self, m: Member) -> None:
        """Let a result lie where an operand was that nobody reads any more."""
        made = self.schedule.made_by
        elsewhere = {*self.over, *self.over.values(), *self.inside}
        if m.out not in self.stored or m.out in elsewhere:
            return
        for read in m.reads:
            u = read.root
            is_free = u in made and u in self.stored and u not in elsewhere and u.size > 1
            if is_free and _makes(made[u], u) and self._may_overwrite(u, m.out):
                self.over[m.out] = u
                return

    # Concatenations.

    def _make_in_place(self, copy: Member, part: Layout) -> None:
        """Let a part of a concatenation be made where it belongs."""
        (read,) = copy.operands
        layout, whole = read.layout, part.root
        root = layout.root
        maker = self.schedule.made_by.get(root)
        taken = root in self.over or root in self.inside or whole in self.inside
        if maker is None or taken or not _makes(maker, root) or root.dtype != whole.dtype:
            return
        covers = layout.offset == 0 and layout.shape and root.size == read.value.size
        if covers and all(x.is_contiguous for x in (layout, self.layouts[root], part)):
            self.inside[root] = whole, part.offset
            self.in_place.add(copy)

    # What lies in memory.

    def _cut(self) -> list[list[Statement]]:
        """Numba takes four times as long for a function of twice the length, so none is long."""
        segments: list[list[Statement]] = [[]]
        for s in self.schedule.statements:
            if isinstance(s, Call):
                segments += [[s], []]
            elif len(segments[-1]) == LONGEST:
                segments.append([s])
            else:
                segments[-1].append(s)
        return [s for s in segments if s]

    def is_register(self, read: Read, nest: Nest) -> bool:
        """Whether a nest reads a number that its segment keeps in a variable."""
        maker = self.schedule.made_by.get(read.root)
        if not isinstance(maker, Nest) or read.root.size != 1:
            return False
        m = maker.maker(read.root)
        return m is not None and self.segment_of[id(maker)] == self.segment_of[id(nest)]

    def _stored(self) -> set[Value]:
        stored: set[Value] = set()
        for s in self.schedule.statements:
            if isinstance(s, Nest):
                stored |= self._stored_for(s)
            else:
                stored.update(roots_read(s, self.layouts))
                stored |= {s.out} if s.out.is_array else set()
        stored.update(self.layouts[v].root for v in self.schedule.program.results if v.is_array)
        stored.update(self.schedule.new_states.values())
        stored |= {part.root for _, part in self.schedule.parts} | self.inside.keys()
        program = self.schedule.program
        return stored - {*program.inputs, *program.state, *program.constants}

    def _stored_for(self, nest: Nest) -> set[Value]:
        stored: set[Value] = set()
        phases = self._phases[nest]
        for m in nest.members:
            if m in self.in_place:
                continue
            if m.out.is_array and self.layouts[m.out].root is not m.out:
                stored.add(self.layouts[m.out].root)
            if not yields(m, nest.split) and m.out.size > 1:
                stored.add(m.out)
            for read in m.reads:
                maker = nest.maker(read.root)
                if maker is None:
                    stored |= set() if self.is_register(read, nest) else {read.root}
                elif maker.accumulation is None and len(maker.space) == len(nest.space):
                    stored |= {read.root} if phases[maker] != phases[m] else set()
        return stored


def roots_read(s: Statement, layouts: Layouts) -> list[Value]:
    """The memory that a statement reads."""
    if isinstance(s, Nest):
        return [r.root for m in s.members for r in m.reads]
    if isinstance(s, Product):
        return [x.root for x in s.layouts]
    return [layouts[v].root for v in s.instruction.reads if v.is_array]


def roots_written(s: Statement, layouts: Layouts) -> list[Value]:
    """The memory that a statement writes to."""
    made = [m.out for m in s.members] if isinstance(s, Nest) else [s.out]
    return [layouts[v].root for v in made if v.is_array]


def _makes(s: Statement, v: Value) -> bool:
    """Whether that statement alone makes all of a value."""
    if isinstance(s, Nest):
        return s.maker(v) is not None
    return s.out is v
