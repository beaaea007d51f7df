"""Where an operation came from: the calls of modules, the line of the user's code; its name."""

from __future__ import annotations

import linecache
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from .frames import Place, name_in, shown, users_line
from .node import Leaf, Node
from .watcher import Watcher

Function = Callable[..., Any]


@dataclass(frozen=True)
class ModuleCall:
    """One call of a module.

    Attributes:
        name: what the module that called it calls it (`hidden`, `0`); at the top its class's name.
        title: the module as it prints itself: `Linear(2, 8)`.
        index: how many calls of it came before, in the same call of the module around it.
    """

    name: str
    title: str
    index: int


@dataclass(frozen=True)
class Origin:
    """Where an operation came from.

    Attributes:
        calls: the calls of modules that were under way, the outermost first.
        place: the line of the user's code; see `frames`.
        rule: in a backward pass that is recorded too, the derivative rule that called it: `tanh,
            argument 0`, whose own calls of modules these are; "" in a forward pass.
    """

    calls: tuple[ModuleCall, ...]
    place: Place
    rule: str = ""

    @property
    def module(self) -> str:
        """The path of the innermost module: `Net.hidden.0`; "" outside of any."""
        return ".".join(call.name for call in self.calls)

    @property
    def where(self) -> str:
        """The file and the number of the line: `net.py, line 12`."""
        return shown(self.place)

    @property
    def source(self) -> str:
        """The text of the line, without its indentation; "" if the file cannot be read."""
        path, _, number = self.where.rpartition(", line ")
        return linecache.getline(path, int(number)).strip() if path else ""


class record_origins(Watcher):  # noqa: N801, a verb like no_grad
    """Note where the operations of a `with` block come from, for drawings, traces and profiles.

    A node holds as little as possible, and not this; so it is noted here, beside the graph, and
    forgotten with the operation's value. Computing takes some microseconds more an operation.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> net = mg.nn.Sequential(mg.nn.Linear(2, 3), mg.nn.Tanh())
        >>> with mg.record_origins():
        ...     y = net(np.ones((1, 2), np.float32))
        >>> origin = mg.origin_of(y)
        >>> origin.module, origin.calls[-1].title
        ('Sequential.1', 'Tanh()')
    """

    def __init__(self) -> None:
        self._calls: tuple[ModuleCall, ...] = ()
        self._rule = ""
        self._modules: list[Any] = []
        self._called: Counter[Any] = Counter()

    @contextmanager
    def inside(self, module: Any) -> Iterator[None]:
        outer = self._calls
        name = name_in(self._modules[-1], module) if outer else type(module).__name__
        index = self._called[outer, name]
        self._called[outer, name] += 1
        self._calls = (*outer, ModuleCall(name, _title(module), index))
        self._modules.append(module)
        try:
            yield
        finally:
            self._modules.pop()
            self._calls = outer

    def watched_call(self, fn: Function, implementation: Function) -> Function:
        def call(*args: Any, **params: Any) -> Any:
            value = implementation(*args, **params)
            value = np.asarray(value) if isinstance(value, np.generic) else value
            if isinstance(value, np.ndarray):
                _origins.note(value, fn, Origin(self._calls, users_line(), self._rule))
            return value

        return call

    def on_contribution(
        self, node: Node, i: int, g: Any, local: Any, contribution: Any, total: Any
    ) -> None:
        """The engine's own sums, of broadcast axes and of several uses, belong to the rule too."""
        origin = origin_of(node)
        calls = origin.calls if origin else ()
        for made, before in ((contribution, local), (total, contribution)):
            summed = getattr(made, "node", None)  # of a tensor, where the pass is recorded
            if made is not before and summed is not None:
                rule = f"{node.name}, argument {i}"
                _origins.note(summed.value, summed.fn, Origin(calls, users_line(), rule))

    def watched_rule(self, rule: Function, node: Node, i: int) -> Function:
        origin = origin_of(node)

        def call(*args: Any, **params: Any) -> Any:
            outer = self._calls, self._rule
            self._calls = origin.calls if origin else ()
            self._rule = f"{node.name}, argument {i}"
            try:
                return rule(*args, **params)
            finally:
                self._calls, self._rule = outer

        return call


class Beside:
    """Facts about operations, beside the graph: forgotten with the value that an operation made.

    They are found by value and function, for a function may return what it received.
    """

    def __init__(self) -> None:
        self._facts: dict[tuple[int, Function], tuple[weakref.ref[Any], Any]] = {}

    def note(self, value: Any, fn: Function, fact: Any) -> None:
        key = id(value), fn
        self._facts[key] = weakref.ref(value, lambda _: self._facts.pop(key, None)), fact

    def of(self, node: Node) -> Any:
        return self._facts.get((id(node.value), node.fn), (None, None))[1]

    def __len__(self) -> int:
        return len(self._facts)


_origins, _names = Beside(), Beside()


def note_name(node: Node | None, name: str | None) -> None:
    """Remember what the result of an operation was called."""
    if node is not None and not node.is_leaf and not node.is_freed:
        _names.note(node.value, node.fn, name)


def label_of(node: Node) -> str | None:
    """The name that a leaf's tensor bears, or that the result of an operation was given."""
    name: str | None = node.label if isinstance(node, Leaf) else _names.of(node)
    return name


def origin_of(operation: Any) -> Origin | None:
    """Where an operation came from.

    Args:
        operation: a node, or the tensor that it made.

    Returns:
        The origin; None for a leaf, and for what was not computed inside `record_origins`.
    """
    node = operation if isinstance(operation, Node) else operation.node
    if node is None or node.is_leaf:
        return None
    origin: Origin | None = _origins.of(node)
    return origin


def _title(module: Any) -> str:
    return f"{type(module).__name__}({module.extra_repr()})"
