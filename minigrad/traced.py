"""Stand-ins for arrays, numbers and generators that tell a recorder what is done to them.

`mg.compile` runs a function once on these. They hold a concrete value, so that the run computes
real results, and a symbol, the recorder's name for that value. Whatever would need the concrete
value itself (a branch, `float`) raises, because it could differ in the next run.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NoReturn, Protocol, TypeAlias

import numpy as np

from . import vjps
from .array_methods import ArrayMethods, plain_index
from .writes import count_write

Array: TypeAlias = np.ndarray[Any, Any]


class Recorder(Protocol):
    """What the stand-ins and the engine tell a recorder; see `compiler.recorder`."""

    def call(self, fn: Callable[..., Any], args: Any, params: Any) -> Any:
        """Carry out and record `fn(*args, **params)`."""

    def put(self, array: TracedArray, index: Any, value: Any) -> Any:
        """Record `array` with `value` at `index`, as a new array."""

    def put_back(self, base: TracedArray, link: Link, new: TracedArray) -> Any:
        """Record `base` with `new` in place of the view that `link` describes."""

    def branch(self, number: TracedNumber, outcome: bool) -> bool:
        """Specialise the program on the outcome of a condition on numbers."""

    def refuse(self, what: str) -> NoReturn:
        """Raise the error for something that cannot be recorded."""

    def adopt(self, args: Any) -> None:
        """Put stand-ins into the tensors among the arguments of a call."""

    def plain(self, array: TracedArray) -> Any:
        """The contents of an array of whole numbers from outside; raises for all others."""

    def new_data(self, tensor: Any, array: Any) -> Any:
        """What a tensor holds after `tensor.data = array`."""

    def section(self, name: str) -> str:
        """Begin a part of the program; returns the name of the part that ends."""

    def name_cotangent(self, node: Any, g: Any) -> None:
        """Note that g is the cotangent of a node's value."""


Link: TypeAlias = tuple["TracedArray", Callable[..., Any], tuple[Any, ...], dict[str, Any]]


def _refused(what: str) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **params: Any) -> Any:
        self.recorder.refuse(what)

    return method


def _record(fn: Callable[..., Any], *args: Any, **params: Any) -> Any:
    """What `ArrayMethods` calls for each operator and method."""
    tensor = _tensor_among(args)
    if tensor is not None:
        return tensor._apply(fn, *args, **params)
    traced = next(a for a in args if isinstance(a, (TracedArray, TracedNumber)))
    return traced.recorder.call(fn, args, params)


def _tensor_among(args: Any) -> Any:
    """A tensor among the arguments, whose call it is then; tensors hold stand-ins in turn."""
    for a in args:
        if isinstance(a, ArrayMethods) and not isinstance(a, TracedArray):
            return a
        if isinstance(a, (list, tuple)) and (found := _tensor_among(a)) is not None:
            return found
    return None


class TracedArray(ArrayMethods):
    """Stands in for an array. Writing to it is seen by every view of it, as with NumPy.

    A view remembers the array and the call it came from (its link), and is taken again when that
    array has been written to since.
    """

    __slots__ = (
        "_array", "_link", "_seen", "_symbol", "_version", "_written", "is_scalar", "recorder",
    )  # fmt: skip
    _apply = staticmethod(_record)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """To `isinstance` it is what it stands in for: a function takes its usual course."""
        return np.ndarray

    def __init__(
        self,
        recorder: Any,
        symbol: Any,
        array: Array,
        link: Link | None = None,
        is_scalar: bool = False,
    ) -> None:
        self.recorder: Recorder = recorder
        self._symbol, self._array = symbol, array
        self._link = link
        self.is_scalar = is_scalar  # NumPy itself made a number here, not a 0-d array
        self._written = 0
        self._version = 0
        self._seen = link[0].version if link else 0

    @property
    def version(self) -> int:
        """How often the memory seen through this array has been written to."""
        return self._version + (self._link[0].version if self._link else 0)

    def _refresh(self) -> None:
        if self._link is not None and self._link[0].version != self._seen:
            base, fn, args, params = self._link
            again = self.recorder.call(fn, args, params)
            self._symbol, self._array = again._symbol, again._array
            self._seen = base.version

    @property
    def symbol(self) -> Any:
        """The recorder's name for the current value."""
        self._refresh()
        return self._symbol

    @property
    def array(self) -> Array:
        """The current value in this run."""
        self._refresh()
        return self._array

    @property
    def written(self) -> int:
        """When the memory seen through this array was last written to; see `writes`."""
        return max(self._written, self._link[0].written if self._link else 0)

    def replace(self, new: TracedArray) -> None:
        """Take over a new value, of the same shape and dtype."""
        self._written = count_write()
        if self._link is not None:  # this view is taken again when it is read
            base = self._link[0]
            base.replace(self.recorder.put_back(base, self._link, new))
        else:
            self._symbol, self._array = new.symbol, new.array
            self._version += 1

    # What it is: known before the first run, and fixed.

    @property
    def data(self) -> Any:
        return self

    _data = data

    def _memory(self) -> Any:
        return self

    @property
    def shape(self) -> Any:
        return self._array.shape

    @property
    def ndim(self) -> Any:
        return self._array.ndim

    @property
    def size(self) -> Any:
        return self._array.size

    @property
    def dtype(self) -> Any:
        return self._array.dtype

    @property
    def base(self) -> Any:
        """The array that this one is a view of."""
        return self._link[0] if self._link else None

    @property
    def nbytes(self) -> int:
        return self._array.nbytes

    def __len__(self) -> int:
        return len(self._array)

    # NumPy's protocols.

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **params: Any) -> Any:
        if _tensor_among(inputs) is not None:
            return NotImplemented
        fn = ufunc if method == "__call__" else getattr(ufunc, method)
        (target,) = params.pop("out", (None,))
        result = self.recorder.call(fn, inputs, params)
        if target is None:
            return result
        if not isinstance(target, TracedArray) or "where" in params:
            self.recorder.refuse("writing into an array which the program does not know")
        return target.overwrite(result)

    def __array_function__(self, fn: Any, types: Any, args: Any, params: Any) -> Any:
        tensor = _tensor_among(args)
        if tensor is not None:
            return tensor.__array_function__(fn, types, args, params)
        if params.get("out") is not None:
            self.recorder.refuse(f"{vjps.name_of(fn)}(..., out=...)")
        return self.recorder.call(fn, args, params)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.asarray(self.recorder.plain(self), dtype)

    # Indexing and writing.

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, tuple) and not index and not self.shape:  # the number in it
            return TracedArray(self.recorder, self.symbol, self.array, None, True)
        return self.recorder.call(vjps.getitem, (self, plain_index(index)), {})

    def __setitem__(self, index: Any, value: Any) -> None:
        self.replace(self.recorder.put(self, plain_index(index), value))

    def _write(self, ufunc: np.ufunc, other: Any) -> TracedArray:
        if _tensor_among((other,)) is not None:
            return ufunc(self, other, out=self)  # type: ignore[no-any-return]
        result = self.recorder.call(ufunc, (self, other), {})
        return result if self.is_scalar else self.overwrite(result)

    def overwrite(self, result: Any) -> TracedArray:
        """What `out=` does: take over a result, if its dtype allows it."""
        if not np.can_cast(result.dtype, self.dtype, "same_kind"):
            raise TypeError(f"cannot write {result.dtype} into an array of {self.dtype} in place")
        self[...] = result
        return self

    def as_array(self) -> TracedArray:
        """A NumPy number as a 0-d array."""
        if not self.is_scalar:
            return self
        return TracedArray(self.recorder, self.symbol, self.array)

    def copy(self) -> Any:
        return self.recorder.call(np.copy, (self,), {"order": "C"})

    def __pow__(self, other: Any) -> Any:
        if self.is_scalar and getattr(other, "is_scalar", not hasattr(other, "shape")):
            return self.recorder.call(operator.pow, (self, other), {})
        return super().__pow__(other)

    def __rpow__(self, other: Any) -> Any:
        if self.is_scalar and not hasattr(other, "shape"):
            return self.recorder.call(operator.pow, (other, self), {})
        return _record(np.power, other, self)

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        same = self.dtype == dtype and not copy
        return self if same else self.recorder.call(vjps.astype, (self, np.dtype(dtype)), {})

    # Logic on arrays of booleans and integers.

    def __and__(self, other: Any) -> Any:
        return self.recorder.call(np.bitwise_and, (self, other), {})

    def __or__(self, other: Any) -> Any:
        return self.recorder.call(np.bitwise_or, (self, other), {})

    def __xor__(self, other: Any) -> Any:
        return self.recorder.call(np.bitwise_xor, (self, other), {})

    def __invert__(self) -> Any:
        return self.recorder.call(np.invert, (self,), {})

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    # Needs the concrete value.

    __bool__ = _refused("a branch on the values of an array (if, while, and, or)")
    __float__ = _refused("turning an array into a Python number (float)")
    __int__ = _refused("turning an array into a Python number (int)")
    __index__ = _refused("an index or a count that depends on the values of an array")
    __iter__ = ArrayMethods.__iter__
    __contains__ = _refused("a search among the values of an array (in)")
    item = _refused("turning an array into a Python number (.item())")
    tolist = _refused("turning an array into Python numbers (.tolist())")

    def __format__(self, spec: str) -> str:
        if spec:
            self.recorder.refuse("formatting the values of an array")
        return repr(self)

    def __repr__(self) -> str:
        return f"TracedArray(shape={self.shape}, dtype={self.dtype})"


def _number_operators(fn: Callable[..., Any]) -> tuple[Any, Any]:
    def method(self: TracedNumber, other: Any) -> Any:
        if not isinstance(other, (int, float, TracedNumber)):
            return NotImplemented
        return self.recorder.call(fn, (self, other), {})

    def reflected(self: TracedNumber, other: Any) -> Any:
        if not isinstance(other, (int, float)):
            return NotImplemented
        return self.recorder.call(fn, (other, self), {})

    return method, reflected


class TracedNumber:
    """Stands in for a Python number: a learning rate, the number of a step, an argument.

    A branch on a number is allowed where the number follows from the program's input numbers
    alone: the program is specialised on the outcome.
    """

    __slots__ = ("recorder", "symbol", "value")

    def __init__(self, recorder: Any, symbol: Any, value: float) -> None:
        self.recorder: Recorder = recorder
        self.symbol, self.value = symbol, value

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return type(self.value)

    __add__, __radd__ = _number_operators(operator.add)
    __sub__, __rsub__ = _number_operators(operator.sub)
    __mul__, __rmul__ = _number_operators(operator.mul)
    __truediv__, __rtruediv__ = _number_operators(operator.truediv)
    __floordiv__, __rfloordiv__ = _number_operators(operator.floordiv)
    __mod__, __rmod__ = _number_operators(operator.mod)
    __pow__, __rpow__ = _number_operators(operator.pow)
    __eq__ = _number_operators(operator.eq)[0]
    __ne__ = _number_operators(operator.ne)[0]
    __lt__ = _number_operators(operator.lt)[0]
    __le__ = _number_operators(operator.le)[0]
    __gt__ = _number_operators(operator.gt)[0]
    __ge__ = _number_operators(operator.ge)[0]
    __hash__ = object.__hash__

    def __neg__(self) -> Any:
        return self.recorder.call(operator.neg, (self,), {})

    def __abs__(self) -> Any:
        return self.recorder.call(operator.abs, (self,), {})

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **params: Any) -> Any:
        if _tensor_among(inputs) is not None:
            return NotImplemented
        fn = ufunc if method == "__call__" else getattr(ufunc, method)
        return self.recorder.call(fn, inputs, params)

    def __array_function__(self, fn: Any, types: Any, args: Any, params: Any) -> Any:
        tensor = _tensor_among(args)
        if tensor is not None:
            return tensor.__array_function__(fn, types, args, params)
        return self.recorder.call(fn, args, params)

    def __bool__(self) -> bool:
        return self.recorder.branch(self, bool(self.value))

    __float__ = _refused("turning a number of the program's state into a constant (float)")
    __int__ = _refused("turning a number of the program's state into a constant (int)")
    __index__ = _refused("an index or a count that depends on the program's state")
    __array__ = _refused("turning a number of the program's state into an array")
    __round__ = __trunc__ = __floor__ = __ceil__ = _refused("rounding a number of the state")

    def __format__(self, spec: str) -> str:
        self.recorder.refuse("formatting a number of the program's state")

    def __repr__(self) -> str:
        return f"TracedNumber({self.value})"


def draw(generator: np.random.Generator, method: str, *args: Any, **params: Any) -> Any:
    """`generator.method(*args, **params)`, as a function that can be recorded."""
    return getattr(generator, method)(*args, **params)


class TracedGenerator:
    """Stands in for a `numpy.random.Generator`: every draw is recorded, with its effect."""

    def __init__(self, recorder: Any, symbol: Any, generator: np.random.Generator) -> None:
        self.recorder: Recorder = recorder
        self.symbol, self.generator = symbol, generator

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return np.random.Generator

    def __getattr__(self, method: str) -> Callable[..., Any]:
        if method in ("shuffle", "bit_generator", "spawn") or method.startswith("_"):
            self.recorder.refuse(f"the generator's {method}")

        def drawn(*args: Any, **params: Any) -> Any:
            if params.get("out") is not None or isinstance(params.get("size"), TracedNumber):
                self.recorder.refuse(f"{method} with out=, or with a size that may change,")
            return self.recorder.call(draw, (self, method, *args), params)

        return drawn


TRACED = (TracedArray, TracedNumber)
