"""Losses of predicted numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...vjps import defvjp, primitive
from ...vjps.detaching import detached
from .reduction import matching, reduced, require_all


def mse_loss(prediction: Any, target: Any, reduction: str = "mean") -> Any:
    """The squared error (prediction - target)^2.

    Args:
        prediction, target: the same shape.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: the shapes differ, or an unknown reduction.

    Example:
        >>> import minigrad.functional as F
        >>> float(F.mse_loss(np.array([1.0, 3.0]), np.array([0.0, 0.0])))
        5.0
    """
    target = matching("mse_loss", prediction, target)
    return reduced(squared_error(prediction, target), reduction)


@primitive
def squared_error(prediction: Any, target: Any) -> Any:
    """(prediction - target)^2, for each element."""
    return np.square(prediction - target)


defvjp(
    squared_error,
    lambda g, y, prediction, target: g * 2 * (prediction - target),
    lambda g, y, prediction, target: g * 2 * (target - prediction),
)


def l1_loss(prediction: Any, target: Any, reduction: str = "mean") -> Any:
    """The absolute error |prediction - target|, with derivative 0 at 0.

    Args:
        prediction, target: the same shape.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: the shapes differ, or an unknown reduction.

    Example:
        >>> import minigrad.functional as F
        >>> float(F.l1_loss(np.array([1.0, 3.0]), np.array([0.0, 0.0])))
        2.0
    """
    target = matching("l1_loss", prediction, target)
    return reduced(np.absolute(prediction - target), reduction)


def huber_loss(prediction: Any, target: Any, delta: float = 1.0, reduction: str = "mean") -> Any:
    """Quadratic near 0, linear further out; r = prediction - target.

        r^2 / 2                  where |r| <= delta
        delta (|r| - delta / 2)  elsewhere

    Args:
        prediction, target: the same shape.
        delta: where the two parts meet, > 0.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: the shapes differ, delta <= 0, or an unknown reduction.

    Example:
        >>> import minigrad.functional as F
        >>> F.huber_loss(np.array([0.5, 3.0]), np.zeros(2), reduction="none")
        array([0.125, 2.5  ])

    Source: Huber 1964, "Robust estimation of a location parameter".
    """
    target = matching("huber_loss", prediction, target)
    if delta <= 0:
        raise ValueError(f"huber_loss: delta must be positive, got {delta}")
    r = prediction - target
    near = np.clip(r, -delta, delta)
    return reduced(near * (r - 0.5 * near), reduction)  # both parts at once, and no r^2 far out


def gaussian_nll_loss(
    mean: Any,
    target: Any,
    variance: Any,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Any:
    """The negative log-likelihood of targets t under N(mean, variance), in nats.

        loss = (log v + (mean - t)^2 / v) / 2 + log(2 pi) / 2     (the last part if `full`)

    Args:
        mean, target: the same shape.
        variance: v >= 0, of the same shape, with 1 for the last axis, or without it.
        full: whether to add the constant log(2 pi) / 2.
        eps: v is at least this, in the value; the derivative is that of v itself.
        reduction: "mean", "sum" or "none".

    Returns:
        A scalar; with "none" one loss an element.

    Raises:
        ValueError: the shapes do not fit, a variance is negative, eps <= 0, or an unknown
            reduction.

    Example:
        >>> import minigrad.functional as F
        >>> mean, target, variance = np.array([0.0, 1.0]), np.zeros(2), np.array([1.0, 4.0])
        >>> F.gaussian_nll_loss(mean, target, variance, reduction="none").round(4)
        array([0.    , 0.8181])

    Source: Nix & Weigend 1994, "Estimating the mean and variance of the target probability
    distribution", equation 5. Conventions as in PyTorch.
    """
    target = matching("gaussian_nll_loss", mean, target)
    variance = _spread_variance(mean, variance)
    if eps <= 0:
        raise ValueError(f"gaussian_nll_loss: eps must be positive, got {eps}")
    require_all(variance >= 0, "gaussian_nll_loss: variances must not be negative")
    v = variance + detached(np.maximum(variance, eps) - variance)
    losses = 0.5 * (np.log(v) + squared_error(mean, target) / v)
    return reduced(losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)


def _spread_variance(mean: Any, variance: Any) -> Any:
    """The variance, checked to fit, with as many axes as the mean."""
    variance = variance if hasattr(variance, "dtype") else np.asarray(variance, mean.dtype)
    if mean.ndim and variance.shape == mean.shape[:-1]:
        variance = np.expand_dims(variance, -1)
    if variance.shape not in (mean.shape, (*mean.shape[:-1], 1), ()):
        raise ValueError(
            f"gaussian_nll_loss: a mean of shape {mean.shape} needs a variance of that shape, with "
            f"1 for the last axis, or without it; got {variance.shape}"
        )
    return variance if variance.dtype.kind == "f" else variance.astype(mean.dtype)
