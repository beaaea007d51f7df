"""The gradient of tensors that have been computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..tensor import Tensor, carry_back, node_of, seed_for, wrap


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Any = None,
    create_graph: bool = False,
    allow_unused: bool = False,
    retain_graph: bool = False,
) -> Any:
    """The gradient of `outputs` with respect to `inputs`, leaving every `.grad` as it is.

        grad(y, x, v) = sum over the outputs of v^T dy/dx

    Args:
        outputs: the tensor(s) to differentiate.
        inputs: the tensor(s), leaves or intermediate results, to differentiate with respect to.
        grad_outputs: a cotangent v for each output, of its shape; may be left out for scalars.
        create_graph: make the gradients differentiable. Implies `retain_graph`.
        allow_unused: give None for an input that no output depends on, instead of raising.
        retain_graph: keep the saved values for another pass.

    Returns:
        One tensor if `inputs` is one tensor, else a tuple of them in the same order.

    Raises:
        TypeError: `outputs` is a function; `value_and_grad` is for those.
        RuntimeError: an output has no graph, an input needs no gradient, or is not used.
        ValueError: a cotangent is missing or has another shape than its output.

    Example:
        >>> import minigrad as mg
        >>> x = mg.tensor(2.0, requires_grad=True)
        >>> dy = mg.grad(x**3, x, create_graph=True)
        >>> dy.item(), mg.grad(dy, x).item()
        (12.0, 12.0)
    """
    if callable(outputs):
        raise TypeError(
            "mg.grad differentiates tensors that have been computed; for that of a function "
            "take mg.value_and_grad(f), which returns (value, gradient)"
        )
    ys = [outputs] if isinstance(outputs, Tensor) else list(outputs)
    xs = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    vs = [grad_outputs] * len(ys) if grad_outputs is None else grad_outputs
    if isinstance(outputs, Tensor) and grad_outputs is not None:
        vs = [grad_outputs]
    if len(vs) != len(ys):
        raise ValueError(f"{len(ys)} outputs need as many grad_outputs, got {len(vs)}")
    seeds = [seed_for(y, v) for y, v in zip(ys, vs, strict=True)]
    targets = [node_of(x) for x in xs]
    found = carry_back(ys, seeds, set(targets), retain_graph, create_graph)
    if not allow_unused:
        for i, target in enumerate(targets):
            if target not in found:
                raise RuntimeError(
                    f"the outputs do not depend on input {i} (shape {xs[i].shape}); "
                    "pass allow_unused=True to get None for it (if its data were replaced since, "
                    "compute the outputs again)"
                )
    gradients = []
    given = set()
    for target in targets:
        g = found.get(target)
        g = g if g is None or isinstance(g, Tensor) else wrap(g, None)
        gradients.append(g.copy() if g is not None and target in given else g)
        given.add(target)
    return gradients[0] if isinstance(inputs, Tensor) else tuple(gradients)
