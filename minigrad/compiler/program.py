"""A program: the calls that a function made, one after the other, each with a name for its result.

Every value is made exactly once (static single assignment), so a pass over the program sees at a
glance what a value is and who reads it. Changes of state (parameters, an optimizer's running
means) are not calls but part of the program's result: `writes` says what becomes of each state.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np

from ..vjps import name_of

Array: TypeAlias = np.ndarray[Any, Any]


@dataclass(eq=False, slots=True)
class Value:
    """What a program computes with: an array; or a Python number, tuple or generator.

    Attributes:
        dtype: the dtype of an array; else the Python type.
        strides: bytes between neighbours along each axis, as seen while recording.
        base: the value whose memory this one is a view of; None for memory of its own.
        name: what the value is called in the printed program, if it has been told; see `names`.
        cotangent_of: the value whose cotangent this is.
    """

    dtype: Any
    shape: tuple[int, ...] = ()
    strides: tuple[int, ...] = ()
    base: Value | None = None
    name: str | None = None
    cotangent_of: Value | None = None

    @property
    def is_array(self) -> bool:
        return isinstance(self.dtype, np.dtype)

    @property
    def is_number(self) -> bool:
        """Whether this is a Python number, which lies in no memory."""
        return self.dtype is int or self.dtype is float or self.dtype is bool

    @property
    def root(self) -> Value:
        """The value that owns the memory."""
        return self if self.base is None else self.base.root

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize if self.is_array else 0

    @property
    def layout(self) -> Any:
        """What is the same for two values whose elements are of one kind and lie alike."""
        return self.dtype, self.shape, self.strides

    @property
    def is_contiguous(self) -> bool:
        """Whether the elements lie in memory row by row, without gaps."""
        expected = self.dtype.itemsize
        for n, stride in zip(reversed(self.shape), reversed(self.strides), strict=True):
            if n != 1 and stride != expected:
                return self.size == 0
            expected *= n
        return True

    @property
    def axes_by_stride(self) -> list[int]:
        """The axes, from the one with the longest stride to the one with the shortest."""
        return sorted(range(len(self.shape)), key=lambda a: -self.strides[a])

    @property
    def is_dense(self) -> bool:
        """Whether the elements lie in memory without gaps, in some order of the axes."""
        order = self.axes_by_stride
        shape = tuple(self.shape[a] for a in order)
        return Value(self.dtype, shape, tuple(self.strides[a] for a in order)).is_contiguous

    @property
    def kind(self) -> str:
        """As in `float32 (64, 128)`, or `number`."""
        if self.is_array:
            return f"{self.dtype} {self.shape}"
        return "number" if self.is_number else str(self.dtype.__name__)

    @classmethod
    def like(cls, a: Any, base: Value | None = None, name: str | None = None) -> Value:
        """The description of a concrete array, number or other object."""
        if isinstance(a, (np.ndarray, np.generic)):
            return cls(a.dtype, a.shape, a.strides, base, name)
        return cls(type(a), name=name)


@dataclass(eq=False, slots=True)
class Instruction:
    """`out = fn(*args, **params)`; arguments are values, or constants such as an axis.

    Attributes:
        section: the part of the program: "forward", "backward", "update".
        errstate: NumPy's error settings inside a `with np.errstate(...)` block, else None.
        has_effect: whether the call changes something (draws from a generator, checks): it must
            be carried out, once, in its place.
    """

    fn: Callable[..., Any]
    args: tuple[Any, ...]
    params: dict[str, Any]
    out: Value
    section: str = "forward"
    errstate: dict[str, str] | None = None
    has_effect: bool = False

    @property
    def reads(self) -> list[Value]:
        """The values among the arguments, in order, repeated ones repeated."""
        return [*values_in(self.args), *values_in(tuple(self.params.values()))]

    def renamed(self, new: Mapping[Value, Value]) -> Instruction:
        """The same call on other values."""
        if not any(v in new for v in self.reads):
            return self
        args = substituted(self.args, new)
        return replace(self, args=args, params=substituted(self.params, new))


def values_in(structure: Any) -> Iterator[Value]:
    """The values inside nested tuples, lists, dicts and slices."""
    if isinstance(structure, Value):
        yield structure
    elif isinstance(structure, (tuple, list)):
        for a in structure:
            yield from values_in(a)
    elif isinstance(structure, dict):
        for a in structure.values():
            yield from values_in(a)
    elif isinstance(structure, slice):
        yield from values_in((structure.start, structure.stop, structure.step))


def mapped(structure: Any, fn: Callable[[Any], Any]) -> Any:
    """The structure with `fn` applied to everything in it that is not a container."""
    if isinstance(structure, (tuple, list)):
        members = [mapped(a, fn) for a in structure]
        if hasattr(structure, "_fields"):  # a named tuple
            return type(structure)(*members)
        return tuple(members) if isinstance(structure, tuple) else members
    if isinstance(structure, dict):
        return {key: mapped(a, fn) for key, a in structure.items()}
    if isinstance(structure, slice):
        return slice(fn(structure.start), fn(structure.stop), fn(structure.step))
    return fn(structure)


def substituted(structure: Any, new: Mapping[Value, Value]) -> Any:
    """The structure with some values replaced by others."""
    return mapped(structure, lambda a: new.get(a, a) if isinstance(a, Value) else a)


@dataclass
class Program:
    """A recorded function.

    Attributes:
        name: the function's name.
        inputs: the arrays and numbers among the arguments.
        state: what persists between calls: arrays (parameters, running means), numbers (a learning
            rate, a step count) and generators.
        constants: arrays that the function used without having received them, by reference.
        instructions: the calls, in order.
        outputs: the results, as nested tuples, lists and dicts of values and constants.
        writes: the new values of states (or of inputs that were written to).
        kept: results that stay readable until the next call: the gradients of parameters.
    """

    name: str
    inputs: list[Value]
    state: list[Value]
    constants: dict[Value, Any]
    instructions: list[Instruction]
    outputs: Any
    writes: dict[Value, Value]
    kept: list[Value] = field(default_factory=list)

    def with_instructions(
        self, instructions: list[Instruction], new: Mapping[Value, Value] | None = None
    ) -> Program:
        """The same program made of other instructions, in which `new` replaced some values."""
        new = new or {}
        return replace(
            self,
            instructions=instructions,
            outputs=substituted(self.outputs, new),
            writes={s: new.get(v, v) for s, v in self.writes.items()},
            kept=[new.get(v, v) for v in self.kept],
        )

    @property
    def results(self) -> list[Value]:
        """Everything that must be there at the end."""
        return [*values_in(self.outputs), *self.writes.values(), *self.kept]

    def makers(self) -> dict[Value, Instruction]:
        """The instruction that makes each value."""
        return {i.out: i for i in self.instructions}

    def __str__(self) -> str:
        from .names import named  # the names of values depend on the whole program

        names = named(self)
        lines = [f"program {self.name}"]
        for title, values in (("input", self.inputs), ("state", self.state)):
            lines += [f"  {title} {names[v]}: {v.kind}" for v in values]
        lines += [f"  constant {names[v]}: {v.kind}" for v in self.constants]
        section = None
        for i in self.instructions:
            if i.section != section:
                section = i.section
                lines.append(f"{section}:")
            lines.append(f"  {names[i.out]}: {i.out.kind} = {written_call(i, names)}")
        lines += [f"  {names[s]} <- {names[v]}" for s, v in self.writes.items()]
        lines.append(f"return {written(self.outputs, names)}")
        return "\n".join(lines)

    def to_json(self) -> str:
        """The program as JSON: its values with shapes and dtypes, and its calls."""
        from .names import named

        names = named(self)

        def described(v: Value) -> dict[str, Any]:
            return {"name": names[v], "dtype": dtype_name(v.dtype), "shape": list(v.shape)}

        return json.dumps(
            {
                "name": self.name,
                "inputs": [described(v) for v in self.inputs],
                "state": [described(v) for v in self.state],
                "constants": [described(v) for v in self.constants],
                "instructions": [
                    {
                        "out": described(i.out),
                        "function": name_of(i.fn),
                        "args": [written(a, names) for a in i.args],
                        "params": {key: written(a, names) for key, a in i.params.items()},
                        "section": i.section,
                    }
                    for i in self.instructions
                ],
                "outputs": written(self.outputs, names),
                "writes": {names[s]: names[v] for s, v in self.writes.items()},
            },
            indent=2,
        )


def dtype_name(dtype: Any) -> str:
    return str(dtype) if isinstance(dtype, np.dtype) else str(dtype.__name__)


def written_call(i: Instruction, names: Mapping[Value, str]) -> str:
    """`matmul(h1, fc1_weight, axis=0)`."""
    args = [written(a, names) for a in i.args]
    args += [f"{key}={written(a, names)}" for key, a in i.params.items()]
    return f"{name_of(i.fn)}({', '.join(args)})"


def written(a: Any, names: Mapping[Value, str]) -> str:
    """An argument as Python source."""
    if isinstance(a, Value):
        return names[a]
    if isinstance(a, tuple):
        inside = ", ".join(written(b, names) for b in a)
        return f"({inside},)" if len(a) == 1 else f"({inside})"
    if isinstance(a, list):
        return f"[{', '.join(written(b, names) for b in a)}]"
    if isinstance(a, dict):
        return f"{{{', '.join(f'{key!r}: {written(b, names)}' for key, b in a.items())}}}"
    if isinstance(a, slice):
        return _written_slice(a, names)
    if isinstance(a, np.dtype):
        return f"np.{a.name}" if a.isnative else repr(a.str)
    if isinstance(a, type) and issubclass(a, np.generic):
        return f"np.{a.__name__}"
    if isinstance(a, np.generic):
        return f"np.{a.dtype.name}({_number(a.item())})"
    if a is Ellipsis:
        return "..."
    return _number(a) if isinstance(a, float) else repr(a)


def _written_slice(a: slice, names: Mapping[Value, str]) -> str:
    parts = ["None" if p is None else written(p, names) for p in (a.start, a.stop, a.step)]
    return f"slice({', '.join(parts)})"


def _number(a: Any) -> str:
    """Infinities and nan have no literal."""
    if isinstance(a, float) and not np.isfinite(a):
        return f"np.{a}" if a > 0 or a != a else "-np.inf"
    return repr(a)
