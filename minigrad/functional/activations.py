"""Activations: functions of one number, applied to each element."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..vjps import defvjp, primitive
from .erf import erf


@primitive
def relu(x: Any) -> Any:
    """The rectified linear unit max(x, 0), with derivative 0 at 0.

    Args:
        x: any shape, floating-point.

    Returns:
        The same shape and dtype.

    Example:
        >>> import minigrad.functional as F
        >>> F.relu(np.array([-1.0, 0.0, 2.0]))
        array([0., 0., 2.])

    Source: Nair & Hinton 2010, "Rectified linear units improve restricted Boltzmann machines".
    """
    return np.maximum(x, 0)


defvjp(relu, lambda g, y, x: g * np.greater(y, 0))


def leaky_relu(x: Any, negative_slope: float = 0.01) -> Any:
    """x where x > 0, else negative_slope x.

    Args:
        x: any shape, floating-point.
        negative_slope: the slope below and at 0.

    Returns:
        The same shape and dtype.

    Example:
        >>> import minigrad.functional as F
        >>> F.leaky_relu(np.array([-1.0, 2.0]), 0.1)
        array([-0.1,  2. ])

    Source: Maas, Hannun & Ng 2013, "Rectifier nonlinearities improve neural network acoustic
    models", section 2.
    """
    return np.where(np.greater(x, 0), x, x * negative_slope)


def prelu(x: Any, weight: Any) -> Any:
    """x where x > 0, else weight x: a leaky ReLU whose slope is learnt.

    Args:
        x: shape (N, C, ...) or any other for a single slope, floating-point.
        weight: the slopes below and at 0, shape (1,), or (C,) for one a channel.

    Returns:
        The same shape and dtype.

    Raises:
        ValueError: the number of slopes is neither 1 nor the number of channels.

    Example:
        >>> import minigrad.functional as F
        >>> F.prelu(np.array([[-1.0, -1.0], [2.0, 2.0]]), np.array([0.1, 0.5]))
        array([[-0.1, -0.5],
               [ 2. ,  2. ]])

    Source: He et al. 2015, "Delving deep into rectifiers", equation 1.
    """
    if weight.shape != (1,):
        if weight.ndim != 1 or x.ndim < 2 or x.shape[1] != weight.size:
            raise ValueError(
                f"prelu: slopes of shape {weight.shape} need an input of shape (N, "
                f"{weight.size}, ...), got {x.shape}; a single slope takes any"
            )
        weight = weight.reshape(weight.size, *(1,) * (x.ndim - 2))
    return np.where(np.greater(x, 0), x, x * weight)


@primitive
def elu(x: Any, alpha: float = 1.0) -> Any:
    """The exponential linear unit: x where x > 0, else alpha (exp(x) - 1).

    Args:
        x: any shape, floating-point.
        alpha: minus the value that is approached far below 0, and the slope at 0.

    Returns:
        The same shape and dtype.

    Example:
        >>> import minigrad.functional as F
        >>> F.elu(np.array([-1e4, 0.0, 2.0]))
        array([-1.,  0.,  2.])

    Source: Clevert, Unterthiner & Hochreiter 2016, "Fast and accurate deep network learning by
    exponential linear units", equation 15.
    """
    return np.where(np.greater(x, 0), x, alpha * np.expm1(np.minimum(x, 0)))


defvjp(elu, lambda g, y, x, alpha=1.0: g * np.where(np.greater(x, 0), 1, y + alpha))


@primitive
def sigmoid(x: Any) -> Any:
    """The logistic function 1 / (1 + exp(-x)), without overflow at either end.

    Args:
        x: any shape, floating-point.

    Returns:
        The same shape and dtype, in [0, 1].

    Example:
        >>> import minigrad.functional as F
        >>> F.sigmoid(np.array([-1e4, 0.0, 1e4]))
        array([0. , 0.5, 1. ])
    """
    z = np.exp(-np.abs(x))  # <= 1
    return np.where(np.greater_equal(x, 0), 1, z) / (1 + z)


defvjp(sigmoid, lambda g, y, x: g * y * (1 - y))


@primitive
def softplus(x: Any) -> Any:
    """log(1 + exp(x)), without overflow: max(x, 0) + log(1 + exp(-|x|)).

    Args:
        x: any shape, floating-point.

    Returns:
        The same shape and dtype.

    Example:
        >>> import minigrad.functional as F
        >>> F.softplus(np.array([-1e4, 1e4]))
        array([    0., 10000.])

    Source: Dugas et al. 2001, "Incorporating second-order functional knowledge for better option
    pricing", equation 4.
    """
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


defvjp(softplus, lambda g, y, x: g * sigmoid(x))


def log_sigmoid(x: Any) -> Any:
    """log(1 / (1 + exp(-x))) = -softplus(-x), without overflow.

    Args:
        x: any shape, floating-point.

    Returns:
        The same shape and dtype.

    Example:
        >>> import minigrad.functional as F
        >>> F.log_sigmoid(np.array([-1e4, 1e4])).tolist()
        [-10000.0, -0.0]
    """
    return -softplus(-x)


def mish(x: Any) -> Any:
    """x tanh(softplus(x)).

    Args:
        x: any shape, floating-point.

    Returns:
        The same shape and dtype.

    Example:
        >>> import minigrad.functional as F
        >>> F.mish(np.array([0.0, 1e4]))
        array([    0., 10000.])

    Source: Misra 2019, "Mish: a self regularized non-monotonic activation function", section 2.
    """
    return x * np.tanh(softplus(x))


def silu(x: Any) -> Any:
    """The sigmoid linear unit x sigmoid(x), also called swish.

    Args:
        x: any shape, floating-point.

    Returns:
        The same shape and dtype.

    Example:
        >>> import minigrad.functional as F
        >>> F.silu(np.array([0.0, 1e4]))
        array([    0., 10000.])

    Source: Elfwing, Uchibe & Doya 2018, "Sigmoid-weighted linear units for neural network function
    approximation in reinforcement learning", equation 1.
    """
    return x * sigmoid(x)


def gelu(x: Any, approximate: str = "none") -> Any:
    """The Gaussian error linear unit x Phi(x), Phi the standard normal distribution function.

        "none":  x (1 + erf(x / sqrt(2))) / 2
        "tanh":  x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2

    Args:
        x: any shape, floating-point.
        approximate: "none" or "tanh".

    Returns:
        The same shape and dtype.

    Raises:
        ValueError: `approximate` is neither.

    Example:
        >>> import minigrad.functional as F
        >>> F.gelu(np.array([-1e4, 0.0, 1e4])).tolist()
        [-0.0, 0.0, 10000.0]

    Source: Hendrycks & Gimpel 2016, "Gaussian error linear units", section 2.
    """
    if approximate == "none":
        return x * _normal_distribution(x)
    if approximate == "tanh":
        return x * near_normal_distribution(x)
    raise ValueError(f'approximate must be "none" or "tanh", got {approximate!r}')


def _normal_distribution(x: Any) -> Any:
    return 0.5 * (1 + erf(x * (1 / math.sqrt(2))))


_SLOPE = math.sqrt(2 / math.pi)  # of the angle whose tanh is taken, at 0
_CUBIC = 0.044715 * _SLOPE


@primitive
def near_normal_distribution(x: Any) -> Any:
    """(1 + tanh(s (x + 0.044715 x^3))) / 2, with s = sqrt(2 / pi)."""
    t = np.clip(x, -20, 20)  # tanh is 1 long before, and x^3 cannot overflow
    return 0.5 * (1 + np.tanh(t * (_SLOPE + _CUBIC * t * t)))


def _near_normal_density(g: Any, y: Any, x: Any) -> Any:
    """y (1 - y) times twice the slope of the angle; 0 far out, where x is clipped."""
    t = np.clip(x, -20, 20)
    return g * (y * (1 - y) * (2 * _SLOPE + 6 * _CUBIC * t * t))


defvjp(near_normal_distribution, _near_normal_density)
