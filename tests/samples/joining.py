"""Samples of functions that join arrays or split them."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import vjps

from .draws import Fixed, S, normal

SAMPLES: dict[Any, list[S]] = {
    vjps.concat: [
        S(normal(2, 3), normal(1, 3)),
        S(normal(2, 1), Fixed(normal(2, 2)), axis=-1),
        S(normal(2)),
    ],
    np.concatenate: [
        S([normal(2, 3), normal(1, 3)]),
        S([normal(2, 1), Fixed(normal(2, 2)), normal(2, 0)], axis=-1),
        S([normal(2, 1), normal(), normal(3)], axis=None),
        S([normal(2), [1, 2]]),
        S([np.array([1, 2]), normal(2), [0.5]], 0),
    ],
    np.append: [
        S(normal(2, 3), normal(1, 3), axis=0),
        S(normal(2, 3), normal(2)),
        S(normal(), 0.5),
        S(normal(2), [[1, 2]]),
        S(normal(2, 1), Fixed(normal(2, 2)), -1),
    ],
    np.stack: [
        S([normal(2), normal(2)]),
        S([normal(2, 3), Fixed(normal(2, 3))], axis=-1),
        S([normal(), 0.5, normal()]),
        S([normal(0), normal(0)], axis=1),
    ],
    np.vstack: [S([normal(2), normal(1, 2)]), S([normal(), normal()]), S([normal(0, 2), [[1, 2]]])],
    np.hstack: [
        S([normal(2), normal(1)]),
        S([normal(2, 1), normal(2, 2)]),
        S([normal(), normal(2)]),
    ],
    np.dstack: [
        S([normal(2), normal(2)]),
        S([normal(2, 3), normal(2, 3)]),
        S([normal(1, 2, 2), normal(1, 2, 1)]),
        S([normal(), [[1]]]),
    ],
    np.column_stack: [
        S([normal(2), normal(2, 2)]),
        S([normal(), normal(1)]),
        S([normal(2), [1, 2]]),
    ],
    np.block: [
        S([[normal(2, 2), normal(2, 1)], [normal(1, 3)]]),
        S([normal(2), normal(), 0.5]),
        S([[normal(2)], [Fixed(normal(2))]]),
        S([[[normal(2, 1)], [normal(1)]]]),
        S(normal(2, 3)),
        S([normal(0, 2), normal(0, 1)]),
    ],
    np.split: [
        S(normal(4, 2), 2),
        S(normal(2, 5), [1, 3], axis=-1),
        S(normal(5), np.array([0, 2, 2, 7])),
        S(normal(4), [-1]),
        S(normal(5), [3, 1]),
        S(normal(5), [-1, 2], axis=0),
        S(normal(0, 2), 1),
    ],
    np.array_split: [S(normal(5, 2), 3), S(normal(2, 5), [2], axis=-1), S(normal(2), 3)],
    np.vsplit: [S(normal(4, 2), 2), S(normal(3, 1, 2), [1])],
    np.hsplit: [S(normal(2, 4), 2), S(normal(4), [1, 3]), S(normal(2, 3, 2), 3)],
    np.dsplit: [S(normal(2, 1, 4), 2), S(normal(2, 1, 3), [1])],
    np.unstack: [S(normal(2, 3)), S(normal(2, 3), axis=-1), S(normal(2)), S(normal(2, 0))],
}
