"""Samples of norms."""

from __future__ import annotations

from typing import Any

import numpy as np

from .draws import S, distinct, normal
from .matrices import separated

inf = float("inf")

SAMPLES: dict[Any, list[S]] = {
    np.linalg.norm: [
        S(normal(3)),
        S(normal(2, 3)),
        S(normal(2, 3), axis=-1),
        S(normal(2, 3), axis=0, keepdims=True),
        S(normal(2, 2, 3), axis=(0, 2)),
        S(normal(2, 3), keepdims=True),
        S(normal(2, 2, 3)),
        S(normal(0, 3), axis=1),
        *(S(distinct(4), p) for p in (1, 2, inf, -inf, 0, 3, 2.5, -1, -2, 0.5)),
        *(S(distinct(2, 3), p, -1) for p in (None, 1, 2, inf, -inf, 0, 3)),
        S(distinct(2, 3), ord=1, axis=0, keepdims=True),
        S(distinct(2, 3), ord=inf, axis=0, keepdims=True),
        *(S(normal(3, 2), p) for p in (1, -1, inf, -inf, "fro")),
        *(S(normal(2, 2, 3), p, (0, 2)) for p in (1, -1, inf, -inf, "fro", None)),
        S(normal(2, 3, 2), 1, (2, 0)),
        S(normal(2, 3, 2), -inf, axis=(-1, 0), keepdims=True),
        *(S(separated(3, 2), p) for p in ("nuc", 2, -2)),
        *(S(separated(2, 2, 3), p, (-2, -1)) for p in ("nuc", 2, -2)),
        S(separated(2, 2, 3), "nuc", axis=(2, 1), keepdims=True),
        S(np.zeros((0, 2, 3)), 1, (1, 2)),
    ],
    np.linalg.vector_norm: [
        S(normal(3)),
        S(normal(2, 3)),
        S(normal(2, 3), axis=1),
        S(normal(2, 3), axis=-1, keepdims=True),
        S(normal(2, 3, 2), axis=(2, 0)),
        S(normal(2, 3, 2), axis=(-1, 1), keepdims=True, ord=1),
        S(distinct(2, 3), keepdims=True, ord=inf),
        S(normal(2, 3), ord=3),
        S(normal()),
    ],
    np.linalg.matrix_norm: [
        S(normal(2, 3)),
        S(normal(2, 2, 3), keepdims=True),
        S(normal(2, 3), ord=1),
        S(separated(2, 3, 2), ord="nuc"),
        S(separated(2, 3), ord=2, keepdims=True),
    ],
}
