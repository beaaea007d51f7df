"""Trading time for memory: intermediate results are dropped, and computed again when needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..modes import active_recorder, enable_grad, is_grad_enabled
from ..node import Node, next_number, reached
from ..tensor import Array, Tensor, apply, carry_back, needs_grad, node_of, plain, wrap
from ..vjps import defvjp_each
from .generators import drawing_from, states_of
from .packing import packed, unpacked
from .structures import leaves, rebuilt
from .together import Together


def checkpoint(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """`fn(*args, **kwargs)`, of which the backward pass saves the inputs only.

    What fn computes on the way is dropped, and computed again in the backward pass: a chain of n
    layers cut into sqrt(n) pieces needs the memory of 2 sqrt(n) layers, for one more forward pass.

    Values and gradients are the same, those of parameters that fn uses included, and to any order:
    random draws are repeated. They must come from `numpy.random.Generator`s that are among the
    arguments of fn, its variables, or attributes of its modules.

    Args:
        fn: a function or a module. It must do the same each time, so it may change nothing outside.
        args: its positional arguments, of any kind.
        kwargs: its keyword arguments.

    Returns:
        What fn returns: a tensor, or nested lists, tuples and dicts of tensors and anything else.

    Raises:
        RuntimeError: fn writes to its arguments; or (in the backward pass) it computed something
            else the second time.

    While a function is recorded by `mg.compile`, fn is simply called: a program plans its memory
    itself.

    Example:
        >>> import minigrad as mg
        >>> w = mg.tensor([1.0, 2.0], requires_grad=True)
        >>> mg.checkpoint(lambda x: np.exp(x * w).sum(), np.zeros(2)).backward()
        >>> w.grad
        tensor([0., 0.])

    Source: Chen, Xu, Zhang & Guestrin 2016, "Training deep nets with sublinear memory cost".
    """
    if active_recorder() is not None or not is_grad_enabled():
        return fn(*args, **kwargs)
    segment = Segment(fn, args, kwargs)
    result, graph = segment.run()
    if graph is None:
        return result
    segment.keep_inputs(graph)
    value = apply(_recomputed, *segment.inputs, segment=segment, value=[plain(graph)])
    parts = iter(unpacked(value, list(filter(segment.made, leaves(result)))))
    return rebuilt(result, [next(parts) if segment.made(a) else a for a in leaves(result)])


class Segment:
    """A part of the forward pass that can be run again.

    Args:
        fn: the function.
        args, kwargs: its arguments.

    Attributes:
        inputs: the tensors from outside that it depends on: arguments and others.
        together: hands out their gradients.
    """

    def __init__(self, fn: Callable[..., Any], args: Any, kwargs: Any) -> None:
        self._fn = fn
        self._name = getattr(fn, "__name__", type(fn).__name__)
        self._arguments = rebuilt((args, kwargs), map(_as_it_is, leaves((args, kwargs))))
        self._states = states_of(fn, args, kwargs)
        self.inputs: list[Tensor] = []
        self.together = Together()

    def run(self) -> tuple[Any, Tensor | None]:
        """What fn returns; and all the tensors in it that it has recorded as one, if there are."""
        self._start = next_number()
        before = leaves(self._arguments)
        own = list(map(_as_it_is, before))
        args, kwargs = rebuilt(self._arguments, own)
        result = self._fn(*args, **kwargs)
        if any(needs_grad(a) and a.node is not b.node for a, b in zip(own, before, strict=True)):
            raise RuntimeError(
                f"checkpoint: {self._name} writes to one of its arguments; let it make a copy"
            )
        made = list(filter(self.made, leaves(result)))
        return result, packed(made) if made else None

    def made(self, a: Any) -> bool:
        """Whether this is a tensor that the latest run recorded."""
        node = a.node if isinstance(a, Tensor) else None
        return node is not None and node.number > self._start

    def keep_inputs(self, graph: Tensor) -> None:
        """Note what the run depended on."""
        nodes = sorted(self._outside(graph), key=lambda node: node.number)
        self.inputs = [wrap(node.value, node) for node in nodes]

    def gradients(self, g: Any, y: Any) -> dict[int, Any]:
        """The cotangents of the inputs, by place, of another run."""
        lifted = isinstance(g, Tensor) or isinstance(y, Tensor)
        own = [x.copy() if lifted else _leaf(x._data) for x in self.inputs]
        with enable_grad(), drawing_from(self._states):
            _, graph = self.run()
        if graph is None or not self._repeats(graph, plain(y)):
            raise RuntimeError(
                f"checkpoint: {self._name} computed something else the second time. Random draws "
                "must come from generators among its arguments, variables or modules (dropout "
                "needs rng=), and nothing that it uses may change between forward and backward"
            )
        self._cut_off(graph, own)
        seed = g if isinstance(g, Tensor) else wrap(g, None)
        targets = [node_of(x) for x in own]
        found = carry_back([graph], [seed], targets, lifted, lifted)
        return {
            i: found[n] if n in found else np.zeros(n.value.shape, n.value.dtype)
            for i, n in enumerate(targets)
        }

    def _repeats(self, graph: Tensor, before: Array) -> bool:
        """Whether the latest run did what the first one did."""
        same = np.array_equal(graph._data, before, equal_nan=True)
        return same and self._outside(graph) <= {node_of(x) for x in self.inputs}

    def _cut_off(self, graph: Tensor, own: list[Tensor]) -> None:
        """Put `own` in the place of the inputs: what is below them is not this segment's.

        The nodes were made by the run a moment ago, and nobody else has them.
        """
        place = {node_of(x): node_of(new) for x, new in zip(self.inputs, own, strict=True)}
        for node in self._recorded(graph):
            node.inputs = tuple(place.get(p, p) if isinstance(p, Node) else p for p in node.inputs)

    def _recorded(self, graph: Tensor) -> Iterator[Node]:
        """The nodes that the latest run made."""
        return reached([node_of(graph)], lambda node: node.number > self._start)

    def _outside(self, graph: Tensor) -> set[Node]:
        """The nodes from before the latest run that it used."""
        parents = (p for node in self._recorded(graph) for p in node.inputs)
        return {p for p in parents if isinstance(p, Node) and p.number < self._start}


def _as_it_is(a: Any) -> Any:
    """Another handle to the same tensor: what becomes of the handle is of no importance."""
    return wrap(a._data, a.node) if needs_grad(a) else a


def _leaf(array: Array) -> Tensor:
    """A leaf around an array that exists already."""
    leaf = wrap(array, None)
    leaf.requires_grad = True
    return leaf


def _recomputed(*inputs: Any, segment: Segment, value: list[Array]) -> Array:
    """The value of a segment, which has been computed; the list is emptied."""
    return value.pop()


_recomputed.__name__ = "checkpoint"
_recomputed._implementation = _recomputed  # type: ignore[attr-defined]
defvjp_each(
    _recomputed,
    lambda i, g, y, *inputs, segment, value: segment.together.take(
        i, g, lambda: segment.gradients(g, y)
    ),
)
