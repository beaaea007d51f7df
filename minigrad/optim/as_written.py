"""Update rules as they are often printed, slips included, to see what a slip does to a run.

They are for study. Each is beside the correct rule of the same name in `minigrad.optim`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import adagrad, adam, gd, rmsprop
from .optimizer import State


class GD(gd.GD):
    """Gradient descent whose learning rate multiplies the new weight.

        theta <- lr (theta - g)

    Every step shrinks the weights to about lr of what they were, wherever the minimum is.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([8.0])
        >>> optimizer = mg.optim.as_written.GD([w], lr=0.25)
        >>> ((w - 8) ** 2).sum().backward()  # at the minimum
        >>> optimizer.step()
        >>> w
        Parameter([2.], requires_grad=True)
    """

    @staticmethod
    def update(theta: Any, g: Any, *, t: int, lr: float) -> State:
        return (lr * (theta - g),)


class AdaGrad(adagrad.AdaGrad):
    """AdaGrad without the square and without the root.

        s     <- s + g
        theta <- theta - lr g / (s + eps)

    Where gradients change their sign s comes close to 0 or below it: the step is then of any length
    and may go uphill; where they do not, steps shrink as 1 / t, not as 1 / sqrt(t).

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0])
        >>> optimizer = mg.optim.as_written.AdaGrad([w], lr=0.5)
        >>> (-w).sum().backward()
        >>> optimizer.step()  # up is the way down, but s = g = -1 turns the sign around
        >>> w
        Parameter([0.5], requires_grad=True)
    """

    @staticmethod
    def update(
        theta: Any,
        g: Any,
        s: Any,
        *,
        t: int,
        lr: float,
        eps: float,
        eps_root: float,
        s0: float,
        lr_decay: float,
    ) -> State:
        s = s + g
        return theta - lr * g / (s + eps), s


class RMSProp(rmsprop.RMSProp):
    """RMSProp with a sum in the place of a product, and without the root.

        s     <- rho s + (1 - rho) + g
        theta <- theta - lr g / (s + eps)

    s is a mean of 1 + g / (1 - rho): the divisor follows the sign of the gradient, so descent turns
    into ascent where the gradient is negative for some steps.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0])
        >>> optimizer = mg.optim.as_written.RMSProp([w], lr=0.25, rho=0.5)
        >>> (-w).sum().backward()
        >>> optimizer.step()  # s = 0.5 - 1
        >>> w
        Parameter([0.5], requires_grad=True)
    """

    @staticmethod
    def update(
        theta: Any, g: Any, s: Any, *, t: int, lr: float, rho: float, eps: float, eps_root: float
    ) -> State:
        s = rho * s + (1 - rho) + g
        return theta - lr * g / (s + eps), s


class Adam(adam.UncorrectedAdam):
    """Adam without bias correction.

        m     <- beta1 m + (1 - beta1) g
        v     <- beta2 v + (1 - beta2) g^2
        theta <- theta - lr m / (sqrt(v) + eps)

    The first steps are 3 to 7 times longer than lr; some hundred steps later nothing is left of it.
    It is `minigrad.optim.UncorrectedAdam`.
    """


class UnsquaredAdam(adam.Adam):
    """Adam without the square, the root and the correction.

        m     <- beta1 m + (1 - beta1) g
        v     <- beta2 v + (1 - beta2) g
        theta <- theta - lr m / (v + eps)

    m and v have the same sign under a constant gradient, whichever that is: theta always goes down.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0])
        >>> optimizer = mg.optim.as_written.UnsquaredAdam([w], lr=0.25, betas=(0.5, 0.5))
        >>> (-w).sum().backward()
        >>> optimizer.step()
        >>> w
        Parameter([0.75], requires_grad=True)
    """

    @staticmethod
    def update(
        theta: Any, g: Any, m: Any, v: Any, *, t: int, lr: float, betas: Any, eps: float
    ) -> State:
        beta1, beta2 = betas
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g
        return theta - lr * m / (v + eps), m, v


class CompoundingAdam(adam.Adam):
    """Adam which keeps the corrected means, and corrects them again in the next step.

        m     <- (beta1 m + (1 - beta1) g) / (1 - beta1^t)
        v     <- (beta2 v + (1 - beta2) g^2) / (1 - beta2^t)
        theta <- theta - lr m / (sqrt(v) + eps)

    With the default betas v grows a hundredfold and more in each step: the run stands still after
    ten of them, and v overflows, in float32 after about 20 steps.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0])
        >>> optimizer = mg.optim.as_written.CompoundingAdam([w], lr=0.25, betas=(0.5, 0.75))
        >>> for _ in range(2):
        ...     optimizer.zero_grad()
        ...     w.sum().backward()
        ...     optimizer.step()
        >>> state = optimizer.state_dict()["state"]["param0"]
        >>> state["m"], state["v"].round(3)  # means of 1
        (array([1.3333334], dtype=float32), array([2.286], dtype=float32))
    """

    @staticmethod
    def update(
        theta: Any, g: Any, m: Any, v: Any, *, t: int, lr: float, betas: Any, eps: float
    ) -> State:
        beta1, beta2 = betas
        m = (beta1 * m + (1 - beta1) * g) / (1 - beta1**t)
        v = (beta2 * v + (1 - beta2) * g * g) / (1 - beta2**t)
        return theta - lr * m / (np.sqrt(v) + eps), m, v
