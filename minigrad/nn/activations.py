"""Activations as modules; each is the function of the same name in `minigrad.functional`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import functional as F
from ..conversion import get_default_dtype
from ..parameter import Parameter
from .module import Module


class Identity(Module):
    """x."""

    def forward(self, x: Any) -> Any:
        return x


class ReLU(Module):
    """max(x, 0); see `functional.relu`."""

    def forward(self, x: Any) -> Any:
        return F.relu(x)


class LeakyReLU(Module):
    """x where x > 0, else negative_slope x; see `functional.leaky_relu`."""

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = negative_slope

    def forward(self, x: Any) -> Any:
        return F.leaky_relu(x, self.negative_slope)

    def extra_repr(self) -> str:
        return f"{self.negative_slope}"


class PReLU(Module):
    """x where x > 0, else a slope, which is learnt, times x; see `functional.prelu`.

    Args:
        num_parameters: how many slopes: 1, or the number of channels.
        init: the value of the slopes at first.

    Attributes:
        weight: the slopes, shape (num_parameters,).

    Raises:
        ValueError: no slope, or an input with another number of channels.
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25) -> None:
        if num_parameters < 1:
            raise ValueError(f"PReLU needs at least one slope, got {num_parameters}")
        self.weight = Parameter(np.full(num_parameters, init, get_default_dtype()))

    def forward(self, x: Any) -> Any:
        return F.prelu(x, self.weight)

    def extra_repr(self) -> str:
        return f"{self.weight.size}"


class ELU(Module):
    """x where x > 0, else alpha (exp(x) - 1); see `functional.elu`."""

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def forward(self, x: Any) -> Any:
        return F.elu(x, self.alpha)

    def extra_repr(self) -> str:
        return f"{self.alpha}"


class GELU(Module):
    """x Phi(x); see `functional.gelu`."""

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = approximate

    def forward(self, x: Any) -> Any:
        return F.gelu(x, self.approximate)

    def extra_repr(self) -> str:
        return "" if self.approximate == "none" else repr(self.approximate)


class SiLU(Module):
    """x sigmoid(x); see `functional.silu`."""

    def forward(self, x: Any) -> Any:
        return F.silu(x)


class Mish(Module):
    """x tanh(softplus(x)); see `functional.mish`."""

    def forward(self, x: Any) -> Any:
        return F.mish(x)


class LogSigmoid(Module):
    """log(1 / (1 + exp(-x))); see `functional.log_sigmoid`."""

    def forward(self, x: Any) -> Any:
        return F.log_sigmoid(x)


class Softplus(Module):
    """log(1 + exp(x)); see `functional.softplus`."""

    def forward(self, x: Any) -> Any:
        return F.softplus(x)


class Sigmoid(Module):
    """1 / (1 + exp(-x)); see `functional.sigmoid`."""

    def forward(self, x: Any) -> Any:
        return F.sigmoid(x)


class Tanh(Module):
    """The hyperbolic tangent."""

    def forward(self, x: Any) -> Any:
        return np.tanh(x)


class Softmax(Module):
    """exp(x_i) / sum_j exp(x_j) along `axis`; see `functional.softmax`."""

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        return F.softmax(x, axis=self.axis)


class LogSoftmax(Module):
    """log softmax(x) along `axis`; see `functional.log_softmax`."""

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        return F.log_softmax(x, axis=self.axis)
