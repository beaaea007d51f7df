"""Samples of functions of single elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import vjps
from minigrad.vjps.elementwise import fraction

from .draws import Fixed, S, between, binary, nonzero, normal, positive, unary

SAMPLES: dict[Any, list[S]] = {
    # Arithmetic.
    np.add: binary(normal, normal),
    np.subtract: binary(normal, normal),
    np.multiply: binary(normal, normal),
    np.divide: binary(normal, nonzero),
    np.negative: unary(normal),
    np.positive: unary(normal),
    np.conjugate: unary(normal),
    np.real: unary(normal),
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
    np.float_power: [*binary(positive, normal), S(nonzero(4), -2), S(nonzero(4), 0)],
    np.remainder: [
        *binary(nonzero, lambda *shape: between(2.5, 2.9, *shape)),
        S(np.array([-7.0, 8.0, 9.5]), np.array([3.3, -3.3, 2.1])),
    ],
    np.fmod: [
        *binary(nonzero, lambda *shape: between(2.5, 2.9, *shape)),
        S(np.array([-7.0, 8.0, 9.5]), np.array([3.3, -3.3, 2.1])),
    ],
    np.divmod: [
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
    np.logaddexp2: [*binary(normal, normal), S(np.array([40.0, -40.0]), np.array([-40.0, -39.0]))],
    np.ldexp: [
        S(normal(2, 3), np.array([3, -2, 0])),
        S(normal(2, 1), np.array([[1, 2]])),
        S(normal(), 4),
        S(normal(0, 2), -1),
    ],
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
    np.degrees: unary(normal),
    np.rad2deg: unary(normal),
    np.radians: unary(normal),
    np.deg2rad: unary(normal),
    # Piecewise functions.
    np.absolute: unary(nonzero),
    np.fabs: unary(nonzero),
    np.sign: unary(nonzero),
    np.floor: unary(nonzero),
    np.ceil: unary(nonzero),
    np.rint: unary(nonzero),
    np.trunc: unary(nonzero),
    np.fix: unary(nonzero),
    np.modf: unary(nonzero),
    fraction: unary(nonzero),
    np.heaviside: [
        *binary(nonzero, normal),
        S(Fixed(np.zeros((2, 1))), normal(3)),
        S(0, normal(3)),
    ],
    np.copysign: binary(nonzero, nonzero),
    np.nan_to_num: [*unary(normal), S(normal(3), nan=1.0, posinf=2.0, neginf=-2.0)],
    np.floor_divide: binary(nonzero, lambda *shape: between(2.5, 2.9, *shape)),
    np.round: [S(nonzero(2, 3)), S(nonzero(3), 1), S(nonzero(3), decimals=1), S(nonzero())],
    np.around: [S(nonzero(2, 3)), S(nonzero(3), 1), S(nonzero())],
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
}
