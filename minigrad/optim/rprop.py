"""Rprop: step lengths that grow and shrink by the sign of the gradient alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from .optimizer import Optimizer, Parameters, State


class Rprop(Optimizer):
    """Resilient backpropagation: each number has a step of its own, whatever the gradient's size.

        step_size <- eta_plus step_size       where g has the sign of g_last
        step_size <- eta_minus step_size      where it has the other sign, and g <- 0 there
        theta     <- theta - sign(g) step_size

    A change of sign means that a minimum was jumped over; that number then rests for a step. For
    gradients over the whole data set: on mini-batches signs change at random, and steps vanish.

    Args:
        params: parameters, (name, parameter) pairs, or groups; see `Optimizer`.
        lr: the steps at first. Changing it later has no effect.
        etas: (eta_minus, eta_plus), the factors on a step.
        step_sizes: (smallest, largest) step.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0, 100.0])
        >>> optimizer = mg.optim.Rprop([w], lr=0.5)
        >>> for _ in range(2):
        ...     optimizer.zero_grad()
        ...     (w**2).sum().backward()
        ...     optimizer.step()
        >>> w.data.round(3)  # the second step is 1.2 * 0.5, if the first did not reach the minimum
        array([-0.1, 98.9], dtype=float32)

    Source: Riedmiller & Braun 1993, "A direct adaptive method for faster backpropagation learning:
    the RPROP algorithm". Deviation: a step that jumped too far is not taken back, which is iRprop-
    of Igel & Huesken 2000, "Improving the Rprop learning algorithm", and PyTorch's form.
    """

    slots = ("g_last", "step_size")

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50.0),
        **options: Any,
    ) -> None:
        super().__init__(params, lr=lr, etas=etas, step_sizes=step_sizes, **options)

    @staticmethod
    def init(theta: Any, **hyper: Any) -> State:
        return np.zeros_like(theta), np.full_like(theta, hyper["lr"])

    @staticmethod
    def update(
        theta: Any,
        g: Any,
        g_last: Any,
        step_size: Any,
        *,
        t: int,
        lr: float,
        etas: Any,
        step_sizes: Any,
    ) -> State:
        (eta_minus, eta_plus), (smallest, largest) = etas, step_sizes
        agreement = np.sign(g) * np.sign(g_last)
        grown = np.where(agreement > 0, eta_plus * step_size, step_size)
        step_size = np.where(agreement < 0, eta_minus * step_size, grown)
        step_size = np.minimum(np.maximum(step_size, smallest), largest)
        g = np.where(agreement < 0, 0.0, g)
        return theta - np.sign(g) * step_size, g, step_size
