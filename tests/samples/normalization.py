"""Samples of what the normalising layers are made of."""

from __future__ import annotations

from typing import Any

from minigrad.functional.normalization import affine, centred, inverse_root, mean_square

from .draws import Fixed, S, normal, positive

OVER_AXES = [
    S(normal(2, 3)),
    S(normal(2, 3), 0),
    S(normal(2, 3, 4), axis=(0, 2)),
    S(normal(2, 3, 4), axis=(1, 2)),
    S(normal(2, 3, 2), axis=1),
    S(normal(2, 1, 3), axis=(0, 2)),
    S(normal(2, 2, 2, 2), axis=(-1, 1)),
    S(normal(3)),
    S(normal()),
    S(normal(0, 3)),
    S(normal(3, 0), axis=0),
]
SAMPLES: dict[Any, list[S]] = {
    centred: OVER_AXES,
    mean_square: OVER_AXES,
    inverse_root: [S(positive(2, 3), 1e-5), S(positive(), 0.0), S(positive(0, 2), 1e-3)],
    affine: [
        S(normal(2, 3), normal(3)),
        S(normal(2, 3), normal(3), normal(3)),
        S(normal(2, 3), normal(2, 1)),
        S(normal(2, 3, 4), normal(3, 1), normal(3, 1)),
        S(normal(2, 3, 4), normal(1, 4), normal(2, 3, 1)),
        S(normal(2, 3, 2), normal(2, 1, 2), normal(3, 2)),
        S(normal(0, 3), normal(3), normal(3)),
        S(normal(), normal(), normal()),
        S(Fixed(normal(2, 3)), normal(3), normal(3)),
    ],
}
