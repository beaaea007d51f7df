"""Samples of sorting."""

from __future__ import annotations

from typing import Any

import numpy as np

from .draws import S, distinct

SAMPLES: dict[Any, list[S]] = {
    np.sort: [
        S(distinct(5)),
        S(distinct(2, 4), axis=0),
        S(distinct(2, 3, 2), -2, "heapsort"),
        S(distinct(2, 3), axis=None),
        S(distinct(2, 3), kind="stable"),
        S(distinct(3), stable=True),
        S(distinct(), axis=None),
        S(distinct(0, 2), 0),
    ],
    np.partition: [
        S(distinct(6), 2),
        S(distinct(2, 5), (1, 3), axis=-1),
        S(distinct(4, 2), kth=1, axis=0),
        S(distinct(2, 3), -2, axis=None),
        S(distinct(3), 1, kind="introselect"),
    ],
}
