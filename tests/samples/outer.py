"""Samples of `ufunc.outer`."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.vjps.outer import OUTER

from .draws import Fixed, S, between


def pairs(fn: np.ufunc) -> list[S]:
    def left(*shape: int) -> np.ndarray:
        return between(0.5, 0.9, *shape)

    def right(*shape: int) -> np.ndarray:
        return between(2.5, 2.9, *shape)

    if fn is np.ldexp:
        return [S(left(2, 3), np.array([1, -2])), S(left(), 3), S(left(0), [1, 2])]
    return [
        S(left(2, 3), right(2)),
        S(left(2), right(1, 3)),
        S(left(), right(2)),
        S(left(2), right()),
        S(left(2), Fixed(right(2))),
        S([0.5, 0.75], right(2)),
        S(left(2), 3.0),
        S(left(0), right(2)),
    ]


SAMPLES: dict[Any, list[S]] = {fn.outer: pairs(fn) for fn in OUTER}
