"""Inputs for every function that has a derivative rule: the table which `test_vjps.py` runs over.

A new rule needs a new row here. A row lists calls: `S(*args, **params)`. Floating arrays among
the arguments, also inside a list, are the inputs to differentiate; `Fixed(array)` is passed on as
it is. All values lie inside the function's domain and away from kinks; ties are tested by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import minigrad.functional as F
from minigrad import vjps
from minigrad.functional.dense import linear
from minigrad.functional.losses import expected_nll, squared_error
from minigrad.vjps import COMPOSITES, VJPS

rng = np.random.default_rng(2024)


@dataclass(frozen=True)
class Fixed:
    """A floating array that is a constant of the call."""

    array: np.ndarray


def is_input(a: Any) -> bool:
    return isinstance(a, np.ndarray) and a.dtype.kind == "f"


class S:
    """One call of a function."""

    def __init__(self, *args: Any, **params: Any) -> None:
        self.args, self.params = args, params
        self.inputs: list[np.ndarray] = []
        for a in args:
            self.inputs += [x for x in (a if isinstance(a, list) else [a]) if is_input(x)]

    def call(self, fn: Any, inputs: Any) -> Any:
        """`fn` of this call's arguments, with `inputs` in place of its own."""
        rest = iter(inputs)

        def place(a: Any) -> Any:
            if isinstance(a, list):
                return [place(b) for b in a]
            if isinstance(a, Fixed):
                return a.array
            return next(rest) if is_input(a) else a

        return fn(*map(place, self.args), **self.params)


def normal(*shape: int) -> np.ndarray:
    return np.asarray(rng.standard_normal(shape))


def between(low: float, high: float, *shape: int) -> np.ndarray:
    return np.asarray(rng.uniform(low, high, shape))


def positive(*shape: int) -> np.ndarray:
    return between(0.5, 2.0, *shape)


def nonzero(*shape: int) -> np.ndarray:
    """Of either sign, and not near 0, 1, 2 or a half."""
    return np.asarray(
        rng.choice([-1.8, -1.3, -0.7, 0.3, 0.8, 1.6], shape) + between(0, 0.08, *shape)
    )


def distinct(*shape: int) -> np.ndarray:
    """No two elements are near each other."""
    count = int(np.prod(shape))
    return np.reshape(rng.permutation(count) - count / 2 + 0.25, shape)


def unary(draw: Any) -> list[S]:
    return [S(draw(2, 3)), S(draw()), S(draw(0, 2))]


def binary(left: Any, right: Any) -> list[S]:
    return [
        S(left(2, 3), right(2, 3)),
        S(left(2, 3), right(3)),
        S(left(2, 1), right(1, 3)),
        S(left(), right(2)),
        S(left(2), Fixed(right(3, 2))),
        S(left(0, 2), right(2)),
        S(left(2, 3), 1.7),
        S(0.6, right(2, 3)),
        S(2, right(3)),
        S(left(3), np.array([1, 2, 3])),
    ]


def reduction(draw: Any, empty: bool = True) -> list[S]:
    return [
        S(draw(2, 3)),
        S(draw(2, 3), axis=0),
        S(draw(2, 3), axis=-1, keepdims=True),
        S(draw(2, 3, 2), axis=(0, -1)),
        S(draw(2, 3, 2), axis=(2, 0), keepdims=True),
        S(draw(2, 3), keepdims=True),
        S(draw(2, 3), 1),
        S(draw(2, 3), axis=()),
        S(draw(1, 3), axis=0),
        S(draw()),
        S(draw(3, 0), axis=0),
        *([S(draw(0)), S(draw(2, 0), axis=1)] if empty else []),
    ]


def zero_among(*shape: int) -> np.ndarray:
    """Not zero but for the first two elements."""
    x = nonzero(*shape)
    x.reshape(-1)[:2] = 0
    return x


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
    # Arithmetic.
    np.add: binary(normal, normal),
    np.subtract: binary(normal, normal),
    np.multiply: binary(normal, normal),
    np.divide: binary(normal, nonzero),
    np.negative: unary(normal),
    np.positive: unary(normal),
    np.reciprocal: unary(nonzero),
    np.square: unary(normal),
    np.sqrt: unary(positive),
    np.cbrt: unary(nonzero),
    np.power: [
        *binary(positive, normal),
        S(nonzero(4), 3),
        S(nonzero(4), 2.0),
        S(nonzero(4), 1),
        S(nonzero(4), 0),
        S(nonzero(4), -1.0),
        S(nonzero(2, 3), np.array([3, 2, 0])),
        S(np.float32(2.0), normal(3)),
    ],
    np.remainder: [
        *binary(nonzero, lambda *shape: between(2.5, 2.9, *shape)),
        S(np.array([-7.0, 8.0, 9.5]), np.array([3.3, -3.3, 2.1])),
    ],
    np.hypot: binary(nonzero, nonzero),
    # Exponentials and logarithms.
    np.exp: unary(normal),
    np.exp2: unary(normal),
    np.expm1: unary(normal),
    np.log: unary(positive),
    np.log2: unary(positive),
    np.log10: unary(positive),
    np.log1p: unary(positive),
    np.logaddexp: [*binary(normal, normal), S(np.array([40.0, -40.0]), np.array([-40.0, -39.0]))],
    # Trigonometric and hyperbolic functions.
    np.sin: unary(normal),
    np.cos: unary(normal),
    np.tan: unary(lambda *shape: between(-1, 1, *shape)),
    np.arcsin: unary(lambda *shape: between(-0.8, 0.8, *shape)),
    np.arccos: unary(lambda *shape: between(-0.8, 0.8, *shape)),
    np.arctan: unary(normal),
    np.arctan2: binary(nonzero, nonzero),
    np.sinh: unary(normal),
    np.cosh: unary(normal),
    np.tanh: unary(normal),
    np.arcsinh: unary(normal),
    np.arccosh: unary(lambda *shape: between(1.3, 3, *shape)),
    np.arctanh: unary(lambda *shape: between(-0.8, 0.8, *shape)),
    # Piecewise functions.
    np.absolute: unary(nonzero),
    np.fabs: unary(nonzero),
    np.sign: unary(nonzero),
    np.floor: unary(nonzero),
    np.ceil: unary(nonzero),
    np.rint: unary(nonzero),
    np.trunc: unary(nonzero),
    np.floor_divide: binary(nonzero, lambda *shape: between(2.5, 2.9, *shape)),
    np.round: [S(nonzero(2, 3)), S(nonzero(3), 1), S(nonzero(3), decimals=1), S(nonzero())],
    np.maximum: binary(nonzero, lambda *shape: nonzero(*shape) + 0.2),
    np.minimum: binary(nonzero, lambda *shape: nonzero(*shape) + 0.2),
    np.fmax: binary(nonzero, lambda *shape: nonzero(*shape) + 0.2),
    np.fmin: binary(nonzero, lambda *shape: nonzero(*shape) + 0.2),
    np.where: [
        S(np.array([True, False, True]), normal(2, 3), normal(3)),
        S(np.array([[True], [False]]), normal(3), normal(2, 1)),
        S(np.array([1, 0, 2]), normal(3), 0.0),
        S(np.array([True, False]), -1.5, normal()),
        S(np.array(True), normal(2), normal(2)),
        S(False, normal(2), normal(2)),
        S(Fixed(np.array([0.0, 0.5])), normal(2), Fixed(normal(2))),
        S(np.zeros((0, 2), bool), normal(2), normal(0, 2)),
    ],
    np.clip: [
        S(nonzero(2, 3), -0.9, 1.0),
        S(nonzero(4), None, 0.5),
        S(nonzero(4), -0.5, None),
        S(nonzero(4), min=-0.5, max=0.5),
        S(nonzero(4), max=0.5),
        S(nonzero(4), a_min=-0.5, a_max=0.5),
        S(nonzero(2, 3), np.array([-1.0, -0.5, 0.0]), np.array([[0.5], [0.6]])),
        S(nonzero(3), np.array(0.2), 0.0),
        S(nonzero(), -0.5, 0.5),
        S(nonzero(0), -0.5, 0.5),
    ],
    vjps.clip: [
        S(nonzero(2, 3), -0.9, 1.0),
        S(nonzero(4), None, 0.5),
        S(nonzero(4), np.array([-0.5, 0.1, 0.2, 0.5]), None),
    ],
    # Reductions.
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
    # Products of vectors and matrices.
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
    # Shape.
    vjps.astype: [S(normal(2, 3), np.dtype(np.float64)), S(normal(), np.dtype(np.float64))],
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
    np.ravel: [S(normal(2, 3)), S(normal()), S(normal(0, 2))],
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
    # Joining and splitting.
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
    np.split: [
        S(normal(4, 2), 2),
        S(normal(2, 5), [1, 3], axis=-1),
        S(normal(5), np.array([0, 2, 2, 7])),
        S(normal(4), [-1]),
        S(normal(0, 2), 1),
    ],
    # Indexing.
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
    # What minigrad.functional adds.
    F.relu: unary(nonzero),
    F.sigmoid: unary(normal),
    F.softplus: unary(normal),
    F.erf: unary(normal),
    F.softmax: [S(normal(2, 3)), S(normal(2, 3), 0), S(normal(2, 2, 3), axis=1), S(normal(0, 3))],
    F.log_softmax: [
        S(normal(2, 3)),
        S(normal(2, 3), 0),
        S(normal(2, 2, 3), axis=1),
        S(normal(0, 3)),
    ],
    F.logsumexp: [
        S(normal(2, 3)),
        S(normal(2, 3), 0),
        S(normal(2, 2, 3), axis=1, keepdims=True),
        S(normal(3)),
        S(normal(0, 3)),
    ],
    linear: [
        S(normal(2, 3), normal(4, 3)),
        S(normal(2, 3), normal(4, 3), normal(4)),
        S(normal(3), normal(2, 3), normal(2)),
        S(normal(2, 2, 3), normal(2, 3), normal(2)),
        S(normal(0, 3), normal(2, 3), normal(2)),
        S(Fixed(normal(2, 3)), normal(2, 3), normal(2)),
    ],
    squared_error: [
        S(normal(2, 3), normal(2, 3)),
        S(normal(2, 1), normal(3)),
        S(normal(0, 3), normal(0, 3)),
        S(normal(), normal()),
    ],
    expected_nll: [
        S(normal(2, 3), positive(2, 3)),
        S(normal(2, 2, 3), Fixed(positive(2, 2, 3))),
        S(normal(3), positive(3)),
        S(normal(0, 3), positive(0, 3)),
    ],
}

REGISTERED = {
    fn
    for fn in [*VJPS, *COMPOSITES]
    if (fn.__module__ or "numpy").startswith(("numpy", "minigrad"))
}
