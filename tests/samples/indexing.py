"""Samples of functions that pick elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import vjps

from .draws import S, normal

INDICES = [
    1,
    -1,
    np.int64(0),
    slice(None, None, -2),
    (slice(1, 3), 0),
    (..., 1),
    (0, ..., np.newaxis, slice(0, 1)),
    np.newaxis,
    (),
    [0, 2, 2],
    np.array([[0, 1], [1, 1]]),
    np.array([], dtype=np.int64),
    (np.array([0, 2, 2]), np.array([1, 0, 0])),
    (slice(None), np.array([0, 1, 1, -1])),
    (np.array([0, 0]), slice(None), np.newaxis, np.array([1, 1])),
    (np.array([[0], [2]]), np.array([1, 1]), 0),
    np.array([True, False, True]),
    (np.array([True, True, False]), np.array([0, 0])),
    np.arange(12).reshape(3, 2, 2) % 3 == 0,
    True,
]

SAMPLES: dict[Any, list[S]] = {
    vjps.getitem: [S(normal(3, 2, 2), i) for i in INDICES]
    + [S(normal(), ()), S(normal(0, 2), slice(None))],
    vjps.scatter_add: [
        S(normal(2), slice(None, None, 2), (4,)),
        S(normal(3), np.array([0, 1, 0]), (2,)),
        S(normal(2, 2), (slice(None), np.array([1, 1])), (2, 3)),
        S(normal(), 1, (2,)),
    ],
    np.take: [
        S(normal(2, 3), [0, 5, 5, -1]),
        S(normal(2, 3), np.array([[0, 2], [2, 2]]), axis=-1),
        S(normal(2, 3), 1, axis=0),
        S(normal(2, 3), np.zeros(0, int), axis=0),
    ],
    np.take_along_axis: [
        S(normal(2, 3), np.array([[1, 0], [0, 1]]), axis=1),
        S(normal(3, 2), np.array([[2, 2], [0, 1], [2, 0]]), axis=0),
        S(normal(2, 3), np.array([[-1], [1]]), axis=-1),
        S(normal(3, 2), np.array([[0]]), axis=0),
        S(normal(1, 3), np.array([[0, 1], [2, 2]]), axis=1),
        S(normal(2, 3), np.array([5, 0, 0]), axis=None),
    ],
    np.repeat: [
        S(normal(2, 3), 2),
        S(normal(2, 3), 2, axis=-1),
        S(normal(2, 3), [0, 2, 1], axis=1),
        S(normal(2, 3), repeats=np.array([2, 1]), axis=0),
        S(normal(), 3),
        S(normal(0, 2), 2, axis=0),
    ],
}
