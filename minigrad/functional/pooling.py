"""Pooling: the maximum or the mean of each window, channel by channel."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from ..vjps import defvjp, fold, primitive, shifts, unfold
from .framing import frame, unframe
from .windows import Ints, Windows, check_dtype, check_input, per_axis, windows


def max_pool1d(
    x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1
) -> Any:
    """The maximum of each window of a signal; `max_pool2d` with one axis of space.

    Args:
        x: shape (N, C, L), floating-point.
        kernel_size, stride, padding, dilation: as for `max_pool2d`.

    Returns:
        Shape (N, C, L').

    Raises:
        TypeError, ValueError: as `max_pool2d`.

    Example:
        >>> import minigrad.functional as F
        >>> F.max_pool1d(np.array([[[1.0, 3.0, 2.0, 0.0]]]), 2)
        array([[[3., 2.]]])
    """
    return _max_pool("max_pool1d", 1, x, kernel_size, stride, padding, dilation)


def max_pool2d(
    x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1
) -> Any:
    """The maximum of each window of an image, or nan where the window holds one.

    The derivative goes to the first of equal maxima, row by row.

    Args:
        x: shape (N, C, H, W), floating-point.
        kernel_size: k, an integer or one for each axis.
        stride: s, likewise; the kernel size if left out.
        padding: p, likewise, at most half a window; what lies outside is never a maximum.
        dilation: d, likewise.

    Returns:
        Shape (N, C, H', W') with H' = (H + 2 p - d (k - 1) - 1) // s + 1, W' likewise.

    Raises:
        TypeError: x is not floating-point.
        ValueError: the shape or a setting does not fit.

    Example:
        >>> import minigrad.functional as F
        >>> F.max_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)
        array([[[[ 5.,  7.],
                 [13., 15.]]]])

    Source: Ranzato et al. 2007, "Unsupervised learning of invariant feature hierarchies with
    applications to object recognition", section 2.
    """
    return _max_pool("max_pool2d", 2, x, kernel_size, stride, padding, dilation)


def avg_pool1d(
    x: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    count_include_pad: bool = True,
) -> Any:
    """The mean of each window of a signal; `avg_pool2d` with one axis of space.

    Args:
        x: shape (N, C, L), floating-point.
        kernel_size, stride, padding, count_include_pad: as for `avg_pool2d`.

    Returns:
        Shape (N, C, L').

    Raises:
        TypeError, ValueError: as `avg_pool2d`.

    Example:
        >>> import minigrad.functional as F
        >>> F.avg_pool1d(np.array([[[1.0, 3.0, 2.0, 0.0]]]), 2)
        array([[[2., 1.]]])
    """
    return _avg_pool("avg_pool1d", 1, x, kernel_size, stride, padding, count_include_pad)


def avg_pool2d(
    x: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    count_include_pad: bool = True,
) -> Any:
    """The mean of each window of an image.

    Args:
        x: shape (N, C, H, W), floating-point.
        kernel_size: k, an integer or one for each axis.
        stride: s, likewise; the kernel size if left out.
        padding: p zeros at each side, likewise, at most half a window.
        count_include_pad: whether the zeros of the padding count as elements of a window.

    Returns:
        Shape (N, C, H', W') with H' = (H + 2 p - k) // s + 1, W' likewise.

    Raises:
        TypeError: x is not floating-point.
        ValueError: the shape or a setting does not fit.

    Example:
        >>> import minigrad.functional as F
        >>> F.avg_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)
        array([[[[ 2.5,  4.5],
                 [10.5, 12.5]]]])

    Source: LeCun et al. 1998, "Gradient-based learning applied to document recognition", section
    II.B. Deviation: no trained factor and bias.
    """
    return _avg_pool("avg_pool2d", 2, x, kernel_size, stride, padding, count_include_pad)


def pooling_windows(
    name: str, ndim: int, size: Any, stride: Any, padding: Any, dilation: Any = 1
) -> Windows:
    """The windows of pooling, each of which holds an element at least."""
    w = windows(name, ndim, size, size if stride is None else stride, padding, dilation)
    if any(2 * max(p) > e for p, e in zip(w.padding, w.extent, strict=True)):
        raise ValueError(
            f"{name}: padding must be at most half a window, got padding {padding} for a window "
            f"of {w.extent}"
        )
    return w


def _max_pool(
    name: str, ndim: int, x: Any, size: Any, stride: Any, padding: Any, dilation: Any
) -> Any:
    check_input(name, x, ndim)
    w = pooling_windows(name, ndim, size, stride, padding, dilation)
    places = w.places(x.shape[2:], name)
    framed = frame(x, w.padding, -np.inf)
    return unframe(window_max(framed, w.size, places, w.stride, w.dilation))


def _avg_pool(
    name: str, ndim: int, x: Any, size: Any, stride: Any, padding: Any, count_include_pad: bool
) -> Any:
    check_input(name, x, ndim)
    w = pooling_windows(name, ndim, size, stride, padding)
    places = w.places(x.shape[2:], name)
    within = tuple(range(1, 1 + ndim))

    def columns(x: Any) -> Any:
        return unfold(frame(x, w.padding), w.size, places, w.stride, w.dilation)

    if count_include_pad:
        return unframe(columns(x).mean(axis=within))
    counts = columns(np.ones((1, 1, *x.shape[2:]), x.dtype)).sum(axis=within)
    return unframe(columns(x).sum(axis=within) / counts)


@primitive
def window_max(x: Any, size: Ints, places: Ints, stride: Ints, dilation: Ints) -> Any:
    """The maximum of each window: (C, *space, N) -> (C, *places, N)."""
    elements = [x[(slice(None), *s)] for s in shifts(size, places, stride, dilation)]
    return reduce(np.maximum, elements)


def _window_max_rule(
    g: Any, y: Any, x: Any, size: Ints, places: Ints, stride: Ints, dilation: Ints
) -> Any:
    """g, where an element is the first that is not less than the maximum (nan is not less)."""
    columns: list[Any] = []
    free: Any = True  # whether no element before has taken the window's cotangent
    for s in shifts(size, places, stride, dilation):
        less = np.less(x[(slice(None), *s)], y)
        columns.append((g * np.greater(free, less))[None])
        free = np.logical_and(free, less)
    stacked = np.swapaxes(np.concatenate(columns), 0, 1)  # (C, elements, *places, N)
    shape = g.shape[0], *size, *g.shape[1:]
    return fold(stacked.reshape(shape), x.shape[1:-1], stride, dilation)


defvjp(window_max, _window_max_rule)


def adaptive_avg_pool1d(x: Any, output_size: Any) -> Any:
    """The means of so many parts of a signal; `adaptive_avg_pool2d` with one axis of space.

    Args:
        x: shape (N, C, L), floating-point.
        output_size: L', the number of parts; None for L.

    Returns:
        Shape (N, C, L').

    Raises:
        TypeError, ValueError: as `adaptive_avg_pool2d`.

    Example:
        >>> import minigrad.functional as F
        >>> F.adaptive_avg_pool1d(np.array([[[1.0, 3.0, 2.0]]]), 2)
        array([[[2. , 2.5]]])
    """
    return _adaptive_avg_pool("adaptive_avg_pool1d", 1, x, output_size)


def adaptive_avg_pool2d(x: Any, output_size: Any) -> Any:
    """The means of H' by W' parts of an image, whatever its size.

    Part i of n reaches from floor(i H / n) to ceil((i + 1) H / n): neighbours overlap where n does
    not divide H.

    Args:
        x: shape (N, C, H, W), floating-point.
        output_size: the number of parts, an integer or one for each axis; None for as many as
            there are elements.

    Returns:
        Shape (N, C, H', W').

    Raises:
        TypeError: x is not floating-point.
        ValueError: the shape or the size does not fit.

    Example:
        >>> import minigrad.functional as F
        >>> F.adaptive_avg_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), (1, 2))
        array([[[[6.5, 8.5]]]])

    Source: He et al. 2014, "Spatial pyramid pooling in deep convolutional networks for visual
    recognition", section 2.3; limits of the parts as in PyTorch.
    """
    return _adaptive_avg_pool("adaptive_avg_pool2d", 2, x, output_size)


def _adaptive_avg_pool(name: str, ndim: int, x: Any, output_size: Any) -> Any:
    check_input(name, x, ndim)
    if min(x.shape[2:]) < 1:
        raise ValueError(f"{name} needs an element along each axis, got {x.shape}")
    for axis, parts in enumerate(adaptive_sizes(name, output_size, x.shape[2:]), 2):
        x = _means_of_parts(x, axis, parts)
    return x


def adaptive_sizes(name: str, output_size: Any, space: Ints) -> Ints:
    """The number of parts along each axis; None for as many as there are elements."""
    one = not isinstance(output_size, (tuple, list))
    wanted = (output_size,) * len(space) if one else tuple(output_size)
    if len(wanted) == len(space):
        wanted = tuple(have if n is None else n for n, have in zip(wanted, space, strict=True))
    return per_axis(f"{name}: output_size", wanted, len(space))


def _means_of_parts(x: Any, axis: int, parts: int) -> Any:
    n = x.shape[axis]
    if n % parts == 0:
        split = x.reshape(*x.shape[:axis], parts, n // parts, *x.shape[axis + 1 :])
        return split.mean(axis=axis + 1)
    bounds = [(i * n // parts, -(-(i + 1) * n // parts)) for i in range(parts)]
    lead = (slice(None),) * axis
    return np.stack([x[(*lead, slice(*ends))].mean(axis=axis) for ends in bounds], axis)


def global_avg_pool(x: Any) -> Any:
    """The mean of each channel over the whole space.

    Args:
        x: shape (N, C, *space), floating-point, with one axis of space or more.

    Returns:
        Shape (N, C).

    Raises:
        TypeError: x is not floating-point.
        ValueError: there is no axis of space, or nothing in it.

    Example:
        >>> import minigrad.functional as F
        >>> F.global_avg_pool(np.arange(8.0).reshape(1, 2, 2, 2))
        array([[1.5, 5.5]])

    Source: Lin, Chen & Yan 2014, "Network in network", section 3.2.
    """
    check_dtype("global_avg_pool", x)
    if x.ndim < 3 or min(x.shape[2:]) < 1:
        raise ValueError(
            "global_avg_pool takes an input of shape (N, C, *space) with an element along each "
            f"axis of space, got {x.shape}"
        )
    return x.mean(axis=tuple(range(2, x.ndim)))
