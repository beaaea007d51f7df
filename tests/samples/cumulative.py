"""Samples of running sums, products and extrema."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.vjps.cumulative import linear_recurrence

from .draws import S, distinct, nonzero, normal, positive, zero_among


def running(draw: Any) -> list[S]:
    """Over the flat array, or one axis of it."""
    return [
        S(draw(2, 3)),
        S(draw(2, 3), axis=0),
        S(draw(2, 3), -1),
        S(draw(2, 3, 2), axis=-2),
        S(draw(5)),
        S(draw()),
        S(draw(0, 3), axis=1),
        S(draw(0, 3), axis=0),
    ]


def accumulated(draw: Any) -> list[S]:
    """Over the first axis, or another one."""
    return [S(draw(4)), S(draw(3, 2)), S(draw(2, 4), axis=-1), S(draw(2, 0), 1), S(draw(1, 2))]


SAMPLES: dict[Any, list[S]] = {
    linear_recurrence: [
        S(normal(4), normal(5)),
        S(normal(1, 3), normal(2, 3)),
        S(np.array([0.0, 0.5, 0.0, 2.0]), normal(5)),
        S(normal(0, 2), normal(1, 2)),
        S(normal(0), normal(0)),
    ],
    np.cumsum: running(normal),
    np.nancumsum: running(normal),
    np.cumprod: [
        *running(nonzero),
        S(zero_among(5)),
        S(zero_among(3, 2), axis=0),
        S(np.zeros(3)),
        S(np.array([1.5, 0.0, 2.0, 0.0, 3.0])),
    ],
    np.nancumprod: running(nonzero),
    np.add.accumulate: accumulated(normal),
    np.multiply.accumulate: [*accumulated(nonzero), S(zero_among(4))],
    np.subtract.accumulate: accumulated(normal),
    np.divide.accumulate: accumulated(nonzero),
    np.maximum.accumulate: accumulated(distinct),
    np.minimum.accumulate: accumulated(distinct),
    np.fmax.accumulate: accumulated(distinct),
    np.fmin.accumulate: accumulated(distinct),
    np.logaddexp.accumulate: accumulated(normal),
    np.logaddexp2.accumulate: accumulated(normal),
    np.hypot.accumulate: accumulated(positive),
}

if hasattr(np, "cumulative_sum"):  # NumPy 2.1
    for fn in (np.cumulative_sum, np.cumulative_prod):
        SAMPLES[fn] = [
            S(nonzero(4)),
            S(nonzero(2, 3), axis=0),
            S(nonzero(2, 3), axis=-1, include_initial=True),
            S(nonzero(3), include_initial=True),
            S(nonzero(0), include_initial=True),
        ]
