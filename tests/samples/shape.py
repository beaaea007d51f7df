"""Samples of functions that only rearrange elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import vjps

from .draws import S, normal

SAMPLES: dict[Any, list[S]] = {
    vjps.astype: [S(normal(2, 3), np.dtype(np.float64)), S(normal(), np.dtype(np.float64))],
    np.astype: [S(normal(2, 3), np.float64), S(normal(), np.dtype("float64"))],
    np.copy: [S(normal(2, 3)), S(normal()), S(normal(0))],
    np.reshape: [
        S(normal(2, 3), (3, -1)),
        S(normal(2, 3), -1),
        S(normal(2, 3), (3, 2), "F"),
        S(normal(2, 3), shape=(6,), order="F"),
        S(normal(), (1, 1)),
        S(normal(1), ()),
        S(normal(0, 2), (2, 0, 3)),
    ],
    np.ravel: [S(normal(2, 3)), S(normal()), S(normal(0, 2)), S(normal(2, 3), order="F")],
    np.expand_dims: [S(normal(2), 0), S(normal(2), axis=(0, -1)), S(normal(), -1), S(normal(0), 1)],
    np.squeeze: [
        S(normal(1, 2, 1)),
        S(normal(1, 2, 1), -1),
        S(normal(1, 1), axis=(0, 1)),
        S(normal()),
    ],
    np.broadcast_to: [
        S(normal(2, 1), (2, 3)),
        S(normal(3), shape=(2, 3)),
        S(normal(), (2,)),
        S(normal(1), (0,)),
    ],
    np.transpose: [
        S(normal(2, 3)),
        S(normal(2, 3, 1), (2, 0, 1)),
        S(normal(2, 3, 1), axes=[-2, 0, -1]),
        S(normal()),
        S(normal(0, 3)),
    ],
    np.swapaxes: [
        S(normal(2, 3, 1), 0, -1),
        S(normal(2, 3), axis1=0, axis2=1),
        S(normal(0, 3), 0, 1),
    ],
    np.matrix_transpose: [S(normal(2, 3)), S(normal(2, 3, 1)), S(normal(0, 2))],
    np.moveaxis: [
        S(normal(2, 3, 1), 0, -1),
        S(normal(2, 3, 1), (0, 1), (2, 0)),
        S(normal(0, 3), 0, 1),
    ],
    np.rollaxis: [
        S(normal(2, 3, 1), 2),
        S(normal(2, 3, 1), 0, 2),
        S(normal(2, 3, 1), axis=-1, start=1),
        S(normal(2, 3, 1), 1, -1),
        S(normal(2, 3, 1), 0, start=3),
        S(normal(0, 3), 1),
    ],
    np.broadcast_arrays: [
        S(normal(2, 1), normal(3)),
        S(normal(), normal(2, 3), normal(1, 3)),
        S(normal(2)),
        S(normal(0, 1), normal(2)),
    ],
    np.atleast_1d: [S(normal()), S(normal(2, 3)), S(normal(), normal(2)), S(normal(0))],
    np.atleast_2d: [S(normal()), S(normal(3)), S(normal(2, 1, 1), normal(2)), S(normal(0))],
    np.atleast_3d: [S(normal()), S(normal(3)), S(normal(2, 3), normal(2, 1, 1)), S(normal(0))],
    np.meshgrid: [
        S(normal(2), normal(3)),
        S(normal(2), normal(3), normal(1), indexing="ij"),
        S(normal(2), normal(), normal(3), sparse=True),
        S(normal(2), normal(3), copy=False, indexing="xy"),
        S(normal(2)),
        S(normal(0), normal(2)),
    ],
    np.fliplr: [S(normal(2, 3)), S(normal(2, 3, 1)), S(normal(0, 2))],
    np.flipud: [S(normal(2, 3)), S(normal(2)), S(normal(0, 2))],
    np.rot90: [
        S(normal(2, 3)),
        S(normal(2, 3), 2),
        S(normal(2, 3), k=-1),
        S(normal(2, 3, 1), 3, axes=(2, 0)),
        S(normal(2, 3), 0),
        S(normal(0, 2)),
    ],
    np.tile: [
        S(normal(2, 3), 2),
        S(normal(3), (2, 2)),
        S(normal(2, 1, 3), reps=(3, 1)),
        S(normal(2, 3), np.array([1, 2])),
        S(normal(), 3),
        S(normal(2), ()),
        S(normal(0, 2), (2, 2)),
        S(normal(2), 0),
    ],
    np.flip: [
        S(normal(2, 3)),
        S(normal(2, 3), -1),
        S(normal(2, 3), axis=(0, 1)),
        S(normal()),
        S(normal(0)),
    ],
    np.tril: [S(normal(3, 3)), S(normal(2, 3), 1), S(normal(2, 2, 3), k=-1), S(normal(0, 2))],
    np.triu: [S(normal(3, 3)), S(normal(2, 3), 1), S(normal(2, 2, 3), k=-1), S(normal(0, 2))],
    np.roll: [
        S(normal(2, 3), 2),
        S(normal(2, 3), -1, axis=1),
        S(normal(2, 3), (1, 2), axis=(0, -1)),
        S(normal(2, 3), [1, 2], axis=[0, 1]),
        S(normal(2, 3), 1, axis=(0, 1)),
        S(normal(0), 1),
    ],
}
