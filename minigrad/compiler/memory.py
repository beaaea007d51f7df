"""Where each value of a program lies in memory.

A value is alive from the call that makes it to the last call that reads it or a view of it. Values
whose lives do not overlap share memory; an element-wise call writes over an operand that dies
there; the new value of a state is written straight into that state; and the parts of a
concatenation are written straight into their places in it, or where only a chain that is carried
out in blocks reads it, stay where they are. So a program that is replayed allocates nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import vjps
from .blocking import Group
from .forms import writes_into
from .functions import put_view
from .program import Instruction, Program, Value

ALIGNMENT = 64  # bytes: a cache line


@dataclass(frozen=True)
class Outside:
    """In the memory of an input, a state or a constant."""

    owner: Value


@dataclass(frozen=True)
class Inside:
    """In another value's memory, from element `start` on."""

    whole: Value
    start: int


@dataclass
class Slot:
    """In a part of the arena, which is used from one instruction to another one."""

    nbytes: int
    first: int
    last: int
    offset: int = 0

    def overlaps(self, other: Slot) -> bool:
        """Whether both are in use at some time."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class Own:
    """In memory of its own, which keeps its contents until the next call."""


@dataclass(frozen=True)
class Fresh:
    """In memory that the function allocates at each call."""


@dataclass(frozen=True)
class InARow:
    """Where its parts are; a chain takes its blocks from one after the other."""

    parts: tuple[Value, ...]


Place = Outside | Inside | Slot | Own | Fresh | InARow


@dataclass
class Plan:
    """The places of all values that own memory.

    Attributes:
        places: the place of each value that is not a view.
        takes_over: for a value that is written over an operand, that operand.
        elided: concatenations whose parts are all in place already.
        arena: bytes of the memory that values share.
        unshared: bytes that they would take without sharing.
    """

    places: dict[Value, Place] = field(default_factory=dict)
    takes_over: dict[Value, Value] = field(default_factory=dict)
    elided: set[Value] = field(default_factory=set)
    arena: int = 0
    unshared: int = 0

    def is_fixed(self, v: Value, inputs: Iterable[Value]) -> bool:
        """Whether the value lies in the same memory at each call."""
        place = self.places[v.root]
        if isinstance(place, Inside):
            return self.is_fixed(place.whole, inputs)
        if isinstance(place, InARow):
            return all(self.is_fixed(part, inputs) for part in place.parts)
        if isinstance(place, Outside):
            return place.owner not in inputs
        return not isinstance(place, Fresh)


def planned(program: Program, groups: Sequence[Group] = ()) -> Plan:
    """Find a place for every value of a program, parts of which are carried out in blocks."""
    return _Planner(program, groups).plan


class _Planner:
    def __init__(self, program: Program, groups: Sequence[Group]) -> None:
        self.program = program
        self.group_at = {k: g for g in groups for k in range(g.first, g.stop)}
        self.plan = Plan()
        self.made_at = {i.out: k for k, i in enumerate(program.instructions)}
        self.last_read = self._last_reads()
        outside = [*program.inputs, *program.state, *program.constants]
        self.plan.places |= {v: Outside(v) for v in outside}
        for state, value in program.writes.items():
            self._write_straight_into(state, value)
        for v in program.kept:
            if v.base is None:
                self.plan.places.setdefault(v, Own())
        for i in program.instructions:
            if i.fn is vjps.concat and self._may_stay_in_a_row(i):
                self.plan.places[i.out] = InARow(i.args)
                self.plan.elided.add(i.out)
            elif i.fn is vjps.concat:
                self._write_parts_into_the_whole(i)
        for k, i in enumerate(program.instructions):
            self._place(k, i)
        self._lay_out()
        self._reuse_names()

    def _last_reads(self) -> dict[Value, int]:
        """For each value that owns memory, the last call that reads it or a view of it."""
        last: dict[Value, int] = {}
        for k, i in enumerate(self.program.instructions):
            for v in i.reads:
                last[v.root] = k
        end = len(self.program.instructions)
        for v in self.program.results:
            last[v.root] = end
        return last

    # The new value of a state.

    def _write_straight_into(self, state: Value, value: Value) -> None:
        """Let the call that makes a state's new value write it over the old one.

        The same is tried for an operand which that call overwrites, and so on.
        """
        while self._may_replace(state, value):
            self.plan.places[value] = Outside(state)
            self.plan.takes_over[value] = state
            k = self.made_at[value]
            maker = self.program.instructions[k]
            for u in maker.reads:
                if self.last_read[u.root] == k and overwrites_safely(maker, u):
                    value = u
                    if self._may_replace(state, value):
                        break

    def _may_replace(self, state: Value, value: Value) -> bool:
        k = self.made_at.get(value)
        if k is None or value in self.plan.places or value.base is not None:
            return False
        maker = self.program.instructions[k]
        alike = (value.shape, value.dtype, value.strides) == (
            state.shape, state.dtype, state.strides,
        )  # fmt: skip
        if not alike or not writes_into(maker):
            return False
        readers = [
            j
            for j, i in enumerate(self.program.instructions)
            if any(v.root is state for v in i.reads) and i.out.root is not state
        ]
        return all(j < k or (j == k and overwrites_safely(maker, state)) for j in readers) and all(
            v.root is not state for v in self.program.results
        )

    # The parts of a concatenation.

    def _may_stay_in_a_row(self, concatenation: Instruction) -> bool:
        """Whether its parts are given and stay as they are, and one chain alone reads it."""
        whole, program = concatenation.out, self.program
        given = {*program.inputs, *program.constants, *program.state} - program.writes.keys()
        read_at = [
            k for k, i in enumerate(program.instructions) if any(v.root is whole for v in i.reads)
        ]
        chains = {id(self.group_at.get(k)) for k in read_at}
        return (
            whole not in self.plan.places
            and all(v.root is not whole for v in program.results)
            and len(whole.shape) == len(chains) == 1
            and read_at[0] in self.group_at
            and all(
                isinstance(part, Value)
                and part.root in given
                and part.is_contiguous
                and part.dtype == whole.dtype
                for part in concatenation.args
            )
        )

    def _write_parts_into_the_whole(self, concatenation: Instruction) -> None:
        whole = concatenation.out
        if whole in self.plan.places and not isinstance(self.plan.places[whole], Own):
            return
        axis = concatenation.params.get("axis", 0)
        if not whole.is_contiguous or axis % max(len(whole.shape), 1) != 0:
            return
        start, rest = 0, 0
        seen: set[Value] = set()
        for part in concatenation.args:
            owner = part.root if isinstance(part, Value) else None
            if owner is not None and owner not in seen and self._may_lie_inside(part, whole):
                if owner in self.program.kept:
                    self.plan.places[whole] = Own()
                self.plan.places[owner] = Inside(whole, start)
                ends = [self.last_read.get(v, self.made_at[v]) for v in (whole, owner)]
                self.last_read[whole] = max(ends)  # its memory is needed by the part as well
                seen.add(owner)
            else:
                rest += 1
            start += part.size if isinstance(part, Value) else np.size(part)
        if not rest:
            self.plan.elided.add(whole)

    def _may_lie_inside(self, part: Value, whole: Value) -> bool:
        owner = part.root
        k = self.made_at.get(owner)
        free = owner not in self.plan.places or isinstance(self.plan.places[owner], Own)
        return (
            k is not None
            and free
            and part.size == owner.size
            and part.is_contiguous
            and owner.is_contiguous
            and owner.dtype == whole.dtype
            and writes_into(self.program.instructions[k])
        )

    # Everything else.

    def _place(self, k: int, i: Instruction) -> None:
        v = i.out
        if v.base is not None or v in self.plan.places:
            return
        if not v.is_array or not v.is_dense or not writes_into(i):
            self.plan.places[v] = Fresh()
            return
        self.plan.unshared += v.nbytes
        last = self.last_read.get(v, k)
        inner = [u for u, p in self.plan.places.items() if isinstance(p, Inside) and p.whole is v]
        first = min([k, *(self.made_at[u] for u in inner)])
        for u in i.reads:
            place = self.plan.places.get(u)
            if (
                isinstance(place, Slot)
                and place.nbytes >= self._nbytes(k, v)
                and not inner
                and place.last == k
                and (u.shape, u.dtype, u.strides) == (v.shape, v.dtype, v.strides)
                and overwrites_safely(i, u)
            ):
                place.last = last
                self.plan.places[v] = place
                self.plan.takes_over[v] = u
                return
        self.plan.places[v] = self._slot(k, v, first, last)

    def _slot(self, k: int, v: Value, first: int, last: int) -> Slot:
        """In a group every block of an array is used before the group ends; scratch is not."""
        group = self.group_at.get(k)
        if group and v not in group.scratch:
            first, last = min(first, group.first), max(last, group.stop - 1)
        elif last in self.group_at and not group:
            last = self.group_at[last].stop - 1
        return Slot(self._nbytes(k, v), first, last)

    def _nbytes(self, k: int, v: Value) -> int:
        """Scratch in a group needs memory for one block of each thread only."""
        group = self.group_at.get(k)
        if group is None or v not in group.scratch:
            return v.nbytes
        return group.lanes * group.block * int(v.dtype.itemsize)

    def _lay_out(self) -> None:
        """Give each slot the lowest free offset, the longest first."""
        slots = {id(p): p for p in self.plan.places.values() if isinstance(p, Slot)}
        placed: list[Slot] = []
        for slot in sorted(slots.values(), key=lambda s: -s.nbytes):
            neighbours = [s for s in placed if s.overlaps(slot)]
            offset = 0
            for s in sorted(neighbours, key=lambda s: s.offset):
                if offset + slot.nbytes <= s.offset:
                    break
                offset = max(offset, _aligned(s.offset + s.nbytes))
            slot.offset = offset
            placed.append(slot)
            self.plan.arena = max(self.plan.arena, offset + slot.nbytes)

    def _reuse_names(self) -> None:
        """Let nameless values of a section which lie in the same memory be one array."""
        first: dict[Any, Value] = {}
        for i in self.program.instructions:
            v = i.out
            place = self.plan.places.get(v)
            if isinstance(place, Slot) and v not in self.plan.takes_over and _is_nameless(v):
                key = i.section, place.offset, place.nbytes, v.shape, v.dtype, v.strides
                if key in first:
                    self.plan.takes_over[v] = first[key]
                first.setdefault(key, v)


def _is_nameless(v: Value) -> bool:
    return v.name is None and v.cotangent_of is None


def _aligned(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT


def is_elementwise(i: Instruction) -> bool:
    """Whether each element of the result depends on the operands' elements at the same place."""
    is_one = isinstance(i.fn, np.ufunc) and i.fn.signature is None and i.fn.nout == 1
    return is_one or i.fn is np.clip


def overwrites_safely(i: Instruction, operand: Value) -> bool:
    """Whether the call may write its result over that operand."""
    if i.fn in (vjps.put, put_view):
        return i.args[0] is operand and operand not in _values(i.args[1:])
    same = [u for u in i.reads if u.root is operand.root]
    alike = all((u.shape, u.strides) == (i.out.shape, i.out.strides) for u in same)
    return is_elementwise(i) and alike


def _values(args: Any) -> list[Value]:
    return [a.root for a in args if isinstance(a, Value)]
