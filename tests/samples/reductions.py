"""Samples of reductions."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import vjps
from minigrad.vjps.reductions import total_weight

from .draws import S, distinct, nonzero, normal, positive, reduction, zero_among


def reduced(draw: Any, empty: bool = False) -> list[S]:
    """As `reduction`, where the first axis is taken if none is named."""
    return [
        S(draw(2, 3)),
        S(draw(2, 3), axis=None),
        S(draw(2, 3), -1, keepdims=True),
        S(draw(2, 3, 2), axis=(0, -1)),
        S(draw(2, 3), axis=()),
        S(draw(4)),
        S(draw(3, 0)),
        *([S(draw(0)), S(draw(2, 0), axis=1)] if empty else []),
    ]


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
    np.nanmax: reduction(distinct, empty=False),
    np.nanmin: reduction(distinct, empty=False),
    np.ptp: reduction(distinct, empty=False),
    total_weight: reduction(positive, empty=False),
    np.average: [
        *reduction(normal, empty=False)[:-1],  # NumPy's own divides 0 by 0 for shape (3, 0)
        S(normal(2, 3), None, positive(2, 3)),
        S(normal(2, 3), -1, positive(2, 3), keepdims=True),
        S(normal(2, 3), 1, positive(3)),
        S(normal(2, 3, 2), (2, 0), positive(2, 2)),
        S(normal(2, 3, 2), axis=(1, 2), weights=np.arange(1, 7).reshape(3, 2)),
        S(np.arange(3), 0, positive(3)),
        S(normal(3), 0, [1, 2, 3]),
        S(normal(3, 0), 0, positive(3)),
    ],
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
    np.multiply.reduce: [*reduced(nonzero, empty=True), S(zero_among(4)), S(zero_among(3, 2))],
    np.maximum.reduce: reduced(distinct),
    np.minimum.reduce: reduced(distinct),
    np.fmax.reduce: reduced(distinct),
    np.fmin.reduce: reduced(distinct),
    np.logaddexp.reduce: reduced(normal),
    np.logaddexp2.reduce: reduced(positive),
}
