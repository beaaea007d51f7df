"""How a tensor shows itself: as text, and as HTML in a notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from .node import Node

Array: TypeAlias = npt.NDArray[Any]
_BINS = 24
_BAR_WIDTH, _BAR_HEIGHT = 5, 32  # pixels


class Printable:
    """What shows a tensor."""

    __slots__ = ()
    _data: Array
    node: Node | None

    def __repr__(self) -> str:
        """`tensor([1., 2.], requires_grad=True)`, or the operation that made it: `op=multiply`."""
        name = "tensor" if type(self).__name__ == "Tensor" else type(self).__name__
        parts = [np.array2string(self._data, separator=", ", prefix=f"{name}(")]
        if self._data.dtype not in (np.float32, np.int64, np.bool_):
            parts.append(f"dtype={self._data.dtype}")
        if self.node is not None:
            made = None if self.node.is_leaf else f"op={self.node.name}"
            parts.append(made or "requires_grad=True")
        return f"{name}({', '.join(parts)})"

    def _repr_html_(self) -> str:
        """Shape, dtype, operation, and a small histogram of the finite values."""
        data, node = self._data, self.node
        is_result = node is not None and not node.is_leaf
        origin = f"made by <code>{escape(node.name)}</code>" if node and is_result else "a leaf"
        facts = [f"shape {data.shape}", str(data.dtype), origin]
        if node is not None:
            facts.append("requires grad")
        body = escape(np.array2string(data, threshold=20, precision=4)) if data.size <= 20 else ""
        return (
            f"<div><b>{escape(type(self).__name__)}</b> {' &middot; '.join(facts)}"
            f"{f'<pre>{body}</pre>' if body else ''}{_histogram(data)}</div>"
        )


def _histogram(data: Array) -> str:
    """Bars as inline SVG, in the colour of the surrounding text; range and mean below."""
    values = data[np.isfinite(data)].astype(np.float64)
    if values.size < 2:
        return ""
    low, span = values.min() / 2, values.max() / 2 - values.min() / 2  # halves cannot overflow
    places = (values / 2 - low) / (span or 1) * _BINS
    counts = np.bincount(np.minimum(places.astype(int), _BINS - 1), minlength=_BINS)
    heights = _BAR_HEIGHT * counts / counts.max()
    bars = "".join(
        f'<rect x="{i * _BAR_WIDTH}" y="{_BAR_HEIGHT - h:.1f}" width="{_BAR_WIDTH - 1}" '
        f'height="{h:.1f}"/>'
        for i, h in enumerate(heights)
    )
    missing = data.size - values.size
    mean = (values / values.size).sum()
    note = f" &middot; {missing} not finite" if missing else ""
    return (
        f'<svg width="{_BINS * _BAR_WIDTH}" height="{_BAR_HEIGHT}" fill="currentColor" role="img" '
        f'aria-label="histogram of {values.size} values">{bars}</svg>'
        f"<div><small>min {values.min():.4g} &middot; mean {mean:.4g} &middot; "
        f"max {values.max():.4g}{note}</small></div>"
    )
