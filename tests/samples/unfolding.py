"""Samples of windows taken out of a space and added up in one."""

from __future__ import annotations

from typing import Any

from minigrad.functional.framing import frame
from minigrad.vjps import fold, unfold

from .draws import S, normal

SAMPLES: dict[Any, list[S]] = {
    frame: [
        S(normal(2, 3, 4)),
        S(normal(2, 1, 2, 3), ((1, 0), (2, 1))),
        S(normal(1, 2, 3), ((1, 2),), -0.5),
        S(normal(0, 2, 3), ((1, 1),)),
        S(normal(2, 1, 2), padding=((0, 1),), value=1.0),
    ],
    unfold: [
        S(normal(2, 5, 3), (2,), (4,), (1,), (1,)),
        S(normal(1, 4, 5, 2), (2, 3), (3, 2), (1, 2), (1, 1)),
        S(normal(2, 5, 6, 1), (2, 2), (2, 3), (2, 1), (2, 3)),
        S(normal(2, 6, 1), (2,), (2,), (3,), (1,)),
        S(normal(2, 3, 0), (2,), (2,), (1,), (1,)),
        S(normal(1, 3, 2), size=(3,), places=(1,), stride=(1,), dilation=(1,)),
    ],
    fold: [
        S(normal(2, 2, 4, 3), (5,), (1,), (1,)),
        S(normal(1, 2, 3, 3, 2, 2), (4, 5), (1, 1), (1, 1)),
        S(normal(2, 2, 2, 2, 3, 1), (5, 6), (2, 1), (2, 3)),
        S(normal(2, 2, 2, 1), (6,), (3,), (1,)),
        S(normal(2, 2, 2, 0), (3,), (1,), (1,)),
        S(normal(1, 3, 1, 2), space=(4,), stride=(1,), dilation=(1,)),
    ],
}
