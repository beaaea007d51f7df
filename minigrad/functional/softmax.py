"""Softmax and its logarithm. Shifting by the maximum first keeps every exponential at most 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..vjps import defvjp, primitive


@primitive
def logsumexp(x: Any, axis: int = -1, keepdims: bool = False) -> Any:
    """log of the sum of exp(x) along `axis`: m + log sum exp(x - m), with m = max(x).

    Args:
        x: any shape, floating-point.
        axis: the axis that is summed.
        keepdims: keep that axis, with length 1.

    Returns:
        The shape of x without `axis`.

    Example:
        >>> import minigrad.functional as F
        >>> float(F.logsumexp(np.array([1e4, 1e4 - 1e3])))
        10000.0
    """
    shift = np.maximum.reduce(x, axis=axis, keepdims=True)
    shift = np.where(np.isfinite(shift), shift, 0)  # inf - inf would be nan
    with np.errstate(divide="ignore"):  # log(0) = -inf is right where every x is -inf
        total = np.log(np.add.reduce(np.exp(x - shift), axis=axis, keepdims=True)) + shift
    return total if keepdims else np.squeeze(total, axis)


def _logsumexp_rule(g: Any, y: Any, x: Any, axis: int = -1, keepdims: bool = False) -> Any:
    """The derivative of logsumexp is softmax."""
    kept = g if keepdims else np.expand_dims(g, axis)
    return kept * softmax(x, axis)


defvjp(logsumexp, _logsumexp_rule)


@primitive
def softmax(x: Any, axis: int = -1) -> Any:
    """exp(x_i) / sum_j exp(x_j) along `axis`.

    Args:
        x: logits of any shape, floating-point.
        axis: the axis along which the results sum to 1.

    Returns:
        Probabilities of the same shape and dtype.

    Example:
        >>> import minigrad.functional as F
        >>> F.softmax(np.array([1e4, 1e4, -1e4]))
        array([0.5, 0.5, 0. ])

    Source: Bridle 1990, "Probabilistic interpretation of feedforward classification network
    outputs", equation 10.
    """
    e = np.exp(x - np.maximum.reduce(x, axis=axis, keepdims=True))
    return e / np.add.reduce(e, axis=axis, keepdims=True)


def _softmax_rule(g: Any, y: Any, x: Any, axis: int = -1) -> Any:
    """y (g - sum(g y))."""
    return y * (g - np.add.reduce(g * y, axis=axis, keepdims=True))


defvjp(softmax, _softmax_rule)


@primitive
def log_softmax(x: Any, axis: int = -1) -> Any:
    """log softmax(x) = x - logsumexp(x) along `axis`.

    Args:
        x: logits of any shape, floating-point.
        axis: the axis along which the probabilities sum to 1.

    Returns:
        Log-probabilities (nats) of the same shape and dtype.

    Example:
        >>> import minigrad.functional as F
        >>> F.log_softmax(np.array([0.0, -1e4]))
        array([     0., -10000.])
    """
    shifted = x - np.maximum.reduce(x, axis=axis, keepdims=True)
    return shifted - np.log(np.add.reduce(np.exp(shifted), axis=axis, keepdims=True))


def _log_softmax_rule(g: Any, y: Any, x: Any, axis: int = -1) -> Any:
    """g - softmax(x) sum(g)."""
    return g - np.exp(y) * np.add.reduce(g, axis=axis, keepdims=True)


defvjp(log_softmax, _log_softmax_rule)
