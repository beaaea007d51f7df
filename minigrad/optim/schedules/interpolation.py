"""The way from one number to another."""

from __future__ import annotations

import math


def between(start: float, end: float, way: float) -> float:
    """start + way (end - start), in a form that is exact at both ends of the way, 0 and 1."""
    return (1 - way) * start + way * end


def cosine_way(way: float) -> float:
    """(1 - cos(pi way)) / 2: from 0 to 1, slow at both ends."""
    return (1 - math.cos(math.pi * way)) / 2
