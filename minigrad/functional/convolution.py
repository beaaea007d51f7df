"""Convolutions: windows as columns, and one matrix product."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..vjps import defvjp, fold, primitive, unfold
from .framing import frame, unframe
from .sums import sum_to
from .windows import Ints, Windows, check_input, per_axis, windows


def conv1d(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """The sliding product of a signal with a weight; `conv2d` with one axis of space.

    Args:
        x: shape (N, C_in, L), floating-point.
        weight: W, shape (C_out, C_in / groups, k).
        bias: b, shape (C_out,); or None.
        stride, padding, dilation, groups: as for `conv2d`.

    Returns:
        Shape (N, C_out, L').

    Raises:
        TypeError, ValueError: as `conv2d`.

    Example:
        >>> import minigrad.functional as F
        >>> x = np.array([[[1.0, 2.0, 4.0, 7.0]]])
        >>> F.conv1d(x, np.array([[[-1.0, 1.0]]]))
        array([[[1., 2., 3.]]])
    """
    return _convolve("conv1d", 1, x, weight, bias, stride, padding, dilation, groups)


def conv2d(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """The sliding product of an image with a weight (a cross-correlation).

        y[n, o, i, j] = b[o] + sum_{c,u,v} W[o, c, u, v] x[n, c, s i + d u - p, s j + d v - p]

    with stride s, dilation d, padding p, and x = 0 outside of the image.

    Args:
        x: shape (N, C_in, H, W), floating-point.
        weight: W, shape (C_out, C_in / groups, k_H, k_W).
        bias: b, shape (C_out,); or None.
        stride: s, an integer or one for each axis.
        padding: p, likewise; "valid" for none; "same" for as many places as there are pixels
            (stride 1 only; an odd pixel comes after the image).
        dilation: d, likewise.
        groups: channels are split into so many groups, each with weights of its own.

    Returns:
        Shape (N, C_out, H', W') with H' = (H + 2 p - d (k - 1) - 1) // s + 1, W' likewise.

    Raises:
        TypeError: x is not floating-point.
        ValueError: shapes or settings do not fit.

    Example:
        >>> import minigrad.functional as F
        >>> x = np.arange(9.0).reshape(1, 1, 3, 3)
        >>> F.conv2d(x, np.ones((1, 1, 2, 2)))
        array([[[[ 8., 12.],
                 [20., 24.]]]])

    Source: LeCun et al. 1998, "Gradient-based learning applied to document recognition", section
    II.A; as a matrix product: Chellapilla, Puri & Simard 2006, "High performance convolutional
    neural networks for document processing", section 2.1.
    """
    return _convolve("conv2d", 2, x, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """The transpose of `conv1d`; `conv_transpose2d` with one axis of space.

    Args:
        x: shape (N, C_in, L), floating-point.
        weight: W, shape (C_in, C_out / groups, k).
        bias: b, shape (C_out,); or None.
        stride, padding, output_padding, groups, dilation: as for `conv_transpose2d`.

    Returns:
        Shape (N, C_out, L').

    Raises:
        TypeError, ValueError: as `conv_transpose2d`.

    Example:
        >>> import minigrad.functional as F
        >>> F.conv_transpose1d(np.array([[[1.0, 2.0]]]), np.array([[[1.0, 10.0]]]), stride=2)
        array([[[ 1., 10.,  2., 20.]]])
    """
    return _convolve_transposed(
        "conv_transpose1d", 1, x, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose2d(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """The transpose of `conv2d`: each pixel adds a multiple of the weight to the result.

    As a linear map it is the derivative of a convolution of the same weight and settings.

    Args:
        x: shape (N, C_in, H, W), floating-point.
        weight: W, shape (C_in, C_out / groups, k_H, k_W).
        bias: b, shape (C_out,); or None.
        stride: s, an integer or one for each axis.
        padding: p, how much is cut off at each side, likewise.
        output_padding: a, how much larger than the smallest possible the result is, likewise;
            less than the stride or the dilation.
        groups: channels are split into so many groups, each with weights of its own.
        dilation: d, likewise.

    Returns:
        Shape (N, C_out, H', W') with H' = (H - 1) s - 2 p + d (k - 1) + 1 + a, W' likewise.

    Raises:
        TypeError: x is not floating-point.
        ValueError: shapes or settings do not fit.

    Example:
        >>> import minigrad.functional as F
        >>> F.conv_transpose2d(np.ones((1, 1, 2, 2)), np.ones((1, 1, 2, 2)))
        array([[[[1., 2., 1.],
                 [2., 4., 2.],
                 [1., 2., 1.]]]])

    Source: Zeiler et al. 2010, "Deconvolutional networks"; Dumoulin & Visin 2016, "A guide to
    convolution arithmetic for deep learning", section 4.
    """
    return _convolve_transposed(
        "conv_transpose2d", 2, x, weight, bias, stride, padding, output_padding, groups, dilation
    )


def _convolve(
    name: str, ndim: int, x: Any, weight: Any, bias: Any,
    stride: Any, padding: Any, dilation: Any, groups: int,
) -> Any:  # fmt: skip
    check_input(name, x, ndim)
    _check_weight(name, x, weight)
    n_out, n = weight.shape[0], x.shape[0]
    _check_channels(name, x, weight, bias, groups, weight.shape[1] * groups, n_out)
    w = windows(name, ndim, weight.shape[2:], stride, padding, dilation)
    places = w.places(x.shape[2:], name)
    columns = unfold(frame(x, w.padding), w.size, places, w.stride, w.dilation)
    y = weighted_sums(
        weight.reshape(groups, n_out // groups, -1),
        columns.reshape(groups, weight.size // n_out, math.prod(places) * n),
        None if bias is None else bias.reshape(groups, n_out // groups, 1),
    )
    return unframe(y.reshape(n_out, *places, n))


def _convolve_transposed(
    name: str, ndim: int, x: Any, weight: Any, bias: Any,
    stride: Any, padding: Any, output_padding: Any, groups: int, dilation: Any,
) -> Any:  # fmt: skip
    check_input(name, x, ndim)
    _check_weight(name, x, weight)
    n_in, n_out, (n, _, *places) = weight.shape[0], weight.shape[1] * groups, x.shape
    _check_channels(name, x, weight, bias, groups, n_in, n_out)
    w = windows(name, ndim, weight.shape[2:], stride, padding, dilation)
    space = _transposed_space(name, w, tuple(places), output_padding)
    columns = weighted_sums(
        _transposed(weight.reshape(groups, n_in // groups, -1)),
        frame(x).reshape(groups, n_in // groups, math.prod(places) * n),
    )
    columns = columns.reshape(n_out, *w.size, *places, n)
    y = unframe(fold(columns, w.padded(space), w.stride, w.dilation), w.padding)
    return y if bias is None else y + bias.reshape(n_out, *(1,) * ndim)


def check_output_padding(name: str, w: Windows, output_padding: Any) -> Ints:
    """It chooses among the spaces that have equally many windows, for each axis."""
    extra = per_axis(f"{name}: output_padding", output_padding, len(w.size), least=0)
    if any(a >= max(s, d) for a, s, d in zip(extra, w.stride, w.dilation, strict=True)):
        raise ValueError(
            f"{name}: output_padding must be less than the stride or the dilation, "
            f"got {extra} with stride {w.stride} and dilation {w.dilation}"
        )
    return extra


def _transposed_space(name: str, w: Windows, places: Ints, output_padding: Any) -> Ints:
    space = w.spread(places, check_output_padding(name, w, output_padding))
    if min(space) < 1 or min(places) < 1:
        raise ValueError(
            f"{name}: an input of {places} with padding {w.padding} would become {space}; "
            "every axis needs an element before and after"
        )
    return space


def _check_weight(name: str, x: Any, weight: Any) -> None:
    if weight.ndim != x.ndim:
        raise ValueError(f"{name}: the weight must have {x.ndim} axes, got shape {weight.shape}")


def _check_channels(
    name: str, x: Any, weight: Any, bias: Any, groups: int, n_in: int, n_out: int
) -> None:
    if min(groups, n_in, n_out) < 1 or n_in % groups or n_out % groups:
        raise ValueError(
            f"{name}: groups must divide the channels, got {n_in} in, {n_out} out, {groups} groups"
        )
    if x.shape[1] != n_in:
        raise ValueError(
            f"{name}: a weight of shape {weight.shape} with groups={groups} takes inputs of "
            f"{n_in} channels, got {x.shape}, which has {x.shape[1]}"
        )
    if bias is not None and np.shape(bias) != (n_out,):
        raise ValueError(f"{name}: the bias must have shape ({n_out},), got {np.shape(bias)}")


@primitive
def weighted_sums(weight: Any, columns: Any, bias: Any = None) -> Any:
    """W c + b, for each group: (G, O, K), (G, K, L), (G, O, 1) -> (G, O, L)."""
    sums = np.matmul(weight, columns)
    if bias is None:
        return sums
    if bias.dtype != sums.dtype:
        return sums + bias  # in the wider of the two types
    sums += bias
    return sums


@primitive
def sums_of_products(a: Any, b: Any) -> Any:
    """a b^T, for each group: (G, O, L), (G, K, L) -> (G, O, K)."""
    if a.shape[1] < b.shape[1]:  # BLAS is twice as quick with the larger one in front
        return np.swapaxes(sums_of_products(b, a), 1, 2)
    cut = _cut(a.shape[2], a.shape[1] * b.shape[1])
    a, b = (np.swapaxes(t.reshape(*t.shape[:2], cut, -1), 1, 2) for t in (a, b))
    return np.add.reduce(np.matmul(a, np.swapaxes(b, 2, 3)), axis=1)


_SMALL = 1_000_000  # multiplications, up to which OpenBLAS has a quick way for small matrices


def _cut(length: int, size: int) -> int:
    """Into how many equal parts long rows are cut for a product of few (`size`) results.

    OpenBLAS does not share out the length of the rows between threads, nor cut it to fit its
    caches: (6, 36864) times (36864, 25) takes five times as long as 6 products of the parts.
    """
    longest = _SMALL // size if size else 0
    if not 1024 <= longest < length:
        return 1
    fewest = -(-length // longest)
    return next((n for n in range(fewest, 4 * fewest) if length % n == 0), 1)


def _transposed(weight: Any) -> Any:
    return np.swapaxes(weight, 1, 2)


defvjp(
    weighted_sums,
    lambda g, y, weight, columns, bias=None: sums_of_products(g, columns),
    lambda g, y, weight, columns, bias=None: weighted_sums(_transposed(weight), g),
    lambda g, y, weight, columns, bias=None: sum_to(g, bias.shape),
)
defvjp(
    sums_of_products,
    lambda g, y, a, b: weighted_sums(g, b),
    lambda g, y, a, b: weighted_sums(_transposed(g), a),
)
