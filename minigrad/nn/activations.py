"""Activations as modules; each is the function of the same name in `minigrad.functional`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import functional as F
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
