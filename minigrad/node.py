"""The computation graph: one node for each recorded call.

Nodes point at the nodes they were computed from, so the newest node holds the whole graph.
Nothing points the other way, so the graph is freed by reference counting alone.

Every node gets a number when it is created. A node is always newer than its parents: counting
down through the numbers is a topological order, found without recursion.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .vjps import Function, name_of

Hook = Callable[[Any], Any]
next_number = itertools.count(1).__next__
NO_PARAMS: dict[str, Any] = {}  # shared by all calls without keyword arguments


class Node:
    """One recorded call `value = fn(*args, **params)`.

    `inputs` has, for each positional argument, the node that made it; or the constant itself. (The
    garbage collector visits all that a graph holds, so a node holds as little as possible.) A
    backward pass which does not retain the graph sets `inputs` and `value` to None.
    """

    __slots__ = ("fn", "handle", "hooks", "inputs", "number", "params", "value")
    is_leaf = False

    fn: Function
    inputs: tuple[Any, ...]
    params: dict[str, Any]
    value: Any
    number: int
    hooks: list[Hook] | None
    handle: weakref.ref[Any] | None  # leads to the tensor whose `grad` is wanted

    @property
    def name(self) -> str:
        return name_of(self.fn)

    @property
    def parents(self) -> tuple[Node | None, ...]:
        """The node which made each argument; None for a constant."""
        return tuple(i if isinstance(i, Node) else None for i in self.inputs)

    @property
    def args(self) -> tuple[Any, ...]:
        """The arrays and constants that the function received."""
        return tuple(i.value if isinstance(i, Node) else i for i in self.inputs)

    @property
    def is_freed(self) -> bool:
        """Whether a backward pass has dropped what this node had saved."""
        return self.inputs is None


class Leaf(Node):
    """A value that no call made: where gradients end."""

    __slots__ = ()
    is_leaf = True

    def __init__(
        self, value: Any, handle: weakref.ref[Any], hooks: list[Hook] | None = None
    ) -> None:
        self.fn, self.inputs, self.params = _no_call, (), NO_PARAMS
        self.value = value
        self.number = next_number()
        self.hooks = hooks
        self.handle = handle

    @property
    def label(self) -> str | None:
        """The name that the tensor was given, while there is one."""
        return getattr(self.handle and self.handle(), "name", None)

    @property
    def name(self) -> str:
        return f"parameter '{self.label}'" if self.label else f"leaf of shape {self.value.shape}"


def reached(nodes: Iterable[Node], wanted: Callable[[Node], bool]) -> Iterator[Node]:
    """The wanted ones among these nodes and their parents, and theirs in turn; each once."""
    stack = list(filter(wanted, nodes))
    seen = set(stack)
    while stack:
        node = stack.pop()
        yield node
        for p in node.inputs or ():
            if isinstance(p, Node) and p not in seen and wanted(p):
                seen.add(p)
                stack.append(p)


def _no_call() -> None:
    """The `fn` of a leaf."""


class HookHandle:
    """What `register_hook` returns: `remove()` takes the hook away again."""

    def __init__(self, hooks: list[Hook], hook: Hook) -> None:
        self._hooks, self._hook = hooks, hook

    def remove(self) -> None:
        """Take the hook away; a second call does nothing."""
        if self._hook in self._hooks:
            self._hooks.remove(self._hook)
