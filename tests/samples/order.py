"""Samples of medians and quantiles."""

from __future__ import annotations

from typing import Any

import numpy as np

from .draws import S, distinct, reduction

SAMPLES: dict[Any, list[S]] = {
    np.median: [*reduction(distinct, empty=False), S(distinct(4)), S(distinct(5), 0)],
    np.quantile: [
        S(distinct(2, 3), 0.3),
        S(distinct(5), 0),
        S(distinct(5), 1.0),
        S(distinct(2, 3), 0.6, axis=0),
        S(distinct(2, 3), 0.2, -1, keepdims=True),
        S(distinct(2, 3, 2), [0.1, 0.7], axis=(0, -1)),
        S(distinct(2, 3), [[0.0, 0.5], [0.25, 0.9]], axis=1, keepdims=True),
        S(distinct(2, 3), [], axis=1),
        S(distinct(), 0.4),
        S(distinct(3, 0), 0.4, axis=0),
    ],
    np.percentile: [
        S(distinct(2, 3), 30),
        S(distinct(2, 3), [20, 50.0, 100], axis=0),
        S(distinct(2, 3), 75, axis=-1, keepdims=True),
    ],
}
