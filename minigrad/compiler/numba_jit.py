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
    """A function as machine code, which is kept on disk beside the function's file, if there is one.

    A division by zero gives infinity or nan, as in NumPy.
    """
    is_file = Path(function.__code__.co_filename).is_file()
    return njit(function, fastmath=FREEDOMS, error_model="numpy", cache=is_file)
