"""Samples of inverses, linear systems and products of many matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.vjps.linalg import chain

from .draws import Fixed, S, normal
from .matrices import regular, separated

square = [
    S(regular(3, 3)),
    S(regular(2, 3, 3)),
    S(regular(1, 1)),
    S(regular(2, 1, 2, 2)),
    S(np.zeros((0, 0))),
    S(np.zeros((0, 2, 2))),
]

in_the_middle = np.ascontiguousarray(np.moveaxis(regular(4, 4).reshape(4, 2, 2), 0, 1))

SAMPLES: dict[Any, list[S]] = {
    np.linalg.inv: square,
    np.linalg.pinv: [
        *square[:4],
        S(separated(3, 2)),
        S(separated(2, 3)),
        S(separated(2, 3, 2)),
        S(separated(2, 1, 3)),
        S(np.zeros((0, 2))),
    ],
    np.linalg.solve: [
        S(regular(3, 3), normal(3)),
        S(regular(3, 3), normal(3, 2)),
        S(regular(2, 3, 3), normal(3)),
        S(regular(2, 3, 3), normal(3, 2)),
        S(regular(3, 3), normal(2, 3, 1)),
        S(regular(2, 3, 3), normal(2, 3, 3)),
        S(regular(1, 2, 2, 2), normal(3, 1, 2, 1)),
        S(regular(3, 3), [1, 2, 3]),
        S([[2, 1], [1, 3]], normal(2)),
        S(regular(2, 2), Fixed(normal(2, 2))),
        S(Fixed(regular(2, 2)), normal(2)),
        S(np.zeros((0, 0)), normal(0)),
        S(np.zeros((0, 2, 2)), normal(2)),
        S(regular(2, 2), normal(2, 0)),
    ],
    np.linalg.tensorsolve: [
        S(regular(6, 6).reshape(2, 3, 6), normal(2, 3)),
        S(regular(4, 4).reshape(2, 2, 2, 2), normal(2, 2)),
        S(in_the_middle, normal(4), axes=(0, 2)),
    ],
    np.linalg.tensorinv: [
        S(regular(4, 4).reshape(2, 2, 2, 2)),
        S(regular(6, 6).reshape(6, 2, 3), ind=1),
    ],
    np.linalg.matrix_power: [
        *(S(regular(2, 2), n) for n in (-3, -1, 0, 1, 2, 3, 4, 5, 7)),
        S(regular(2, 2, 2), 3),
        S(regular(2, 2, 2), -2),
        S(np.zeros((0, 0)), 2),
        S(np.zeros((0, 2, 2)), 3),
    ],
    np.linalg.multi_dot: [
        S([normal(2, 3), normal(3, 2)]),
        S([normal(2, 3), normal(3, 1), normal(1, 2)]),
        S([normal(2, 3), normal(3, 2), normal(2, 4), normal(4, 1)]),
        S([normal(3), normal(3, 2), normal(2, 2)]),
        S([normal(2, 3), normal(3, 2), normal(2)]),
        S([normal(3), normal(3, 2), normal(2)]),
        S([normal(3), normal(3)]),
        S([normal(2, 3), Fixed(normal(3, 2)), normal(2, 2)]),
        S([normal(2, 0), normal(0, 3), normal(3, 2)]),
    ],
    chain: [S(normal(2, 3), normal(3, 2), normal(2, 2)), S(normal(3), normal(3, 2), normal(2))],
}
