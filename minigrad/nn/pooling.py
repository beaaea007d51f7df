"""Pooling layers; each is the function of a similar name in `minigrad.functional`."""

from __future__ import annotations

from typing import Any, ClassVar

from .. import functional as F
from ..functional.pooling import adaptive_sizes, pooling_windows
from .module import Module


class _Pooling(Module):
    """What the layers below share: their settings."""

    ndim: ClassVar[int]
    kernel_size: Any

    def extra_repr(self) -> str:
        usual = {"stride": self.kernel_size, "padding": 0, "dilation": 1, "count_include_pad": True}
        told = [f", {k}={v!r}" for k, v in vars(self).items() if k in usual and v != usual[k]]
        return f"{self.kernel_size}{''.join(told)}"


class _MaxPool(_Pooling):
    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1
    ) -> None:
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.dilation = padding, dilation
        pooling_windows(type(self).__name__, self.ndim, kernel_size, stride, padding, dilation)


class MaxPool1d(_MaxPool):
    """The maximum of each window of a signal; see `functional.max_pool1d`.

    Args:
        kernel_size, stride, padding, dilation: as there.

    Raises:
        TypeError, ValueError: as there; settings are checked when the layer is made.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> mg.nn.MaxPool1d(2)(np.array([[[1.0, 3.0, 2.0, 0.0]]]))
        array([[[3., 2.]]])
    """

    ndim = 1

    def forward(self, x: Any) -> Any:
        return F.max_pool1d(x, self.kernel_size, self.stride, self.padding, self.dilation)


class MaxPool2d(_MaxPool):
    """The maximum of each window of an image; see `functional.max_pool2d`.

    Args:
        kernel_size, stride, padding, dilation: as there.

    Raises:
        TypeError, ValueError: as there; settings are checked when the layer is made.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> mg.nn.MaxPool2d(2)(np.zeros((5, 3, 8, 6))).shape
        (5, 3, 4, 3)
    """

    ndim = 2

    def forward(self, x: Any) -> Any:
        return F.max_pool2d(x, self.kernel_size, self.stride, self.padding, self.dilation)


class _AvgPool(_Pooling):
    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        count_include_pad: bool = True,
    ) -> None:
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.count_include_pad = padding, count_include_pad
        pooling_windows(type(self).__name__, self.ndim, kernel_size, stride, padding)


class AvgPool1d(_AvgPool):
    """The mean of each window of a signal; see `functional.avg_pool1d`.

    Args:
        kernel_size, stride, padding, count_include_pad: as there.

    Raises:
        TypeError, ValueError: as there; settings are checked when the layer is made.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> mg.nn.AvgPool1d(2)(np.array([[[1.0, 3.0, 2.0, 0.0]]]))
        array([[[2., 1.]]])
    """

    ndim = 1

    def forward(self, x: Any) -> Any:
        settings = self.kernel_size, self.stride, self.padding, self.count_include_pad
        return F.avg_pool1d(x, *settings)


class AvgPool2d(_AvgPool):
    """The mean of each window of an image; see `functional.avg_pool2d`.

    Args:
        kernel_size, stride, padding, count_include_pad: as there.

    Raises:
        TypeError, ValueError: as there; settings are checked when the layer is made.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> mg.nn.AvgPool2d(3, stride=2, padding=1)(np.zeros((5, 3, 8, 6))).shape
        (5, 3, 4, 3)
    """

    ndim = 2

    def forward(self, x: Any) -> Any:
        settings = self.kernel_size, self.stride, self.padding, self.count_include_pad
        return F.avg_pool2d(x, *settings)


class _AdaptiveAvgPool(Module):
    ndim: ClassVar[int]

    def __init__(self, output_size: Any) -> None:
        adaptive_sizes(type(self).__name__, output_size, (1,) * self.ndim)
        self.output_size = output_size

    def extra_repr(self) -> str:
        return f"{self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """The means of so many parts of a signal; see `functional.adaptive_avg_pool1d`.

    Args:
        output_size: as there.

    Raises:
        TypeError, ValueError: as there.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> mg.nn.AdaptiveAvgPool1d(2)(np.array([[[1.0, 3.0, 2.0]]]))
        array([[[2. , 2.5]]])
    """

    ndim = 1

    def forward(self, x: Any) -> Any:
        return F.adaptive_avg_pool1d(x, self.output_size)


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """The means of H' by W' parts of an image; see `functional.adaptive_avg_pool2d`.

    Args:
        output_size: as there.

    Raises:
        TypeError, ValueError: as there.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> mg.nn.AdaptiveAvgPool2d((2, None))(np.zeros((5, 3, 7, 9))).shape
        (5, 3, 2, 9)
    """

    ndim = 2

    def forward(self, x: Any) -> Any:
        return F.adaptive_avg_pool2d(x, self.output_size)


class GlobalAvgPool(Module):
    """(N, C, *space) -> (N, C), the mean of each channel; see `functional.global_avg_pool`.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> mg.nn.GlobalAvgPool()(np.ones((1, 2, 3, 3)))
        array([[1., 1.]])
    """

    def forward(self, x: Any) -> Any:
        return F.global_avg_pool(x)
