"""Samples of assignment."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import vjps

from .draws import S, normal
from .indexing import INDICES

SHAPE = (3, 2, 2)


def region(index: Any) -> tuple[int, ...]:
    return np.zeros(SHAPE)[index].shape


SAMPLES: dict[Any, list[S]] = {
    vjps.put: [
        *(S(normal(*SHAPE), i, normal(*region(i))) for i in INDICES),
        *(S(normal(*SHAPE), i, normal()) for i in (0, [2, 2], (..., 1))),
        S(normal(3, 2), 1, normal(1, 1, 2)),
        S(normal(3, 2), slice(1, 3), normal(2, 1)),
        S(normal(3, 2), 0, 1.5),
        S(np.array([[1, 2], [3, 4]]) * 1.0, (slice(None), 1), np.array([5, 6])),
        S(normal(), (), normal()),
        S(normal(0, 2), slice(None), normal(2)),
    ],
    vjps.last_at: [S(normal(*SHAPE), i) for i in INDICES],
}
