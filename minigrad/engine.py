"""The backward walk. Knows nodes and arrays, but no tensors."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from .node import Node
from .vjps import VJPS, astype
from .writes import check_unwritten

Lift = Callable[[Any, Node], Any]


def cotangents(
    outputs: Sequence[Node],
    seeds: Sequence[Any],
    targets: Collection[Node] | None = None,
    *,
    retain_graph: bool = False,
    lift: Lift | None = None,
) -> dict[Node, Any]:
    """Carry the cotangents `seeds` of `outputs` back to `targets` (None: to every leaf).

        cotangent(x) = sum over every use y = fn(..., x, ...) of rule(cotangent(y), y, ..., x, ...)

    Each node is visited once, newest first, so its sum is complete before it is passed on.

    Args:
        outputs: the nodes to start from.
        seeds: for each output, dL/d(output), of the output's shape.
        targets: the nodes whose cotangents are wanted.
        retain_graph: keep what the nodes saved, for another backward pass.
        lift: turns an array and the node that made it into an object whose operations are
            recorded. With it the rules run on such objects, and so the result is differentiable.

    Returns:
        The cotangent of each target that was reached; on arrays, a copy that nothing else holds.

    Raises:
        RuntimeError: a part of the graph was freed, or a saved array has been written to.
    """
    order = _oldest_first(outputs)
    check_unwritten(order)
    needed = None if targets is None else _leading_to(targets, order)
    totals: dict[Node, Any] = {}
    shared: set[Node] = set(outputs)  # whose total is not ours alone: never added to in place
    for node, seed in zip(outputs, seeds, strict=True):
        totals[node] = totals[node] + seed if node in totals else seed
    found: dict[Node, Any] = {}

    while order:
        node = order.pop()
        g = totals.pop(node, None)
        if g is not None:
            if node.hooks is not None:
                g = _call_hooks(node, g)
            if targets is not None and node in targets:
                found[node] = np.array(g) if lift is None else g
            rules, y, params, inputs = VJPS[node.fn], node.value, node.params, node.inputs
            if lift is None:
                args = [p.value if isinstance(p, Node) else p for p in inputs]
            else:
                args = [lift(p.value, p) if isinstance(p, Node) else p for p in inputs]
                y = lift(y, node)
            for i, parent in enumerate(inputs):
                if not isinstance(parent, Node) or (needed is not None and parent not in needed):
                    continue
                rule = rules[i]
                if rule is None:
                    continue
                x = parent.value
                c = rule(g, y, *args, **params)
                if c.shape != x.shape or c.dtype is not x.dtype:
                    c = _fit(c, x, node, i)
                if parent not in totals:
                    totals[parent] = c
                    if lift is None and (c is g or c.base is not None):
                        shared.add(parent)
                elif lift is not None or parent in shared:
                    totals[parent] = totals[parent] + c
                    shared.discard(parent)
                else:
                    totals[parent] += c
        if not retain_graph:
            node.inputs = node.value = None  # type: ignore[assignment]

    for leaf, g in totals.items():
        if leaf.hooks is not None:
            g = _call_hooks(leaf, g)
            shared.add(leaf)
        if targets is None or leaf in targets:
            ours = lift is not None or (type(g) is np.ndarray and leaf not in shared)
            found[leaf] = g if ours else np.array(g)
    return found


def _oldest_first(outputs: Sequence[Node]) -> list[Node]:
    """The calls that `outputs` depend on, by creation number."""
    stack = [node for node in outputs if not node.is_leaf]
    seen = set(stack)
    while stack:
        node = stack.pop()
        if node.inputs is None:
            raise RuntimeError(
                f"backward through {node.name}: its saved values were freed by an earlier backward "
                "pass; call that one with retain_graph=True, or compute the output again"
            )
        for parent in node.inputs:
            if isinstance(parent, Node) and not parent.is_leaf and parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return sorted(seen, key=attrgetter("number"))


def _leading_to(targets: Collection[Node], order: list[Node]) -> set[Node]:
    """The targets, and the nodes of `order` that depend on one of them."""
    needed = set(targets)
    for node in order:
        if not needed.isdisjoint(node.parents):
            needed.add(node)
    return needed


def _call_hooks(node: Node, g: Any) -> Any:
    for hook in list(node.hooks or ()):
        g = hook(g)
    return g


def _fit(c: Any, x: Any, node: Node, i: int) -> Any:
    """Sum the axes along which x was broadcast, and return to x's dtype."""
    shape = c.shape
    extra = len(shape) - len(x.shape)
    if extra > 0:
        c = np.add.reduce(c, axis=tuple(range(extra)))
    if c.shape != x.shape:
        stretched = tuple(a for a, n in enumerate(x.shape) if n == 1)
        c = np.add.reduce(c, axis=stretched, keepdims=True) if extra >= 0 else c
        if c.shape != x.shape:
            raise ValueError(
                f"the derivative rule of {node.name} in argument {i} returned shape {shape}, "
                f"which does not un-broadcast to the argument's shape {x.shape}"
            )
    return c if c.dtype == x.dtype else astype(c, x.dtype)
