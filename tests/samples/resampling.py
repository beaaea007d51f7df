"""Samples of rows that are picked and added."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.functional.resampling import rows_added, rows_at

from .draws import S, normal

ROWS = np.array([2, 0, 0, 1, 0])
SAMPLES: dict[Any, list[S]] = {
    rows_at: [
        S(normal(3), ROWS, 0),
        S(normal(2, 4), ROWS, 1),
        S(normal(2, 3, 2), ROWS, 1),
        S(normal(2, 0), np.array([1, 1]), 0),
        S(normal(2, 3), np.array([], int), 1),
    ],
    rows_added: [
        S(normal(5), ROWS, 0, 3),
        S(normal(2, 5), ROWS, 1, 4),
        S(normal(2, 5, 2), ROWS, 1, 3),
        S(normal(2, 0), np.array([1, 1]), 0, 2),
        S(normal(2, 0), np.array([], int), 1, 3),
    ],
}
