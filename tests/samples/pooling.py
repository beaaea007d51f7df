"""Samples of pooling."""

from __future__ import annotations

from typing import Any

from minigrad.functional.pooling import window_max

from .draws import S, distinct

SAMPLES: dict[Any, list[S]] = {
    window_max: [
        S(distinct(2, 4, 3), (2,), (2,), (2,), (1,)),
        S(distinct(1, 4, 5, 2), (2, 3), (3, 2), (1, 2), (1, 1)),
        S(distinct(2, 5, 6, 1), (2, 2), (2, 3), (2, 1), (2, 3)),
        S(distinct(2, 3, 2), (1,), (3,), (1,), (1,)),
        S(distinct(2, 3, 0), (2,), (2,), (1,), (1,)),
    ],
}
