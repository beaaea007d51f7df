"""Where windows lie on a signal or an image: the arithmetic that convolutions and pooling share.

In memory, convolutions and pooling keep the examples last, `(C, *space, N)`, whatever the order of
the axes that a person sees: then one window position is a copy of long contiguous rows, all
examples go through one matrix product, and nothing in between has to be transposed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

Ints: TypeAlias = tuple[int, ...]
Widths: TypeAlias = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Windows:
    """Windows of `size` at every `stride`-th place of a padded space.

    Attributes:
        size: elements of a window along each axis of the space.
        stride: steps between neighbouring windows.
        padding: how much is put before and after each axis.
        dilation: steps between neighbouring elements of one window.
    """

    size: Ints
    stride: Ints
    padding: Widths
    dilation: Ints

    @property
    def extent(self) -> Ints:
        """How far a window reaches along each axis, with the gaps that dilation makes."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.size, self.dilation, strict=True))

    def padded(self, space: Ints) -> Ints:
        return tuple(n + sum(p) for n, p in zip(space, self.padding, strict=True))

    def places(self, space: Ints, name: str) -> Ints:
        """The number of windows along each axis; `name` is who asks, for the error."""
        padded = self.padded(space)
        if any(n < e for n, e in zip(padded, self.extent, strict=True)):
            raise ValueError(
                f"{name}: a window of {self.extent} (kernel {self.size}, dilation {self.dilation}) "
                f"does not fit into an input of {space}, padded to {padded}; take a smaller kernel "
                "or more padding"
            )
        rows = zip(padded, self.extent, self.stride, strict=True)
        return tuple((n - e) // s + 1 for n, e, s in rows)

    def spread(self, places: Ints, extra: Ints) -> Ints:
        """The inverse of `places`: the space before padding that has so many windows.

        Several spaces do; `extra` elements are added to the smallest one.
        """
        rows = zip(places, self.stride, self.extent, self.padding, extra, strict=True)
        return tuple((n - 1) * s + e - sum(p) + more for n, s, e, p, more in rows)


def windows(
    name: str, ndim: int, size: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1
) -> Windows:
    """Windows in `ndim` axes, from numbers (alike for all axes) or tuples.

    Args:
        name: who asks, for errors.
        ndim: the number of axes of the space.
        size, stride, dilation: >= 1.
        padding: >= 0 on both sides; "valid" for none; "same" for as many places as elements.
    """
    settings = (tuple(a) if isinstance(a, list) else a for a in (size, stride, padding, dilation))
    return _windows(name, ndim, *settings)


@lru_cache(maxsize=1024)
def _windows(name: str, ndim: int, size: Any, stride: Any, padding: Any, dilation: Any) -> Windows:
    size = per_axis(f"{name}: kernel_size", size, ndim)
    stride = per_axis(f"{name}: stride", stride, ndim)
    dilation = per_axis(f"{name}: dilation", dilation, ndim)
    return Windows(size, stride, _widths(name, size, stride, padding, dilation), dilation)


def _widths(name: str, size: Ints, stride: Ints, padding: Any, dilation: Ints) -> Widths:
    if padding == "valid":
        padding = 0
    if padding == "same":
        if math.prod(stride) != 1:
            raise ValueError(f'{name}: padding="same" needs stride 1, got {stride}; give numbers')
        rows = zip(size, dilation, strict=True)
        return tuple((d * (k - 1) // 2, d * (k - 1) - d * (k - 1) // 2) for k, d in rows)
    if isinstance(padding, str):
        raise ValueError(f'{name}: padding must be numbers, "same" or "valid", got {padding!r}')
    return tuple((p, p) for p in per_axis(f"{name}: padding", padding, len(size), least=0))


def per_axis(what: str, value: Any, ndim: int, least: int = 1) -> Ints:
    """One integer for each axis; a number counts for all of them."""
    values = value if isinstance(value, (tuple, list)) else (value,) * ndim
    if len(values) != ndim or not all(_is_whole(v) and v >= least for v in values):
        raise ValueError(
            f"{what} must be an integer >= {least}, or a tuple of {ndim} of them, got {value!r}"
        )
    return tuple(int(v) for v in values)


def _is_whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def check_input(name: str, x: Any, ndim: int) -> None:
    """Refuse what is not (N, C, *space) of floating-point numbers."""
    check_dtype(name, x)
    if x.ndim != ndim + 2:
        axes = ("N, C, L", "N, C, H, W")[ndim - 1]
        hint = "; add the axis of examples: x[None]" if x.ndim == ndim + 1 else ""
        raise ValueError(f"{name} takes an input of shape ({axes}), got {x.shape}{hint}")


def check_dtype(name: str, x: Any) -> None:
    dtype = getattr(x, "dtype", None)
    if dtype is None or dtype.kind != "f":
        raise TypeError(
            f"{name} takes floating-point numbers, got {dtype or type(x).__name__}; "
            "convert them: x.astype(np.float32)"
        )
