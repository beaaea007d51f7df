"""The tensor that a person holds, and `apply`, through which every recorded operation goes."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from numpy import ndarray

from . import modes, vjps
from .array_methods import ArrayMethods
from .assignment import Assignable, note_view
from .conversion import as_array
from .diagnosis import diagnosed, raise_lost_in_an_array, raise_without_rules
from .engine import cotangents
from .frames import users_line
from .modes import MODE, active_recorder, changed, enable_grad
from .node import NO_PARAMS, HookHandle, Leaf, Node, next_number
from .printing import Printable
from .provenance import note_name
from .traced import TRACED, TracedArray
from .vjps import COMPOSITES, CONSTANTS, IMPLEMENTATIONS, VJPS, name_of, rejected_arguments
from .writes import lend, record_write

Array: TypeAlias = npt.NDArray[Any]

_new = object.__new__
_WEAK = (float, int)  # Python numbers, which leave the dtype to the array


def apply(fn: Callable[..., Any], *args: Any, **params: Any) -> Tensor:
    """Call a function on the arrays inside its tensor arguments, and record the call.

    The only way by which an operation gets into the graph. The result is a `Tensor`, unless `fn`
    is a function without a derivative (a comparison, `argmax`), which gives a plain array.

    Args:
        fn: a function with derivative rules: a NumPy function or a `@primitive`.
        args: tensors, arrays and constants.
        params: keyword arguments; constants.

    Raises:
        TypeError: `fn` has no derivative rule.
    """
    implementation = IMPLEMENTATIONS.get(fn)
    if modes.observers:
        implementation = _observed(fn, implementation, args)
    if implementation is None:
        outcome: Tensor = _apply_without_rule(fn, args, params)
        return outcome
    values = []
    inputs: list[Any] = []
    recorded = False
    try:
        for a in args:
            if isinstance(a, Tensor):
                values.append(a._data)
                node = a.node
                if node is None:
                    inputs.append(a._data)
                else:
                    inputs.append(node)
                    recorded = True
            else:
                if type(a) not in _WEAK and isinstance(fn, np.ufunc):
                    a = _operand(a)
                values.append(a)
                inputs.append(a)
        value = implementation(*values, **params) if params else implementation(*values)
    except Exception as error:
        raise diagnosed(error, fn, args, params) from error.__cause__
    if type(value) is not ndarray:
        value = _as_one_array(fn, value)

    # Written out: two constructor calls would cost as much as a small NumPy operation.
    result: Tensor = _new(Tensor)
    result._data = value
    result._grad = result.node = None
    if recorded and MODE.get().grad:
        result.node = node = _new(Node)
        node.fn = fn
        node.inputs = tuple(inputs)
        node.params = params or NO_PARAMS
        node.value = value
        node.number = next_number()
        node.hooks = node.handle = None
    if value.base is not None:
        note_view(result, fn, args, params)
    return result


def _observed(fn: Callable[..., Any], implementation: Any, args: Any) -> Any:
    """What to call instead, so that a recorder or a watcher sees the call."""
    mode = MODE.get()
    if mode.recorder is not None:
        mode.recorder.adopt(args)
        return implementation and fn  # which dispatches to the recorder
    if mode.watcher is not None and implementation is not None:
        return mode.watcher.watched_call(fn, implementation)
    return implementation


def _apply_without_rule(fn: Callable[..., Any], args: Any, params: dict[str, Any]) -> Any:
    try:
        if fn in COMPOSITES:
            return COMPOSITES[fn](*args, **params)
        if fn in CONSTANTS:
            return fn(*map(_plain_inside, args), **{k: _plain_inside(a) for k, a in params.items()})
    except Exception as error:
        raise diagnosed(error, fn, args, params) from error.__cause__
    if not vjps.find_rules(fn):
        raise_without_rules(fn)
    return apply(fn, *args, **params)


def _operand(a: Any) -> Array:
    """A constant in arithmetic: an array of real numbers."""
    if (type(a) is ndarray and a.dtype.kind in "fiub") or isinstance(a, TRACED):
        return a  # type: ignore[return-value]  # a stand-in
    return as_array(a, copy=False)


def _as_one_array(fn: Callable[..., Any], value: Any) -> Array:
    """NumPy turns 0-d results into scalars; a graph holds arrays."""
    if isinstance(value, (tuple, list)):
        raise TypeError(f"{name_of(fn)} returned {len(value)} results; a recorded call makes one")
    return value.as_array() if isinstance(value, TracedArray) else np.asarray(value)  # type: ignore[return-value]


def wrap(value: Array, node: Node | None) -> Tensor:
    """A tensor around an array that exists already, made by `node`."""
    tensor: Tensor = _new(Tensor)
    tensor._data = value
    tensor.node = node
    tensor._grad = None
    return tensor


def _literal(array: Array) -> Array:
    """The array; while a function is recorded, its stand-in, made anew in each run."""
    recorder = active_recorder()
    if recorder is None or isinstance(array, TracedArray):
        return array
    return recorder.literal(array)  # type: ignore[no-any-return]


def plain(a: Any) -> Any:
    return a._data if isinstance(a, Tensor) else a


def _plain_inside(a: Any) -> Any:
    return type(a)(map(_plain_inside, a)) if type(a) in (list, tuple) else plain(a)


class Tensor(Printable, Assignable, ArrayMethods):
    """An array that remembers how it was computed.

    Behaves like a NumPy array of floating-point numbers: operators, methods and NumPy's own
    functions work on it, and record what they do when one of their inputs requires a gradient.

    Args:
        data: numbers, nested lists of numbers, an array or a tensor; copied. Arrays keep their
            dtype; Python floats get the default dtype (float32), Python ints int64.
        requires_grad: whether `backward` shall compute the gradient with respect to this tensor.
        dtype: the dtype to convert to.

    Attributes:
        data: the array. Assigning another one changes the tensor, not the recorded past.
        grad: dL/d(self) after `backward`, a tensor of the same shape and dtype; or None.
        node: the record of the call that made this tensor; None if no gradient is needed.

    Raises:
        TypeError: the data are not real numbers, or require a gradient but are not floats.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> x = mg.Tensor([1.0, 2.0, 3.0], requires_grad=True)
        >>> y = np.sum(x * np.sin(x))
        >>> y.backward()
        >>> np.allclose(x.grad, np.sin(x.data) + x.data * np.cos(x.data))
        True
    """

    # Most tensors set no name, are no view and have none.
    __slots__ = ("__weakref__", "_data", "_grad", "_name", "_view", "_views", "node")
    _grad: Tensor | None
    _name: str | None
    _apply = staticmethod(apply)
    node: Node | None

    def __init__(
        self, data: Any, requires_grad: bool = False, dtype: npt.DTypeLike | None = None
    ) -> None:
        if needs_grad(data):
            raise TypeError(
                "making a tensor of one that requires a gradient would lose the gradient; say so "
                "with t.detach(), or keep it with t.copy()"
            )
        self._data = _literal(as_array(plain(data), dtype))
        self._grad = None
        self.node = None
        self.requires_grad = requires_grad

    # What it is.

    @property
    def data(self) -> Array:
        if (recorder := active_recorder()) is not None:
            recorder.adopt((self,))
        array: Array = lend(self._data)
        return array

    @data.setter
    def data(self, array: Any) -> None:
        if array is self._data:  # t.data -= 1 has written to it
            record_write(array, users_line())
            return
        if not self.is_leaf:
            raise RuntimeError("only a leaf's data can be replaced; take t.detach() first")
        new = as_array(plain(array), self.dtype, copy=False)
        recorder = active_recorder()
        self._replace(new if recorder is None else recorder.new_data(self, new))

    def _replace(self, array: Array) -> None:
        """Hold another array from now on; what was recorded keeps the old one."""
        self._data = array
        changed()
        if self.node is not None:
            self.node = Leaf(self._data, weakref.ref(self), self.node.hooks)

    def _move_to(self, array: Array) -> None:
        """Keep the same numbers in other memory; the graph is not affected."""
        self._data = array
        changed()
        if self.node is not None:
            self.node.value = array

    @property
    def grad(self) -> Tensor | None:
        if (recorder := active_recorder()) is not None:
            recorder.read_grad(self)
        return self._grad

    @grad.setter
    def grad(self, g: Tensor | None) -> None:
        if g is not None and not (isinstance(g, Tensor) and g.shape == self.shape):
            what = f"shape {g.shape}" if isinstance(g, Tensor) else type(g).__name__
            raise TypeError(f"grad must be None or a tensor of shape {self.shape}, got {what}")
        if (recorder := active_recorder()) is not None:
            recorder.set_grad(self)
        self._grad = g
        changed()

    @property
    def requires_grad(self) -> bool:
        """Whether a gradient flows to or through this tensor."""
        return self.node is not None

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if wanted == (self.node is not None):
            return
        if not wanted and not self.is_leaf:
            raise RuntimeError("only a leaf can stop requiring a gradient; use t.detach()")
        if wanted and self.dtype.kind != "f":
            raise TypeError(
                f"only floating-point tensors can require a gradient, this one is {self.dtype}; "
                "convert it: mg.tensor(data, dtype=np.float32, requires_grad=True)"
            )
        self.node = Leaf(self._data, weakref.ref(self)) if wanted else None
        changed()

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation made this tensor."""
        return self.node is None or self.node.is_leaf

    @property
    def name(self) -> str | None:
        """What drawings and errors call this tensor; a module names its parameters."""
        return getattr(self, "_name", None)

    @name.setter
    def name(self, name: str | None) -> None:
        self._name = name
        note_name(self.node, name)

    # Differentiation.

    def backward(
        self, gradient: Any = None, retain_graph: bool = False, create_graph: bool = False
    ) -> None:
        """Add dL/dx to `x.grad` of every leaf x that this tensor L depends on.

        Args:
            gradient: the cotangent to start from, of this tensor's shape. May be left out for a
                tensor of one element: dL/dL = 1.
            retain_graph: keep the saved values, so that `backward` can be called again.
            create_graph: record the backward pass too, so that the gradients can themselves be
                differentiated. Implies `retain_graph`.

        Raises:
            RuntimeError: there is no graph, it was freed, or a value it saved was changed in place.
            ValueError: `gradient` is missing or has another shape.

        Example:
            >>> import minigrad as mg
            >>> x = mg.tensor(3.0, requires_grad=True)
            >>> (x**3).backward(create_graph=True)
            >>> x.grad.data
            array(27., dtype=float32)
        """
        seed = seed_for(self, gradient)
        recorder = active_recorder()
        changed()
        for node, g in carry_back([self], [seed], None, retain_graph, create_graph).items():
            x: Tensor | None = node.handle() if node.handle is not None else None
            if x is not None:
                if recorder is not None:
                    recorder.add_to_grad(x)
                g = g if isinstance(g, Tensor) else wrap(g, None)
                x._grad = g if x._grad is None else _recorded_sum(x._grad, g)

    def register_hook(self, hook: Callable[[Tensor], Any]) -> HookHandle:
        """Call `hook(gradient)` when this tensor's gradient is complete.

        The hook may return a tensor or an array of the same shape to take the gradient's place.
        Returns a handle whose `remove()` takes the hook away.

        Example:
            >>> import minigrad as mg
            >>> x = mg.tensor([1.0, 2.0], requires_grad=True)
            >>> handle = x.register_hook(lambda g: g * 10)
            >>> (x * x).sum().backward()
            >>> x.grad
            tensor([20., 40.])
        """

        def on_cotangent(g: Any) -> Any:
            result = hook(g if isinstance(g, Tensor) else wrap(g, None))
            if result is None:
                return g
            result = result if isinstance(result, Tensor) else Tensor(result)
            if result.shape != g.shape:
                raise ValueError(
                    f"a hook must return a gradient of shape {g.shape}, got {result.shape}"
                )
            result = result if result.dtype == g.dtype else result.astype(g.dtype)
            return result if isinstance(g, Tensor) else result._data

        node = node_of(self)
        if node.hooks is None:
            node.hooks = []
        node.hooks.append(on_cotangent)
        return HookHandle(node.hooks, on_cotangent)

    def retain_grad(self) -> None:
        """Keep the gradient of this intermediate result in `grad` too."""
        if not self.is_leaf:
            node_of(self).handle = weakref.ref(self)

    def detach(self) -> Tensor:
        """The same array, outside the graph."""
        return wrap(self._data, None)

    # NumPy's protocols.

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **params: Any) -> Any:
        if method == "__call__" and not params:
            return apply(ufunc, *inputs)
        if params.get("out") is not None:
            return _write_out(ufunc, method, inputs, params)
        if method in ("reduce", "accumulate", "outer"):
            return self.__array_function__(getattr(ufunc, method), (), inputs, params)
        what = (
            f"{ufunc.__name__}({', '.join(params)}=...)" if params else f"{ufunc.__name__}.{method}"
        )
        raise TypeError(f"{what} is not supported on tensors: it would lose the gradient")

    def __array_function__(self, fn: Any, types: Any, args: Any, params: dict[str, Any]) -> Any:
        rules = VJPS.get(fn, ())
        if params or len(args) > len(rules):
            _check_call(fn, args, params)
        return apply(fn, *args, **params)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if self.node is not None:
            raise_lost_in_an_array()
        return np.array(lend(self._data), dtype=dtype, copy=copy)

    # Python's protocols.

    def numpy(self) -> Array:
        """The array, of a tensor that requires no gradient."""
        return self.__array__()

    def __copy__(self) -> Tensor:
        copied = type(self).__new__(type(self))
        copied.__setstate__({**self.__getstate__(), "data": self._data.copy()})
        return copied

    def __getstate__(self) -> dict[str, Any]:
        """What `copy`, `deepcopy` and `pickle` keep of a leaf."""
        if not self.is_leaf:
            raise TypeError("only leaves can be copied or pickled; take t.detach() of a result")
        return {
            "data": self._data,
            "grad": self.grad,
            "requires_grad": self.requires_grad,
            "name": self.name,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._data = state["data"]
        self._grad = state["grad"]
        self.node = None
        self.requires_grad = state["requires_grad"]
        self.name = state["name"]


def _check_call(fn: Any, args: Any, params: dict[str, Any]) -> None:
    """Refuse what the rules of `fn` would not see, now and not in the backward pass."""
    fault = rejected_arguments(fn, args, params)
    if fault is None and fn in VJPS and any(isinstance(p, Tensor) for p in params.values()):
        fault = "a tensor must be passed by position"
    if fault is not None:
        raise TypeError(f"{name_of(fn)} on tensors: {fault}")


def needs_grad(a: Any) -> bool:
    """Whether `a` is a tensor through which a gradient flows."""
    return isinstance(a, Tensor) and a.node is not None


def node_of(tensor: Tensor) -> Node:
    """The node of a tensor that has one."""
    if tensor.node is None:
        raise RuntimeError(
            f"this tensor of shape {tensor.shape} has no graph: nothing that it was computed from "
            "requires a gradient (requires_grad=True), or it was made under mg.no_grad()"
        )
    return tensor.node


def carry_back(
    outputs: Sequence[Tensor],
    seeds: Sequence[Tensor],
    targets: Collection[Node] | None,
    retain_graph: bool,
    create_graph: bool,
) -> dict[Node, Any]:
    """The backward walk on arrays; on tensors, recording, if the gradients need a graph too."""
    nodes = [node_of(y) for y in outputs]
    if not create_graph:
        arrays = [s._data[()] for s in seeds]  # numbers are quicker than 0-d arrays
        return cotangents(nodes, arrays, targets, retain_graph=retain_graph)
    with enable_grad():
        found = cotangents(nodes, seeds, targets, retain_graph=True, lift=wrap)
    # Two inputs may have got the same constant gradient; each shall own its array.
    return {n: g if needs_grad(g) else Tensor(g) for n, g in found.items()}


def _recorded_sum(a: Tensor, b: Tensor) -> Tensor:
    """a + b, recorded under `no_grad` too: gradients with a graph keep it."""
    with enable_grad():
        return a + b


def seed_for(output: Tensor, gradient: Any) -> Tensor:
    """The cotangent with which a backward pass from `output` starts."""
    if gradient is None:
        if output.size != 1:
            raise ValueError(
                f"the gradient of a tensor of shape {output.shape} needs a scalar to start from: "
                "reduce it with .sum() or .mean(), or pass gradient= of the same shape"
            )
        return wrap(_literal(np.array(1, output.dtype).reshape(output.shape)), None)
    seed = gradient if isinstance(gradient, Tensor) else Tensor(gradient)
    if seed.shape != output.shape:
        raise ValueError(f"gradient has shape {seed.shape}, but the output has {output.shape}")
    return seed if seed.dtype == output.dtype else apply(vjps.astype, seed, output.dtype)


def _write_out(ufunc: np.ufunc, method: str, inputs: Any, params: dict[str, Any]) -> Any:
    """`array += tensor`: allowed if no gradient would be lost."""
    out = params["out"]
    if any(map(needs_grad, inputs)) or any(isinstance(a, Tensor) for a in out):
        raise TypeError(
            f"{ufunc.__name__}(..., out=...) with a tensor would lose the gradient; "
            "write `y = x1 + x2` instead, or compute on t.data"
        )
    result = getattr(ufunc, method)(*map(plain, inputs), **params)
    for a in out:
        record_write(a, users_line())
    return result
