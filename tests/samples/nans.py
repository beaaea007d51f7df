"""Samples of reductions that leave out nan: of numbers; what happens at a nan is tested by name."""

from __future__ import annotations

from typing import Any

import numpy as np

from .draws import S, nonzero, normal, reduction, zero_among

SAMPLES: dict[Any, list[S]] = {
    np.nansum: reduction(normal),
    np.nanmean: reduction(normal, empty=False),
    np.nanprod: [*reduction(nonzero), S(zero_among(4)), S(zero_among(2, 3), axis=0)],
    np.nanvar: [
        *reduction(normal, empty=False),
        S(normal(2, 3), axis=1, ddof=1),
        S(normal(4), ddof=2),
    ],
    np.nanstd: [
        *reduction(normal, empty=False),
        S(normal(2, 3), axis=1, ddof=1),
        S(normal(4), ddof=2),
    ],
}
