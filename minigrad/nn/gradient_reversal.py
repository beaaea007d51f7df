"""Gradient reversal."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from .module import Module


class GradientReversal(Module):
    """x, with -factor in the place of the derivative 1; see `functional.gradient_reversal`.

    What comes before it unlearns what is learnt after it: between features and a classifier of
    their domain it makes the features of both domains alike.

    Args:
        factor: lambda; often raised in the course of training, by assigning to it.

    Example:
        >>> import minigrad as mg
        >>> x = mg.tensor([1.0], requires_grad=True)
        >>> mg.nn.GradientReversal(0.1)(3 * x).backward()
        >>> x.grad
        tensor([-0.3])

    Source: Ganin & Lempitsky 2015, "Unsupervised domain adaptation by backpropagation", section 3.
    """

    def __init__(self, factor: float = 1.0) -> None:
        self.factor = factor

    def forward(self, x: Any) -> Any:
        return F.gradient_reversal(x, self.factor)

    def extra_repr(self) -> str:
        return f"{self.factor}"
