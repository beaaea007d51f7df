"""The function that lets everything pass and turns gradients round."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..vjps import defvjp, primitive


@primitive
def gradient_reversal(x: Any, factor: float = 1.0) -> Any:
    """x, with -factor in the place of the derivative 1.

    Args:
        x: any shape, floating-point.
        factor: lambda; 0 lets no gradient through.

    Returns:
        The same numbers.

    Example:
        >>> import minigrad as mg
        >>> import minigrad.functional as F
        >>> x = mg.tensor([2.0, 3.0], requires_grad=True)
        >>> mg.grad((F.gradient_reversal(x, 0.5) ** 2).sum(), x)
        tensor([-2., -3.])

    Source: Ganin & Lempitsky 2015, "Unsupervised domain adaptation by backpropagation", equations
    7 and 8.
    """
    return np.positive(x)


defvjp(gradient_reversal, lambda g, y, x, factor=1.0: g * -factor)
