"""Samples of `np.einsum`."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.vjps import contract

from .draws import Fixed, S, normal

SAMPLES: dict[Any, list[S]] = {
    contract: [
        S("ij,jk->ik", normal(2, 3), normal(3, 2)),
        S("ij->j", normal(2, 3)),
        S("iij->ij", normal(2, 2, 3)),
        S("iii,ij->j", normal(3, 3, 3), normal(3, 2)),
    ],
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
        S("ii", normal(3, 3)),
        S("ii->i", normal(3, 3)),
        S("iij->j", normal(2, 2, 3)),
        S("ijij->ij", normal(2, 3, 2, 3)),
        S("iiij,jj->i", normal(2, 2, 2, 3), normal(3, 3)),
        S("...ii->...", normal(2, 3, 3)),
        S("...ii->...i", normal(2, 1, 3, 3)),
        S("ii,ii->i", normal(3, 3), normal(3, 3)),
        S("ii", normal(0, 0)),
        S("...", normal(2)),
        S("->", normal()),
        S("i...->...", normal(2, 3)),
        S("...j,j...", normal(2, 3), normal(3, 2)),
        S("Ab,bA", normal(2, 3), normal(3, 2)),
        S(normal(2, 3), (0, 1), normal(3, 2), (1, 2), (0, 2)),
        S(normal(2, 3), (0, 1), normal(3, 2), (1, 2)),
        S(normal(2, 3), (27, 1)),
        S(normal(3, 3), (0, 0)),
        S(normal(2, 2, 3), (..., 0), normal(3), (0,), (...,)),
        S(normal(2, 3), (0, 1), Fixed(normal(3)), (1,), (0,), optimize=True),
    ],
}
