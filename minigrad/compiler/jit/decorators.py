"""How the printed functions are compiled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit

# Sums may be taken in any order and a * b + c may be rounded once, as everywhere where vector code
# computes. Nothing is assumed about nan and infinity: a run that diverges has to look like one.
FREEDOMS = {"contract", "reassoc", "arcp", "nsz"}


def compiled(function: Callable[..., Any]) -> Any:
    """A function as machine code, which is kept on disk beside the function's file, if it has one.

    A division by zero gives infinity or nan, as in NumPy.
    """
    return _njit(function)


def threaded(function: Callable[..., Any]) -> Any:
    """The same for a function whose `prange` loop is divided among threads."""
    return _njit(function, parallel=True)


def _njit(function: Callable[..., Any], **options: bool) -> Any:
    is_file = Path(function.__code__.co_filename).is_file()
    return njit(function, fastmath=FREEDOMS, error_model="numpy", cache=is_file, **options)
