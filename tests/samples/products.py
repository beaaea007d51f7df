"""Samples of products of vectors and matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.vjps import products

from .draws import Fixed, S, normal

SAMPLES: dict[Any, list[S]] = {
    np.matmul: [
        S(normal(2, 3), normal(3, 2)),
        S(normal(3), normal(3)),
        S(normal(3), normal(3, 2)),
        S(normal(2, 3), normal(3)),
        S(normal(2, 2, 3), normal(2, 3, 2)),
        S(normal(2, 2, 3), normal(3, 2)),
        S(normal(2, 3), normal(2, 3, 1)),
        S(normal(2, 1, 2, 3), normal(2, 3, 1)),
        S(normal(3), normal(2, 3, 2)),
        S(normal(2, 2, 3), normal(3)),
        S(normal(2, 3), Fixed(normal(3, 2))),
        S(normal(0, 3), normal(3, 2)),
        S(normal(2, 0), normal(0, 2)),
    ],
    np.tensordot: [
        S(normal(2, 3, 2), normal(3, 2)),
        S(normal(2, 3), normal(3, 2), axes=1),
        S(normal(2), normal(3), 0),
        S(normal(2, 3, 2), normal(2, 2, 3), axes=([1, 0], [-1, 0])),
        S(normal(2, 3), normal(2, 3), axes=(0, 0)),
        S(normal(2, 3), [[1, 2], [3, 4], [5, 6]], axes=1),
        S(normal(0, 3), normal(3, 2), axes=1),
    ],
    np.dot: [
        S(normal(3), normal(3)),
        S(normal(2, 3), normal(3, 2)),
        S(normal(2, 3), normal(3)),
        S(normal(2, 3), normal(2, 3, 2)),
        S(normal(), normal(2)),
        S(normal(2), 3.0),
        S(normal(3), [1, 2, 3]),
    ],
    np.outer: [
        S(normal(2), normal(3)),
        S(normal(2, 2), normal()),
        S([1, 2], normal(2)),
        S(normal(0), normal(2)),
    ],
    np.inner: [
        S(normal(3), normal(3)),
        S(normal(2, 3), normal(4, 3)),
        S(normal(3), normal(2, 3)),
        S(normal(2, 3), normal(2, 2, 3)),
        S(normal(2, 2, 3), normal(3)),
        S(normal(), normal(2)),
        S(normal(2, 2), 1.5),
        S(normal(2, 3), [1, 2, 3]),
        S([[1, 2]], normal(3, 2)),
        S(normal(0, 3), normal(2, 3)),
        S(normal(2, 0), normal(3, 0)),
        S(normal(2, 3), Fixed(normal(2, 3))),
    ],
    products.stacked_inner: [
        S(normal(3), normal(3)),
        S(normal(2, 1, 3), normal(2, 3)),
        S(normal(0), normal(2, 0)),
    ],
    products.stacked_dot: [
        S(normal(2, 3), normal(2, 3, 2)),
        S(normal(3), normal(2, 3, 2)),
        S(normal(2, 2, 3), normal(3)),
        S(normal(2, 1, 3), normal(1, 3, 2)),
        S(normal(2, 2, 0), normal(0, 3)),
    ],
    np.vdot: [
        S(normal(3), normal(3)),
        S(normal(2, 3), normal(3, 2)),
        S(normal(), normal()),
        S(normal(0), normal(0)),
        S(normal(3), [1, 2, 3]),
        S(Fixed(normal(2, 2)), normal(4)),
    ],
    np.kron: [
        S(normal(2, 3), normal(3, 2)),
        S(normal(2), normal(3)),
        S(normal(2), normal(2, 3)),
        S(normal(2, 1, 2), normal(2, 2)),
        S(normal(), normal(2)),
        S(normal(2, 2), 1.5),
        S([1, 2], normal(2)),
        S(normal(2), Fixed(normal(2))),
        S(normal(0, 2), normal(2, 2)),
    ],
    np.cross: [
        S(normal(3), normal(3)),
        S(normal(2, 3), normal(3)),
        S(normal(3), normal(2, 3)),
        S(normal(2, 1, 3), normal(2, 3)),
        S(normal(3, 2), normal(3, 2), axis=0),
        S(normal(3, 2), normal(2, 3), 0, 1, 0),
        S(normal(2, 3), normal(3, 2), axisb=0),
        S(normal(2, 3), normal(2, 3), axisc=0),
        S(normal(3), [1, 2, 3]),
        S(Fixed(normal(3)), normal(2, 3)),
        S(normal(0, 3), normal(3)),
    ],
    np.linalg.cross: [S(normal(2, 3), normal(3)), S(normal(3, 2), normal(3, 2), axis=0)],
    products.cross_product: [S(normal(2, 3), normal(3)), S(normal(3), normal(3))],
    np.vecdot: [
        S(normal(3), normal(3)),
        S(normal(2, 3), normal(3)),
        S(normal(2, 1, 3), normal(2, 3)),
        S(normal(2, 3), [1, 2, 3]),
        S(normal(2, 0), normal(2, 0)),
        S(normal(0, 3), Fixed(normal(3))),
    ],
    np.linalg.vecdot: [
        S(normal(2, 3), normal(2, 3)),
        S(normal(3, 2), normal(3, 2), axis=0),
        S(normal(3, 1), normal(3, 2), axis=-2),
        S(normal(2, 3), [1, 2, 3]),
    ],
    np.linalg.matmul: [S(normal(2, 3), normal(3, 2)), S(normal(2, 2, 3), normal(3, 2))],
    np.linalg.tensordot: [
        S(normal(2, 3, 2), normal(3, 2)),
        S(normal(2, 3), normal(2, 3), axes=(0, 0)),
    ],
    np.linalg.outer: [S(normal(2), normal(3)), S([1, 2], normal(2)), S(normal(0), normal(2))],
    np.linalg.matrix_transpose: [S(normal(2, 3)), S(normal(2, 1, 3)), S(normal(0, 2))],
}
if hasattr(np, "matvec"):  # since NumPy 2.2
    SAMPLES[np.matvec] = [
        S(normal(2, 3), normal(3)),
        S(normal(2, 2, 3), normal(3)),
        S(normal(2, 3), normal(2, 3)),
        S(normal(2, 3), [1, 2, 3]),
        S(normal(2, 0), normal(0)),
        S(Fixed(normal(2, 2, 3)), normal(2, 3)),
    ]
    SAMPLES[np.vecmat] = [
        S(normal(3), normal(3, 2)),
        S(normal(3), normal(2, 3, 2)),
        S(normal(2, 3), normal(3, 2)),
        S([1, 2, 3], normal(3, 2)),
        S(normal(0), normal(0, 2)),
        S(normal(2, 3), Fixed(normal(2, 3, 2))),
    ]
