"""Batch normalisation."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..frames import users_line
from ..functional.framing import frame, unframe
from ..functional.normalization import affine as scaled
from ..functional.normalization import centred, inverse_root, mean_square, statistics
from ..parameter import Parameter
from ..tensor import Array
from ..writes import record_write
from . import init
from .inputs import layer_name, require_floating, wrong_shape
from .module import Module


class _BatchNorm(Module):
    """What batch norms have in common; they differ in the inputs that they take."""

    shapes: ClassVar[dict[int, str]]  # by their number of axes
    running_mean: Array
    running_var: Array
    num_batches_tracked: Array

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
    ) -> None:
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        if num_features < 1:
            raise ValueError(f"{layer_name(self)} needs at least one channel")
        if momentum is not None and not 0 <= momentum <= 1:
            raise ValueError(f"the momentum must lie in [0, 1] or be None, got {momentum}")
        self.weight = Parameter(init.ones((num_features,))) if affine else None
        self.bias = Parameter(init.zeros((num_features,))) if affine else None
        self.track_running_stats = track_running_stats
        if track_running_stats:
            self.register_buffer("running_mean", init.zeros((num_features,)))
            self.register_buffer("running_var", init.ones((num_features,)))
            self.register_buffer("num_batches_tracked", np.array(0))

    def forward(self, x: Any) -> Any:
        self._check(x)
        if x.ndim == 2:
            return self._normalized(x, (0,), (self.num_features,))
        x = frame(x)  # (C, *space, N), as convolutions leave it in memory
        shape = (self.num_features, *(1,) * (x.ndim - 1))
        return unframe(self._normalized(x, tuple(range(1, x.ndim)), shape))

    def _normalized(self, x: Any, axes: tuple[int, ...], shape: tuple[int, ...]) -> Any:
        """x, of which `axes` go over one channel, and `shape` has one number for each of them."""
        if self.training or not self.track_running_stats:
            difference = centred(x, axes)
            variance = mean_square(difference, axes).reshape(shape)
            if self.track_running_stats:
                self._observe(*statistics(x, variance, axes))
        else:
            difference = x - self.running_mean.reshape(shape)
            variance = self.running_var.reshape(shape)
        factor = inverse_root(variance, self.eps)
        if self.weight is None or self.bias is None:
            return scaled(difference, factor)
        return scaled(difference, factor * self.weight.reshape(shape), self.bias.reshape(shape))

    def _observe(self, mean: Any, variance: Any) -> None:
        """Let the running statistics move towards those of a batch."""
        batches = self.num_batches_tracked
        batches += 1
        share = 1 / batches if self.momentum is None else self.momentum
        for running, new in ((self.running_mean, mean), (self.running_var, variance)):
            running *= 1 - share
            running += share * new.reshape(self.num_features)
            record_write(running, users_line())

    def _check(self, x: Any) -> None:
        require_floating(self, x)
        if x.ndim not in self.shapes or x.shape[1] != self.num_features:
            expected = " or ".join(self.shapes.values()).replace("C", str(self.num_features))
            raise wrong_shape(self, expected, x)
        if x.size < 2 * self.num_features and (self.training or not self.track_running_stats):
            raise ValueError(
                f"{layer_name(self)} needs more than one value per channel for a variance, got "
                f"shape {x.shape}; take a larger batch, or eval() to use the running statistics"
            )

    def extra_repr(self) -> str:
        return f"{self.num_features}"


class BatchNorm1d(_BatchNorm):
    """Standardise each channel over the batch, then scale and shift.

        y = (x - mean) / sqrt(variance + eps) w + b

    While training, mean and variance are those of the batch, and running means of both are kept:

        running = (1 - momentum) running + momentum batch

    where the batch's variance is the unbiased one. In evaluation the running ones take their place.

    Args:
        num_features: C.
        eps: what is added to the variance.
        momentum: the weight of the new value; None for the mean of all batches so far.
        affine: whether there are w and b.
        track_running_stats: whether there are running statistics; without, evaluation uses those
            of the batch too.

    Attributes:
        weight, bias: w and b, shape (C,), ones and zeros at first; or None.
        running_mean, running_var: buffers of shape (C,), zeros and ones at first.
        num_batches_tracked: how many batches have gone into them.

    Raises:
        ValueError: num_features below 1, a momentum outside [0, 1]; an input that is not of shape
            (N, C) or (N, C, L); or a batch with fewer than two values per channel.
        TypeError: an input that is not floating-point.

    Example:
        >>> import numpy as np
        >>> from minigrad import nn
        >>> layer = nn.BatchNorm1d(1)
        >>> layer(np.array([[1.0], [5.0]], np.float32)).data.round(3).tolist()
        [[-1.0], [1.0]]
        >>> layer.running_mean, layer.running_var
        (array([0.3], dtype=float32), array([1.7], dtype=float32))

    Source: Ioffe & Szegedy 2015, "Batch normalization", algorithms 1 and 2. Deviation: running
    statistics that decay, as in PyTorch, in the place of a second pass over the training data.
    """

    shapes: ClassVar = {2: "(N, C)", 3: "(N, C, L)"}


class BatchNorm2d(_BatchNorm):
    """Standardise each channel over batch, rows and columns; otherwise as `BatchNorm1d`.

    Args:
        num_features, eps, momentum, affine, track_running_stats: see there.

    Attributes:
        weight, bias, running_mean, running_var, num_batches_tracked: see there.

    Raises:
        ValueError: see there; an input that is not of shape (N, C, H, W).
        TypeError: an input that is not floating-point.

    Example:
        >>> import numpy as np
        >>> from minigrad import nn
        >>> x = np.random.default_rng(0).standard_normal((8, 3, 5, 5))
        >>> y = nn.BatchNorm2d(3)(x).data
        >>> float(np.abs(y.mean((0, 2, 3))).max().round(6)), y.std((0, 2, 3)).round(3).tolist()
        (0.0, [1.0, 1.0, 1.0])

    Source: Ioffe & Szegedy 2015, "Batch normalization", section 3.2.
    """

    shapes: ClassVar = {4: "(N, C, H, W)"}
