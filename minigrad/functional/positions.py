"""Positions as numbers that attention can tell apart: waves, and rotations."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ..conversion import get_default_dtype
from ..vjps import defvjp, primitive


def sinusoidal_positions(
    length: int,
    dim: int,
    offset: int = 0,
    base: float = 10_000.0,
    dtype: npt.DTypeLike | None = None,
) -> np.ndarray[Any, Any]:
    """Waves of wavelengths from 2 pi to 2 pi base, sampled at each position.

        P[p, 2 i]     = sin(p / base^(2 i / dim))
        P[p, 2 i + 1] = cos(p / base^(2 i / dim))

    Args:
        length: how many positions.
        dim: the numbers that describe one.
        offset: the first position.
        base: how much longer the longest wave is.
        dtype: of the result; the default dtype if left out.

    Returns:
        Shape (length, dim); one array for all calls of the same arguments, which is read-only.

    Raises:
        ValueError: a length, dimension or offset that is negative, or a base that is not positive.

    Example:
        >>> import minigrad.functional as F
        >>> F.sinusoidal_positions(2, 4).round(3)
        array([[0.   , 1.   , 0.   , 1.   ],
               [0.841, 0.54 , 0.01 , 1.   ]], dtype=float32)

    Source: Vaswani et al. 2017, "Attention is all you need", section 3.5.
    """
    dtype = np.dtype(dtype or get_default_dtype())
    waves: np.ndarray[Any, Any] = _waves(length, dim, offset, base, dtype)
    return waves


@lru_cache(maxsize=64)
def _waves(length: int, dim: int, offset: int, base: float, dtype: Any) -> Any:
    angles = _angles(length, dim, offset, base)
    waves = np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(length, 2 * angles.shape[1])
    return _read_only(waves[:, :dim].astype(dtype))


def rotary(x: Any, offset: int = 0, base: float = 10_000.0) -> Any:
    """Turn each pair of features by an angle that grows with the position.

        y[p, 2 i]     = x[p, 2 i] cos(a) - x[p, 2 i + 1] sin(a)
        y[p, 2 i + 1] = x[p, 2 i] sin(a) + x[p, 2 i + 1] cos(a)
        a             = p / base^(2 i / d)

    Of queries and keys which are turned in this way, the products depend on the distance of their
    positions alone.

    Args:
        x: queries or keys, shape (..., length, d), d even, floating-point.
        offset: the position of the first one: for generation, how many came before.
        base: how much slower the last pair turns.

    Returns:
        The same shape and dtype.

    Raises:
        ValueError: another number of axes, an odd d, a negative offset, or a base that is not
            positive.

    Example:
        >>> import minigrad.functional as F
        >>> F.rotary(np.array([[1.0, 0.0], [1.0, 0.0]])).round(3)
        array([[1.   , 0.   ],
               [0.54 , 0.841]])

    Source: Su et al. 2021, "RoFormer: enhanced transformer with rotary position embedding",
    equation 34. Pairs are neighbours, as there.
    """
    if not hasattr(x, "dtype") or x.dtype.kind != "f" or x.ndim < 2 or x.shape[-1] % 2:
        raise ValueError(
            "rotary takes floating-point queries or keys of shape (..., length, d), d even; "
            f"got {getattr(x, 'dtype', type(x).__name__)} of shape {np.shape(x)}"
        )
    return turned(x, *_cosines(x.shape[-2], x.shape[-1], offset, base, x.dtype))


@lru_cache(maxsize=64)
def _cosines(length: int, dim: int, offset: int, base: float, dtype: Any) -> Any:
    angles = _angles(length, dim, offset, base)
    return tuple(_read_only(f(angles).astype(dtype)) for f in (np.cos, np.sin))


@primitive
def turned(x: Any, cosine: Any, sine: Any) -> Any:
    """Each pair of neighbours (a, b) along the last axis as (a cos - b sin, a sin + b cos)."""
    a, b = x[..., 0::2], x[..., 1::2]
    pairs = np.stack([a * cosine - b * sine, a * sine + b * cosine], axis=-1)
    return pairs.reshape(x.shape)


defvjp(turned, lambda g, y, x, cosine, sine: turned(g, cosine, -sine), None, None)


def _angles(length: int, dim: int, offset: int, base: float) -> Any:
    """The angle of each position in each pair: shape (length, dim / 2, rounded up), float64."""
    if min(length, dim, offset) < 0 or base <= 0:
        raise ValueError(
            "positions need a length, a dimension and an offset of at least 0 and a positive base, "
            f"got {length}, {dim}, {offset} and {base}"
        )
    positions = np.arange(offset, offset + length, dtype=np.float64)
    return positions[:, None] / base ** (np.arange(0, dim, 2) / max(dim, 1))


def _read_only(array: Any) -> Any:
    array.flags.writeable = False
    return array
