"""Images and signals of another size: each new element from one or two old ones along each axis."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..vjps import defvjp, getitem, primitive
from .windows import Ints, check_input, per_axis

_MODES = ({"nearest", "linear"}, {"nearest", "bilinear"})


def interpolate(
    x: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool = False,
) -> Any:
    """A signal or an image of another size.

    With n elements resampled to m (or by a factor f: m = floor(n f), and 1 / f for n / m below),
    new element i lies at the old place

        nearest:         floor(i n / m)
        linear:          (i + 1/2) n / m - 1/2, and from 0 to n - 1 at the edges
        align_corners:   i (n - 1) / (m - 1)

    and, where that is between two elements, is their mean, weighted by nearness.

    Args:
        x: shape (N, C, L) or (N, C, H, W), floating-point.
        size: the new size, an integer or one for each axis.
        scale_factor: or the factor(s) by which the size changes.
        mode: "nearest", or "linear" for signals, "bilinear" for images.
        align_corners: whether the first and the last elements keep their places (not in "nearest").

    Returns:
        Shape (N, C, *size).

    Raises:
        TypeError: x is not floating-point.
        ValueError: the shape does not fit, an unknown mode, or not just one of size and
            scale_factor.

    Example:
        >>> import minigrad.functional as F
        >>> x = np.array([[[1.0, 3.0]]])
        >>> F.interpolate(x, 4)
        array([[[1., 1., 3., 3.]]])
        >>> F.interpolate(x, scale_factor=2, mode="linear")
        array([[[1. , 1.5, 2.5, 3. ]]])

    Source: conventions as in PyTorch, `torch.nn.functional.interpolate`. Deviation: places are
    computed in float64 for all dtypes.
    """
    ndim = min(max(getattr(x, "ndim", 0) - 2, 1), 2)
    check_input("interpolate", x, ndim)
    if mode not in _MODES[ndim - 1]:
        raise ValueError(
            f"interpolate: mode must be one of {sorted(_MODES[ndim - 1])} for an input of "
            f"{ndim + 2} axes, got {mode!r}"
        )
    check_settings("interpolate", size, scale_factor, mode, align_corners)
    if min(x.shape[2:]) < 1:
        raise ValueError(f"interpolate needs an element along each axis, got {x.shape}")
    sizes, steps = _sizes_and_steps(x.shape[2:], size, scale_factor)
    for axis, (m, step) in enumerate(zip(sizes, steps, strict=True), 2):
        if mode == "nearest":
            places = np.minimum(np.floor(np.arange(m) * step), x.shape[axis] - 1)
            x = rows_at(x, places.astype(np.intp), axis)
        else:
            x = _between_two(x, _places(x.shape[axis], m, step, align_corners), axis)
    return x


def check_settings(name: str, size: Any, scale_factor: Any, mode: str, align_corners: bool) -> None:
    """Refuse settings that fit no input."""
    if (size is None) == (scale_factor is None):
        raise ValueError(f"{name} takes size or scale_factor, got {size} and {scale_factor}")
    if mode not in set().union(*_MODES):
        raise ValueError(f'{name}: mode must be "nearest", "linear" or "bilinear", got {mode!r}')
    if align_corners and mode == "nearest":
        raise ValueError(f'{name}: align_corners=True has no meaning with mode="nearest"')


def _sizes_and_steps(space: Ints, size: Any, scale_factor: Any) -> tuple[Ints, list[float]]:
    """The new size, and how many old elements one step from a new one to the next is."""
    if scale_factor is None:
        sizes = per_axis("interpolate: size", size, len(space))
        return sizes, [n / m for n, m in zip(space, sizes, strict=True)]
    one = not isinstance(scale_factor, (tuple, list))
    factors = (scale_factor,) * len(space) if one else tuple(scale_factor)
    sizes = tuple(math.floor(n * f) for n, f in zip(space, factors, strict=False))
    if len(factors) != len(space) or min(sizes) < 1:
        raise ValueError(
            "interpolate: scale_factor must be a number, or one for each axis, which leaves an "
            f"element of each axis of {space}, got {scale_factor}"
        )
    return sizes, [1 / f for f in factors]


def _places(n: int, m: int, step: float, align_corners: bool) -> Any:
    if align_corners:
        return np.arange(m) * ((n - 1) / (m - 1) if m > 1 else 0.0)
    return np.clip((np.arange(m) + 0.5) * step - 0.5, 0, n - 1)


def _between_two(x: Any, places: Any, axis: int) -> Any:
    """What lies at broken places: (1 - t) times the element before and t times the one after."""
    before = np.minimum(np.floor(places), x.shape[axis] - 1).astype(np.intp)
    after = np.minimum(before + 1, x.shape[axis] - 1)
    column = (-1, *(1,) * (x.ndim - axis - 1))
    t = (places - before).astype(x.dtype).reshape(column)
    return rows_at(x, before, axis) * (1 - t) + rows_at(x, after, axis) * t


@primitive
def rows_at(x: Any, rows: Any, axis: int) -> Any:
    """x[..., rows, ...]: elements along one axis."""
    return getitem(x, (*(slice(None),) * axis, rows))


@primitive
def rows_added(g: Any, rows: Any, axis: int, length: int) -> Any:
    """Zeros of so many rows along an axis, to which g's are added at `rows`.

    Round by round: in each one every row is added to once at most, so that it needs no
    `np.add.at`, which takes a hundred times as long.
    """
    lead = (slice(None),) * axis
    total = np.zeros((*g.shape[:axis], length, *g.shape[axis + 1 :]), g.dtype)
    for places in _rounds(rows):
        total[(*lead, rows[places])] += g[(*lead, places)]
    return total


def _rounds(rows: Any) -> list[Any]:
    """The places of all rows, so divided that no row occurs twice in a part."""
    order = np.argsort(rows, kind="stable")
    ranked = rows[order]
    occurrence = np.arange(len(rows)) - np.searchsorted(ranked, ranked)
    return [order[occurrence == k] for k in range(int(np.max(occurrence, initial=-1)) + 1)]


defvjp(
    rows_at,
    lambda g, y, x, rows, axis: rows_added(g, rows, axis, x.shape[axis]),
    None,
    None,
)
defvjp(rows_added, lambda g, y, g_, rows, axis, length: rows_at(g, rows, axis), None, None, None)
