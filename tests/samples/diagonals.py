"""Samples of diagonals."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.vjps.diagonals import on_diagonal

from .draws import S, normal

SAMPLES: dict[Any, list[S]] = {
    np.diagonal: [
        S(normal(3, 3)),
        S(normal(2, 3), 1),
        S(normal(3, 2), offset=-1),
        S(normal(2, 3, 2)),
        S(normal(2, 3, 3), 0, 1, 2),
        S(normal(2, 3, 2), offset=-1, axis1=-1, axis2=0),
        S(normal(2, 3), 5),
        S(normal(0, 3)),
    ],
    on_diagonal: [
        S(normal(3), (3, 3)),
        S(normal(2), (2, 3), 1),
        S(normal(2, 1), (2, 2, 2), -1, 1, 2),
        S(normal(0), (0, 2)),
    ],
    np.trace: [
        S(normal(3, 3)),
        S(normal(2, 3), 1),
        S(normal(3, 2), offset=-1),
        S(normal(2, 3, 2), axis1=0, axis2=-1),
        S(normal(2, 3, 3), 1, 1, 2),
        S(normal(0, 3)),
        S(normal(2, 2, 0)),
    ],
    np.diag: [
        S(normal(3)),
        S(normal(2), 1),
        S(normal(2), k=-2),
        S(normal(3, 3)),
        S(normal(2, 3), 1),
        S(normal(3, 2), k=-1),
        S(normal(0)),
        S(normal(0, 2)),
    ],
    np.diagflat: [S(normal(3)), S(normal(2, 2)), S(normal(), 1), S(normal(2), k=-1), S(normal(0))],
    np.linalg.trace: [S(normal(3, 3)), S(normal(2, 3, 3)), S(normal(2, 2, 3), offset=1)],
    np.linalg.diagonal: [S(normal(3, 3)), S(normal(2, 3, 2)), S(normal(2, 2, 3), offset=-1)],
}
