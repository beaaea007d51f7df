"""One call of a function on tensors of its own: what every transform begins with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import index
from typing import Any, TypeAlias

import numpy as np

from ..modes import enable_grad, is_grad_enabled
from ..node import Node, reached
from ..tensor import Tensor, carry_back, needs_grad, node_of, wrap
from .structures import leaves, named_leaves, rebuilt

Argnums: TypeAlias = int | tuple[int, ...]


class Evaluation:
    """A call `f(*args, **kwargs)` whose graph leads back to the chosen arguments.

    `f` receives tensors of its own in their places, so that a gradient ends there even if the
    same tensor gets into `f` another way; and it is recorded, under `no_grad` too.

    Args:
        f: a function of nested lists, tuples and dicts of arrays and tensors.
        args: its positional arguments.
        argnums: which of them to differentiate with respect to.
        kwargs: its keyword arguments.
        has_aux: whether it returns a pair: the value, and something else.

    Attributes:
        value: what f returned, in terms of the tensors above.
        aux: the second of the pair.
        arguments: the chosen ones, made of those tensors.
        inputs: those tensors, in order.
        outputs: the tensors in `value`, in order.
        has_graph: whether results are differentiable in turn: something from outside that requires
            a gradient has an influence on them, and the call is not under `no_grad`.

    Raises:
        TypeError: a chosen argument is not floating-point, or f returns something but tensors.
        ValueError: `argnums` is out of range.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        args: Sequence[Any],
        argnums: Argnums,
        kwargs: Any = None,
        has_aux: bool = False,
    ) -> None:
        self.name = getattr(f, "__name__", type(f).__name__)
        self._argnums = argnums
        places = self._places(len(args))
        own, for_f = list(args), list(args)
        with_outside = False
        for i in dict.fromkeys(places):
            named = list(named_leaves(args[i], f"argument {i} of {self.name}"))
            with_outside = with_outside or any(needs_grad(leaf) for _, leaf in named)
            tensors = [_own_tensor(leaf, name) for name, leaf in named]
            own[i] = rebuilt(args[i], tensors)
            for_f[i] = rebuilt(args[i], [wrap(t._data, t.node) for t in tensors])  # to write to
        self.arguments = tuple(own[i] for i in places)
        self.inputs: list[Tensor] = leaves(self.arguments)
        with enable_grad():
            self.value, self.aux = self._called(f, for_f, kwargs or {}, has_aux)
        self.outputs = leaves(self.value)
        for y in self.outputs:
            if not isinstance(y, Tensor):
                raise TypeError(
                    f"{self.name} must return a tensor, or lists, tuples and dicts of tensors, "
                    f"but there is a {type(y).__name__}: compute it with NumPy functions from "
                    "the arguments themselves, not from their .data"
                )
        self.has_graph = is_grad_enabled() and (
            with_outside or _reaches_others(self.outputs, self.inputs)
        )

    def _places(self, n: int) -> list[int]:
        """The places of the chosen arguments among n."""
        argnums = self._argnums
        chosen = argnums if isinstance(argnums, tuple) else (argnums,)
        places = [index(i) for i in chosen]
        if not all(-n <= i < n for i in places):
            raise ValueError(
                f"argnums={argnums} is out of range: {self.name} was called with {n} "
                "positional arguments"
            )
        return [i % n for i in places]

    def _called(
        self, f: Callable[..., Any], args: list[Any], kwargs: Any, has_aux: bool
    ) -> tuple[Any, Any]:
        result = f(*args, **kwargs)
        if not has_aux:
            return result, None
        if not (isinstance(result, tuple) and len(result) == 2):
            raise TypeError(
                f"with has_aux=True, {self.name} must return a pair (value, aux), "
                f"got a {type(result).__name__}"
            )
        return result

    def pull_back(
        self, outputs: Sequence[Tensor], vectors: Sequence[Tensor], is_last: bool = False
    ) -> list[Tensor]:
        """The cotangents of the inputs, given those of some outputs.

        `is_last` frees the graph on the way, if nobody else needs it.
        """
        retains = self.has_graph or not is_last
        return pulled_back(outputs, vectors, self.inputs, retains, self.lifts(vectors))

    def lifts(self, vectors: Sequence[Tensor]) -> bool:
        """Whether products with these vectors are to be differentiable."""
        return self.has_graph or (is_grad_enabled() and any(map(needs_grad, vectors)))

    def in_place_of_arguments(self, new: Sequence[Any]) -> Any:
        """One thing for each input, in the structure of the chosen arguments."""
        result = rebuilt(self.arguments, new)
        return result if isinstance(self._argnums, tuple) else result[0]

    def settled(self, structure: Any) -> Any:
        """What is handed out: with its graph only if results are to be differentiable."""
        if self.has_graph:
            return structure
        return rebuilt(
            structure, [a.detach() if isinstance(a, Tensor) else a for a in leaves(structure)]
        )


def _own_tensor(leaf: Any, name: str) -> Tensor:
    """A tensor that takes a leaf's place; recorded as its copy, if the leaf requires a gradient."""
    if needs_grad(leaf) and is_grad_enabled():
        return leaf.copy()  # type: ignore[no-any-return]
    own = Tensor(leaf.data if isinstance(leaf, Tensor) else leaf)
    if own.dtype.kind != "f":
        raise TypeError(
            f"{name} is of dtype {own.dtype}, but only floating-point arguments have a derivative: "
            "pass floats, or do not differentiate with respect to it (argnums, or a closure)"
        )
    own.requires_grad = True
    return own


def _reaches_others(outputs: Sequence[Tensor], inputs: Sequence[Tensor]) -> bool:
    """Whether a leaf other than `inputs` is in the graph of `outputs`."""
    own = {x.node for x in inputs}
    nodes = [y.node for y in outputs if y.node is not None]
    return any(node.is_leaf for node in reached(nodes, lambda node: node not in own))


def pulled_back(
    outputs: Sequence[Tensor],
    vectors: Sequence[Tensor],
    inputs: Sequence[Tensor],
    retains: bool,
    lifted: bool,
) -> list[Tensor]:
    """The cotangents of `inputs`, given those of `outputs`; zeros where none arrives."""
    pairs = [(y, v) for y, v in zip(outputs, vectors, strict=True) if y.node is not None]
    targets = [node_of(x) for x in inputs]
    ys, seeds = [y for y, _ in pairs], [v for _, v in pairs]
    found = carry_back(ys, seeds, targets, retains, lifted)
    return [_as_tensor(found.get(node), node) for node in targets]


def _as_tensor(g: Any, of: Node) -> Tensor:
    if g is None:
        return zeros_like(of.value)
    return g if isinstance(g, Tensor) else wrap(g, None)


def zeros_like(a: Any) -> Tensor:
    """Zeros of the shape and dtype of an array or a tensor."""
    return Tensor(np.zeros(a.shape, a.dtype))
