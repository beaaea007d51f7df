"""The random generators that a function can draw from, and drawing the same again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import CodeType, FunctionType, MethodType
from typing import Any

import numpy as np

State = tuple[np.random.Generator, Any]


def states_of(*roots: Any) -> list[State]:
    """The generators among these objects and what they lead to, with their present states.

    Leads: the members of containers, the attributes of objects, and the variables, defaults and
    globals that a function uses.
    """
    seen: dict[int, Any] = {}
    stack: list[Any] = list(roots)
    while stack:
        a = stack.pop()
        if id(a) not in seen:
            seen[id(a)] = a
            stack += _reached_from(a)
    generators = [a for a in seen.values() if isinstance(a, np.random.Generator)]
    return [(g, g.bit_generator.state) for g in generators]


def _reached_from(a: Any) -> Iterable[Any]:
    if isinstance(a, FunctionType):
        return _used_by(a)
    if isinstance(a, MethodType):
        return a.__func__, a.__self__
    if isinstance(a, partial):
        return a.func, a.args, a.keywords
    if isinstance(a, (list, tuple, set)):
        return a
    if isinstance(a, dict):
        return a.values()
    is_object = not isinstance(a, (type, np.ndarray)) and type(a).__module__ != "builtins"
    return vars(a).values() if is_object and hasattr(a, "__dict__") else ()


def _used_by(fn: FunctionType) -> Iterator[Any]:
    yield from fn.__defaults__ or ()
    yield from (fn.__kwdefaults__ or {}).values()
    for cell in fn.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # a variable that has no value yet
            continue
    for name in _names(fn.__code__):
        if name in fn.__globals__:
            yield fn.__globals__[name]


def _names(code: CodeType) -> Iterator[str]:
    """The names that a function uses, and those inside it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


@contextmanager
def drawing_from(states: Sequence[State]) -> Iterator[None]:
    """Put generators into these states; afterwards they go on where they were."""
    before = [(g, g.bit_generator.state) for g, _ in states]
    _set(states)
    try:
        yield
    finally:
        _set(before)


def _set(states: Sequence[State]) -> None:
    for generator, state in states:
        generator.bit_generator.state = state
