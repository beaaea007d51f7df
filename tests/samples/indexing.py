"""Samples of functions that pick elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import vjps

from .draws import Fixed, S, normal

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
    [],
    (slice(None), [[]]),
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
        S(normal(2, 3), [], 1),
        S(normal(2, 3), [-1, 7], mode="wrap"),
        S(normal(2, 3), np.array([[-1, 7]]), axis=1, mode="clip"),
        S(normal(), 0),
    ],
    np.delete: [
        S(normal(2, 3), 1),
        S(normal(2, 3), [0, -1], axis=1),
        S(normal(4, 2), slice(None, None, 2), 0),
        S(normal(3), np.array([True, False, True])),
    ],
    np.insert: [
        S(normal(4), 1, normal()),
        S(normal(2, 3), [1, 3], normal(2, 2), axis=1),
        S(normal(2, 3), 0, normal(3), axis=0),
        S(normal(2, 3), 2, 0.5),
        S(normal(3), [0, 0, 2], [1, 2, 3]),
        S(normal(2), slice(0, 2), Fixed(normal(2))),
    ],
    np.resize: [S(normal(2, 3), (2, 2)), S(normal(2), (3, 3)), S(normal(), 2), S(normal(2), 0)],
    np.select: [
        S([np.array([True, False, False]), np.array([True, True, False])], [normal(3), normal()]),
        S([np.array([[True], [False]])], [normal(3)], normal(2, 1)),
        S([np.array([False, True])], [normal(2)], 1),
        S([True], [normal(2)]),
    ],
    np.choose: [
        S(np.array([0, 1, 1]), [normal(3), normal(3)]),
        S(np.array([[0], [1]]), [normal(), normal(3)]),
        S(np.array([-1, 5]), [normal(2), Fixed(normal(2)), normal()], mode="clip"),
        S(np.array([-1, 5]), [normal(2), normal(2)], mode="wrap"),
    ],
    np.compress: [
        S(np.array([True, False, True]), normal(3, 2), axis=0),
        S([False, True], normal(2, 3), axis=-1),
        S([True, False, True], normal(2, 2)),
    ],
    np.extract: [
        S(np.array([[True, False], [False, True]]), normal(2, 2)),
        S(np.array([True, False, True]), normal(3)),
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
