"""What looks on while the engine works: the base of anomaly detection, traces and the like."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

from . import modes
from .modes import MODE
from .node import Node

Function = Callable[..., Any]
Self = TypeVar("Self", bound="Watcher")


class Watcher:
    """Looks on inside a `with` block, in its thread or async task; subclasses say at what.

    Outside of such blocks the engine asks nobody, so that watching costs only those who watch. Of
    blocks inside each other all watchers see everything, the outer one first. Under `mg.compile`
    functions run as they are written while somebody watches.
    """

    def __enter__(self: Self) -> Self:
        modes.observers += 1
        mode = MODE.get()
        watcher = self if mode.watcher is None else _Both(mode.watcher, self)
        self._token = MODE.set(replace(mode, watcher=watcher))
        return self

    def __exit__(self, *exception: object) -> None:
        modes.observers -= 1
        MODE.reset(self._token)

    def watched_call(self, fn: Function, implementation: Function) -> Function:
        """What to call instead of an operation's implementation on arrays."""
        return implementation

    def watched_rule(self, rule: Function, node: Node, i: int) -> Function:
        """What to call instead of the derivative rule of a node's argument i."""
        return rule

    @contextmanager
    def inside(self, module: Any) -> Iterator[None]:
        """Around each call of a module."""
        yield

    def on_backward(self, order: list[Node], totals: dict[Node, Any]) -> None:
        """A backward pass begins, with the calls to visit, oldest first, and the seeds."""

    def on_cotangent(self, node: Node, g: Any) -> None:
        """The cotangent of a node is complete, and its hooks have seen it."""

    def on_contribution(
        self, node: Node, i: int, g: Any, local: Any, contribution: Any, total: Any
    ) -> None:
        """A node has passed its cotangent g on to its input i.

        `local` is what the rule returned, `contribution` that summed to the input's shape, `total`
        all that has arrived there so far. What is added up in place may change later: copy it.
        """


class _Both(Watcher):
    """An outer and an inner watcher as one."""

    def __init__(self, outer: Watcher, inner: Watcher) -> None:
        self.outer, self.inner = outer, inner

    def watched_call(self, fn: Function, implementation: Function) -> Function:
        return self.inner.watched_call(fn, self.outer.watched_call(fn, implementation))

    def watched_rule(self, rule: Function, node: Node, i: int) -> Function:
        return self.inner.watched_rule(self.outer.watched_rule(rule, node, i), node, i)

    @contextmanager
    def inside(self, module: Any) -> Iterator[None]:
        with self.outer.inside(module), self.inner.inside(module):
            yield

    def on_backward(self, *seen: Any) -> None:
        self.outer.on_backward(*seen)
        self.inner.on_backward(*seen)

    def on_cotangent(self, *seen: Any) -> None:
        self.outer.on_cotangent(*seen)
        self.inner.on_cotangent(*seen)

    def on_contribution(self, *seen: Any) -> None:
        self.outer.on_contribution(*seen)
        self.inner.on_contribution(*seen)
