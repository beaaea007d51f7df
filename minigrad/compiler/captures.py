"""What a function uses without receiving it: the variables around it, and global names.

For the recording the function is given stand-ins for the arrays and generators among these. What
else it uses must still be the same when the program is replayed; `Captures.change` tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from .recorder import PACKAGES, Recorder

_UNCHANGING = (type, ModuleType, BuiltinFunctionType, np.ufunc, np.dtype, CodeType)
_PLAIN = (int, float, complex, str, bytes, bool, type(None))


@dataclass(frozen=True)
class Capture:
    """A variable that a function uses.

    Attributes:
        label: what an error calls it.
        namespace: the globals or cell that holds it.
        name: its name there.
        seen: what it was when it was captured; for containers and other objects, their contents.
    """

    label: str
    namespace: Any
    name: str
    seen: Any

    def value(self) -> Any:
        if isinstance(self.namespace, CellType):
            return self.namespace.cell_contents
        return self.namespace.get(self.name, self)

    @property
    def is_changed(self) -> bool:
        now = self.value()
        if now is self.seen:
            return False
        return fingerprint(now) != self.seen


class Captures:
    """All that a function, and the functions that it uses in turn, take from around them."""

    def __init__(self, fn: Callable[..., Any]) -> None:
        self.functions: list[FunctionType] = []
        self._collect(fn)
        self.variables = [c for f in self.functions for c in _variables(f)]

    def _collect(self, fn: Any) -> None:
        fn = fn.__func__ if isinstance(fn, MethodType) else fn
        if not _is_users(fn) or fn in self.functions:
            return
        self.functions.append(fn)
        for capture in _variables(fn):
            self._collect(capture.value())

    def change(self) -> str | None:
        """The name of a variable that is not what it was; None if there is none."""
        return next((c.label for c in self.variables if c.is_changed), None)


def _is_users(fn: Any) -> bool:
    return isinstance(fn, FunctionType) and not fn.__code__.co_filename.startswith(PACKAGES)


def _variables(fn: FunctionType) -> Iterator[Capture]:
    for name, cell in zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True):
        try:
            yield Capture(name, cell, name, fingerprint(cell.cell_contents))
        except ValueError:  # not assigned yet
            continue
    names = _global_names(fn.__code__)
    for name in names:
        if name in fn.__globals__:
            a = fn.__globals__[name]
            yield Capture(name, fn.__globals__, name, fingerprint(a))
            if isinstance(a, ModuleType) and not str(a.__name__).startswith(("numpy", "minigrad")):
                for attribute in names:
                    if isinstance(vars(a).get(attribute), (*_PLAIN, np.ndarray)):
                        seen = fingerprint(vars(a)[attribute])
                        yield Capture(f"{name}.{attribute}", vars(a), attribute, seen)


def _global_names(code: CodeType) -> list[str]:
    """The global and attribute names of a function and of those defined inside it."""
    names = list(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names += _global_names(constant)
    return list(dict.fromkeys(names))


def fingerprint(a: Any) -> Any:
    """The object itself where it cannot change unseen; else a copy of its contents to compare."""
    if isinstance(a, (list, tuple)):
        return type(a), tuple(map(fingerprint, a))
    if isinstance(a, (dict, set)):
        members = a.items() if isinstance(a, dict) else sorted(a, key=repr)
        return type(a), tuple(map(fingerprint, members))
    if isinstance(a, _PLAIN):
        return _Plain(a)
    return a if _guards_itself(a) else _contents(a)


def _guards_itself(a: Any) -> bool:
    """Functions and modules, and what tells of its changes or is read anew at each call."""
    known = hasattr(a, "__array_function__") or type(a).__module__.startswith(("minigrad", "numpy"))
    return (
        known
        or isinstance(a, (*_UNCHANGING, FunctionType, MethodType))
        or any(c.__module__.startswith("minigrad") for c in type(a).__mro__)
    )


def _contents(a: Any) -> Any:
    attributes = getattr(a, "__dict__", None)
    if attributes is None:
        return a
    return _Same(a), tuple((key, _shallow(b)) for key, b in attributes.items())


def _shallow(a: Any) -> Any:
    if isinstance(a, _PLAIN):
        return _Plain(a)
    return fingerprint(a) if isinstance(a, (list, tuple, dict, set)) else _Same(a)


class _Same:
    """Compares objects by identity."""

    def __init__(self, a: Any) -> None:
        self.a = a

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.a is other.a

    __hash__ = None  # type: ignore[assignment]


class _Plain:
    """Compares numbers and strings by type and value; nan equals itself."""

    def __init__(self, a: Any) -> None:
        self.a = a

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Plain):
            return False
        return type(self.a) is type(other.a) and repr(self.a) == repr(other.a)

    __hash__ = None  # type: ignore[assignment]


class Rebuilt:
    """A function with stand-ins for the arrays and generators that it, and what it calls, use.

    Args:
        fn: the function.
        captures: what it uses.
        recorder: makes the stand-ins.
    """

    def __init__(self, fn: Callable[..., Any], captures: Captures, recorder: Recorder) -> None:
        self._recorder = recorder
        self._globals: dict[int, dict[str, Any]] = {}
        self._cells: dict[int, tuple[CellType, CellType]] = {}
        self._before: list[tuple[str, Any, Any]] = []
        self._new = {f: self._shell(f) for f in captures.functions}
        for capture in captures.variables:
            self._replace(capture)
        self._bound_to = fn.__self__ if isinstance(fn, MethodType) else None
        inner = fn.__func__ if isinstance(fn, MethodType) else fn
        self._fn = self._new.get(inner, inner)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._bound_to is not None:
            args = (self._bound_to, *args)
        result = self._fn(*args, **kwargs)
        self._refuse_assignments()
        return result

    def _shell(self, fn: FunctionType) -> FunctionType:
        """A copy with variables of its own."""
        names = self._globals.setdefault(id(fn.__globals__), dict(fn.__globals__))
        cells = tuple(self._cell(c) for c in fn.__closure__ or ())
        copy = FunctionType(fn.__code__, names, fn.__name__, fn.__defaults__, cells)
        copy.__kwdefaults__ = fn.__kwdefaults__
        return copy

    def _cell(self, cell: CellType) -> CellType:
        if id(cell) not in self._cells:
            try:
                copy = CellType(cell.cell_contents)
            except ValueError:
                copy = CellType()
            self._cells[id(cell)] = (cell, copy)
        return self._cells[id(cell)][1]

    def _replace(self, capture: Capture) -> None:
        a = capture.value()
        if isinstance(a, np.ndarray):
            a = self._recorder.state(a, capture.name)
        elif isinstance(a, np.random.Generator):
            a = self._recorder.generator(a, capture.name)
        elif isinstance(a, FunctionType):
            a = self._new.get(a, a)
        if isinstance(capture.namespace, CellType):
            cell = self._cell(capture.namespace)
            cell.cell_contents = a
            self._before.append((capture.label, cell, a))
        elif id(capture.namespace) in self._globals:
            names = self._globals[id(capture.namespace)]
            names[capture.name] = a
            self._before.append((capture.label, (names, capture.name), a))

    def _refuse_assignments(self) -> None:
        for label, place, before in self._before:
            now = place.cell_contents if isinstance(place, CellType) else place[0].get(place[1])
            if now is not before:
                self._recorder.refuse(f"assigning to the outer variable {label!r}")
