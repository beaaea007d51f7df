"""What a program consists of here: nests of loops, matrix products, and calls left to NumPy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from ..program import Instruction, Value
from .layouts import Layout
from .members import Member, Read, Strides


@dataclass(eq=False, slots=True)
class Nest:
    """Calls that are carried out together, element by element, in one nest of loops.

    Attributes:
        space: how many turns each loop has.
        members: the calls, in order.
        split: after how many axes a row begins, if something is computed once for each row: its
            members have a shorter space.
    """

    space: tuple[int, ...]
    members: list[Member] = field(default_factory=list)
    split: int | None = None

    @property
    def is_scalar(self) -> bool:
        return not self.space

    def maker(self, root: Value) -> Member | None:
        return next((m for m in self.members if m.out is root), None)

    def holds(self, read: Read) -> bool:
        """Whether, when a member reads this, its own turn of the loops has just computed it."""
        m = self.maker(read.root)
        return m is not None and read.layout.offset == 0 and self.serves(m, read)

    def serves(self, m: Member, read: Read) -> bool:
        """Whether a member's result in one turn is what the same turn reads."""
        if not yields(m, self.split):
            return False
        n = len(self.space)
        return padded(m.target, n) == padded(read.strides, n)


@dataclass(eq=False, slots=True)
class Product:
    """A product of two matrices: `out = a @ b`, or `a @ b + row`.

    Attributes:
        instruction: the call.
        a, b: the layouts of the matrices, with two axes each; of stacks of matrices, with four.
        out: the result.
        row: a vector that is added to each row.
    """

    instruction: Instruction
    a: Layout
    b: Layout
    out: Value
    row: Layout | None = None

    @property
    def is_stack(self) -> bool:
        """Whether there are many products."""
        return len(self.a.shape) > 2

    @property
    def layouts(self) -> list[Layout]:
        return [self.a, self.b, *([] if self.row is None else [self.row])]


@dataclass(eq=False, slots=True)
class Call:
    """A call that NumPy carries out."""

    instruction: Instruction

    @property
    def out(self) -> Value:
        return self.instruction.out


Statement: TypeAlias = Nest | Product | Call


def padded(strides: Strides, n: int) -> Strides:
    return strides + (0,) * (n - len(strides))


def row_split(m: Member) -> int | None:
    """For a reduction over the last axes, how many axes come before them."""
    if m.accumulation is None:
        return None
    kept = [s != 0 for s in m.target]
    n = sum(kept)
    return n if 0 < n < len(kept) and all(kept[:n]) else None


def yields(m: Member, split: int | None) -> bool:
    """Whether each turn computes a result: not so for a sum over all rows."""
    return m.accumulation is None or (split is not None and row_split(m) == split)


def values_read(members: Iterable[Member]) -> list[Value]:
    """The roots and numbers among the operands."""
    return [
        a.root if isinstance(a, Read) else a
        for m in members
        for a in m.operands
        if isinstance(a, (Read, Value))
    ]
