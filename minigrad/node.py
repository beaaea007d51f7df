"""The computation graph: one node for each recorded call.

Nodes point at the nodes they were computed from, so the newest node holds the whole graph.
Nothing points the other way, so the graph is freed by reference counting alone.

Every node gets a number when it is created. A node is always newer than its parents: counting
down through the numbers is a topological order, found without recursion.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from typing import Any

from .vjps import Function, name_of

Hook = Callable[[Any], Any]
next_number = itertools.count(1).__next__


class Node:
    """One recorded call `value = fn(*args, **params)`.

    `args` holds the arrays and constants that the function received; `parents[i]` is the node
    which made `args[i]`, or None for a constant. A backward pass which does not retain the graph
    sets all three to None.
    """

    __slots__ = ("args", "fn", "hooks", "number", "params", "parents", "value")
    is_leaf = False

    fn: Function
    args: list[Any]
    params: dict[str, Any]
    parents: list[Node | None]
    value: Any
    number: int
    hooks: list[Hook] | None

    @property
    def name(self) -> str:
        return name_of(self.fn)


class Leaf(Node):
    """A value that no call made: where gradients end. `handle` leads to its tensor."""

    __slots__ = ("handle",)
    is_leaf = True

    def __init__(self, value: Any, handle: weakref.ref[Any]) -> None:
        self.fn, self.args, self.params, self.parents = _no_call, [], {}, []
        self.value = value
        self.number = next_number()
        self.hooks = None
        self.handle = handle

    @property
    def label(self) -> str | None:
        """The name that the tensor was given, while there is one."""
        return getattr(self.handle(), "name", None)

    @property
    def name(self) -> str:
        return f"parameter '{self.label}'" if self.label else f"leaf of shape {self.value.shape}"


def _no_call() -> None:
    """The `fn` of a leaf."""
