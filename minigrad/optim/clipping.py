"""Gradients of bounded length: one steep place in the loss should not throw the weights away."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..parameter import Parameter
from ..tensor import Tensor, wrap
from .finite import require_finite
from .naming import named
from .persistent import section

_MARGIN = 1e-6  # keeps the division finite for a gradient of zero


def clip_grad_norm(
    parameters: Any,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> Tensor:
    """Scale all gradients by one factor, so that their common norm is at most `max_norm`.

        norm = (sum of |g_i|^p over all numbers in all gradients)^(1/p)
        g   <- g min(1, max_norm / (norm + 1e-6))

    The direction of the step stays what it was. Called between `backward` and `step`.

    Args:
        parameters: a module, an optimizer, parameters, or (name, parameter) pairs; those without a
            gradient are left out.
        max_norm: c, at least 0.
        norm_type: p, above 0; `math.inf` for the largest absolute value.
        error_if_nonfinite: raise if a gradient has an infinite or NaN number, instead of scaling
            all gradients to 0 or NaN.

    Returns:
        The norm before clipping, a scalar in the widest of the gradients' dtypes (of float16:
        float32, in which the squares do not overflow).

    Raises:
        NotFiniteError: (a FloatingPointError) names the gradient.
        RuntimeError: no parameter has a gradient.
        ValueError: `max_norm` or `norm_type` is out of range.

    Example:
        >>> import minigrad as mg
        >>> w, b = mg.Parameter([1.0, 1.0]), mg.Parameter([2.0])
        >>> (3 * w[0] + 4 * b[0]).backward()
        >>> mg.optim.clip_grad_norm([w, b], max_norm=1.0)
        tensor(5.)
        >>> round(w.grad[0].item(), 4), round(b.grad[0].item(), 4)
        (0.6, 0.8)

    Source: Pascanu, Mikolov & Bengio 2013, "On the difficulty of training recurrent neural
    networks", algorithm 1. The 1e-6, and scaling by exactly 1 below the threshold, are PyTorch's.
    """
    if not max_norm >= 0 or not norm_type > 0:
        raise ValueError(
            f"expected max_norm of at least 0 and norm_type above 0, got {max_norm} and {norm_type}"
        )
    learning = _with_gradients(parameters)
    if error_if_nonfinite:
        for name, _, g in learning:
            require_finite(g, f"the gradient of {name}")
    with section("clip"):
        norm = norm_of([g for _, _, g in learning], norm_type)
        factor = np.minimum(max_norm / (norm + _MARGIN), 1.0)
        for _, p, g in learning:
            p.grad = wrap(g * factor.astype(g.dtype), None)
    return wrap(norm.as_array() if hasattr(norm, "as_array") else np.asarray(norm), None)


def clip_grad_value(parameters: Any, max_value: float) -> None:
    """Limit each number in the gradients by itself.

        g <- min(max(g, -max_value), max_value)

    This bends the direction of the step, but needs no look at the other gradients.

    Args:
        parameters: as for `clip_grad_norm`.
        max_value: the largest absolute value to keep, at least 0.

    Raises:
        RuntimeError: no parameter has a gradient.
        ValueError: `max_value` is negative.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0, 1.0])
        >>> (3 * w[0] - 0.25 * w[1]).backward()
        >>> mg.optim.clip_grad_value([w], 0.5)
        >>> w.grad
        tensor([ 0.5 , -0.25])

    Source: Mikolov 2012, "Statistical language models based on neural networks".
    """
    if not max_value >= 0:
        raise ValueError(f"expected max_value of at least 0, got {max_value}")
    with section("clip"):
        for _, p, g in _with_gradients(parameters):
            p.grad = wrap(np.clip(g, -max_value, max_value), None)


def _with_gradients(parameters: Any) -> list[tuple[str, Parameter, Any]]:
    """Names, parameters and gradient arrays of those that have one."""
    found = [(name, p, g._data) for name, p in named(parameters) if (g := p.grad) is not None]
    if not found:
        raise RuntimeError("found no gradient to clip; call backward() on the loss first")
    return found


def norm_of(gradients: list[Any], norm_type: float) -> Any:
    """The norm of all numbers in all of the arrays."""
    rows = [g.reshape(-1) for g in gradients]
    rows = [row.astype(np.float32) if row.dtype.itemsize < 4 else row for row in rows]
    if norm_type == 2:
        return np.sqrt(sum(np.dot(row, row) for row in rows))
    if norm_type == math.inf:
        largest = [np.max(np.abs(row), initial=0.0) for row in rows]
        return np.max(np.stack(largest))
    return sum(np.sum(np.abs(row) ** norm_type) for row in rows) ** (1 / norm_type)
