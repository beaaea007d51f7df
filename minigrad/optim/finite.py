"""Checks that name what became infinite or NaN, before it spreads."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..vjps import primitive
from .naming import named
from .persistent import section, weights_of


class NotFiniteError(FloatingPointError):
    """Something is infinite or NaN.

    Attributes:
        what: its name in words: "the gradient of hidden.weight".
        value: the first number in it that is not finite.
    """

    def __init__(self, what: str, array: Any) -> None:
        array = np.asarray(array)
        bad = np.argwhere(~np.isfinite(array))
        first = tuple(bad[0].tolist())
        self.what, self.value = what, float(array[first])
        super().__init__(
            f"{what}, shape {array.shape}: {len(bad)} of {array.size} numbers are not finite, "
            f"first {self.value} at index {first}"
        )


@primitive
def require_finite(array: Any, what: str) -> int:
    """The size of an array in which every number is finite.

    Args:
        array: of any shape.
        what: what the error calls it.

    Raises:
        NotFiniteError: a number is infinite or NaN.
    """
    if not np.all(np.isfinite(array)):
        raise NotFiniteError(what, array)
    return int(np.size(array))


require_finite.has_effect = True  # type: ignore[attr-defined]  # programs keep the check


def check_finite(parameters: Any) -> None:
    """Require that all weights are finite, and all gradients that exist.

    Called between `backward` and `step`, it ends a training run at the step that goes wrong, with
    the name of the layer, and before the optimizer has spread the damage to every weight. Inside
    `mg.compile` the program makes the same check at each call.

    Args:
        parameters: a module, an optimizer, parameters, or (name, parameter) pairs.

    Raises:
        NotFiniteError: (a FloatingPointError) names the first weight or gradient that is not
            finite, its shape, how many of its numbers are not, and the first index.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0, 4.0])
        >>> w.grad = mg.tensor([0.5, float("inf")])
        >>> try:
        ...     mg.optim.check_finite([("w", w)])
        ... except FloatingPointError as error:
        ...     print(error)
        the gradient of w, shape (2,): 1 of 2 numbers are not finite, first inf at index (1,)
    """
    with section("check"):
        for name, p in named(parameters):
            require_finite(weights_of(p), f"the weight {name}")
            if p.grad is not None:
                require_finite(p.grad._data, f"the gradient of {name}")
