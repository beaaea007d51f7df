"""From a program's calls to few nests of loops, in an order in which everything is there in time.

Element-wise calls wait until somebody needs their result: a reduction, a matrix product, the end
of the program. Then they are carried out in that one's loops, where most values live in registers
and never reach memory. A call may also join loops that were planned before, if these compute what
it reads.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from ... import vjps
from ..functions import put_view
from ..program import Instruction, Program, Value
from .clusters import Cluster, cluster_of
from .factors import factors, has_rows
from .layouts import Layout, layouts_of, row_by_row
from .members import Member, copy_into, member_of
from .statements import Call, Nest, Product, Statement, values_read

SMALL_PRODUCT = 1 << 21  # multiplications, up to which it does not pay to wake other threads


class Schedule:
    """The statements of a program.

    Attributes:
        program: what they carry out.
        layouts: where the elements of each array lie.
        statements: in order.
        new_states: what each state, or input that is written to, becomes.
        made_by: the last statement that a value or the memory of an array needs.
        parts: the copying of the parts of concatenations, and where to.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.layouts: dict[Value, Layout] = layouts_of(program)
        self.statements: list[Statement] = []
        self.new_states: dict[Value, Value] = {}
        self.made_by: dict[Value, Statement] = {}
        self.parts: list[tuple[Member, Layout]] = []
        self._waiting: dict[Value, Member] = {}
        self._numbers = {i.out: k for k, i in enumerate(program.instructions)}
        self._uses = Counter(self._root(v) for i in program.instructions for v in i.reads)
        self._uses.update(map(self._root, program.results))
        for i in program.instructions:
            self._take(i)
        for v in program.results:
            self._need(v)
        self._finish_states()

    def _root(self, v: Value) -> Value:
        return self.layouts[v].root if v.is_array else v

    def _is_view(self, v: Value) -> bool:
        return v.is_array and self.layouts[v].root is not v

    # One call after the other.

    def _take(self, i: Instruction) -> None:
        nothing = i.out.is_array and i.out.size == 0 and not i.has_effect
        if nothing or self._is_view(i.out):
            return
        m = member_of(i, self.layouts)
        if m is not None:
            if not (m.accumulation or m.is_scalar):
                self._waiting[i.out] = m
                self._add_to_product(m)
            else:
                self._place(m)
            return
        for v in i.reads:
            self._need(v)
        if not (self._take_product(i) or self._take_copies(i)):
            self._append(Call(i), i.out)

    def _append(self, statement: Statement, out: Value) -> None:
        self.statements.append(statement)
        self.made_by[out] = statement

    def _take_product(self, i: Instruction) -> bool:
        if i.fn not in (np.dot, np.matmul) or i.params or i.errstate:
            return False
        arrays = [a for a in i.args if isinstance(a, Value) and a.dtype == i.out.dtype]
        if len(arrays) != 2 or i.out.dtype not in (np.dtype("f"), np.dtype("d")):
            return False
        both = factors(i.fn, *(self.layouts[v] for v in arrays))
        if both is None or not self.layouts[i.out].is_contiguous or not has_rows(both[1]):
            return False
        self._append(Product(i, *both, i.out), i.out)
        return True

    def _add_to_product(self, m: Member) -> None:
        """Let a small product begin with the row that is added to its result."""
        for read, row in (m.reads, m.reads[::-1]) if len(m.reads) == 2 else ():
            product = self.made_by.get(read.root)
            if (
                m.instruction.fn is np.add
                and isinstance(product, Product)
                and not product.is_stack
                and self._uses[read.root] == 1
                and multiplications(product) <= SMALL_PRODUCT
                and m.out.dtype == read.root.dtype == row.root.dtype
                and (read.strides, row.strides) == (m.target, (0, 1))
                and row.root not in self._waiting
                and self._position(row.root) < self._position(read.root)
            ):
                product.row, product.out = row.layout, m.out
                self.made_by[m.out] = self.made_by.pop(read.root)
                del self._waiting[m.out]
                return

    def _take_copies(self, i: Instruction) -> bool:
        """Calls that put an array together from others."""
        layout = self.layouts[i.out] if i.out.is_array else None
        if layout is None or i.errstate:
            return False
        parts: list[tuple[Layout, Any]] = []
        if i.fn is vjps.concat:
            axis, start = i.params.get("axis", 0) % len(i.out.shape), 0
            for a in i.args:
                if not isinstance(a, Value) or not a.is_array:
                    return False
                parts.append((_slice(layout, axis, start, a.shape[axis]), a))
                start += a.shape[axis]
        elif i.fn is np.stack and i.params.keys() <= {"axis"} and len(i.args) == 1:
            axis = i.params.get("axis", 0) % len(i.out.shape)
            parts = [(_slice(layout, axis, k, 1).without(axis), a) for k, a in enumerate(i.args[0])]
        elif i.fn is vjps.scatter_add and vjps.is_basic(i.args[1]):
            parts = [(layout, 0), (_indexed(layout, i.args[1]), i.args[0])]
        elif i.fn is vjps.put and vjps.is_basic(i.args[1]):
            parts = [(layout, i.args[0]), (_indexed(layout, i.args[1]), i.args[2])]
        elif i.fn is np.reshape and layout.is_contiguous and _is_row_by_row(i):
            x = i.args[0]
            parts = [(Layout(i.out, 0, x.shape, row_by_row(x.shape)), x)]
        elif i.fn is put_view:
            x, value, start, shape, strides = i.args
            if not layout.is_contiguous:
                return False
            steps = tuple(s // i.out.dtype.itemsize for s in strides)
            parts = [(layout, x), (Layout(i.out, start, shape, steps), value)]
        else:
            return False
        for part, x in parts:
            m = copy_into(part, x, self.layouts)
            self.layouts[m.out] = part
            self._append(Nest(m.space, [m]), i.out)
            if i.fn in (vjps.concat, np.stack):
                self.parts.append((m, part))
        return True

    # Calls that were waiting.

    def _need(self, v: Value) -> None:
        """Have a value computed by now."""
        m = self._waiting.get(self._root(v))
        if m is not None:
            self._place(m)

    def _place(self, anchor: Member) -> None:
        while (cluster := cluster_of(anchor, self._waiting, self._numbers)).apart:
            for v in cluster.apart:
                self._need(v)
        nest = self._nest_for(cluster)
        nest.members += cluster.members
        nest.split = cluster.split if nest.split is None else nest.split
        for m in cluster.members:
            self._waiting.pop(m.out, None)
            self.made_by[m.out] = nest

    def _position(self, v: Value) -> int:
        statement = self.made_by.get(v)
        return -1 if statement is None else self.statements.index(statement)

    def _nest_for(self, cluster: Cluster) -> Nest:
        """Loops to carry the calls out in, where all that they read is there."""
        made = {m.out for m in cluster.members}
        last = max(
            (self._position(v) for v in values_read(cluster.members) if v not in made), default=-1
        )
        if not cluster.space:
            return self._scalar_nest(last)
        if last >= 0 and (nest := self._joined(self.statements[last], cluster)):
            return nest
        roots = {r.root for m in cluster.members for r in m.reads if r.root.size > 1}
        for statement in reversed(self.statements[last + 1 :]):
            if not isinstance(statement, Nest) or statement.space != cluster.space:
                continue
            related = roots.intersection(values_read(statement.members))
            if related and self._joined(statement, cluster):
                return statement
        nest = Nest(cluster.space)
        self.statements.append(nest)
        return nest

    def _scalar_nest(self, last: int) -> Nest:
        """Single numbers are computed as soon as possible: whole loops may be waiting for them."""
        for k in (last, last + 1):
            if 0 <= k < len(self.statements):
                statement = self.statements[k]
                if isinstance(statement, Nest) and statement.is_scalar:
                    return statement
        self.statements.insert(last + 1, Nest(()))
        return self.statements[last + 1]  # type: ignore[return-value]

    def _joined(self, statement: Statement, cluster: Cluster) -> Nest | None:
        """The statement, if it is a nest of loops in which the cluster can be carried out too."""
        if not isinstance(statement, Nest) or statement.is_scalar:
            return None
        n = len(cluster.space)
        if statement.space[:n] != cluster.space:
            return None
        split = cluster.split if n == len(statement.space) else n
        if n < len(statement.space) and cluster.split is not None:
            return None
        if None not in (split, statement.split) and split != statement.split:
            return None
        before = statement.split
        statement.split = split if before is None else before
        reads = [r for m in cluster.members for r in m.reads]
        if all(statement.holds(r) for r in reads if self.made_by.get(r.root) is statement):
            return statement
        statement.split = before
        return None

    # The end.

    def _finish_states(self) -> None:
        """Compute new states; one that is another value's memory is copied from there."""
        for state, v in self.program.writes.items():
            if not v.is_array:
                continue
            if v not in self.made_by or self._is_view(v) or v in self.new_states.values():
                copy = Value(state.dtype, state.shape, state.strides, name=state.name)
                self.layouts[copy] = replace(self.layouts[state], root=copy)
                i = Instruction(np.copy, (v,), {}, copy, "update")
                self._numbers[copy] = len(self._numbers)
                m = member_of(i, self.layouts)
                if m is None:
                    self._append(Call(i), copy)
                else:
                    self._place(m)
                v = copy
            self.new_states[state] = v


def multiplications(product: Product) -> int:
    *stack, n, inner = product.a.shape
    return math.prod(stack) * n * inner * product.b.shape[-1]


def _is_row_by_row(i: Instruction) -> bool:
    """Whether a reshaping takes the elements in their usual order."""
    return len(i.args) == 2 and i.params.get("order", "C") == "C"


def _slice(whole: Layout, axis: int, start: int, length: int) -> Layout:
    shape = (*whole.shape[:axis], length, *whole.shape[axis + 1 :])
    return replace(whole, offset=whole.offset + start * whole.strides[axis], shape=shape)


def _indexed(whole: Layout, index: Any) -> Layout:
    """The part of an array that basic indexing selects."""
    one_byte_each = np.empty(0, np.int8)  # never read
    array = np.lib.stride_tricks.as_strided(one_byte_each, whole.shape, whole.strides)
    index = index if isinstance(index, tuple) else (index,)
    part = array[index if ... in index else (*index, ...)]
    start = part.__array_interface__["data"][0] - array.__array_interface__["data"][0]
    return Layout(whole.root, whole.offset + start, part.shape, part.strides)
