"""The backward walk. Knows nodes and arrays, but no tensors."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from operator import attrgetter
from sys import getrefcount
from typing import Any

import numpy as np

from .diagnosis import diagnosed_in_rule, raise_no_rule, the_rule
from .modes import active_recorder, active_watcher
from .node import Node
from .traced import TracedArray
from .vjps import VJPS, Function, SharingRules, astype
from .watcher import Watcher
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
    """Carry the cotangents `seeds` of `outputs` back to `targets`.

        cotangent(x) = sum over every use y = fn(..., x, ...) of rule(cotangent(y), y, ..., x, ...)

    Each node is visited once, newest first, so its sum is complete before it is passed on.

    Args:
        outputs: the nodes to start from.
        seeds: for each output, dL/d(output), of the output's shape.
        targets: the nodes whose cotangents are wanted; if None, those with a handle to a tensor.
        retain_graph: keep what the nodes saved, for another backward pass.
        lift: turns an array and the node that made it into an object whose operations are
            recorded. With it the rules run on such objects, and so the result is differentiable.

    Returns:
        The cotangent of each target that was reached; on arrays, a copy that nothing else holds.

    Raises:
        RuntimeError: a part of the graph was freed, or a saved array has been written to.
    """
    recorder = active_recorder()
    before = recorder and recorder.section("backward")
    order = _oldest_first(outputs)
    check_unwritten(order)
    needed = None if targets is None else _leading_to(targets, order)
    totals: dict[Node, Any] = {}
    for node, seed in zip(outputs, seeds, strict=True):
        totals[node] = totals[node] + seed if node in totals else seed
    tell = recorder and recorder.name_cotangent
    watcher = active_watcher()
    if watcher is not None:
        watcher.on_backward(order, totals)
        tell = watcher.on_cotangent
    found = _walk(order, totals, targets, needed, retain_graph, lift, tell, watcher)
    for leaf, g in totals.items():
        if leaf.hooks is not None:
            g = _call_hooks(leaf, g)
        if targets is None or leaf in targets:
            if lift is None and not (
                getrefcount(g) == _REFERENCES
                and type(g) is np.ndarray
                and g.base is None
                and g.dtype == leaf.value.dtype
            ):
                g = _own_copy(g, leaf.value.dtype)  # somebody else holds it, or it is a view
            found[leaf] = g
        if tell is not None:
            tell(leaf, g)
    if recorder is not None:
        recorder.section(before)
    return found


def _own_copy(g: Any, dtype: Any) -> Any:
    return np.copy(g) if isinstance(g, TracedArray) else np.array(g, dtype)


def _walk(
    order: list[Node],
    totals: dict[Node, Any],
    targets: Collection[Node] | None,
    needed: set[Node] | None,
    retain_graph: bool,
    lift: Lift | None,
    tell: Callable[[Node, Any], None] | None,
    watcher: Watcher | None,
) -> dict[Node, Any]:
    """Visit the calls of `order` from its end; `totals` is left with those of the leaves."""
    found: dict[Node, Any] = {}
    sums: set[Node] = set()  # whose total is a sum made here: more is added to it in place
    while order:
        node = order.pop()
        g = totals.pop(node, None)
        if g is not None:
            if node.hooks is not None:
                g = _call_hooks(node, g)
            if tell is not None:
                tell(node, g)
            if node.handle is not None if targets is None else node in targets:
                found[node] = _own_copy(g, None) if lift is None else g
            rules, y, params, inputs = VJPS[node.fn], node.value, node.params, node.inputs
            if type(rules) is SharingRules:
                rules = rules.of_one_call()
            if lift is None:
                args = []
                for p in inputs:  # a comprehension would be a call of its own in Python 3.11
                    args.append(p.value if isinstance(p, Node) else p)  # noqa: PERF401
            else:
                args = [lift(p.value, p) if isinstance(p, Node) else p for p in inputs]
                y = lift(y, node)
            for i, parent in enumerate(inputs):
                if not isinstance(parent, Node) or (needed is not None and parent not in needed):
                    continue
                try:
                    rule = rules[i]
                except IndexError:
                    raise_no_rule(node.fn, i)
                if rule is None:
                    continue
                if watcher is not None:
                    rule = watcher.watched_rule(rule, node, i)
                x = parent.value
                try:
                    c = rule(g, y, *args, **params) if params else rule(g, y, *args)
                except Exception as error:
                    raise diagnosed_in_rule(error, node.fn, i, args, params) from error.__cause__
                try:
                    fits = c.shape == x.shape and c.dtype is x.dtype
                except AttributeError:
                    raise TypeError(f"{the_rule(node.fn, i)} returned {c!r}: no array") from None
                local = c
                if not fits:
                    c = unbroadcast(c, x, node.fn, i)
                if parent not in totals:
                    totals[parent] = c
                elif parent in sums:
                    totals[parent] += c
                else:
                    totals[parent] = totals[parent] + c
                    if lift is None:
                        sums.add(parent)
                if watcher is not None:
                    watcher.on_contribution(node, i, g, local, c, totals[parent])
        if not retain_graph:
            node.inputs = node.value = None  # type: ignore[assignment]
    return found


def _references_to_an_entry() -> int:
    """What `getrefcount` says in the loop above, if only the dict holds the array."""
    for _, g in {0: np.empty(0)}.items():  # noqa: PERF102, as in that loop
        count = getrefcount(g)
    return count


_REFERENCES = _references_to_an_entry()


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
            if type(parent) is Node and parent not in seen:  # neither a constant nor a leaf
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


def unbroadcast(c: Any, x: Any, fn: Function, i: int) -> Any:
    """Sum the axes along which argument i = x of fn was broadcast, and return to x's dtype."""
    shape = c.shape
    extra = len(shape) - len(x.shape)
    if extra > 0:
        c = np.add.reduce(c, axis=tuple(range(extra)))
    if c.shape != x.shape:
        stretched = tuple(a for a, n in enumerate(x.shape) if n == 1)
        c = np.add.reduce(c, axis=stretched, keepdims=True) if extra >= 0 else c
        if c.shape != x.shape:
            raise ValueError(
                f"{the_rule(fn, i)} returned shape {shape}, which does not un-broadcast to "
                f"the argument's shape {x.shape}"
            )
    return c if c.dtype == x.dtype else astype(c, x.dtype)
