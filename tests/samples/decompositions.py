"""Samples of decompositions: the values on which they depend lie far apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.vjps.decompositions import (
    eigenvalues,
    eigenvectors,
    left_vectors,
    orthogonal_factor,
    right_vectors,
    singular_values,
    triangular_factor,
)

from .draws import S
from .matrices import LOWER, PAIR, UPPER, distant, regular, separated

symmetric = [
    S(distant(3, 3)),
    S(distant(3, 3), UPLO="U"),
    S(distant(2, 2, 2)),
    S(distant(1, 1)),
    S(np.zeros((0, 2, 2))),
]
by_triangle = [S(distant(3, 3)), S(distant(2, 2, 2)), S(distant(3, 3), upper=True)]
rectangular = [
    S(separated(3, 2)),
    S(separated(2, 3)),
    S(separated(2, 2)),
    S(separated(2, 3, 2)),
    S(separated(1, 3)),
    S(np.zeros((0, 2, 2))),
]

SAMPLES: dict[Any, list[S]] = {
    np.linalg.cholesky: [
        S(LOWER),
        S(UPPER, upper=True),
        S(PAIR),
        S(distant(1, 1)),
        S(np.zeros((0, 0))),
        S(np.zeros((0, 2, 2))),
    ],
    np.linalg.eigh: [*symmetric, S(distant(2, 2), "u"), S(np.zeros((0, 0)))],
    np.linalg.eigvalsh: [*symmetric, S(distant(2, 2), "U")],
    eigenvalues: by_triangle,
    eigenvectors: by_triangle,
    np.linalg.svd: [
        *(S(*s.args, full_matrices=False) for s in rectangular),
        S(separated(2, 2)),
        S(separated(2, 3, 3), True),
        S(separated(3, 2), compute_uv=False),
    ],
    np.linalg.svdvals: rectangular,
    left_vectors: rectangular,
    singular_values: rectangular,
    right_vectors: rectangular,
    np.linalg.qr: [
        S(regular(3, 3)),
        S(regular(3, 3)[:, :2]),
        S(regular(3, 3)[:2]),
        S(regular(2, 4, 4)[:, :2]),
        S(regular(2, 4, 4)[..., :2]),
        S(regular(3, 3)[:2], mode="r"),
        S(regular(3, 3)[:2], "complete"),
        S(np.zeros((0, 2, 2))),
        S(np.zeros((2, 0))),
    ],
    orthogonal_factor: [S(regular(3, 3)[:, :2]), S(regular(3, 3)[:2])],
    triangular_factor: [S(regular(3, 3)[:, :2]), S(regular(3, 3)[:2])],
}
