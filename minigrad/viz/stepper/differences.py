"""Each step of the chain rule against a finite difference of the operation itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ...tracing import Contribution
from ...tracing.records import Array
from ...vjps import IMPLEMENTATIONS

_ALL = 24  # elements: so many are compared one by one
_SOME = 8  # of more, the largest and as many others


@dataclass(frozen=True)
class Check:
    """How a contribution compares with central differences.

    Attributes:
        status: "agrees"; "differs"; "kink", where the slopes on both sides differ and the rule's
            lies between them; or "unchecked".
        index: the element that differs most.
        analytic: what the rule gives there.
        numeric: and the difference.
        elements: how many elements were compared.
        note: why it was not checked.
    """

    status: Literal["agrees", "differs", "kink", "unchecked"]
    index: tuple[int, ...] = ()
    analytic: float = 0.0
    numeric: float = 0.0
    elements: int = 0
    note: str = ""


def checked(record: Contribution) -> Check:
    """Compare d/dx of sum(g * fn(..., x, ...)) with the contribution, element by element."""
    point = record.parent.value
    if not point.size:
        return Check("unchecked", note="the array is empty")
    used = (record.incoming, record.contribution, *record.node.args)
    if not all(np.all(np.isfinite(a)) for a in used if getattr(a, "dtype", None) is not None):
        return Check("unchecked", note="not all numbers are finite")
    try:
        return _compared(record, point)
    except Exception as error:  # a function may refuse the neighbourhood of its arguments
        return Check("unchecked", note=f"{type(error).__name__}: {error}")


def _compared(record: Contribution, point: Array) -> Check:
    fn: Any = record.node.fn
    implementation = IMPLEMENTATIONS.get(fn, fn)
    args = [
        a.astype(np.float64) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a
        for a in record.node.args
    ]
    x = args[record.argument] = point.astype(np.float64)
    g = record.incoming.astype(np.float64)

    def phi() -> Any:
        with np.errstate(all="ignore"):
            y = np.asarray(implementation(*args, **record.node.params))
        return float(np.sum(g * y, dtype=np.float64)), y.dtype

    centre, dtype = phi()
    resolution = float(np.finfo(dtype if dtype.kind == "f" else np.float64).eps)
    analytic = record.contribution.astype(np.float64)
    worst, error, kink = (), -1.0, False
    numerics: dict[tuple[int, ...], float] = {}
    scale = float(np.max(np.abs(analytic)))
    for index in _chosen(analytic):
        h = resolution ** (1 / 3) * max(1.0, abs(float(x[index])))
        old = float(x[index])
        x[index] = old + h
        above = phi()[0]
        x[index] = old - h
        below = phi()[0]
        x[index] = old
        numerics[index] = (above - below) / (2 * h)
        scale = max(scale, abs(numerics[index]))
        off = abs(numerics[index] - analytic[index])
        if off > error:
            worst, error = index, off
            sides = sorted([(above - centre) / h, (centre - below) / h])
            bent = sides[1] - sides[0] > 1e-2 * max(map(abs, sides))
            kink = bent and sides[0] - off / 10 <= analytic[index] <= sides[1] + off / 10
    rounding = float(np.finfo(record.contribution.dtype).eps)
    noise = resolution ** (2 / 3) * max(1.0, abs(centre))
    allowed = (rounding**0.5 + resolution**0.5) * scale + 10 * noise
    status: Any = "agrees" if error <= allowed else "kink" if kink else "differs"
    return Check(status, worst, float(analytic[worst]), numerics[worst], len(numerics))


def _chosen(analytic: Array) -> list[tuple[int, ...]]:
    if analytic.size <= _ALL:
        return list(np.ndindex(analytic.shape))
    order = np.argsort(-np.abs(analytic), axis=None)
    others = np.random.default_rng(0).choice(order[_SOME:], _SOME, replace=False)
    flat = [*order[:_SOME], *others]
    return [tuple(int(k) for k in np.unravel_index(j, analytic.shape)) for j in flat]
