"""Samples of the products that a convolution is made of."""

from __future__ import annotations

from typing import Any

from minigrad.functional.convolution import sums_of_products, weighted_sums

from .draws import Fixed, S, normal

SAMPLES: dict[Any, list[S]] = {
    weighted_sums: [
        S(normal(1, 2, 3), normal(1, 3, 4)),
        S(normal(2, 2, 3), normal(2, 3, 4), normal(2, 2, 1)),
        S(normal(1, 2, 3), Fixed(normal(1, 3, 4)), normal(1, 2, 1)),
        S(normal(2, 1, 3), normal(2, 3, 0), normal(2, 1, 1)),
    ],
    sums_of_products: [
        S(normal(1, 3, 4), normal(1, 2, 4)),
        S(normal(2, 1, 4), normal(2, 3, 4)),
        S(normal(2, 2, 3), Fixed(normal(2, 2, 3))),
        S(normal(2, 2, 0), normal(2, 1, 0)),
    ],
}
