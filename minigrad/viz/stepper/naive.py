"""The wrong order: a backward pass that goes on as soon as something has arrived.

It visits every node once, as a depth-first or breadth-first search does, and does not ask whether
all contributions are there. `docs/backprop.md` shows why that is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...engine import unbroadcast
from ...tracing import Seed, Trace, TracedNode
from ...tracing.records import Array, Hooked
from ...vjps import VJPS

_ORDERS: dict[str, Callable[[list[TracedNode], list[TracedNode]], None]] = {
    # How what has been found joins those that wait; the last one is visited next.
    "depth-first": lambda waiting, found: waiting.extend(reversed(found)),
    "depth-first, last input first": lambda waiting, found: waiting.extend(found),
    "breadth-first": lambda waiting, found: waiting.__setitem__(slice(0, 0), reversed(found)),
}


@dataclass(frozen=True, eq=False)
class NaiveStep:
    """One contribution of the naive pass; the fields are those of `Contribution`.

    `missing` is how many contributions the node was still waiting for when it spoke.
    """

    node: TracedNode
    argument: int
    parent: TracedNode
    incoming: Array
    contribution: Array
    before: Array | None
    total: Array
    missing: int
    left: int


@dataclass(frozen=True, eq=False)
class NaivePass:
    """The steps of a naive order, and what it is called."""

    order: str
    steps: list[NaiveStep]

    @property
    def goes_wrong(self) -> bool:
        """Whether any node spoke before it had heard everything."""
        return any(step.missing for step in self.steps)


def naive_pass(trace: Trace) -> NaivePass | None:
    """The first of the naive orders that goes wrong, with its numbers; else the first one.

    Returns:
        None if hooks take part, which would have to be called again.
    """
    if any(isinstance(r, Hooked) for r in trace):
        return None
    orders = {name: _order(trace.output, join) for name, join in _ORDERS.items()}
    wrong = [name for name, order in orders.items() if _speaks_too_early(order)]
    name = wrong[0] if wrong else next(iter(orders))
    seed = next(r.gradient for r in trace if isinstance(r, Seed))
    return NaivePass(name, _walk(orders[name], trace.output, seed))


def edges_of(node: TracedNode) -> list[tuple[int, TracedNode]]:
    """The arguments through which a gradient flows, by position."""
    if node.fn is None:
        return []
    rules = VJPS[node.fn]
    return [
        (i, parent)
        for i, parent in enumerate(node.parents)
        if parent is not None and rules[i] is not None
    ]


def _order(output: TracedNode, join: Callable[[Any, Any], None]) -> list[TracedNode]:
    waiting, seen, order = [output], {output}, []
    while waiting:
        node = waiting.pop()
        order.append(node)
        found = []
        for _, parent in edges_of(node):
            if parent not in seen:
                seen.add(parent)
                found.append(parent)
        join(waiting, found)
    return order


def _speaks_too_early(order: list[TracedNode]) -> bool:
    place = {node: k for k, node in enumerate(order)}
    return any(
        not parent.is_leaf and place[parent] < place[node]
        for node in order
        for _, parent in edges_of(node)
    )


def _walk(order: list[TracedNode], output: TracedNode, seed: Array) -> list[NaiveStep]:
    totals = {output: seed}
    left = {node: node.uses for node in order}
    steps = []
    for node in order:
        g = totals[node]
        for i, parent in edges_of(node):
            contribution = applied(node, i, g)
            before = totals.get(parent)
            total = contribution if before is None else before + contribution
            totals[parent] = np.asarray(total, parent.value.dtype)
            left[parent] -= 1
            steps.append(
                NaiveStep(
                    node, i, parent, g, contribution, before, totals[parent], left[node],
                    left[parent],
                )
            )  # fmt: skip
    return steps


def applied(node: TracedNode, i: int, g: Array) -> Array:
    """What the rule of a node's argument i makes of a cotangent, in the argument's shape."""
    rule: Any = VJPS[node.fn][i]  # type: ignore[index]
    with np.errstate(all="ignore"):
        c = rule(g[()], node.value, *node.args, **node.params)
        return np.asarray(unbroadcast(c, node.args[i], node.fn, i))  # type: ignore[arg-type]
