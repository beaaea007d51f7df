"""Long element-wise chains, cut into blocks that stay in the processor's cache.

An update of a million parameters reads and writes the same few arrays in ten calls. Carried out
call by call, every array travels from memory to the processor ten times; carried out block by
block, once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .functions import NUMBERS
from .program import Instruction, Program, Value
from .threads import lanes_for

BLOCK = 32768  # elements: a few such blocks fit into the second-level cache
# Two threads take longer ones. Between two calls each needs Python's lock for a moment, and where
# the other one has it, sleeps for longer than a call on a short block takes.
SHARED_BLOCK = 4 * BLOCK


@dataclass
class Group:
    """Neighbouring instructions that are carried out block by block.

    Attributes:
        first, stop: the range of the instructions.
        size: the elements of each array.
        lanes: the threads that it is shared out among.
        scratch: values that nobody outside the group reads: a block of memory for each thread is
            enough for them.
    """

    first: int
    stop: int
    size: int
    lanes: int
    scratch: set[Value] = field(default_factory=set)

    @property
    def block(self) -> int:
        """The elements of a block."""
        return block_of(self.lanes)


def block_of(lanes: int) -> int:
    """The elements that one of so many threads takes at a time."""
    return BLOCK if lanes == 1 else SHARED_BLOCK


def numbers_first(program: Program) -> Program:
    """Move calls on numbers alone to the start of their section, out of the chains of arrays."""
    ordered: list[Instruction] = []
    numbers: list[Instruction] = []
    waiting: list[Instruction] = []
    arrays_made: set[Value] = set()
    section = None
    for i in program.instructions:
        if i.section != section:
            ordered += numbers + waiting
            numbers, waiting, arrays_made = [], [], set()
            section = i.section
        if i.fn in NUMBERS and not any(v in arrays_made for v in i.reads):
            numbers.append(i)
        else:
            waiting.append(i)
            arrays_made.add(i.out)
    return replace(program, instructions=ordered + numbers + waiting)


def groups_of(program: Program) -> list[Group]:
    """The chains worth cutting: at least two calls on arrays of more than a shared block."""
    groups: list[Group] = []
    open_group: Group | None = None
    for k, i in enumerate(program.instructions):
        if _is_long(i):
            if open_group is None or open_group.size != i.out.size or open_group.stop != k:
                open_group = Group(k, k, i.out.size, lanes_for(i.out.size))
                groups.append(open_group)
            open_group.stop = k + 1
        else:
            open_group = None
    groups = [g for g in groups if g.stop - g.first >= 2]
    for g in groups:
        g.scratch = _read_only_inside(program, g)
    return groups


def _is_long(i: Instruction) -> bool:
    from .memory import is_elementwise

    def fits(v: Value) -> bool:
        return not v.is_array or v.size == 1 or (v.is_contiguous and v.shape == i.out.shape)

    return (
        is_elementwise(i)
        and i.errstate is None
        and i.out.is_contiguous
        and i.out.size > SHARED_BLOCK  # what has been cut is not cut again
        and all(map(fits, i.reads))
    )


def _read_only_inside(program: Program, group: Group) -> set[Value]:
    made = {i.out for i in program.instructions[group.first : group.stop]}
    needed = {v.root for v in program.results}
    for k, i in enumerate(program.instructions):
        if not group.first <= k < group.stop:
            needed.update(v.root for v in i.reads)
    return made - needed
