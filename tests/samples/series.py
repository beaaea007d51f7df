"""Samples of functions whose derivatives NumPy lacks."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.vjps.series import bessel_i, sinc_derivative

from .draws import S, between, normal, unary


def wide(*shape: int) -> np.ndarray:
    return between(-4, 4, *shape)


SAMPLES: dict[Any, list[S]] = {
    np.sinc: [S(np.array([0.0, 1e-9, -1e-4, 0.3, 1.0, -2.0, 3.1])), *unary(normal)],
    sinc_derivative: [
        S(np.array([0.0, 1e-7, 0.3, -0.318, 0.32, 1.0, 2.5]), 1),
        S(np.array([[0.0, 0.2], [-0.636, 0.64]]), 2),
        S(wide(3), 3),
        S(wide(), 4),
        S(wide(0, 2), 1),
    ],
    np.i0: [S(np.array([0.0, 1e-9, -1e-4, 0.3, 1.0, -2.0, 3.1])), *unary(wide)],
    bessel_i: [
        S(np.array([0.0, -1e-7, 0.3, 2.5]), 0),
        S(wide(2, 3), 1),
        S(np.array([0.0, 0.3]), 2),
        S(wide(), 3),
        S(wide(0, 2), 1),
    ],
}
