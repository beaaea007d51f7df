"""Samples of what `minigrad.functional` adds."""

from __future__ import annotations

from typing import Any

import minigrad.functional as F
from minigrad.functional.activations import near_normal_distribution
from minigrad.functional.dense import linear
from minigrad.functional.losses import expected_nll, squared_error

from .draws import Fixed, S, nonzero, normal, positive, unary

SAMPLES: dict[Any, list[S]] = {
    F.relu: unary(nonzero),
    F.elu: [*unary(nonzero), S(nonzero(2, 3), 0.3)],
    # where the derivative that it has is the one of what it computes
    F.gradient_reversal: [S(normal(2, 3), -1.0), S(normal(), -1.0), S(normal(0, 2), -1.0)],
    F.sigmoid: unary(normal),
    F.softplus: unary(normal),
    F.erf: unary(normal),
    near_normal_distribution: unary(normal),
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
