"""Calls as what a loop does for each element: read some, compute one, write or accumulate it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from ... import vjps
from ..functions import NUMBERS
from ..program import Instruction, Value
from .expressions import is_elementwise, is_supported
from .layouts import Layout, long_axes

Strides: TypeAlias = tuple[int, ...]
Layouts: TypeAlias = Mapping[Value, Layout]

ACCUMULATIONS: dict[Any, str] = {
    np.add.reduce: "add", np.sum: "add", np.maximum.reduce: "maximum", np.max: "maximum",
    np.amax: "maximum", np.minimum.reduce: "minimum", np.min: "minimum", np.amin: "minimum",
    np.multiply.reduce: "multiply", np.prod: "multiply",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Read:
    """An array among the operands, as seen from the loop over `Member.space`.

    Attributes:
        value: the operand.
        layout: where its elements lie.
        strides: elements between those of neighbouring turns of each loop; 0 where it is broadcast.
    """

    value: Value
    layout: Layout
    strides: Strides

    @property
    def root(self) -> Value:
        return self.layout.root


@dataclass(eq=False, slots=True)
class Member:
    """A call that loops carry out element by element.

    Attributes:
        instruction: the call.
        space: how many turns each loop has; axes of length 1 are left out.
        operands: a `Read` for each array among the operands, other operands as they are.
        target: where in the result's memory the elements of neighbouring turns are written to; 0
            along the axes of a reduction.
        accumulation: for a reduction, how elements are put together: "add", "maximum", ...
    """

    instruction: Instruction
    space: tuple[int, ...]
    operands: Sequence[Any]
    target: Strides
    accumulation: str | None = None

    @property
    def out(self) -> Value:
        return self.instruction.out

    @property
    def reads(self) -> list[Read]:
        return [a for a in self.operands if isinstance(a, Read)]

    @property
    def is_scalar(self) -> bool:
        """Whether this computes one number, outside of any loop."""
        return not self.space


def member_of(i: Instruction, layouts: Layouts) -> Member | None:
    """A call as a member of loops; None if it is not such a call."""
    if i.has_effect or not is_supported(i):
        return None
    if i.fn in NUMBERS:
        return Member(i, (), i.args, ())
    if not i.out.is_array:
        return None
    if i.fn in ACCUMULATIONS:
        return _reduction(i, layouts)
    if i.fn is np.einsum:
        return _contraction(i, layouts)
    if i.fn is np.dot and all(len(a.shape) == 1 for a in i.args if isinstance(a, Value)):
        return _inner_product(i, layouts)
    if not is_elementwise(i):
        return None
    operands = i.args[:1] if i.fn in (vjps.astype, vjps.spread) else i.args
    reads = [_read(a, i.out.shape, layouts) for a in operands]
    target = layouts[i.out].along(i.out.shape)
    return _in_order_of_memory(Member(i, long_axes(i.out.shape), reads, target))


def _in_order_of_memory(m: Member) -> Member:
    """The loops in such an order that the innermost one goes along neighbours of the result."""
    order = sorted(range(len(m.space)), key=lambda a: -m.target[a])

    def sort(axes: Strides) -> Strides:
        return tuple(axes[a] for a in order)

    operands = [
        replace(a, strides=sort(a.strides)) if isinstance(a, Read) else a for a in m.operands
    ]
    return Member(m.instruction, sort(m.space), operands, sort(m.target))


def copy_into(part: Layout, x: Any, layouts: Layouts) -> Member:
    """The copying of x, which is broadcast, into a part of another array's memory."""
    out = Value(part.root.dtype, part.shape, base=part.root)
    instruction = Instruction(np.copy, (x,), {}, out)
    read = _read(x, part.shape, layouts)
    return Member(instruction, long_axes(part.shape), [read], part.along(part.shape))


def _read(a: Any, shape: Sequence[int], layouts: Layouts) -> Any:
    if not isinstance(a, Value) or not a.is_array:
        return a
    return Read(a, layouts[a], layouts[a].along(shape))


def _axes(i: Instruction) -> tuple[int, ...] | None:
    """The axes of a reduction; None if it has an option that loops do not know."""
    names = ("axis", "dtype", "out", "keepdims")
    options = {**dict(zip(names, i.args[1:], strict=False)), **i.params}
    if options.get("out") is not None or not options.keys() <= set(names):
        return None
    default = 0 if i.fn.__name__ == "reduce" else None
    axis, ndim = options.get("axis", default), len(i.args[0].shape)
    if axis is None:
        return tuple(range(ndim))
    return tuple(sorted(a % ndim for a in (axis if isinstance(axis, tuple) else (axis,))))


def _reduction(i: Instruction, layouts: Layouts) -> Member | None:
    x = i.args[0]
    axes = _axes(i) if isinstance(x, Value) and x.is_array else None
    if axes is None:
        return None
    kept = iter(s for s, n in zip(layouts[i.out].steps, i.out.shape, strict=True) if n != 1)
    target = [0 if a in axes else next(kept) for a, n in enumerate(x.shape) if n != 1]
    read = _read(x, x.shape, layouts)
    return _reducing(i, long_axes(x.shape), [read], tuple(target), ACCUMULATIONS[i.fn])


def _inner_product(i: Instruction, layouts: Layouts) -> Member | None:
    if not all(isinstance(a, Value) and a.is_array for a in i.args):
        return None
    shape = i.args[0].shape
    reads = [_read(a, shape, layouts) for a in i.args]
    return _reducing(i, long_axes(shape), reads, (0,) * len(long_axes(shape)), "add")


def _contraction(i: Instruction, layouts: Layouts) -> Member | None:
    """An einsum whose subscripts say what is read in which loop: 'ij,jk->ik'."""
    spec, *operands = i.args
    if i.params.get("optimize") or not isinstance(spec, str) or "->" not in spec:
        return None
    inputs, _, result = spec.replace(" ", "").partition("->")
    labels = [_spelt_out(s, a) for s, a in zip(inputs.split(","), operands, strict=True)]
    written = _spelt_out(result, i.out)
    lengths: dict[str, int] = {}
    for label, a in zip(labels, operands, strict=True):
        for c, n in zip(label, a.shape, strict=True):
            lengths[c] = n if lengths.get(c, 1) == 1 else lengths[c]
    order = [*written, *(c for c in lengths if c not in written)]
    if any(len(set(s)) < len(s) for s in [*labels, written]):
        return None

    def along(label: str, layout: Layout) -> Strides:
        steps = dict(zip(label, layout.steps, strict=True))
        return tuple(steps.get(c, 0) for c in order if lengths[c] != 1)

    reads = [
        Read(a, layouts[a], along(s, layouts[a])) for s, a in zip(labels, operands, strict=True)
    ]
    space = tuple(lengths[c] for c in order if lengths[c] != 1)
    return _reducing(i, space, reads, along(written, layouts[i.out]), "add")


def _reducing(
    i: Instruction, space: tuple[int, ...], reads: list[Any], target: Strides, accumulation: str
) -> Member:
    """Over axes of length 1 alone, there is nothing to put together."""
    return Member(i, space, reads, target, accumulation if 0 in target else None)


def _spelt_out(labels: str, a: Value) -> str:
    """`...c` for an array with three axes as `ABc`."""
    missing = len(a.shape) - len(labels.replace("...", ""))
    return labels.replace("...", "ABCDEFGH"[8 - missing :] if missing else "")
