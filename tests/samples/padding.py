"""Samples of padding."""

from __future__ import annotations

from typing import Any

import numpy as np

from .draws import S, normal

SAMPLES: dict[Any, list[S]] = {
    np.pad: [
        S(normal(2, 3), 1),
        S(normal(2, 3), (0, 2)),
        S(normal(2, 3), ((1, 0), (0, 2)), "constant"),
        S(normal(2, 3), [[1], [2]]),
        S(normal(2, 3), ((1, 2),), constant_values=1.5),
        S(normal(2, 3), 1, constant_values=((0.5, 1), (2, 3))),
        S(normal(2, 3), np.array([1, 0]), constant_values=(1, 2)),
        S(normal(4), (2, 3), "edge"),
        S(normal(2, 3), ((1, 0), (2, 2)), mode="reflect"),
        S(normal(2, 3), 3, "reflect", reflect_type="even"),
        S(normal(2, 3), (1, 4), "symmetric"),
        S(normal(2, 3), ((0, 1), (4, 0)), "wrap"),
        S(normal(2, 3), 0),
        S(normal(0, 2), 1),
        S(normal(1), 2),
    ],
}
