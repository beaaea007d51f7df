"""Samples of reductions."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import vjps

from .draws import S, distinct, nonzero, normal, reduction, zero_among

SAMPLES: dict[Any, list[S]] = {
    vjps.spread: [
        S(normal(3), (2, 3)),
        S(normal(2, 1), (2, 3)),
        S(normal(), (2,)),
        S(normal(1), (0,)),
    ],
    np.sum: reduction(normal),
    np.add.reduce: [
        *reduction(normal)[:-4],
        S(normal(2, 3), axis=None),
        S(normal(3)),
        S(normal(0)),
    ],
    np.mean: reduction(normal, empty=False),
    vjps.mean: reduction(normal, empty=False),
    np.var: [
        *reduction(normal, empty=False),
        S(normal(2, 3), axis=1, ddof=1),
        S(normal(4), ddof=2),
    ],
    np.std: [
        *reduction(normal, empty=False),
        S(normal(2, 3), axis=1, ddof=1),
        S(normal(4), ddof=2),
    ],
    np.max: reduction(distinct, empty=False),
    np.min: reduction(distinct, empty=False),
    np.amax: reduction(distinct, empty=False),
    np.amin: reduction(distinct, empty=False),
    np.prod: [*reduction(nonzero), *reduction(zero_among)[:5], S(np.zeros(3)), S(np.array(0.0))],
    vjps.product_of_others: [
        S(nonzero(3)),
        S(nonzero(2, 3), axis=1),
        S(nonzero(2, 2, 2), axis=(0, -1)),
        S(zero_among(4)),
        S(zero_among(2, 3), axis=-1),
        S(np.zeros((2, 2)), axis=0),
        S(np.array(0.5)),
        S(np.zeros((0, 3)), axis=1),
    ],
    np.linalg.norm: [
        S(normal(3)),
        S(normal(2, 3)),
        S(normal(2, 3), axis=-1),
        S(normal(2, 3), axis=0, keepdims=True),
        S(normal(2, 2, 3), axis=(0, 2)),
        S(normal(2, 3), keepdims=True),
        S(normal(0, 3), axis=1),
    ],
    np.cumsum: [
        S(normal(2, 3)),
        S(normal(2, 3), axis=0),
        S(normal(2, 3), -1),
        S(normal()),
        S(normal(0, 3), axis=1),
    ],
}
