"""Samples of products of vectors and matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import vjps

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
    vjps.contract: [S("ij,jk->ik", normal(2, 3), normal(3, 2)), S("ij->j", normal(2, 3))],
    np.einsum: [
        S("ij,jk->ik", normal(2, 3), normal(3, 2)),
        S("ij,jk", normal(2, 3), normal(3, 2)),
        S("ba", normal(2, 3)),
        S("ij->", normal(2, 3)),
        S("ij,kl->i", normal(2, 3), normal(2, 2)),
        S("i,i,i->i", normal(3), normal(3), normal(3)),
        S("ij,jk,kl->il", normal(2, 3), normal(3, 2), normal(2, 2), optimize=True),
        S("...ij,...jk->...ik", normal(2, 2, 3), normal(3, 2)),
        S("...i,i", normal(2, 2, 3), normal(3)),
        S("i...,...->i...", normal(2, 3), normal(1)),
        S(" b h q , b h k -> h q k ", normal(2, 2, 1), normal(2, 2, 3)),
        S("ij,ij->ij", normal(1, 3), normal(2, 3)),
        S("ij,ij->j", normal(1, 3), normal(2, 3)),
        S(",i->i", normal(), normal(2)),
        S("ij,j->i", normal(2, 3), Fixed(normal(3))),
        S("ij,j->i", normal(2, 3), [1, 2, 3]),
        S("ij,jk->ik", normal(0, 3), normal(3, 2)),
    ],
}
