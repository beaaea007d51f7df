"""Samples of the turns that positions are written as."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.functional.positions import turned

from .draws import Fixed, S, normal

ANGLES = np.array([[0.0, 0.0], [1.0, 0.1], [2.0, 0.2]])
TURN = Fixed(np.cos(ANGLES)), Fixed(np.sin(ANGLES))

SAMPLES: dict[Any, list[S]] = {
    turned: [S(normal(3, 4), *TURN), S(normal(2, 3, 4), *TURN), S(normal(0, 3, 4), *TURN)],
}
