"""Assignment to tensors: `x[i] = v`, `x += y` and the like, also through views.

A write that a gradient depends on makes a new array, and moves the tensor on to the node that made
it. What was recorded before keeps the old array: the past cannot change under the graph. Where no
gradient is involved, NumPy writes to the memory itself.

A view shares memory with the tensor it was taken from, so both move together: it remembers that
tensor and the call, and is taken again when the tensor has moved on; and a write to the view is a
write to the tensor's elements which the view shows.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from . import vjps
from .array_methods import plain_index
from .diagnosis import diagnosed
from .frames import users_line
from .modes import MODE, active_recorder, changed
from .writes import memory_of, record_write

if TYPE_CHECKING:
    from .node import Node


class View(NamedTuple):
    """How a tensor was taken from another one's memory: `fn(base, *args, **params)`."""

    base: Any
    fn: Callable[..., Any]
    args: tuple[Any, ...]
    params: dict[str, Any]

    def again(self) -> Any:
        """The view of what the base is now."""
        return self.base._apply(self.fn, self.base, *self.args, **self.params)

    def put_back(self, new: Any) -> Any:
        """The base with `new` in place of the elements that the view shows."""
        if self.fn is vjps.getitem:
            return self.base._apply(vjps.put, self.base, self.args[0], new)
        shape = self.base.shape
        places = self.fn(np.arange(self.base.size).reshape(shape), *self.args, **self.params)
        return self.base._apply(vjps.put, self.base, np.unravel_index(places, shape), new)


def note_view(result: Any, fn: Callable[..., Any], args: Any, params: dict[str, Any]) -> None:
    """Remember that `result` is a view, if it shares memory with the first argument."""
    base: Any = args[0] if isinstance(args[0], Assignable) else None
    if base is None or memory_of(result._data) is not memory_of(base._data):
        return
    result._view = View(base, fn, args[1:], params)
    if base.node is None or not base.node.is_leaf:  # such a leaf is only written to in its memory
        views = getattr(base, "_views", None)
        if views is None:
            views = base._views = []
        views.append(weakref.ref(result, views.remove))


class Assignable:
    """What lets a tensor be written to."""

    __slots__ = ()
    _apply: ClassVar[Callable[..., Any]]
    _data: Any
    _view: View
    _views: list[weakref.ref[Any]]
    node: Node | None
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __setitem__(self, index: Any, value: Any) -> None:
        index = plain_index(index)
        if self._must_record("assignment", value):
            _move(self, self._apply(vjps.put, self, index, value))
        else:
            try:
                self._memory()[index] = getattr(value, "_data", value)
            except Exception as error:
                raise diagnosed(error, vjps.put, (self, index, value), {}) from error.__cause__
            record_write(self._data, users_line())

    def _write(self, ufunc: np.ufunc, other: Any) -> Any:
        """Carry out `self += other` and the like."""
        if self._must_record(ufunc.__name__, other):
            _move(self, self._result_in_place(ufunc, other))
        else:
            memory = self._memory()
            try:
                ufunc(memory, getattr(other, "_data", other), out=memory)
            except Exception as error:
                raise diagnosed(error, ufunc, (self, other), {}) from error.__cause__
            record_write(self._data, users_line())
        return self

    def _memory(self) -> Any:
        """The array; while a function is recorded, its stand-in."""
        if (recorder := active_recorder()) is not None:
            recorder.adopt((self,))
        return self._data

    def _result_in_place(self, ufunc: np.ufunc, other: Any) -> Any:
        result = self._apply(ufunc, self, other)
        if result.shape != self.shape:
            raise ValueError(
                f"{ufunc.__name__} in place: a result of shape {result.shape} does not fit into "
                f"the tensor of shape {self.shape}"
            )
        return result if result.dtype == self.dtype else result.astype(self.dtype)

    def _must_record(self, what: str, value: Any) -> bool:
        """Whether a gradient depends on a write of `value`; raises if it would be lost."""
        root: Any = self
        recorded = root.node is not None
        while (view := getattr(root, "_view", None)) is not None:
            root = view.base
            recorded = recorded or root.node is not None
        is_leaf = root.node is not None and root.is_leaf
        if not MODE.get().grad:
            if recorded and not is_leaf:
                raise RuntimeError(
                    f"{what} in place under no_grad to a result of recorded operations: the graph "
                    "would not know of it; write outside no_grad, or to t.detach().copy()"
                )
            return False
        if is_leaf:
            raise RuntimeError(
                f"{what} in place to {root.node.name}, which requires a gradient: its gradient "
                "would be that of a value which is gone; update it inside `with mg.no_grad():`, or "
                "write to a copy: `y = x.copy()`"
            )
        if not recorded and getattr(value, "node", None) is None:
            return False
        self._check_moves(what, root)
        return True

    def _check_moves(self, what: str, root: Any) -> None:
        if self.dtype.kind != "f":
            raise TypeError(
                f"{what} in place: a tensor of {self.dtype} cannot hold a value that requires a "
                "gradient; convert it first: x = x.astype(np.float32)"
            )
        if type(self._data) is np.ndarray and not self._data.flags.writeable:
            raise ValueError(f"{what} in place: the tensor of shape {self.shape} is read-only")
        recorder = active_recorder()
        if recorder is not None and recorder.is_outside(root):
            recorder.refuse("writing a value that requires a gradient to a tensor from outside")


def _move(tensor: Any, new: Any) -> None:
    """Let the tensor be what `new` is, in the memory which it shares with others, too."""
    while (view := getattr(tensor, "_view", None)) is not None:
        tensor, new = view.base, view.put_back(new)
    moving = [(tensor, new)]
    while moving:
        tensor, new = moving.pop()
        _become(tensor, new)
        views = [reference() for reference in getattr(tensor, "_views", ())]
        moving += [(v, v._view.again()) for v in views if v is not None]


def _become(tensor: Any, new: Any) -> None:
    """Take over an array and the node that made it."""
    if tensor.node is not None and tensor.node.handle is not None:  # see retain_grad
        new.node.handle, tensor.node.handle = tensor.node.handle, None
    tensor._data, tensor.node = new._data, new.node
    changed()
