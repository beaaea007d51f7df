"""The definition of `ufunc.outer`, for every ufunc of two arguments that has rules."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from . import elementwise  # noqa: F401  # whose rules are looked through below
from .axes import as_array
from .registry import VJPS, defcomposite


def _outer(fn: np.ufunc, a: Any, b: Any) -> Any:
    """fn of each element of a with each of b."""
    a, b = as_array(a), as_array(b)
    return fn(np.reshape(a, a.shape + (1,) * b.ndim), b)


OUTER = [
    fn
    for fn in VJPS
    if isinstance(fn, np.ufunc) and (fn.nin, fn.nout, fn.signature) == (2, 1, None)
]
for _fn in OUTER:
    defcomposite(_fn.outer, partial(_outer, _fn))
