"""Sharpness-aware minimization: step along the gradient at the worst place nearby."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .clipping import norm_of
from .naming import named
from .optimizer import Optimizer
from .persistent import array_of, number_of, overwrite, section, set_number, weights_of
from .wrapper import Wrapper

_MARGIN = 1e-12  # keeps the division finite for a gradient of zero


class SAM(Wrapper):
    """Minimizes the largest loss within a distance rho, and so prefers flat minima.

        e     = rho g / (|g| + 1e-12)                g at theta, one norm over all parameters
        g'    = the gradient at theta + e
        theta <- the wrapped optimizer's step with g', from theta

    With `adaptive` the distance is measured relative to each weight (ASAM): e = rho theta^2 g /
    |theta g|, which does not change if layers are rescaled.

    A step needs two gradients, so it takes a closure, or comes in two halves:

        optimizer.step(closure)           loss.backward()
                                          optimizer.first_step()
                                          optimizer.zero_grad()
                                          loss_of(x, y).backward()
                                          optimizer.second_step()

    Args:
        optimizer: what makes the step with the second gradient.
        rho: the distance, at least 0, in the weights' units (relative, with `adaptive`).
        adaptive: measure the distance relative to each weight.

    Raises:
        ValueError: `rho` is negative.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0])
        >>> optimizer = mg.optim.SAM(mg.optim.SGD([w], lr=0.25), rho=0.5)
        >>> def closure():
        ...     loss = (w**2).sum()
        ...     loss.backward()
        ...     return loss
        >>> optimizer.step(closure).item(), w.item()  # the gradient at 1.5 is 3
        (1.0, 0.25)

    Source: Foret, Kleiner, Mobahi & Neyshabur 2021, "Sharpness-aware minimization for efficiently
    improving generalization", algorithm 1 with p = 2; Kwon, Kim, Park & Choi 2021, "ASAM: adaptive
    sharpness-aware minimization", element-wise and without its eta. The 1e-12 is ours.
    """

    takes_closure = True
    told_to_programs = Wrapper.told_to_programs | {"_start", "_is_away"}

    def __init__(self, optimizer: Optimizer, rho: float = 0.05, adaptive: bool = False) -> None:
        super().__init__(optimizer)
        if not rho >= 0:
            raise ValueError(f"expected rho of at least 0, got {rho}")
        self.rho, self.adaptive = float(rho), adaptive
        self._is_away = 0  # whether the first half of a step has been made
        self._start = {name: np.empty_like(p._data) for name, p in named(optimizer)}

    def add_group(self, group: Any) -> None:
        """Optimize more parameters: a dict with "params" and hyperparameters of their own."""
        super().add_group(group)
        for name, p in named(self.optimizer):
            self._start.setdefault(name, np.empty_like(p._data))

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Both halves of a step.

        Args:
            closure: computes the loss, calls `backward` on it, and returns it. It is called twice;
                gradients are cleared before.

        Returns:
            The loss before the step.

        Raises:
            TypeError: there is no closure.
        """
        if closure is None:
            raise TypeError(
                "SAM needs the gradient at two places: call step(closure) with a function that "
                "computes the loss and calls backward, or first_step() and second_step()"
            )
        self.zero_grad()
        loss = closure()
        self.first_step()
        self.zero_grad()
        try:
            closure()
        finally:
            self._return()
        super().step()
        return loss

    def first_step(self) -> None:
        """Go to the worst place nearby: theta <- theta + e.

        Raises:
            RuntimeError: no parameter has a gradient, or `second_step` has been left out.
        """
        if number_of(vars(self), "_is_away"):
            raise RuntimeError("first_step() has been called; call second_step() before the next")
        pairs = named(self.optimizer)
        learning = [(p, g._data) for _, p in pairs if (g := p.grad) is not None]
        if not learning:
            raise RuntimeError("first_step() found no gradient; call backward() on the loss first")
        with section("ascend"):
            for name, p in pairs:
                overwrite(array_of(self._start[name], "start"), weights_of(p))
            slopes = [self._scaled(weights_of(p), g) for p, g in learning]
            scale = self.rho / (norm_of(slopes, 2) + _MARGIN)
            for (p, _), slope in zip(learning, slopes, strict=True):
                theta = weights_of(p)
                e = self._scaled(theta, slope) * scale.astype(theta.dtype)
                overwrite(theta, theta + e)
        set_number(vars(self), "_is_away", 1)

    def second_step(self) -> None:
        """Return, and make the wrapped optimizer's step with the gradient found there.

        Raises:
            RuntimeError: `first_step` has not been called, or no parameter has a gradient.
        """
        if not number_of(vars(self), "_is_away"):
            raise RuntimeError("second_step() needs first_step() before it")
        self._return()
        super().step()

    def _return(self) -> None:
        set_number(vars(self), "_is_away", 0)
        with section("return"):
            for name, p in named(self.optimizer):
                overwrite(weights_of(p), array_of(self._start[name], "start"))

    def _scaled(self, theta: Any, g: Any) -> Any:
        """|theta| g in the adaptive form: e = rho |theta| (|theta| g) / | |theta| g |."""
        return np.abs(theta) * g if self.adaptive else g
