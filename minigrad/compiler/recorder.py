"""Running a function once on stand-ins, and writing down every call that it makes.

Nothing that the function does to the outside happens while it is recorded: writes to parameters,
to an optimizer's state or to a module's buffers go to stand-ins, and are carried out at the end
(`commit`). So a recording that fails has changed nothing.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import Any, NoReturn

import numpy as np

from .. import vjps
from ..frames import PACKAGES, shown, users_line
from ..modes import recording
from ..tensor import Tensor
from ..traced import TRACED, Link, TracedArray, TracedGenerator, TracedNumber
from . import in_place
from .functions import (
    DATA_DEPENDENT,
    INDEXED,
    KEPT_WHOLE,
    METADATA,
    NUMBERS,
    SHAPED_BY_ARGUMENTS,
    SHAPED_BY_CONDITION,
    WRITING,
    part_of,
    scalar_power,
    whole_view,
)
from .names import assigned_name
from .outside import Outside
from .program import Instruction, Value, mapped

_HERE, _NUMPY = PACKAGES
_ENGINE = (f"{_HERE}/engine.py",)
_OPERATORS = ("traced.py", "tensor.py", "array_methods.py", "compiler")
_PLUMBING = (*(f"{_HERE}/{name}" for name in _OPERATORS), _NUMPY)
USUAL_ERRORS: Any = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}


class RecordingError(TypeError):
    """A function did something that a compiled program cannot repeat."""


class Recorder(Outside):
    """Records one run of a function; see `record`.

    Args:
        name: what the program is called.
        shared: the places of arguments that lie in memory which the program writes to; they are
            state then, not inputs.
    """

    def __init__(self, name: str, shared: Collection[int] = ()) -> None:
        super().__init__(shared)
        self.name = name
        self.instructions: list[Instruction] = []
        self.conditions: list[tuple[Value, bool]] = []
        self.names: dict[Value, Value] = {}
        self._whole: set[Any] = set()
        self._section = "forward"
        self.errors: Any = np.geterr()
        self._finished = False
        self.refused: RecordingError | None = None  # raised once, by whomever it may be caught
        self.line_of: Callable[[str | None], str] | None = None  # after the run: what did it

    # Calls.

    def call(self, fn: Callable[..., Any], args: Any, params: Any) -> Any:
        """Carry out `fn(*args, **params)` and write it down.

        The body of a primitive is recorded in its place, so that passes see all of the NumPy
        calls; a body that cannot be recorded (it branches on values, or fills an array) is kept
        as one call.
        """
        if self._finished:
            self.refuse("a stand-in that was kept after its recording")
        if fn is np.concatenate and _joins_alone(args, params):
            fn, args = vjps.concat, args[0]  # each part is an argument
        if fn in METADATA:
            answer = fn(*mapped(tuple(args), _concrete), **mapped(params, _concrete))
            return self.literal(answer) if isinstance(answer, np.ndarray) else answer
        args, params = self._with_fixed_shapes(fn, args, params)
        self._check(fn, args, params)
        if _is_primitive(fn) and fn not in KEPT_WHOLE and fn not in self._whole:
            before, refused = (len(self.instructions), len(self.conditions)), self.refused
            drawn = {g: g.generator.bit_generator.state for g, _ in self.generators.values()}
            try:
                return fn._implementation(*args, **params)  # type: ignore[attr-defined]
            except RecordingError:
                self.refused = refused
                del self.instructions[before[0] :], self.conditions[before[1] :]
                for g, state in drawn.items():
                    g.generator.bit_generator.state = state
                self._whole.add(fn)
        if fn is operator.pow and any(isinstance(a, TracedArray) for a in args):
            fn = scalar_power
        implementation: Any = getattr(fn, "_implementation", fn) if _is_primitive(fn) else fn
        result = implementation(*mapped(tuple(args), _concrete), **mapped(params, _concrete))
        return self._write_down(fn, tuple(args), params, result)

    def _check(self, fn: Any, args: Any, params: Any) -> None:
        """Refuse what would write to its arguments, and what has no fixed shape."""
        name = vjps.name_of(fn)
        if fn in WRITING or name.endswith(".at") or params.get("out") is not None:
            self.refuse(f"{name}, which writes to an argument,")
        by_condition = fn in SHAPED_BY_CONDITION and isinstance(args[0], TRACED)
        if fn in DATA_DEPENDENT or by_condition or (fn is np.where and len(args) == 1):
            self.refuse(f"{name}, whose result has no fixed shape,")
        rest = (*args[1:], *params.values())
        if fn in SHAPED_BY_ARGUMENTS and any(isinstance(a, TRACED) for a in rest):
            self.refuse(f"{name}, where a result's shape depends on values,")
        if fn in INDEXED and _is_data_dependent(args[1]):
            self.refuse(
                "selecting by a condition (a mask), whose result has no fixed shape; take "
                "np.where, or integers that were found outside with np.flatnonzero(mask): it"
            )

    def _with_fixed_shapes(self, fn: Any, args: Any, params: Any) -> tuple[Any, Any]:
        """Arrays from outside that decide on shapes (masks, counts) become part of the program."""

        def fixed(a: Any) -> Any:
            return self.contents(a) if self._is_fixable(a) else a

        if fn in INDEXED and _is_data_dependent(args[1]):
            index = args[1]
            new = tuple(map(fixed, index)) if isinstance(index, tuple) else fixed(index)
            return (args[0], new, *args[2:]), params
        if fn in SHAPED_BY_CONDITION:
            return (fixed(args[0]), *args[1:]), params
        if fn in SHAPED_BY_ARGUMENTS:
            new = tuple(fixed(a) if isinstance(a, TracedArray) else a for a in args[1:])
            return (args[0], *new), mapped(params, fixed)
        return args, params

    def _write_down(self, fn: Any, args: Any, params: Any, result: Any) -> Any:
        if isinstance(result, (tuple, list)) and not all(isinstance(r, int) for r in result):
            return self._write_down_parts(fn, args, params, result)
        if isinstance(result, (bool, int, float)) and not isinstance(result, np.generic):
            value = Value(type(result))
            self._instruction(fn, args, params, value)
            return TracedNumber(self, value, result)
        if not isinstance(result, (np.ndarray, np.generic)):
            self.refuse(f"{vjps.name_of(fn)}, which returns a {type(result).__name__}")
        array = np.asarray(result)
        parent = _viewed(array, (args, params))
        value = Value.like(array, base=None if parent is None else parent.symbol)
        self._instruction(fn, args, params, value)
        link = None if parent is None else (parent, fn, args, params)
        cast = fn is vjps.astype and getattr(args[0], "is_scalar", False)
        return TracedArray(self, value, array, link, cast or isinstance(result, np.generic))

    def _write_down_parts(self, fn: Any, args: Any, params: Any, result: Any) -> Any:
        views = [_viewed(np.asarray(r), (args, params)) for r in result]
        if any(v is not None for v in views):  # as np.split makes them
            parts = [self.call(part_of(fn, i), args, params) for i in range(len(result))]
        else:
            whole = self._instruction(fn, args, params, Value(type(result)))
            parts = [self._part(whole, i, r) for i, r in enumerate(result)]
        return type(result)(*parts) if hasattr(result, "_fields") else type(result)(parts)

    def _part(self, whole: Value, i: int, result: Any) -> Any:
        value = Value.like(np.asarray(result))
        self.instructions.append(
            Instruction(operator.getitem, (whole, i), {}, value, self._section)
        )
        return TracedArray(self, value, np.asarray(result), None, isinstance(result, np.generic))

    def _instruction(self, fn: Any, args: Any, params: Any, out: Value) -> Value:
        if fn is not whole_view:  # which a parameter gives its name
            out.name = out.name or assigned_name(sys._getframe(1), _PLUMBING, _ENGINE)
        errors: Any = np.geterr()
        draws = any(isinstance(a, TracedGenerator) for a in args)
        self.instructions.append(
            Instruction(
                fn,
                mapped(args, self._symbol),
                mapped(params, self._symbol),
                out,
                self._section,
                {k: e for k, e in errors.items() if e != self.errors[k]} or None,
                has_effect=draws or getattr(fn, "has_effect", False),
            )
        )
        return out

    def _symbol(self, a: Any) -> Any:
        """What stands for an argument in an instruction."""
        if isinstance(a, (TracedArray, TracedNumber, TracedGenerator)):
            if a.recorder is not self:
                self.refuse("a value that was kept from another recording")
            return a.symbol
        if isinstance(a, Tensor) or (callable(a) and not isinstance(a, type)):
            self.refuse(f"a {type(a).__name__} as an argument of a function like this")
        return self.constant(a).symbol if isinstance(a, np.ndarray) else a

    # In-place writes.

    def put(self, array: TracedArray, index: Any, value: Any) -> Any:
        """`array` with `value` at `index`, as a new array."""
        return in_place.put(self, array, index, value)

    def put_back(self, base: TracedArray, link: Link, new: TracedArray) -> Any:
        """`base` with `new` in place of the view that `link` describes."""
        return in_place.put_back(self, base, link, new)

    # What the program cannot depend on.

    def branch(self, number: TracedNumber, outcome: bool) -> bool:
        """Specialise the program on the outcome of a condition on input numbers."""
        if not self._follows_from_numbers(number.symbol):
            self.refuse("a branch on a number that was computed from arrays or drawn")
        self.conditions.append((number.symbol, outcome))
        return outcome

    def _follows_from_numbers(self, value: Value) -> bool:
        makers = {i.out: i for i in self.instructions}
        stack = [value]
        while stack:
            v = stack.pop()
            if v in makers and makers[v].fn in NUMBERS:
                stack += makers[v].reads
            elif v in makers or not v.is_number or (v not in self.places and v not in self.inputs):
                return False
        return True

    def refuse(self, what: str, name: str | None = None) -> NoReturn:
        """Raise the error for something that cannot be recorded.

        Args:
            what: the subject of the error's sentence.
            name: the variable or attribute that was assigned to, if that is noticed afterwards.
        """
        line = shown(users_line()) if self.line_of is None else self.line_of(name)
        self.refused = RecordingError(
            f"{line}: {what} cannot be compiled: the program is fixed when it is "
            "recorded, and such a thing could differ in the next run"
        )
        raise self.refused

    # The course of the run.

    def section(self, name: str) -> str:
        """Begin a part of the program; returns the name of the part that ends."""
        ended, self._section = self._section, name
        return ended

    def name_cotangent(self, node: Any, g: Any) -> None:
        """Call the cotangent of a value after it."""
        if isinstance(g, TracedArray) and isinstance(node.value, TracedArray):
            self.names.setdefault(g.symbol, node.value.symbol)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Record what happens in this block; then put everything back as it was."""
        with recording(self):
            try:
                yield
            finally:
                self._finished = True
                self.put_back_outside()


def _concrete(a: Any) -> Any:
    if isinstance(a, TracedArray):
        return a.array
    if isinstance(a, TracedNumber):
        return a.value
    if isinstance(a, TracedGenerator):
        return a.generator
    return a


def _is_primitive(fn: Any) -> bool:
    return isinstance(fn, FunctionType) and hasattr(fn, "_implementation")


def _joins_alone(args: Any, params: Any) -> bool:
    """Whether a call of `np.concatenate` says no more than which arrays and which axis."""
    listed = len(args) == 1 and isinstance(args[0], (tuple, list))
    return listed and params.keys() <= {"axis"} and params.get("axis", 0) is not None


def _is_data_dependent(index: Any) -> bool:
    """Whether the result's shape depends on the values of the index."""
    parts = index if isinstance(index, tuple) else (index,)
    return any(
        (isinstance(p, TracedArray) and p.dtype.kind == "b")
        or (isinstance(p, slice) and any(isinstance(e, TRACED) for e in (p.start, p.stop)))
        for p in parts
    )


def _viewed(result: Any, args: Any) -> TracedArray | None:
    """The argument whose memory `result` is a view of."""
    if isinstance(args, TracedArray):
        overlap = result is args.array or (result.size and np.may_share_memory(result, args.array))
        return args if overlap else None
    members = args.values() if isinstance(args, dict) else args
    if not isinstance(args, (tuple, list, dict)):
        return None
    return next((found for a in members if (found := _viewed(result, a)) is not None), None)
