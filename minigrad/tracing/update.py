"""The optimizer's update as steps of a trace, carried out on copies."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..node import Node
from ..optim import Optimizer
from ..optim.description import described
from ..tensor import wrap
from .records import Array, TracedNode, Update
from .written import Expression, Written, expression


def updates(
    optimizer: Any, gradients: Mapping[Any, Array], traced: Mapping[Node, TracedNode], first: int
) -> list[Update]:
    """What `optimizer.step()` would do after this backward pass.

    Args:
        optimizer: stays as it is, with its parameters.
        gradients: the new gradient of each tensor, which is added to the one it has.
        traced: the nodes of the graph.
        first: the number of the first record.

    Raises:
        TypeError: it is no optimizer, or its step needs more than gradients.
    """
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"optimizer must be an optimizer, got {type(optimizer).__name__}")
    if inspect.signature(optimizer.step).parameters:
        raise TypeError(
            f"{type(optimizer).__name__}.step() computes the loss itself, by a closure: its update "
            "does not follow from this backward pass alone; trace without optimizer="
        )
    twin = copy.deepcopy(optimizer)
    pairs = list(zip(_named(optimizer), _named(twin), strict=True))
    for (_, p), (_, q) in pairs:
        seen = _seen(p, gradients.get(p))
        q._grad = None if seen is None else wrap(seen, None)
    if all(q._grad is None for _, (_, q) in pairs):
        return []
    before, hypers = _states(twin), _hypers(twin)
    twin.step()
    after = _states(twin)
    records: list[Update] = []
    for (name, p), (_, q) in pairs:
        if q._grad is not None:
            g, states = q._grad._data, (before.get(name, {}), after.get(name, {}))
            records.append(
                Update(
                    step=first + len(records),
                    node=traced.get(p.node),
                    name=name,
                    optimizer=type(optimizer).__name__,
                    formula=described("", type(optimizer)).formula,
                    gradient=g,
                    before=p._data.copy(),
                    after=q._data.copy(),
                    state_before=states[0],
                    state_after=states[1],
                    hyper=hypers[name],
                    expression=_expression(optimizer, p._data.copy(), g, *states, hypers[name]),
                )
            )
    return records


def _named(optimizer: Any) -> list[tuple[str, Any]]:
    return [pair for g in optimizer.groups for pair in zip(g.names, g.parameters, strict=True)]


def _seen(p: Any, new: Array | None) -> Array | None:
    """What `backward` would have left in `grad`."""
    old = None if p._grad is None else p._grad._data
    if old is None:
        return new
    summed: Array = old.copy() if new is None else old + new
    return summed


def _states(optimizer: Any) -> dict[str, dict[str, Any]]:
    state = optimizer.state_dict()
    while "optimizer" in state:  # of a wrapper
        state = state["optimizer"]
    return {name: dict(entry) for name, entry in state["state"].items()}


def _hypers(optimizer: Any) -> dict[str, dict[str, Any]]:
    """The hyperparameters of the next step, by the name of the parameter."""
    while hasattr(optimizer, "optimizer"):
        optimizer = optimizer.optimizer
    return {
        name: optimizer._current(group.hyper).numbers()
        for group in optimizer.groups
        for name in group.names
    }


def _expression(
    optimizer: Any, theta: Array, g: Array, before: Any, after: Any, hyper: Any
) -> Expression | None:
    """The update of an ordinary rule, run on arrays that carry their text."""
    kind = type(optimizer)
    if hasattr(optimizer, "optimizer") or not kind.is_elementwise or not hasattr(kind, "update"):
        return None
    slots = {key: before[key] for key in kind.slots}
    counters = {key: after[key] for key in kind.counters}
    names, values = ("theta", "g", *slots), (theta, g, *slots.values())

    def update() -> Any:
        written = (Written(np.asarray(v), (k,)) for k, v in enumerate(values))
        decayed, given, *state = written
        decayed, given, numbers = kind.decay(decayed, given, dict(hyper))
        return optimizer.update(decayed, given, *state, t=after["t"], **numbers, **counters)[0]

    return expression(update, names, values)
