"""Samples of functions of neighbouring elements."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from minigrad import vjps

from .draws import Fixed, S, distinct, normal, positive

STEPS = np.array([0.0, 0.5, 2.0, 2.3, 3.0])


def rising(n: int) -> np.ndarray:
    return np.asarray(np.cumsum(positive(n)))


SAMPLES: dict[Any, list[S]] = {
    np.diff: [
        S(normal(4)),
        S(normal(2, 4), 2),
        S(normal(3, 2), n=1, axis=0),
        S(normal(2, 3), prepend=0.5),
        S(normal(2, 3), 1, -1, normal(2, 1), append=2.0),
        S(normal(3, 2), 2, 0, normal(), normal(2, 2)),
        S(normal(2), 0),
        S(normal(2), 3),
        S(normal(0)),
    ],
    np.ediff1d: [
        S(normal(4)),
        S(normal(2, 2), normal(2), normal()),
        S(normal(3), to_begin=0.5),
        S(normal(3), [1.0, 2.0]),
    ],
    np.trapezoid: [
        S(normal(4)),
        S(normal(2, 3), rising(3)),
        S(normal(3, 2), Fixed(rising(3)), axis=0),
        S(normal(2, 3), normal(2, 3)),
        S(normal(2, 3), dx=0.5, axis=0),
        S(normal(2, 3), None, 0.5),
        S(normal(1)),
        S([1, 2, 4], rising(3)),
    ],
    np.gradient: [
        S(normal(5)),
        S(normal(3, 4)),
        S(normal(3, 4), 0.5, axis=-1),
        S(normal(3, 4), 0.5, positive(), edge_order=2),
        S(normal(3, 4), axis=(1, 0), edge_order=2),
        S(normal(5), rising(5)),
        S(normal(2, 5), Fixed(STEPS), axis=1, edge_order=2),
        S(normal(3, 5), 2.0, rising(5), edge_order=2),
        S(normal(2), axis=0),
        S(normal(2), positive()),
    ],
    np.interp: [
        S(distinct(4), Fixed(STEPS), normal(5)),
        S(np.array([[0.2, 1.1], [2.1, 2.9]]), Fixed(STEPS), normal(5)),
        S(distinct(2), rising(4), normal(4), -1.0, right=2.0),
        S(np.array(0.7), STEPS[1:], Fixed(normal(4))),
        S(np.array([-2.0, 9.0]), Fixed(STEPS), normal(5), left=normal()),
    ],
    np.convolve: [
        S(normal(4), normal(2)),
        S(normal(2), normal(5)),
        S(normal(4), normal(2), "same"),
        S(normal(3), normal(4), mode="same"),
        S(normal(4), Fixed(normal(3)), "valid"),
        S([1, 2], normal(4), "valid"),
        S(normal(4), [0.5, 1.0]),
        S(normal(), normal(3)),
    ],
    np.correlate: [
        S(normal(4), normal(2)),
        S(normal(2), normal(5)),
        S(normal(4), normal(2), "same"),
        S(normal(3), normal(4), mode="same"),
        S(normal(2), normal(5), mode="same"),
        S(normal(4), Fixed(normal(3)), "full"),
        S([1, 2], normal(4), "full"),
        S(normal(3), [0.5, 1.0, 2.0]),
    ],
    sliding_window_view: [
        S(normal(5), 2),
        S(normal(3, 4), (2, 3)),
        S(normal(3, 4), 2, axis=0),
        S(normal(4, 3), window_shape=(2, 2), axis=(1, -2)),
        S(normal(5), (2, 3), axis=(0, 0)),
        S(normal(0, 2), 1, 1),
        S(normal(2), 2),
    ],
    vjps.overlap_add: [
        S(normal(4, 2), (5,), 2),
        S(normal(2, 2, 2, 3), (3, 4), (2, 3)),
        S(normal(2, 4, 2), (3, 4), 2, axis=0),
        S(normal(2, 2, 3), (5,), (2, 3), (0, 0)),
    ],
}
