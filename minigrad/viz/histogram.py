"""How the numbers of a large array are distributed, as a strip of characters."""

from __future__ import annotations

from typing import Any

import numpy as np

from .labels import Array

_BARS = "▁▂▃▄▅▆▇█"
_BINS = 16
_FEWEST = 24  # elements, of which there is a histogram


def strip(array: Array) -> str:
    """`▁▁▂▄▇█▇▄▂▁▁`: how many of the finite numbers lie in each part of their range.

    "" where there is nothing to see: few elements, or all the same. A space stands for none.

    Example:
        >>> import numpy as np
        >>> from minigrad.viz.histogram import strip
        >>> strip(np.arange(64.0) ** 2)
        '█▄▃▂▂▂▂▂▂▁▂▁▁▁▁▂'
    """
    if array.size < _FEWEST or array.dtype.kind not in "fiub":
        return ""
    finite: Any = array[np.isfinite(array)].astype(np.float64)
    if not finite.size or finite.min() == finite.max():
        return ""
    with np.errstate(all="ignore"):
        if not np.isfinite(finite.max() - finite.min()):
            return ""
    counts, _ = np.histogram(finite, bins=_BINS)
    heights = np.ceil(counts / counts.max() * len(_BARS)).astype(int)
    return "".join(_BARS[h - 1] if h else " " for h in heights)
