"""Samples of what attention is made of."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.functional.attention import masked_softmax, times_transposed, transposed_times

from .draws import Fixed, S, normal

HIDDEN = np.where(np.triu(np.ones((3, 3)), 1), -np.inf, 0)  # by key: the last query sees all keys
ALL_HIDDEN = np.full((3, 1), -np.inf)

SAMPLES: dict[Any, list[S]] = {
    times_transposed: [
        S(normal(2, 3), normal(4, 3)),
        S(normal(2, 2, 3), normal(2, 4, 3)),
        S(normal(2, 2, 3), normal(4, 3)),
        S(normal(2, 1, 2, 3), normal(2, 4, 3)),
        S(normal(0, 2, 3), normal(0, 4, 3)),
        S(Fixed(normal(2, 3)), normal(4, 3)),
    ],
    transposed_times: [
        S(normal(3, 2), normal(3, 4)),
        S(normal(2, 3, 2), normal(2, 3, 4)),
        S(normal(3, 2), normal(2, 3, 4)),
        S(normal(0, 3, 2), normal(0, 3, 4)),
    ],
    masked_softmax: [
        S(normal(3, 2)),
        S(normal(2, 3, 2)),
        S(normal(2, 3, 3), normal(3, 3)),
        S(normal(2, 3, 2), normal(2, 3, 1)),
        S(normal(2, 3, 3), Fixed(HIDDEN.T)),
        S(normal(2, 3, 2), Fixed(ALL_HIDDEN)),
        S(normal(0, 3, 2)),
    ],
}
