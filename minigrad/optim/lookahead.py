"""Lookahead: let an optimizer run a few steps ahead, then follow it a part of the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .naming import named
from .optimizer import Optimizer
from .persistent import (
    array_of,
    check_arrays,
    number_of,
    overwrite,
    section,
    set_number,
    weights_of,
)
from .wrapper import Wrapper


class Lookahead(Wrapper):
    """Fast weights explore; slow weights follow them after every k steps.

        theta <- a step of the wrapped optimizer                       (fast weights)
        after every k of them:  phi <- phi + alpha (theta - phi)       (slow weights)
                                theta <- phi

    Args:
        optimizer: what moves the fast weights. Its state (momentum, running means) is left as it is
            when they return to the slow ones.
        k: how many steps it runs ahead, at least 1.
        alpha: which part of the way the slow weights follow, in [0, 1].

    Raises:
        ValueError: `k` or `alpha` is out of range.

    Example:
        >>> import minigrad as mg
        >>> w = mg.Parameter([1.0])
        >>> optimizer = mg.optim.Lookahead(mg.optim.SGD([w], lr=0.25), k=2, alpha=0.5)
        >>> for _ in range(2):
        ...     optimizer.zero_grad()
        ...     (w**2).sum().backward()
        ...     optimizer.step()
        >>> w.item()  # 1 -> 0.5 -> 0.25, and half of the way back
        0.625

    Source: Zhang, Lucas, Hinton & Ba 2019, "Lookahead optimizer: k steps forward, 1 step back",
    algorithm 1.
    """

    told_to_programs = Wrapper.told_to_programs | {"_slow", "_ahead"}

    def __init__(self, optimizer: Optimizer, k: int = 5, alpha: float = 0.5) -> None:
        super().__init__(optimizer)
        if k < 1 or not 0 <= alpha <= 1:
            raise ValueError(
                f"expected k of at least 1 and alpha in [0, 1], got k={k} and alpha={alpha}"
            )
        self.k, self.alpha = int(k), float(alpha)
        self._ahead = 0  # steps since the slow weights followed
        self._slow = {name: p._data.copy() for name, p in named(optimizer)}

    def add_group(self, group: Mapping[str, Any]) -> None:
        """Optimize more parameters; their slow weights start here."""
        super().add_group(group)
        for name, p in named(self.optimizer):
            self._slow.setdefault(name, p._data.copy())

    def step(self) -> None:
        """A step of the fast weights; after k of them, one of the slow weights."""
        super().step()
        ahead = number_of(vars(self), "_ahead") + 1
        if ahead < self.k:
            set_number(vars(self), "_ahead", ahead)
            return
        set_number(vars(self), "_ahead", 0)
        with section("follow"):
            for name, p in named(self.optimizer):
                slow, fast = array_of(self._slow[name], "slow"), weights_of(p)
                overwrite(slow, slow + self.alpha * (fast - slow))
                overwrite(fast, slow)

    def own_state(self) -> dict[str, Any]:
        """The slow weights, and how many steps the fast ones are ahead."""
        return {"ahead": self._ahead, "slow": {n: a.copy() for n, a in self._slow.items()}}

    def load_own_state(self, state: Mapping[str, Any]) -> None:
        """Take over what `own_state` returned."""
        check_arrays(self._slow, state["slow"], "the slow weights")
        self._ahead = int(state["ahead"])
        for name, slow in self._slow.items():
            slow[...] = np.asarray(state["slow"][name])
