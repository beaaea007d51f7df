"""Convolutional layers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from .. import functional as F
from ..conversion import get_default_dtype
from ..functional.convolution import check_output_padding
from ..functional.windows import per_axis, windows
from ..parameter import Parameter
from ..tensor import Array
from . import init as inits
from .module import Module

Initialiser = Callable[..., Array]
Rng = np.random.Generator | None


class _Convolution(Module):
    """What the layers below share: their settings, the weight and the bias."""

    ndim: ClassVar[int]
    channels_first: ClassVar[str] = "out"  # which ones the weight's first axis stands for

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        *,
        init: Initialiser | None = None,
        rng: Rng = None,
    ) -> None:
        name = type(self).__name__
        if (
            min(in_channels, out_channels, groups) < 1
            or in_channels % groups
            or out_channels % groups
        ):
            raise ValueError(
                f"{name} needs at least one channel in and out, and groups that divide both, got "
                f"{in_channels}, {out_channels}, groups={groups}"
            )
        windows(name, self.ndim, kernel_size, stride, padding, dilation)  # which checks them
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size = per_axis("kernel_size", kernel_size, self.ndim)
        self.stride, self.padding, self.dilation, self.groups = stride, padding, dilation, groups
        pair = (out_channels, in_channels // groups)
        if self.channels_first == "in":
            pair = (in_channels, out_channels // groups)
        shape = (*pair, *self.kernel_size)
        rng = rng or np.random.default_rng()
        self.weight = Parameter((init or inits.fan_in_uniform)(shape, rng))
        bound = 1 / math.sqrt(math.prod(shape[1:])) if init is None else 0.0
        b = rng.uniform(-bound, bound, out_channels).astype(get_default_dtype())
        self.bias = Parameter(b) if bias else None

    def extra_repr(self) -> str:
        usual = {"stride": 1, "padding": 0, "output_padding": 0, "dilation": 1, "groups": 1}
        told = {name: getattr(self, name, default) for name, default in usual.items()}
        options = [f", {k}={v!r}" for k, v in told.items() if v != usual[k]]
        bias = "" if self.bias is not None else ", bias=False"
        size = self.kernel_size if len(set(self.kernel_size)) > 1 else self.kernel_size[0]
        return f"{self.in_channels}, {self.out_channels}, {size}{''.join(options)}{bias}"


class Conv1d(_Convolution):
    """A convolution of signals; see `functional.conv1d` and `Conv2d`.

    Args:
        in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, init, rng:
            as for `Conv2d`, with one axis of space.

    Attributes:
        weight: W, shape (out_channels, in_channels / groups, k).
        bias: b, shape (out_channels,), or None.

    Raises:
        TypeError, ValueError: as `Conv2d`.

    Example:
        >>> import minigrad as mg
        >>> layer = mg.nn.Conv1d(2, 4, 3, padding="same", rng=np.random.default_rng(0))
        >>> layer(np.zeros((5, 2, 10), np.float32)).shape
        (5, 4, 10)
    """

    ndim = 1

    def forward(self, x: Any) -> Any:
        settings = self.stride, self.padding, self.dilation, self.groups
        return F.conv1d(x, self.weight, self.bias, *settings)


class Conv2d(_Convolution):
    """A convolution of images: y = W * x + b; see `functional.conv2d`.

    Args:
        in_channels, out_channels: of x and y.
        kernel_size: of the windows, an integer or one for each axis.
        stride: steps between windows, likewise.
        padding: zeros around the image, likewise; "valid" for none; "same" for an output of the
            image's size.
        dilation: steps between the elements of a window, likewise.
        groups: channels are split into so many groups, each with weights of its own.
        bias: whether there is a b.
        init: draws W, as `init(shape, rng)`; U(-a, a) with a = 1 / sqrt(fan_in) if left out, where
            fan_in = in_channels k_H k_W / groups.
        rng: the generator that W and b are drawn from; a fresh one if left out.

    Attributes:
        weight: W, shape (out_channels, in_channels / groups, k_H, k_W).
        bias: b, shape (out_channels,), or None; U(-a, a), or 0 if `init` is given.

    Raises:
        TypeError: an input that is not floating-point.
        ValueError: settings that do not fit each other; an input that is not of shape
            (N, in_channels, H, W), or smaller than a window.

    Example:
        >>> import minigrad as mg
        >>> layer = mg.nn.Conv2d(1, 6, 5, rng=np.random.default_rng(0))
        >>> layer
        Conv2d(1, 6, 5): 156 parameters: weight (6, 1, 5, 5), bias (6,)
        >>> layer(np.zeros((2, 1, 28, 28), np.float32)).shape
        (2, 6, 24, 24)

    Source: LeCun et al. 1998, "Gradient-based learning applied to document recognition", section
    II.A; the default is PyTorch's, `torch.nn.Conv2d.reset_parameters`.
    """

    ndim = 2

    def forward(self, x: Any) -> Any:
        settings = self.stride, self.padding, self.dilation, self.groups
        return F.conv2d(x, self.weight, self.bias, *settings)


class ConvTranspose2d(_Convolution):
    """A transposed convolution, which makes images larger; see `functional.conv_transpose2d`.

    Args:
        in_channels, out_channels: of x and y.
        kernel_size: an integer or one for each axis.
        stride: how far apart neighbouring pixels of x come to lie in y, likewise.
        padding: how much is cut off at each side, likewise.
        output_padding: how much larger than the smallest possible the result is, likewise.
        groups: channels are split into so many groups, each with weights of its own.
        bias: whether there is a b.
        dilation: steps between the elements of a window, likewise.
        init, rng: as for `Conv2d`; fan_in = out_channels k_H k_W / groups here, as in PyTorch.

    Attributes:
        weight: W, shape (in_channels, out_channels / groups, k_H, k_W).
        bias: b, shape (out_channels,), or None.

    Raises:
        TypeError: an input that is not floating-point.
        ValueError: settings that do not fit each other; an input that is not of shape
            (N, in_channels, H, W).

    Example:
        >>> import minigrad as mg
        >>> layer = mg.nn.ConvTranspose2d(8, 3, 4, stride=2, padding=1)
        >>> layer(np.zeros((2, 8, 7, 7), np.float32)).shape
        (2, 3, 14, 14)

    Source: Zeiler et al. 2010, "Deconvolutional networks"; the default is PyTorch's.
    """

    ndim = 2
    channels_first = "in"

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        *,
        init: Initialiser | None = None,
        rng: Rng = None,
    ) -> None:
        w = windows("ConvTranspose2d", self.ndim, kernel_size, stride, padding, dilation)
        check_output_padding("ConvTranspose2d", w, output_padding)
        self.output_padding = output_padding
        settings = kernel_size, stride, padding, dilation, groups, bias
        super().__init__(in_channels, out_channels, *settings, init=init, rng=rng)

    def forward(self, x: Any) -> Any:
        settings = self.stride, self.padding, self.output_padding, self.groups, self.dilation
        return F.conv_transpose2d(x, self.weight, self.bias, *settings)
