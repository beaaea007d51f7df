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


def _fans(shape: Shape) -> tuple[int, int]:
    """(fan_in, fan_out)."""
    if len(shape) < 2:
        raise ValueError(f"fan_in and fan_out need a weight of at least 2 axes, got shape {shape}")
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


def _normal(shape: Shape, rng: np.random.Generator, std: float, dtype: DType) -> Array:
    return rng.normal(0.0, std, shape).astype(dtype or get_default_dtype())


def _uniform(shape: Shape, rng: np.random.Generator, std: float, dtype: DType) -> Array:
    """A uniform distribution of this standard deviation reaches sqrt(3) times as far."""
    bound = math.sqrt(3) * std
    return rng.uniform(-bound, bound, shape).astype(dtype or get_default_dtype())
