"""The rules of functions of neighbouring elements: differences, convolutions, sliding windows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .axes import as_array, axes_of, position
from .indexing import scatter_add
from .registry import defcomposite, defvjp, defvjp_each, primitive


def _along(axis: int, part: Any) -> tuple[Any, ...]:
    """The index that takes a part of one axis, counted from 0."""
    return (*(slice(None),) * axis, part)


# Differences.


def _diff(x: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    if n < 0:
        raise ValueError(f"diff: the order must not be negative, got n={n}")
    axis = position(axis, x.ndim)
    edge = tuple(1 if a == axis else length for a, length in enumerate(x.shape))
    ends = [e if e is None or np.ndim(e) else np.broadcast_to(e, edge) for e in (prepend, append)]
    parts = [p for p in (ends[0], x, ends[1]) if p is not None]
    x = np.concatenate(parts, axis) if len(parts) > 1 else x
    for _ in range(n):
        x = x[_along(axis, slice(1, None))] - x[_along(axis, slice(-1))]
    return x


def _ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    ends = [None if e is None else np.ravel(as_array(e)) for e in (to_begin, to_end)]
    parts = [p for p in (ends[0], np.diff(np.ravel(ary)), ends[1]) if p is not None]
    return np.concatenate([p.astype(ary.dtype) for p in parts])


def _trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The widths times the means of each two neighbours, summed."""
    y = as_array(y)
    axis = position(axis, y.ndim)
    if x is not None:
        dx = np.diff(as_array(x), axis=axis if np.ndim(x) > 1 else -1)
        dx = dx if np.ndim(x) > 1 else dx.reshape((-1, *(1,) * (y.ndim - axis - 1)))
    pairs = y[_along(axis, slice(1, None))] + y[_along(axis, slice(-1))]
    return np.add.reduce(dx * pairs / 2.0, axis)


def _gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Second-order differences within, and of `edge_order` at the two ends of each axis."""
    axes = axes_of(f, axis)
    spacings = varargs * len(axes) if len(varargs) == 1 else varargs or (1.0,) * len(axes)
    if len(spacings) != len(axes) or edge_order not in (1, 2):
        raise TypeError(
            f"gradient: expected one spacing for all or for each of {len(axes)} axes and an "
            f"edge_order of 1 or 2, got {len(varargs)} spacings and edge_order={edge_order}"
        )
    results = tuple(_slope(f, h, a, edge_order) for h, a in zip(spacings, axes, strict=True))
    return results[0] if len(axes) == 1 else results


def _slope(f: Any, spacing: Any, axis: int, edge_order: int) -> Any:
    """df / dx along one axis; `spacing` is a number, or the coordinates x themselves."""
    n = f.shape[axis]
    if n < edge_order + 1 or (np.ndim(spacing) and len(spacing) != n):
        raise ValueError(
            f"gradient: axis {axis} has {n} elements; edge_order={edge_order} needs "
            f"{edge_order + 1} or more, and coordinates as many as there are"
        )

    def at(i: Any) -> Any:
        return f[_along(axis, i if isinstance(i, slice) else slice(i, i + 1 or None))]

    if np.ndim(spacing):
        widths = np.reshape(np.diff(as_array(spacing)), (-1, *(1,) * (f.ndim - axis - 1)))
        inner, first, last = _uneven(at, widths, edge_order)
    else:
        inner, first, last = _even(at, spacing, edge_order)
    return np.concatenate([first, inner, last], axis).astype(f.dtype)


def _even(at: Any, h: Any, edge_order: int) -> tuple[Any, Any, Any]:
    inner = (at(slice(2, None)) - at(slice(-2))) / (2.0 * h)
    if edge_order == 1:
        return inner, (at(1) - at(0)) / h, (at(-1) - at(-2)) / h
    first = -1.5 / h * at(0) + 2.0 / h * at(1) + -0.5 / h * at(2)
    return inner, first, 0.5 / h * at(-3) + -2.0 / h * at(-2) + 1.5 / h * at(-1)


def _uneven(at: Any, widths: Any, edge_order: int) -> tuple[Any, Any, Any]:
    """The derivative of the parabola through three neighbours.

    Widths that happen to be equal get no formula of their own, other than in NumPy, which rounds
    that case otherwise: it would be a branch on values.
    """
    h, k = widths[:-1], widths[1:]
    inner = (
        -k / (h * (h + k)) * at(slice(-2))
        + (k - h) / (h * k) * at(slice(1, -1))
        + h / (k * (h + k)) * at(slice(2, None))
    )
    if edge_order == 1:
        return inner, (at(1) - at(0)) / widths[0], (at(-1) - at(-2)) / widths[-1]
    h, k = widths[0], widths[1]
    first = (
        -(2.0 * h + k) / (h * (h + k)) * at(0)
        + (h + k) / (h * k) * at(1)
        + -h / (k * (h + k)) * at(2)
    )
    h, k = widths[-2], widths[-1]
    last = (
        k / (h * (h + k)) * at(-3)
        + -(k + h) / (h * k) * at(-2)
        + (2.0 * k + h) / (k * (h + k)) * at(-1)
    )
    return inner, first, last


def _interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None) -> Any:
    """The line through the two points around x; beyond the points a constant."""
    x, xp, fp = (as_array(a).astype(np.float64) for a in (x, xp, fp))
    if xp.size < 2:
        raise ValueError(f"interp on tensors needs two points or more, got {xp.size}")
    i = np.clip(np.searchsorted(xp, x, side="right") - 1, 0, xp.size - 2)
    slope = (fp[i + 1] - fp[i]) / (xp[i + 1] - xp[i])
    y = np.where(x >= xp[-1], fp[-1], slope * (x - xp[i]) + fp[i])
    y = np.where(x < xp[0], fp[0] if left is None else left, y)
    return y if right is None else np.where(x > xp[-1], right, y)


defcomposite(np.diff, _diff)
defcomposite(np.ediff1d, _ediff1d)
defcomposite(np.trapezoid, _trapezoid)
defcomposite(np.gradient, _gradient)
defcomposite(np.interp, _interp)

# Convolutions of two sequences.


def _in_full(g: Any, a: Any, v: Any, before: int) -> Any:
    """g between zeros, where the output lies among all n + m - 1 sums of products."""
    return scatter_add(g, slice(before, before + g.size), (np.size(a) + np.size(v) - 1,))


def _convolve_rule(i: int, g: Any, y: Any, a: Any, v: Any, mode: str = "full") -> Any:
    full = _in_full(g, a, v, (np.size(a) + np.size(v) - 1 - y.size) // 2)
    x, other = (a, v) if i == 0 else (v, a)
    return np.correlate(full, np.ravel(other), "valid").reshape(x.shape)


def _correlate_rule(i: int, g: Any, y: Any, a: Any, v: Any, mode: str = "valid") -> Any:
    """A correlation with v is a convolution with v reversed; the odd place lies at the longer."""
    outside = np.size(a) + np.size(v) - 1 - y.size
    full = _in_full(g, a, v, outside // 2 if np.size(a) >= np.size(v) else outside - outside // 2)
    if i == 0:
        return np.convolve(full, np.ravel(v), "valid").reshape(a.shape)
    return np.flip(np.correlate(full, np.ravel(a), "valid")).reshape(v.shape)


defvjp_each(np.convolve, _convolve_rule)
defvjp_each(np.correlate, _correlate_rule)

# Sliding windows.


@primitive
def overlap_add(g: Any, shape: tuple[int, ...], window_shape: Any, axis: Any = None) -> Any:
    """Zeros of `shape`, with windows added where `sliding_window_view` takes them."""
    total = np.zeros(shape, g.dtype)
    windows = sliding_window_view(total, window_shape, axis, writeable=True)
    for place in np.ndindex(windows.shape[total.ndim :]):  # the places that never meet
        windows[(..., *place)] += g[(..., *place)]
    return total


defvjp(
    sliding_window_view,
    lambda g, y, x, window_shape, axis=None: overlap_add(g, x.shape, window_shape, axis),
)
defvjp(
    overlap_add,
    lambda g, y, x, shape, window_shape, axis=None: sliding_window_view(g, window_shape, axis),
)
