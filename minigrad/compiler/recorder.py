"""Running a function once on stand-ins, and writing down every call that it makes.

Nothing that the function does to the outside happens while it is recorded: writes to parameters,
to an optimizer's state or to a module's buffers go to stand-ins, and are carried out at the end
(`commit`). So a recording that fails has changed nothing.
"""

from __future__ import annotations

import copy
import operator
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any, NoReturn

import numpy as np
from numpy.lib.array_utils import byte_bounds

from .. import vjps
from ..modes import recording
from ..tensor import Tensor
from ..traced import Link, TracedArray, TracedGenerator, TracedNumber, draw
from ..writes import memory_of
from .functions import KEPT_WHOLE, METADATA, put, put_view, whole_view
from .names import assigned_name
from .program import Instruction, Value, mapped

_HERE = Path(vjps.__file__).parent
_NUMPY = str(Path(np.__file__).parent)
PACKAGES = (str(_HERE), _NUMPY)
_ENGINE = (str(_HERE / "engine.py"),)
_OPERATORS = ("traced.py", "tensor.py", "array_methods.py", "compiler")
_PLUMBING = (*(str(_HERE / name) for name in _OPERATORS), _NUMPY)
_INVERTIBLE_VIEWS = (np.transpose, np.swapaxes)


class RecordingError(TypeError):
    """A function did something that a compiled program cannot repeat."""


@dataclass
class Place:
    """Where a number or a generator of the state lives: `owner[key]`."""

    owner: Any
    key: Any

    def read(self) -> Any:
        return self.owner[self.key]


class Attributes:
    """The attributes of an object, as a mapping that bypasses its `__setattr__`."""

    def __init__(self, owner: Any) -> None:
        self.owner = owner

    def __getitem__(self, name: str) -> Any:
        return getattr(self.owner, name)

    def __setitem__(self, name: str, value: Any) -> None:
        object.__setattr__(self.owner, name, value)


class Recorder:
    """Records one run of a function; see `record`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.instructions: list[Instruction] = []
        self.conditions: list[tuple[Value, bool]] = []
        self.roots: dict[int, tuple[Any, TracedArray, Value]] = {}  # arrays that exist outside
        self.inputs: list[Value] = []
        self.constants: dict[Value, Any] = {}
        self.places: dict[Value, Place] = {}  # numbers and generators
        self.tensors: dict[Tensor, Any] = {}  # the tensors that were adopted, with their arrays
        self.modules: dict[Any, dict[str, Any]] = {}
        self.grads_at_start: dict[Tensor, Any] = {}
        self.grads_read: set[Tensor] = set()
        self.grads_set: set[Tensor] = set()
        self.names: dict[Value, Value] = {}
        self.fixed: list[tuple[Place, Any]] = []
        self.watched: list[Callable[[], Any]] = []
        self.input_tensors: dict[Tensor, int] = {}
        self._numbers: dict[tuple[int, Any], TracedNumber] = {}
        self._numbers_after: dict[tuple[int, Any], Any] = {}
        self._generators: dict[int, tuple[TracedGenerator, Any]] = {}
        self._whole: set[Any] = set()
        self._constant_of: dict[int, TracedArray] = {}
        self._section = "forward"
        self._errors = np.geterr()

    # Calls.

    def call(self, fn: Callable[..., Any], args: Any, params: Any) -> Any:
        """Carry out `fn(*args, **params)` and write it down.

        The body of a primitive is recorded in its place, so that passes see all of the NumPy
        calls; a body that cannot be recorded (it branches on values, or fills an array) is kept
        as one call.
        """
        if fn is np.concatenate and isinstance(args[0], (tuple, list)) and len(args) == 1:
            fn, args = vjps.concat, args[0]  # each part is an argument
        if fn in METADATA:
            return fn(*mapped(tuple(args), _concrete), **mapped(params, _concrete))
        if _is_primitive(fn) and fn not in KEPT_WHOLE and fn not in self._whole:
            before = len(self.instructions), len(self.conditions)
            try:
                return fn._implementation(*args, **params)  # type: ignore[attr-defined]
            except RecordingError:
                del self.instructions[before[0] :], self.conditions[before[1] :]
                self._whole.add(fn)
        if fn is vjps.getitem and _is_data_dependent(args[1]):
            self.refuse("selecting by a condition (a mask), whose result has no fixed shape")
        implementation = fn._implementation if _is_primitive(fn) else fn  # type: ignore[attr-defined]
        result = implementation(*mapped(tuple(args), _concrete), **mapped(params, _concrete))
        return self._write_down(fn, tuple(args), params, result)

    def _write_down(self, fn: Any, args: Any, params: Any, result: Any) -> Any:
        if isinstance(result, (tuple, list)) and not all(isinstance(r, int) for r in result):
            whole = self._instruction(fn, args, params, Value(type(result)))
            parts = [self._part(whole, i, r) for i, r in enumerate(result)]
            return type(result)(*parts) if hasattr(result, "_fields") else type(result)(parts)
        if isinstance(result, (bool, int, float)) and not isinstance(result, np.generic):
            value = Value(type(result))
            self._instruction(fn, args, params, value)
            return TracedNumber(self, value, result)
        if not isinstance(result, (np.ndarray, np.generic)):
            self.refuse(f"{vjps.name_of(fn)}, which returns a {type(result).__name__}")
        array = np.asarray(result)
        parent = _viewed(array, args)
        value = Value.like(array, base=None if parent is None else parent.symbol)
        self._instruction(fn, args, params, value)
        return TracedArray(
            self, value, array, None if parent is None else (parent, fn, args, params)
        )

    def _instruction(self, fn: Any, args: Any, params: Any, out: Value) -> Value:
        if fn is not whole_view:  # which a parameter gives its name
            out.name = out.name or assigned_name(sys._getframe(1), _PLUMBING, _ENGINE)
        errors = np.geterr()
        changed = {k: e for k, e in errors.items() if e != self._errors[k]}
        self.instructions.append(
            Instruction(
                fn,
                mapped(args, self._symbol),
                mapped(params, self._symbol),
                out,
                self._section,
                changed or None,
                has_effect=fn is draw or getattr(fn, "has_effect", False),
            )
        )
        return out

    def _part(self, whole: Value, i: int, result: Any) -> Any:
        value = Value.like(np.asarray(result))
        self.instructions.append(
            Instruction(operator.getitem, (whole, i), {}, value, self._section)
        )
        return TracedArray(self, value, np.asarray(result))

    def _symbol(self, a: Any) -> Any:
        """What stands for an argument in an instruction."""
        if isinstance(a, (TracedArray, TracedNumber, TracedGenerator)):
            if a.recorder is not self:
                self.refuse("a value that was kept from another recording")
            return a.symbol
        if isinstance(a, Tensor):
            self.refuse("a tensor inside an argument of a function that does not expect it")
        return self.constant(a).symbol if isinstance(a, np.ndarray) else a

    # Where values come from.

    def input(self, a: Any, name: str) -> Any:
        """An array or a number among the arguments."""
        value = Value.like(a, name=name)
        self.inputs.append(value)
        if isinstance(a, (int, float)):
            return TracedNumber(self, value, a)
        traced = TracedArray(self, value, a)
        self.roots[id(a)] = (a, traced, value)
        return traced

    def constant(self, array: Any) -> TracedArray:
        """An array from outside, used by reference: a change of its contents is seen."""
        if id(array) not in self._constant_of:
            value = Value.like(array)
            self.constants[value] = array
            self._constant_of[id(array)] = TracedArray(self, value, array)
        return self._constant_of[id(array)]

    def literal(self, array: Any) -> TracedArray:
        """An array that is made anew in each run, with the same contents."""
        own = np.array(array)
        own.flags.writeable = False
        return TracedArray(self, self.constant(own).symbol, own)

    def state(self, array: Any, name: str | None = None) -> TracedArray:
        """The stand-in for an array that persists; a view stands in for a part of its memory."""
        if isinstance(array, TracedArray):
            return array
        owner = array if id(array) in self.roots else memory_of(array)
        if id(owner) not in self.roots:
            value = Value.like(owner, name=name if owner is array else None)
            self.roots[id(owner)] = (owner, TracedArray(self, value, owner), value)
        root = self.roots[id(owner)][1]
        if owner is array:
            self.roots[id(owner)][2].name = self.roots[id(owner)][2].name or name
            return root
        start = (byte_bounds(array)[0] - byte_bounds(owner)[0]) if array.size else 0
        place = (start // array.itemsize, array.shape, array.strides)
        if start % array.itemsize or owner.dtype != array.dtype or not owner.flags.c_contiguous:
            self.refuse("an array that is an unusual view of another one's memory")
        view: TracedArray = self.call(whole_view, (root, *place), {})
        if name and view.symbol.name is None:
            view.symbol.name = name
        return view

    def number(self, owner: Any, key: Any, name: str) -> Any:
        """The stand-in for the Python number `owner[key]`, which is read anew at each call."""
        place = id(owner), key
        if place not in self._numbers:
            a = owner[key]
            value = Value(type(a), name=name)
            self._numbers[place] = TracedNumber(self, value, a)
            self.places[value] = Place(owner, key)
        return self._numbers_after.get(place, self._numbers[place])

    def static(self, owner: Any, key: Any) -> Any:
        """A constant `owner[key]`: another value leads to another program."""
        self.fixed.append((Place(owner, key), owner[key]))
        return owner[key]

    def watch(self, look: Callable[[], Any]) -> None:
        """Make the program apply only as long as `look()` returns the same."""
        self.watched.append(look)

    def set_number(self, owner: Any, key: Any, number: Any) -> None:
        """Note that `owner[key]` becomes `number`."""
        self._numbers_after[id(owner), key] = number

    def generator(self, generator: np.random.Generator, name: str) -> TracedGenerator:
        """The stand-in for a generator of random numbers; this run draws from a copy."""
        if id(generator) not in self._generators:
            value = Value(np.random.Generator, name=name)
            traced = TracedGenerator(self, value, copy.deepcopy(generator))
            self._generators[id(generator)] = (traced, generator)
            self.places[value] = Place([generator], 0)
        return self._generators[id(generator)][0]

    # Tensors and modules.

    def adopt(self, args: Any) -> None:
        """Put stand-ins into the tensors among the arguments of a call."""
        for a in args:
            if isinstance(a, Tensor) and not isinstance(a._data, TracedArray):
                self.adopt_tensor(a)
            elif isinstance(a, (tuple, list)):
                self.adopt(a)

    def adopt_tensor(self, tensor: Tensor) -> None:
        """Make a tensor from outside hold a stand-in until the end of the recording."""
        if not tensor.is_leaf:
            self.refuse(
                "a tensor which was computed before, outside of the compiled function, and still "
                "has its graph (take .detach() of it, or compute it inside)"
            )
        self.tensors[tensor] = tensor._data
        self._hold(tensor, self.state(tensor._data, tensor.name))
        self.grads_at_start.setdefault(tensor, tensor._grad)
        if tensor._grad is not None:
            self.adopt((tensor._grad,))

    def adopt_input(self, tensor: Tensor, name: str, place: int) -> Tensor:
        """The same for a tensor among the arguments."""
        if tensor not in self.tensors:
            self.tensors[tensor] = tensor._data
            self.grads_at_start[tensor] = tensor._grad
            self.input_tensors[tensor] = place
            self._hold(tensor, self.input(tensor._data, name))
        return tensor

    @staticmethod
    def _hold(tensor: Tensor, array: Any) -> None:
        tensor._data = array
        if tensor.node is not None:
            tensor.node.value = array

    def read_grad(self, tensor: Tensor) -> None:
        """Note that the run depends on whether the tensor had a gradient before."""
        if not isinstance(tensor._data, TracedArray):
            self.adopt_tensor(tensor)
        if tensor not in self.grads_set:
            self.grads_read.add(tensor)

    def set_grad(self, tensor: Tensor) -> None:
        """Note that the tensor's gradient is about to be replaced, whatever it was."""
        self.adopt((tensor,))
        self.grads_set.add(tensor)

    def enter_module(self, module: Any) -> None:
        """Make a module hold stand-ins for its arrays and generators."""
        if module in self.modules:
            return
        attributes = vars(module)
        self.modules[module] = dict(attributes)
        for name, a in list(attributes.items()):
            if isinstance(a, np.ndarray):
                object.__setattr__(module, name, self.state(a, name))
            elif isinstance(a, np.random.Generator):
                object.__setattr__(module, name, self.generator(a, name))

    # In-place writes.

    def put(self, array: TracedArray, index: Any, value: Any) -> Any:
        """`array` with `value` at `index`, as a new array."""
        if _is_data_dependent(index):
            self.refuse("an assignment where a condition (a mask) holds; use np.where")
        value = value._data if isinstance(value, Tensor) else value
        if index is Ellipsis and isinstance(value, TracedArray):
            if value.shape == array.shape and value.dtype == array.dtype:
                return value
        return self.call(put, (array, index, value), {})

    def put_back(self, base: TracedArray, link: Link, new: TracedArray) -> Any:
        """`base` with `new` in place of the view that `link` describes."""
        _, fn, args, params = link
        if fn is vjps.getitem:
            return self.call(put, (base, args[1], new), {})
        if fn is whole_view:
            return self.call(put_view, (base, new, *args[1:]), {})
        if fn in _INVERTIBLE_VIEWS and len(args) == (1 if fn is np.transpose else 3) and not params:
            return self.call(fn, (new, *args[1:]), {})  # these undo themselves
        if fn in (np.reshape, np.expand_dims, np.squeeze):
            return self.call(np.reshape, (new, base.shape), {})
        self.refuse(f"a write through a view made by {vjps.name_of(fn)}")

    # What the program cannot depend on.

    def branch(self, number: TracedNumber, outcome: bool) -> bool:
        """Specialise the program on the outcome of a condition on input numbers."""
        if not self._follows_from_numbers(number.symbol):
            self.refuse("a branch on a number that was computed from arrays")
        self.conditions.append((number.symbol, outcome))
        return outcome

    def _follows_from_numbers(self, value: Value) -> bool:
        makers = {i.out: i for i in self.instructions}
        stack = [value]
        while stack:
            v = stack.pop()
            if v.is_array or (v not in makers and v not in self.places and v not in self.inputs):
                return False
            stack += makers[v].reads if v in makers else []
        return True

    def refuse(self, what: str) -> NoReturn:
        raise RecordingError(
            f"{_users_line()}: {what} cannot be compiled: the program is fixed when it is "
            "recorded, and such a thing could differ in the next run"
        )

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
                self._put_back_outside()

    def _put_back_outside(self) -> None:
        self.grads_at_end = {t: t._grad for t in self.tensors}
        for tensor, array in self.tensors.items():
            tensor._grad = self.grads_at_start.get(tensor)
            self._hold(tensor, array)
        self.modules_at_end = {module: dict(vars(module)) for module in self.modules}
        for module, attributes in self.modules.items():
            vars(module).clear()
            vars(module).update(attributes)


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


def _is_data_dependent(index: Any) -> bool:
    """Whether the result's shape depends on the values of the index."""
    parts = index if isinstance(index, tuple) else (index,)
    return any(isinstance(p, TracedArray) and p.dtype.kind == "b" for p in parts)


def _viewed(result: Any, args: Any) -> TracedArray | None:
    """The argument whose memory `result` is a view of."""
    for a in args:
        if isinstance(a, TracedArray) and (
            result is a.array or (result.size and np.may_share_memory(result, a.array))
        ):
            return a
    return None


def _calling_frame(inside: tuple[str, ...]) -> Any:
    """The innermost frame whose code does not lie in one of these files or folders."""
    frame: Any = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(inside):
        frame = frame.f_back
    return frame


def _users_line() -> str:
    """Where the code outside this package and NumPy is being run."""
    frame = _calling_frame(PACKAGES)
    return f"{frame.f_code.co_filename}, line {frame.f_lineno}"
