"""Samples of determinants."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.vjps.determinants import cofactors, cofactors_slope, log_abs_det, sign_of_det

from .draws import Fixed, S, normal
from .matrices import regular, singular

matrices = [
    S(regular(3, 3)),
    S(regular(2, 3, 3)),
    S(-regular(3, 3)),
    S(regular(1, 1)),
    S(regular(2, 1, 2, 2)),
    S(np.zeros((0, 0))),
    S(np.zeros((0, 2, 2))),
]
without_inverse = [S(singular()), S(np.stack([singular(), regular(3, 3)])), S(np.zeros((2, 2)))]

SAMPLES: dict[Any, list[S]] = {
    np.linalg.det: [*matrices, *without_inverse],
    np.linalg.slogdet: matrices,
    cofactors: [*matrices, *without_inverse],
    cofactors_slope: [
        S(normal(3, 3), regular(3, 3)),
        S(normal(2, 3, 3), regular(2, 3, 3)),
        S(normal(3, 3), singular()),
        S(Fixed(normal(2, 2)), np.zeros((2, 2))),
    ],
    sign_of_det: matrices,
    log_abs_det: matrices,
}
