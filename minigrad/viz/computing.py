"""What there is to draw of a function or a module: a call with example inputs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..nn import Module
from ..nn.examples import example, untouched
from ..provenance import record_origins
from ..tensor import Tensor
from ..transforms.structures import leaves


@dataclass
class Computation:
    """Tensors to be drawn.

    Attributes:
        outputs: the tensors.
        inputs: the names of the example inputs, by the identity of their arrays.
        held: what must live while it is drawn.
    """

    outputs: list[Tensor]
    inputs: dict[int, str] = field(default_factory=dict)
    held: Any = None


def computed(fn: Callable[..., Any], examples: Sequence[Any], *, from_inputs: bool) -> Computation:
    """Call a function or a module, noting where each operation comes from.

    A module is left as it was: buffers, generators and all other attributes are put back.

    Args:
        fn: the function.
        examples: its arguments: tensors, arrays, numbers; for a module also shapes, for which
            numbers are drawn.
        from_inputs: whether the graph shall begin at the inputs, as if all of them required a
            gradient. Else tensors are taken as they are; arrays of real numbers require a gradient
            unless a module has parameters, which do.

    Raises:
        TypeError: there is no tensor among the results.
    """
    module = fn if isinstance(fn, Module) else None
    has_parameters = module is not None and any(p.requires_grad for p in module.parameters())
    arguments = [a if module is None else example(a, module) for a in examples]
    given = {id(a) for a in examples}
    arguments = [
        a if not from_inputs and isinstance(a, Tensor) and id(a) in given
        else _tensor(a, from_inputs or not has_parameters)
        for a in arguments
    ]  # fmt: skip
    names = _names(fn, arguments)
    with record_origins(), nullcontext() if module is None else untouched(module):
        result = fn(*arguments)
    outputs = [leaf for leaf in leaves(result) if isinstance(leaf, Tensor)]
    if not outputs:
        what = getattr(fn, "__name__", type(fn).__name__)
        raise TypeError(
            f"there is nothing to draw: {what} returned a {type(result).__name__} without tensors"
        )
    return Computation(outputs, names, (arguments, result))


def _tensor(a: Any, requires_grad: bool) -> Any:
    """Real numbers as a tensor; a result with a graph, integers and other things as they are."""
    if isinstance(a, Tensor):
        if not a.is_leaf or a.requires_grad or a.dtype.kind != "f":
            return a
        leaf = Tensor(a, requires_grad)
        leaf.name = a.name
        return leaf
    is_real = isinstance(a, float) or (isinstance(a, np.ndarray) and a.dtype.kind == "f")
    return Tensor(a, requires_grad) if is_real else a


def _names(fn: Callable[..., Any], arguments: Sequence[Any]) -> dict[int, str]:
    """What the function calls its arguments, by the identity of their arrays."""
    called = fn.forward if isinstance(fn, Module) else fn
    names: list[str] = []
    for parameter in inspect.signature(called).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            names += [f"{parameter.name}{k}" for k in range(len(names), len(arguments))]
        names.append(parameter.name)
    found = {}
    for name, a in zip(names, arguments, strict=False):
        array = a._data if isinstance(a, Tensor) else a
        if isinstance(array, np.ndarray):
            found[id(array)] = (a.name if isinstance(a, Tensor) else None) or name
    return found
