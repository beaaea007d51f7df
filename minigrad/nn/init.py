"""Initialisers: weights drawn so that signals neither grow nor fade from layer to layer.

A weight has shape (fan_out, fan_in, ...); trailing axes (a convolution's window) multiply both
fans. Each function returns an array; the generator is explicit.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..conversion import get_default_dtype

Array: TypeAlias = npt.NDArray[Any]
Shape: TypeAlias = tuple[int, ...]
DType: TypeAlias = npt.DTypeLike | None


def he_normal(
    shape: Shape, rng: np.random.Generator, gain: float = math.sqrt(2), dtype: DType = None
) -> Array:
    """N(0, gain^2 / fan_in), for ReLU. Also called Kaiming.

    Example:
        >>> from minigrad.nn import init
        >>> init.he_normal((64, 32), np.random.default_rng(0)).shape
        (64, 32)

    Source: He et al. 2015, "Delving deep into rectifiers", equation 10.
    """
    return _normal(shape, rng, gain / math.sqrt(_fans(shape)[0]), dtype)


def he_uniform(
    shape: Shape, rng: np.random.Generator, gain: float = math.sqrt(2), dtype: DType = None
) -> Array:
    """U(-a, a) with a = gain sqrt(3 / fan_in), for ReLU: the variance of `he_normal`.

    Example:
        >>> from minigrad.nn import init
        >>> w = init.he_uniform((100, 6), np.random.default_rng(0))
        >>> bool(np.abs(w).max() <= 1)
        True

    Source: He et al. 2015, "Delving deep into rectifiers", equation 10.
    """
    return _uniform(shape, rng, gain / math.sqrt(_fans(shape)[0]), dtype)


def glorot_normal(
    shape: Shape, rng: np.random.Generator, gain: float = 1.0, dtype: DType = None
) -> Array:
    """N(0, 2 gain^2 / (fan_in + fan_out)), for tanh. Also called Xavier.

    Example:
        >>> from minigrad.nn import init
        >>> init.glorot_normal((64, 32), np.random.default_rng(0)).dtype
        dtype('float32')

    Source: Glorot & Bengio 2010, "Understanding the difficulty of training deep feedforward neural
    networks", equation 12.
    """
    return _normal(shape, rng, gain * math.sqrt(2 / sum(_fans(shape))), dtype)


def glorot_uniform(
    shape: Shape, rng: np.random.Generator, gain: float = 1.0, dtype: DType = None
) -> Array:
    """U(-a, a) with a = gain sqrt(6 / (fan_in + fan_out)), for tanh. Also called Xavier.

    Example:
        >>> from minigrad.nn import init
        >>> w = init.glorot_uniform((4, 2), np.random.default_rng(0))
        >>> bool(np.abs(w).max() <= 1)
        True

    Source: Glorot & Bengio 2010, "Understanding the difficulty of training deep feedforward neural
    networks", equation 16.
    """
    return _uniform(shape, rng, gain * math.sqrt(2 / sum(_fans(shape))), dtype)


def lecun_normal(
    shape: Shape, rng: np.random.Generator, gain: float = 1.0, dtype: DType = None
) -> Array:
    """N(0, gain^2 / fan_in).

    Example:
        >>> from minigrad.nn import init
        >>> init.lecun_normal((64, 32), np.random.default_rng(0)).shape
        (64, 32)

    Source: LeCun et al. 1998, "Efficient backprop", equation 16.
    """
    return _normal(shape, rng, gain / math.sqrt(_fans(shape)[0]), dtype)


def lecun_uniform(
    shape: Shape, rng: np.random.Generator, gain: float = 1.0, dtype: DType = None
) -> Array:
    """U(-a, a) with a = gain sqrt(3 / fan_in).

    Example:
        >>> from minigrad.nn import init
        >>> w = init.lecun_uniform((4, 3), np.random.default_rng(0))
        >>> bool(np.abs(w).max() <= 1)
        True

    Source: LeCun et al. 1998, "Efficient backprop", equation 16.
    """
    return _uniform(shape, rng, gain / math.sqrt(_fans(shape)[0]), dtype)


def fan_in_uniform(shape: Shape, rng: np.random.Generator, dtype: DType = None) -> Array:
    """U(-a, a) with a = 1 / sqrt(fan_in): a third of LeCun's variance, PyTorch's default.

    Example:
        >>> from minigrad.nn import init
        >>> w = init.fan_in_uniform((3, 4), np.random.default_rng(0))
        >>> bool(np.abs(w).max() <= 0.5)
        True

    Source: PyTorch 2, `torch.nn.Linear.reset_parameters`.
    """
    return _uniform(shape, rng, 1 / math.sqrt(3 * _fans(shape)[0]), dtype)


def truncated_normal(
    shape: Shape,
    rng: np.random.Generator,
    mean: float = 0.0,
    std: float = 1.0,
    bound: float = 2.0,
    dtype: DType = None,
) -> Array:
    """N(mean, std^2), without what lies further than `bound` times std from the mean.

    What lies outside is drawn again, so the distribution within keeps its form. With a bound of 2
    its standard deviation is 0.88 std.

    Example:
        >>> from minigrad.nn import init
        >>> w = init.truncated_normal((100,), np.random.default_rng(0), std=0.02)
        >>> bool(np.abs(w).max() <= 0.04)
        True

    Source: Robert 1995, "Simulation of truncated normal variables", section 2.
    """
    if bound <= 0:
        raise ValueError(f"truncated_normal: the bound must be positive, got {bound}")
    x = rng.standard_normal(shape)
    while np.any(outside := np.abs(x) > bound):
        x = np.where(outside, rng.standard_normal(shape), x)
    return _cast(mean + std * x, dtype)


def normal(
    shape: Shape,
    rng: np.random.Generator,
    mean: float = 0.0,
    std: float = 1.0,
    dtype: DType = None,
) -> Array:
    """N(mean, std^2).

    Example:
        >>> from minigrad.nn import init
        >>> init.normal((2, 3), np.random.default_rng(0), std=0.02).shape
        (2, 3)
    """
    return _cast(rng.normal(mean, std, shape), dtype)


def uniform(
    shape: Shape,
    rng: np.random.Generator,
    low: float = 0.0,
    high: float = 1.0,
    dtype: DType = None,
) -> Array:
    """U(low, high).

    Example:
        >>> from minigrad.nn import init
        >>> w = init.uniform((100,), np.random.default_rng(0), -0.1, 0.1)
        >>> bool(np.abs(w).max() <= 0.1)
        True
    """
    return _cast(rng.uniform(low, high, shape), dtype)


def orthogonal(
    shape: Shape, rng: np.random.Generator, gain: float = 1.0, dtype: DType = None
) -> Array:
    """gain Q, with orthonormal rows, or columns if there are fewer; all Q are equally likely.

    The weight counts as a matrix: its first axis against all others.

    Example:
        >>> from minigrad.nn import init
        >>> w = init.orthogonal((2, 3), np.random.default_rng(0), dtype=np.float64)
        >>> bool(np.allclose(w @ w.T, np.eye(2)))
        True

    Source: Saxe, McClelland & Ganguli 2014, "Exact solutions to the nonlinear dynamics of learning
    in deep linear neural networks", section 4; the signs: Mezzadri 2007, "How to generate random
    matrices from the classical compact groups", section 5.
    """
    _fans(shape)
    rows, columns = shape[0], math.prod(shape[1:])
    q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diagonal(r))
    return _cast(gain * (q if rows >= columns else q.T).reshape(shape), dtype)


def identity(
    shape: Shape,
    rng: np.random.Generator | None = None,
    gain: float = 1.0,
    groups: int = 1,
    dtype: DType = None,
) -> Array:
    """gain I: as many features as there are in and out pass unchanged.

    In a convolution's weight the ones stand in the middle of the window; with groups, in each group
    of output channels.

    Example:
        >>> from minigrad.nn import init
        >>> init.identity((2, 3))
        array([[1., 0., 0.],
               [0., 1., 0.]], dtype=float32)
        >>> init.identity((1, 1, 3))
        array([[[0., 1., 0.]]], dtype=float32)

    Source: Le, Jaitly & Hinton 2015, "A simple way to initialize recurrent networks of rectified
    linear units", section 2.
    """
    _fans(shape)
    if groups < 1 or shape[0] % groups:
        raise ValueError(f"identity: {shape[0]} channels do not make {groups} groups")
    weight = np.zeros((groups, shape[0] // groups, *shape[1:]))
    channels = np.arange(min(weight.shape[1:3]))
    middle: Any = tuple(n // 2 for n in shape[2:])
    weight[:, channels, channels, *middle] = gain
    return _cast(weight.reshape(shape), dtype)


def zeros(shape: Shape, rng: np.random.Generator | None = None, dtype: DType = None) -> Array:
    """Zeros, for biases.

    Example:
        >>> from minigrad.nn import init
        >>> init.zeros((2,))
        array([0., 0.], dtype=float32)
    """
    return np.zeros(shape, dtype or get_default_dtype())


def ones(shape: Shape, rng: np.random.Generator | None = None, dtype: DType = None) -> Array:
    """Ones, for the factors of normalising layers.

    Example:
        >>> from minigrad.nn import init
        >>> init.ones((2,))
        array([1., 1.], dtype=float32)
    """
    return np.ones(shape, dtype or get_default_dtype())


def constant(
    shape: Shape, rng: np.random.Generator | None = None, value: float = 0.0, dtype: DType = None
) -> Array:
    """The same value everywhere.

    Example:
        >>> from minigrad.nn import init
        >>> init.constant((2,), value=0.5)
        array([0.5, 0.5], dtype=float32)
    """
    return np.full(shape, value, dtype or get_default_dtype())


def gain(activation: str, slope: float = 0.01) -> float:
    """The gain which makes up for what an activation takes away from a signal's variance.

    Args:
        activation: "linear", "sigmoid", "tanh", "relu", "leaky_relu" or "selu".
        slope: that of a leaky ReLU below 0.

    Raises:
        ValueError: another activation.

    Example:
        >>> from minigrad.nn import init
        >>> w = init.he_normal((64, 32), np.random.default_rng(0), init.gain("leaky_relu", 0.2))
        >>> round(init.gain("leaky_relu", 1.0), 4)
        1.0

    Source: ReLUs: He et al. 2015, "Delving deep into rectifiers", equations 10 and 15; tanh and
    SELU: PyTorch 2, `torch.nn.init.calculate_gain`.
    """
    gains = {
        "linear": 1.0,
        "sigmoid": 1.0,
        "tanh": 5 / 3,
        "relu": math.sqrt(2),
        "leaky_relu": math.sqrt(2 / (1 + slope * slope)),
        "selu": 3 / 4,
    }
    if activation not in gains:
        raise ValueError(
            f"gain: the activation must be one of {', '.join(gains)}; got {activation!r}"
        )
    return gains[activation]


def _fans(shape: Shape) -> tuple[int, int]:
    """(fan_in, fan_out)."""
    if len(shape) < 2:
        raise ValueError(f"fan_in and fan_out need a weight of at least 2 axes, got shape {shape}")
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


def _normal(shape: Shape, rng: np.random.Generator, std: float, dtype: DType) -> Array:
    return normal(shape, rng, 0.0, std, dtype)


def _uniform(shape: Shape, rng: np.random.Generator, std: float, dtype: DType) -> Array:
    """A uniform distribution of this standard deviation reaches sqrt(3) times as far."""
    bound = math.sqrt(3) * std
    return uniform(shape, rng, -bound, bound, dtype)


def _cast(values: Array, dtype: DType) -> Array:
    return values.astype(dtype or get_default_dtype())
