"""The recorder: looks on at a backward pass and writes everything down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from operator import attrgetter
from typing import Any

import numpy as np

from ..modes import active_recorder
from ..node import Node
from ..provenance import label_of, origin_of
from ..tensor import Tensor, carry_back, node_of, seed_for
from ..vjps import VJPS
from ..watcher import Watcher
from .records import Array, Contribution, Gradient, Hooked, Record, Seed, TracedNode
from .rules import rule_of
from .trace import Trace
from .update import updates


def trace_backward(loss: Tensor, *, gradient: Any = None, optimizer: Any = None) -> Trace:
    """Record a backward pass step by step, without its effects.

    The engine itself walks, and tells what it does. The graph and all `grad`s stay as they are
    (it is as if `loss.backward(retain_graph=True)` had been called and undone); hooks are called,
    for they change what goes on.

    Args:
        loss: the tensor to start from.
        gradient: its cotangent, of its shape; may be left out for a tensor of one element.
        optimizer: whose update is recorded too, after the backward pass; it is carried out on
            copies.

    Returns:
        A list of records: one `Seed`, a `Contribution` for each edge, `Hooked` where hooks were,
        a `Gradient` for each leaf and for each retained result, an `Update` for each parameter.
        `print(trace)` shows it as a table; `trace.to_json()` and `mg.step_through` go on from it.

    Raises:
        RuntimeError: there is no graph, it was freed, or a value that it saved was changed in
            place; or a function is being compiled.
        TypeError: the optimizer's step needs more than gradients.
        ValueError: `gradient` is missing or has another shape.

    Example:
        >>> import minigrad as mg
        >>> a = mg.tensor(3.0, requires_grad=True)
        >>> a.name = "a"
        >>> trace = mg.trace_backward(a * a)
        >>> [(s.operation, s.argument, float(s.total), s.left) for s in trace.contributions]
        [('multiply', 0, 3.0, 1), ('multiply', 1, 6.0, 0)]
        >>> a.grad is None
        True
    """
    if active_recorder() is not None:
        raise RuntimeError(
            "trace_backward cannot be compiled: it is for looking at; call it outside of "
            "mg.compile, on the loss of the function itself"
        )
    if not isinstance(loss, Tensor):
        raise TypeError(f"trace_backward expects a tensor, got {type(loss).__name__}")
    seed = seed_for(loss, gradient)
    with _Recorder() as recorder:
        carry_back([loss], [seed], None, retain_graph=True, create_graph=False)
    records = recorder.records
    if optimizer is not None:
        records += updates(optimizer, recorder.gradients(), recorder.traced, len(records))
    return Trace(records, recorder.traced[node_of(loss)])


class _Recorder(Watcher):
    """Writes down what it sees of the first backward pass inside its block."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.traced: dict[Node, TracedNode] = {}
        self._left: Counter[Node] = Counter()  # contributions that a node is waiting for
        self._totals: dict[Node, Array] = {}
        self._incoming: dict[Node, Array] = {}

    def on_backward(self, order: list[Node], totals: dict[Node, Any]) -> None:
        self._left = _uses(order, totals)
        leaves = {p for node in order for p in node.parents if p is not None and p.is_leaf}
        everything = {*order, *leaves, *totals}  # the loss may be a leaf itself
        for place, node in enumerate(sorted(everything, key=attrgetter("number")), 1):
            self.traced[node] = self._of(node, place)
        for node, seed in totals.items():
            self._totals[node] = _copy(seed)
            self.records.append(Seed(len(self.records), self.traced[node], self._totals[node]))

    def _of(self, node: Node, place: int) -> TracedNode:
        inputs = tuple(self.traced[a] if isinstance(a, Node) else _kept(a) for a in node.inputs)
        return TracedNode(
            place=place,
            number=node.number,
            fn=None if node.is_leaf else node.fn,
            label=label_of(node),
            value=_copy(node.value),
            inputs=inputs,
            params=dict(node.params),
            uses=self._left[node],
            origin=origin_of(node),
        )

    def on_cotangent(self, node: Node, g: Any) -> None:
        traced, total = self.traced[node], self._totals[node]
        after = self._incoming[node] = total
        if node.hooks is not None:
            after = self._incoming[node] = _copy(g)
            self.records.append(Hooked(len(self.records), traced, total, after))
        if node.handle is not None:
            self.records.append(Gradient(len(self.records), traced, after))

    def on_contribution(
        self, node: Node, i: int, g: Any, local: Any, contribution: Any, total: Any
    ) -> None:
        parent: Any = node.inputs[i]
        before, pending = self._totals.get(parent), self._left[parent]
        self._left[parent] -= 1
        summed = _copy(contribution)
        self._totals[parent] = summed if before is None else _copy(total)
        self.records.append(
            Contribution(
                step=len(self.records),
                node=self.traced[node],
                argument=i,
                parent=self.traced[parent],
                incoming=self._incoming[node],
                rule=rule_of(node.fn, i),
                local=summed if local is contribution else _copy(local),
                contribution=summed,
                before=before,
                total=self._totals[parent],
                pending=pending,
                left=pending - 1,
            )
        )

    def gradients(self) -> dict[Any, Array]:
        """The new gradient of each tensor that gets one."""
        nodes = {traced.number: node for node, traced in self.traced.items()}
        found = ((nodes[r.node.number], r) for r in self.records if isinstance(r, Gradient))
        return {t: r.gradient for n, r in found if n.handle and (t := n.handle()) is not None}


def _uses(order: list[Node], outputs: Collection[Node]) -> Counter[Node]:
    """How many contributions each node is going to get."""
    uses: Counter[Node] = Counter()
    reached = set(outputs)
    for node in reversed(order):
        if node in reached:
            rules = VJPS[node.fn]
            for i, parent in enumerate(node.parents):
                if parent is not None and i < len(rules) and rules[i] is not None:
                    uses[parent] += 1
                    reached.add(parent)
    return uses


def _copy(value: Any) -> Array:
    return np.array(getattr(value, "_data", value))


def _kept(constant: Any) -> Any:
    return constant.copy() if isinstance(constant, np.ndarray) else constant
