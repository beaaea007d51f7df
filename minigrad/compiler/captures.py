"""What a function uses without receiving it: the variables around it, and what they lead to.

The search starts at the function and its arguments that are no arrays. It goes on through global
names, the variables of enclosing functions, attributes, containers, classes and the functions that
are called in turn; it ends at NumPy, the standard library and what a program knows by itself
(tensors, modules, optimizers). Of objects only those attributes count whose names occur in the
code. `Captures.change` tells whether all that is still the same.
"""

from __future__ import annotations

import dis
import functools
import operator
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from .. import vjps
from ..frames import PACKAGES
from ..tensor import Tensor
from .places import Attributes, Cell, ClassAttributes

_LIBRARY = os.path.dirname(os.__file__)
_PLAIN = (int, float, complex, str, bytes, bool, type(None))
_CONTAINERS = (list, dict, deque, set)
_MISSING = object()
_GLOBALS = {"LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL"}
_METHODS = (FunctionType, staticmethod, classmethod, property)
_CONSTRUCTORS = {"__init__", "__new__", "__repr__", "__str__", "__del__"}
_ANY_NAME = {"getattr", "setattr", "vars", "__dict__", "attrgetter", "asdict", "astuple"}


@dataclass(eq=False)
class Variable:
    """A name that a function uses, or one that it would see if it was assigned to.

    Attributes:
        label: what an error calls it.
        holder: the mapping that holds it: a namespace, a cell, the attributes of an object.
        key: its name there.
        seen: what it was; `_MISSING` if it was not there.
    """

    label: str
    holder: Any
    key: Any
    seen: Any

    @property
    def is_there(self) -> bool:
        return self.seen is not _MISSING

    @property
    def is_changed(self) -> bool:
        return not same(found(self.holder, self.key), self.seen)


class Contents:
    """A list, dict, set or deque that a function uses, with its members as they were."""

    def __init__(self, label: str, container: Any) -> None:
        self.label, self.container = label, container
        self.members = container.copy()
        self.seen = _members(container)

    @property
    def is_changed(self) -> bool:
        now = _members(self.container)
        return len(now) != len(self.seen) or not all(map(same, now, self.seen))

    @property
    def is_identical(self) -> bool:
        """Whether the members are the very same objects: a quick look."""
        now = _members(self.container)
        return len(now) == len(self.seen) and all(map(operator.is_, now, self.seen))


def _members(container: Any) -> list[Any]:
    if isinstance(container, dict):
        return [*container, *container.values()]
    return sorted(container, key=id) if isinstance(container, set) else list(container)


class Captures:
    """All that a function, and the functions that it uses in turn, take from around them.

    Args:
        fn: the function.
        arguments: what it receives, apart from arrays.

    Attributes:
        variables: the names that it uses.
        contents: the containers.
        modules: the modules and optimizers, which tell of their changes themselves.
        tensors: the tensors.
    """

    def __init__(self, fn: Callable[..., Any], arguments: Any = ()) -> None:
        names: frozenset[str] = frozenset()
        while True:  # functions found late may use attributes of objects found early
            search = _Search(names)
            search.run([(getattr(fn, "__name__", "fn"), fn), ("arguments", arguments)])
            if search.names <= names:
                break
            names = frozenset(search.names)
        self.variables, self.contents = search.variables, search.contents
        self.modules, self.tensors = search.modules, search.tensors
        self._functions = search.functions
        there = [v for v in self.variables if v.is_there]
        self._cells = [(v.holder.cell, v.seen) for v in there if isinstance(v.holder, Cell)]
        self._names = [(_mapping(v.holder), v.key, v.seen) for v in there]
        self._names = [n for n in self._names if not isinstance(n[0], Cell)]
        self._absent = [(v.holder, v.key) for v in self.variables if not v.is_there]

    def line_of(self, name: str | None) -> str:
        """Where a variable or attribute is assigned to; else where the function begins."""
        codes = [c for f in self._functions for c in _codes(f.__code__)]
        for code in codes:
            for i in dis.get_instructions(code):
                if name is not None and i.argval == name and i.opname.startswith("STORE_"):
                    return f"{code.co_filename}, line {i.positions and i.positions.lineno}"
        return f"{codes[0].co_filename}, line {codes[0].co_firstlineno}" if codes else "a function"

    def change(self) -> str | None:
        """The name of a variable that is not what it was; None if there is none."""
        if self._is_identical():
            return None
        everything: Iterable[Variable | Contents] = (*self.variables, *self.contents)
        return next((c.label for c in everything if c.is_changed), None)

    def holds_state(self) -> bool:
        """Whether there are arrays or generators among the variables."""
        members = [m for c in self.contents for m in c.seen]
        found = [*(v.seen for v in self.variables), *members, *self.tensors]
        return any(
            isinstance(a, (np.ndarray, Tensor, np.random.Generator, np.random.RandomState))
            for a in found
        )

    def _is_identical(self) -> bool:
        """A quick look: whether every name leads to the very same object."""
        try:
            for cell, seen in self._cells:
                if cell.cell_contents is not seen:
                    return False
            for holder, key, seen in self._names:
                if holder[key] is not seen:
                    return False
        except (KeyError, ValueError):
            return False
        if any(key in holder for holder, key in self._absent):
            return False
        return not self.contents or all(c.is_identical for c in self.contents)


def _mapping(holder: Any) -> Any:
    """The quickest mapping that shows what is in a holder."""
    return vars(holder.owner) if isinstance(holder, ClassAttributes) else holder


def same(now: Any, seen: Any) -> bool:
    """Whether a program cannot tell two objects apart: numbers and tuples may be equal."""
    if now is seen:
        return True
    if type(now) is not type(seen):
        return False
    if isinstance(now, (str, bytes)):
        return bool(now == seen)
    if isinstance(now, _PLAIN):
        return repr(now) == repr(seen)  # nan equals itself, -0.0 is not 0.0
    if isinstance(now, MethodType):
        return now.__func__ is seen.__func__ and now.__self__ is seen.__self__
    if isinstance(now, tuple):
        return len(now) == len(seen) and all(map(same, now, seen))
    return isinstance(now, (np.generic, np.dtype, range, frozenset, slice)) and bool(now == seen)


class _Search:
    def __init__(self, names: frozenset[str]) -> None:
        self.wanted = names
        self.names: set[str] = set()
        self.variables: list[Variable] = []
        self.contents: list[Contents] = []
        self.functions: list[FunctionType] = []
        self.modules: list[Any] = []
        self.tensors: list[Tensor] = []
        self._classes: set[type] = set()
        self._seen: dict[int, Any] = {}  # by id; holds the objects, so that ids stay theirs
        self._found: list[tuple[str, Any]] = []

    def run(self, found: list[tuple[str, Any]]) -> None:
        self._found = found[::-1]
        while self._found:
            label, a = self._found.pop()
            if not isinstance(a, _PLAIN) and id(a) not in self._seen:
                self._seen[id(a)] = a
                self._found += reversed(list(self._reached_from(a, label)))

    def _reached_from(self, a: Any, label: str) -> Iterable[tuple[str, Any]]:
        if isinstance(a, FunctionType):
            return self._function(a)
        if isinstance(a, MethodType):
            return [(label, a.__func__), (label, a.__self__)]
        if isinstance(a, (functools.partial, staticmethod, classmethod, property)):
            inside = ("func", "args", "keywords", "__func__", "fget", "fset")
            return [(label, getattr(a, name)) for name in inside if hasattr(a, name)]
        if isinstance(a, tuple):
            return [(f"{label}[{i}]", b) for i, b in enumerate(a)]
        if isinstance(a, _CONTAINERS):
            return self._container(a, label)
        if isinstance(a, Tensor):
            self.tensors.append(a)
            return [(f"a hook of {label}", h) for h in (a.node and a.node.hooks) or ()]
        if isinstance(a, ModuleType):
            return self._names_in(vars(a), label) if _is_users(a.__name__) else ()
        if isinstance(a, type):
            return self._class(a, label)
        return () if isinstance(a, (np.ndarray, np.generic, np.dtype)) else self._object(a, label)

    def _function(self, fn: FunctionType) -> Iterator[tuple[str, Any]]:
        rules = vjps.VJPS.get(fn, ())
        listed = rules if isinstance(rules, tuple) else vars(rules).values()
        yield from ((fn.__name__, rule) for rule in listed)
        yield fn.__name__, vjps.COMPOSITES.get(fn)
        file = fn.__code__.co_filename
        outside = file.startswith(PACKAGES) or _is_of_library(file)
        for name, cell in zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True):
            if outside:  # a decorator: what matters is the function that it decorates
                yield name, found(Cell(cell), name)
            else:
                yield from self._variable(name, Cell(cell), name)
        if outside:
            return
        self.functions.append(fn)
        self.names.update(_all_names(fn.__code__))
        for defaults in ("__defaults__", "__kwdefaults__"):
            if getattr(fn, defaults):
                yield from self._variable(f"{fn.__name__}.{defaults}", Attributes(fn), defaults)
        yield from self._names_in(vars(fn), fn.__name__)
        for name in _global_names(fn.__code__):
            if name in fn.__globals__ or name in _stored_names(fn.__code__):
                yield from self._variable(name, fn.__globals__, name)

    def _variable(self, label: str, holder: Any, key: Any) -> Iterator[tuple[str, Any]]:
        seen = found(holder, key)
        self.variables.append(Variable(label, holder, key, seen))
        yield label, seen

    def _names_in(self, holder: dict[str, Any], label: str) -> Iterator[tuple[str, Any]]:
        for name in list(holder):
            if self._is_used(name):
                yield from self._variable(f"{label}.{name}", holder, name)

    def _is_used(self, name: str) -> bool:
        return name in self.wanted or not _ANY_NAME.isdisjoint(self.wanted)

    def _container(self, a: Any, label: str) -> Iterator[tuple[str, Any]]:
        self.contents.append(Contents(label, a))
        if isinstance(a, dict):
            yield from ((f"{label}[{key!r}]", b) for key, b in a.items())
        else:
            yield from ((f"{label}[{i}]", b) for i, b in enumerate(a))

    def _class(self, cls: type, label: str, is_made: bool = False) -> Iterator[tuple[str, Any]]:
        """What a class of the user's defines; an object that is made needs no constructor."""
        for c in cls.__mro__:
            for name, b in list(vars(c).items()) if _is_users(c.__module__) else ():
                called = (name.startswith("__") or _is_known(cls)) and isinstance(b, _METHODS)
                if self._is_used(name) or (called and not (is_made and name in _CONSTRUCTORS)):
                    yield from self._variable(f"{c.__name__}.{name}", ClassAttributes(c), name)

    def _object(self, a: Any, label: str) -> Iterator[tuple[str, Any]]:
        cls = type(a)
        attributes = getattr(a, "__dict__", {})
        if cls not in self._classes:
            self._classes.add(cls)
            yield from self._class(cls, label, is_made=True)
        told: Any = getattr(cls, "told_to_programs", frozenset())
        if _is_known(cls):
            self.modules.append(a)
        if told is None:
            yield from ((f"{label}.{name}", b) for name, b in attributes.items())
            return
        if "__wrapped__" in attributes:  # a compiled function, or one with a cache
            yield label, attributes["__wrapped__"]
            return
        if not told and not _ANY_NAME.isdisjoint(self.wanted):  # any attribute, and new ones
            yield from self._container(attributes, label)
            return
        for name in [n for n in attributes if n not in told]:
            if self._is_used(name) or cls.__module__.startswith("minigrad"):
                yield from self._variable(f"{label}.{name}", attributes, name)
        for name in _slots(cls):
            if self._is_used(name) and hasattr(a, name):
                yield from self._variable(f"{label}.{name}", Attributes(a), name)
        for name in self.wanted - attributes.keys():  # what an object may get
            if f"{name}=" in self.wanted or _is_default(getattr(cls, name, None)):
                yield from self._variable(f"{label}.{name}", attributes, name)


def found(holder: Any, key: Any) -> Any:
    """What is there; `_MISSING` for nothing."""
    try:
        return holder[key]
    except KeyError:
        return _MISSING


def _is_default(a: Any) -> bool:
    return isinstance(a, (*_PLAIN, tuple, np.ndarray)) and a is not None


def _slots(cls: type) -> Iterator[str]:
    for c in cls.__mro__:
        slots = vars(c).get("__slots__", ())
        yield from (slots,) if isinstance(slots, str) else slots


def _is_known(cls: type) -> bool:
    """Modules and optimizers: they tell the recorder themselves what they are made of."""
    return hasattr(cls, "told_to_programs")


def _is_users(module: str) -> bool:
    root = module.partition(".")[0]
    return root not in ("numpy", "minigrad") and root not in sys.stdlib_module_names


def _is_of_library(file: str) -> bool:
    return file.startswith((_LIBRARY, "<frozen")) and "site-packages" not in file


def _codes(code: CodeType) -> Iterator[CodeType]:
    """The code of a function, and of those defined inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


@functools.cache
def _all_names(code: CodeType) -> frozenset[str]:
    """The global and attribute names in the code of a function; `x=` for one that is assigned."""
    found = (i for c in _codes(code) for i in dis.get_instructions(c))
    assigned = {f"{i.argval}=" for i in found if i.opname == "STORE_ATTR"}
    return frozenset(name for c in _codes(code) for name in c.co_names) | assigned


@functools.cache
def _global_names(code: CodeType) -> tuple[str, ...]:
    found = (i for c in _codes(code) for i in dis.get_instructions(c))
    return tuple(dict.fromkeys(i.argval for i in found if i.opname in _GLOBALS))


@functools.cache
def _stored_names(code: CodeType) -> frozenset[str]:
    found = (i for c in _codes(code) for i in dis.get_instructions(c))
    return frozenset(i.argval for i in found if i.opname == "STORE_GLOBAL")
