"""What the normalising layers are made of: centring, mean squares, scaling and shifting.

Layer, group and batch normalisation, with the running statistics or without, are these few
functions over different axes. The sums go through BLAS, and each rule is as short as its formula.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..vjps import defvjp, primitive
from ..vjps.axes import kept_shape
from ..vjps.detaching import detached
from .sums import count_in, dot_to, mean_over, sum_to

Axis = int | tuple[int, ...]


@primitive
def centred(x: Any, axis: Axis = -1) -> Any:
    """x less its mean over `axis`."""
    return x - mean_over(x, axis)


defvjp(centred, lambda g, y, x, axis=-1: centred(g, axis))  # a projection


@primitive
def mean_square(x: Any, axis: Axis = -1) -> Any:
    """The mean of x^2 over `axis`, which is kept with length 1; the variance of a centred x."""
    shape = kept_shape(x, axis)
    return dot_to(x, x, shape) / count_in(x, shape)


defvjp(
    mean_square,
    lambda g, y, x, axis=-1: g * (2 / count_in(x, kept_shape(x, axis))) * x,
)


@primitive
def inverse_root(v: Any, eps: float) -> Any:
    """1 / sqrt(v + eps)."""
    return 1 / np.sqrt(v + eps)


defvjp(inverse_root, lambda g, y, v, eps: -0.5 * g * y * y * y)


@primitive
def affine(x: Any, factor: Any, shift: Any = None) -> Any:
    """x factor + shift, where both broadcast to x."""
    y = x * factor
    if shift is None:
        return y
    if shift.dtype != y.dtype:
        return y + shift  # in the wider of the two types
    y += shift
    return y


defvjp(
    affine,
    lambda g, y, x, factor, shift=None: g * factor,
    lambda g, y, x, factor, shift=None: dot_to(g, x, factor.shape),
    lambda g, y, x, factor, shift=None: sum_to(g, shift.shape),
)


def statistics(x: Any, variance: Any, axis: Axis) -> tuple[Any, Any]:
    """The mean of x, and an estimate of the variance of what x is a sample of: plain arrays.

    Args:
        x: any shape.
        variance: that of x itself.
        axis: what both are over.
    """
    n = count_in(x, kept_shape(x, axis))
    return mean_over(detached(x), axis), detached(variance) * (n / (n - 1))


def rms_normalize(x: Any, axis: Axis = -1, eps: float = 1e-5) -> Any:
    """x / sqrt(mean(x^2) + eps), the mean being over `axis`.

    Args:
        x: any shape, floating-point.
        axis: an axis, or several.
        eps: what is added to the mean square, so that zeros stay zeros.

    Returns:
        The same shape and dtype.

    Example:
        >>> import minigrad.functional as F
        >>> F.rms_normalize(np.array([3.0, -4.0]), eps=0.0).round(4)
        array([ 0.8485, -1.1314])

    Source: Zhang & Sennrich 2019, "Root mean square layer normalization", equation 4.
    """
    return affine(x, inverse_root(mean_square(x, axis), eps))


def standardize(x: Any, axis: Axis = -1, eps: float = 1e-5) -> Any:
    """(x - mean) / sqrt(variance + eps), mean and variance being those over `axis`.

    The variance is the mean square of the differences from the mean, which were computed first: it
    is right for values far from 0, too.

    Args:
        x: any shape, floating-point.
        axis: an axis, or several.
        eps: what is added to the variance.

    Returns:
        The same shape and dtype.

    Example:
        >>> import minigrad.functional as F
        >>> F.standardize(np.array([[1.0, 3.0], [-5.0, 5.0]]), eps=0.0)
        array([[-1.,  1.],
               [-1.,  1.]])

    Source: Ba, Kiros & Hinton 2016, "Layer normalization", equation 3; Ioffe & Szegedy 2015, "Batch
    normalization", algorithm 1.
    """
    return rms_normalize(centred(x, axis), axis, eps)
