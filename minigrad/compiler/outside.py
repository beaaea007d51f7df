"""What a program reads from outside, and what stands in for it while the program is recorded."""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable, Collection
from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.lib.array_utils import byte_bounds

from ..tensor import Tensor, wrap
from ..traced import TracedArray, TracedGenerator, TracedNumber
from ..writes import memory_of
from .functions import whole_view
from .places import Contents, Place
from .program import Value
from .stand_ins import stand_in


class Held(NamedTuple):
    """What a tensor from outside holds, and what it holds while the function is recorded."""

    array: Any
    node: Any
    stand_in: TracedArray


class Outside:
    """The stand-ins for arguments, constants and state; a recorder is one that also calls.

    Args:
        shared: the places of arguments that lie in memory which the program writes to; they are
            state then, not inputs.
    """

    def __init__(self, shared: Collection[int] = ()) -> None:
        self.shared = shared
        self.roots: dict[Any, tuple[Any, TracedArray, Value]] = {}  # arrays that exist outside
        self.inputs: list[Value] = []
        self.arguments: list[Any] = []  # the arrays and numbers that the inputs were made from
        self.constants: dict[Value, Any] = {}
        self.places: dict[Value, Place] = {}  # numbers and generators
        self.tensors: dict[Tensor, Held] = {}  # those from outside
        self.modules: dict[Any, dict[str, Any]] = {}  # with their attributes
        self.entered: dict[Any, dict[str, Any]] = {}  # with stand-ins among the attributes
        self.grads_at_start: dict[Tensor, Any] = {}
        self.grads_read: set[Tensor] = set()
        self.grads_set: set[Tensor] = set()
        self.fixed: list[tuple[Place | Contents, Any]] = []
        self.watched: list[Callable[[], Any]] = []
        self.input_tensors: dict[Tensor, tuple[Tensor, int]] = {}  # stand-ins: whose, which
        self.numbers_after: dict[tuple[int, Any], Any] = {}
        self.numbers: dict[tuple[int, Any], TracedNumber] = {}
        self.generators: dict[int, tuple[TracedGenerator, Any]] = {}
        self._clones: dict[Tensor, Tensor] = {}
        self._constant_of: dict[int, tuple[TracedArray, bytes]] = {}

    def call(self, fn: Callable[..., Any], args: Any, params: Any) -> Any:
        """Carry out `fn(*args, **params)` and write it down."""
        raise NotImplementedError

    def refuse(self, what: str, name: str | None = None) -> NoReturn:
        """Raise the error for something that cannot be recorded."""
        raise NotImplementedError

    # Where values come from.

    def input(self, a: Any, name: str) -> Any:
        """An array or a number among the arguments; one that comes twice is one."""
        place = len(self.inputs)
        is_scalar = isinstance(a, np.generic)
        a = np.asarray(a) if is_scalar else a
        value = Value.like(a, name=name)
        self.inputs.append(value)
        self.arguments.append(a)
        if isinstance(a, (int, float)):
            return TracedNumber(self, value, a)
        if place in self.shared:
            return self.state(a, name)
        if ("input", id(a)) not in self.roots:
            traced = TracedArray(self, value, _read_only(a), None, is_scalar)
            self.roots["input", id(a)] = (a, traced, value)
        return self.roots["input", id(a)][1]

    def constant(self, array: Any) -> TracedArray:
        """An array from outside, used by reference: a change of its contents is seen."""
        if id(array) not in self._constant_of:
            value = Value.like(array)
            self.constants[value] = array
            traced = TracedArray(self, value, array)
            self._constant_of[id(array)] = traced, array.tobytes()
        return self._constant_of[id(array)][0]

    def check_constants(self) -> None:
        """Refuse if an array that the program does not know as state was written to."""
        for traced, before in self._constant_of.values():
            if traced.array.tobytes() != before:
                self.refuse(
                    f"writing to an array of shape {traced.shape} after its use (an array that was "
                    "filled bit by bit, or one from outside)"
                )

    def literal(self, array: Any) -> TracedArray:
        """An array that is made anew in each run, with the same contents."""
        own = np.array(array)
        own.flags.writeable = False
        return TracedArray(self, self.constant(own).symbol, own)

    def state(self, array: Any, name: str | None = None) -> TracedArray:
        """The stand-in for an array that persists; a view stands in for a part of its memory."""
        if isinstance(array, TracedArray):
            return array
        owner = memory_of(array)
        if id(owner) not in self.roots:
            value = Value.like(owner, name=name if owner is array else None)
            self.roots[id(owner)] = (owner, TracedArray(self, value, _read_only(owner)), value)
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
        if place not in self.numbers:
            a = owner[key]
            value = Value(type(a), name=name)
            self.numbers[place] = TracedNumber(self, value, a)
            self.places[value] = Place(owner, key)
        return self.numbers_after.get(place, self.numbers[place])

    def static(self, owner: Any, key: Any) -> Any:
        """A constant `owner[key]`: another value leads to another program."""
        self.fixed.append((Place(owner, key), owner[key]))
        return owner[key]

    def watch(self, look: Callable[[], Any]) -> None:
        """Make the program apply only as long as `look()` returns the same."""
        self.watched.append(look)

    def set_number(self, owner: Any, key: Any, number: Any) -> None:
        """Note that `owner[key]`, which has been asked for, becomes `number`."""
        if not isinstance(number, TracedNumber):
            number = self.call(operator.add, (number, 0), {})
        self.numbers_after[id(owner), key] = number

    def generator(self, generator: np.random.Generator, name: str) -> TracedGenerator:
        """The stand-in for a generator of random numbers; this run draws from a copy."""
        if isinstance(generator, TracedGenerator):
            return generator
        if id(generator) not in self.generators:
            value = Value(np.random.Generator, name=name)
            traced = TracedGenerator(self, value, copy.deepcopy(generator))
            self.generators[id(generator)] = (traced, generator)
            self.places[value] = Place([generator], 0)
        return self.generators[id(generator)][0]

    def _is_fixable(self, a: Any) -> bool:
        """Whether this is an array of whole numbers or switches from outside, as it was there."""
        return (
            isinstance(a, TracedArray)
            and a.dtype.kind in "biu"
            and any(
                a is traced and traced.symbol is value and value not in self.inputs
                for _, traced, value in self.roots.values()
            )
        )

    def contents(self, a: TracedArray) -> Any:
        """What is in such an array; the program is for these contents alone."""
        owner = next(owner for owner, traced, _ in self.roots.values() if traced is a)
        own = np.array(owner)
        self.fixed.append((Contents(owner, a.symbol.name or "an array"), own.tobytes()))
        return own

    def plain(self, array: TracedArray) -> Any:
        """The contents of an array of whole numbers from outside; raises for all others."""
        if not self._is_fixable(array):
            self.refuse("turning it into a plain array (np.asarray, .numpy())")
        return self.contents(array)

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
        if isinstance(tensor._data, TracedArray):
            return
        if not tensor.is_leaf:
            self.refuse(
                "a tensor which was computed before, outside of the compiled function, and still "
                "has its graph (take .detach() of it, or compute it inside)"
            )
        array = tensor._data
        self.tensors[tensor] = Held(array, tensor.node, self.state(array, tensor.name))
        _hold(tensor, self.tensors[tensor].stand_in)
        self.grads_at_start.setdefault(tensor, tensor._grad)
        if tensor._grad is not None:
            self.adopt((tensor._grad,))

    def adopt_input(self, tensor: Tensor, name: str, place: int) -> Tensor:
        """The stand-in for a tensor among the arguments: another one, with the same gradient."""
        array = self.input(tensor._data, name)
        if place in self.shared:
            self.adopt_tensor(tensor)
            return tensor
        if tensor not in self._clones:
            clone = self._clones[tensor] = wrap(array, None)
            clone.name = tensor.name
            clone.requires_grad = tensor.requires_grad
            if tensor.node is not None and tensor.node.hooks:
                self.refuse("an argument with a hook")
            self.input_tensors[clone] = tensor, place
        return self._clones[tensor]

    def new_data(self, tensor: Tensor, array: Any) -> Any:
        """What a tensor holds after `tensor.data = array`; to the outside it is a write."""
        self.adopt((tensor,))
        if np.shape(array) != tensor.shape:
            self.refuse(f"giving a tensor of shape {tensor.shape} data of shape {np.shape(array)}")
        return array if isinstance(array, TracedArray) else self.literal(array)

    def is_outside(self, tensor: Tensor) -> bool:
        """Whether a tensor exists apart from the run."""
        known = tensor in self.tensors or tensor in self.input_tensors
        return known or not isinstance(tensor._data, TracedArray)

    def rebind(self, tensor: Tensor) -> None:
        """Write data that were given to a tensor to the memory where its data belong."""
        if tensor in self.tensors:
            stand_in = self.tensors[tensor].stand_in
            data: Any = tensor._data
            if data is not stand_in:
                stand_in[...] = data
                _hold(tensor, stand_in)

    def add_to_grad(self, tensor: Tensor) -> None:
        """Note that a backward pass adds to the tensor's gradient."""
        if tensor not in self.input_tensors:
            self.read_grad(tensor)
            self.set_grad(tensor)

    def read_grad(self, tensor: Tensor) -> None:
        """Note that the run depends on whether the tensor had a gradient before."""
        if tensor in self.input_tensors:
            if self.input_tensors[tensor][0]._grad is not None and tensor not in self.grads_set:
                self.refuse("reading the gradient that an argument came with")
            return
        self.adopt((tensor,))
        if tensor in self.tensors and tensor not in self.grads_set:
            self.grads_read.add(tensor)

    def grad_before(self, tensor: Tensor) -> Any:
        """The array of the gradient that a tensor had before this run, or None."""
        grad = self.grads_at_start[tensor]
        return None if grad is None else self.tensors[grad].array

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
            if (new := stand_in(self, a, name)) is not a:
                object.__setattr__(module, name, new)
        self.entered[module] = dict(attributes)

    def put_back_outside(self) -> None:
        for tensor, held in self.tensors.items():
            tensor._grad = self.grads_at_start.get(tensor)
            tensor.node = held.node
            _hold(tensor, held.array)
        for module, attributes in self.modules.items():
            vars(module).clear()
            vars(module).update(attributes)


def _hold(tensor: Tensor, array: Any) -> None:
    """Put an array into a tensor and its node."""
    tensor._data = array
    if tensor.node is not None:
        tensor.node.value = array


def _read_only(array: Any) -> Any:
    """What the recorded run computes with cannot be written to by mistake."""
    view = array.view()
    view.flags.writeable = False
    return view
