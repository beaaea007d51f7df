"""Stand-ins in the place of what a function uses from around it, while the function is recorded."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .captures import Captures, Variable, found
from .recorder import Recorder
from .stand_ins import stand_in


class Substituted:
    """A function that sees stand-ins for the arrays and generators that it, and what it calls, use.

    Args:
        fn: the function.
        captures: what it uses.
        recorder: makes the stand-ins.
    """

    def __init__(self, fn: Callable[..., Any], captures: Captures, recorder: Recorder) -> None:
        self._fn, self._captures, self._recorder = fn, captures, recorder

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        recorder, captures = self._recorder, self._captures
        for module in captures.modules:
            if hasattr(module, "named_buffers"):
                recorder.enter_module(module)
        recorder.adopt([t for t in captures.tensors if t.is_leaf])
        before = list(_containers((args, kwargs)))
        with self._in_place(), _global_generators(recorder):
            try:
                result = self._fn(*args, **kwargs)
            finally:
                if recorder.refused is not None:  # perhaps NumPy, or the function, has caught it
                    raise recorder.refused
                recorder.line_of = captures.line_of
            after = list(_containers((args, kwargs)))
            if [list(map(id, a)) for a in before] != [list(map(id, a)) for a in after]:
                recorder.refuse("changing a list or dict among the arguments")
        return result

    @contextmanager
    def _in_place(self) -> Iterator[None]:
        """Put stand-ins into the variables and containers; afterwards all is as it was."""
        variables = [(v, self._for_variable(v)) for v in self._captures.variables]
        contents = [(c, self._for_members(c.members, c.label)) for c in self._captures.contents]
        try:
            for v, new in variables:
                if v.is_there and new is not v.seen:
                    v.holder[v.key] = new
            for c, members in contents:
                _refill(c.container, members)
            yield
            self._refuse_changes(variables, contents)
        finally:
            for v, _ in variables:
                _put_back(v)
            for c, _ in contents:
                _refill(c.container, c.members)

    def _for_variable(self, v: Variable) -> Any:
        return stand_in(self._recorder, v.seen, v.label.rpartition(".")[2])

    def _for_members(self, members: Any, label: str) -> Any:
        if isinstance(members, set):
            return members
        if isinstance(members, dict):
            return {k: stand_in(self._recorder, a, f"{label}_{k}") for k, a in members.items()}
        new = [stand_in(self._recorder, a, f"{label}_{i}") for i, a in enumerate(members)]
        return type(members)(new)

    def _refuse_changes(self, variables: Any, contents: Any) -> None:
        for v, new in variables:
            if found(v.holder, v.key) is not new:
                what = "the outer variable" if v.label.isidentifier() else "the attribute"
                self._recorder.refuse(f"assigning to {what} {v.label!r}", v.key)
        for c, members in contents:
            if _identities(c.container) != _identities(members):
                self._recorder.refuse(
                    f"changing {c.label!r}, a {type(c.container).__name__} from outside,"
                )


def _put_back(v: Variable) -> None:
    if v.is_there and found(v.holder, v.key) is not v.seen:
        v.holder[v.key] = v.seen
    elif not v.is_there and v.key in v.holder:
        del v.holder[v.key]


def _refill(container: Any, members: Any) -> None:
    """Give a container these members; it is left alone if it has them."""
    if _identities(container) == _identities(members):
        return
    container.clear()
    if isinstance(container, (list, deque)):
        container.extend(members)
    else:
        container.update(members)


def _identities(container: Any) -> Any:
    if isinstance(container, dict):
        return [(id(k), id(a)) for k, a in container.items()]
    return {id(a) for a in container} if isinstance(container, set) else list(map(id, container))


def _containers(structure: Any) -> Iterator[list[Any]]:
    """The members of all lists and dicts in a structure."""
    if isinstance(structure, (list, tuple, dict)):
        members = list(structure.values() if isinstance(structure, dict) else structure)
        yield members
        for a in members:
            yield from _containers(a)


@contextmanager
def _global_generators(recorder: Recorder) -> Iterator[None]:
    """Refuse draws from the generators that NumPy and Python keep for everybody."""
    legacy, python = np.random.get_state(), random.getstate()
    try:
        yield
        if not _is_state(legacy) or random.getstate() != python:
            recorder.refuse(
                "drawing from a global generator (np.random.rand, random.random; take a "
                "numpy.random.Generator)"
            )
    finally:
        if not _is_state(legacy):
            np.random.set_state(legacy)
        random.setstate(python)


def _is_state(before: Any) -> bool:
    now = np.random.get_state()
    return all(map(np.array_equal, now, before))
