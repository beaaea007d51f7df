"""Each step of the chain rule against a finite difference of the operation itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ...engine import unbroadcast
from ...tracing import Contribution
from ...tracing.records import Array
from ...vjps import IMPLEMENTATIONS, VJPS

_ALL = 24  # elements: so many are compared one by one
_SOME = 8  # of more, the largest and as many others


@dataclass(frozen=True)
class Check:
    """How a contribution compares with central differences.

    Attributes:
        status: "agrees"; "differs"; "kink", where the slopes on both sides differ and the rule's
            lies between them; or "unchecked".
        index: the element that differs most.
        analytic: what the rule gave there.
        numeric: and the difference.
        elements: how many elements were compared.
        note: why it was not checked; or what rounding has cost.
    """

    status: Literal["agrees", "differs", "kink", "unchecked"]
    index: tuple[int, ...] = ()
    analytic: float = 0.0
    numeric: float = 0.0
    elements: int = 0
    note: str = ""


def checked(record: Contribution) -> Check:
    """Compare d/dx of sum(g * fn(..., x, ...)) with the rule, element by element.

    Both are computed in float64, so that a formula is not called wrong for what float32 rounds.
    """
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
    args = [_wide(a) for a in record.node.args]
    x = args[record.argument]
    g = _wide(record.incoming)

    def result() -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(implementation(*args, **record.node.params))

    def phi() -> float:
        return float(np.sum(g * result(), dtype=np.float64))

    y = result()
    analytic = _rule_in_float64(record, g, y, args)
    resolution = float(np.finfo(y.dtype if y.dtype.kind == "f" else np.float64).eps)
    centre = phi()
    scale = float(np.max(np.abs(analytic)))
    slopes: dict[tuple[int, ...], tuple[float, float]] = {}  # above and below
    for index in _chosen(analytic):
        h = resolution ** (1 / 3) * max(1.0, abs(float(x[index])))
        old = float(x[index])
        x[index] = old + h
        above = (phi() - centre) / h
        x[index] = old - h
        below = (centre - phi()) / h
        x[index] = old
        slopes[index] = above, below
    middle = {index: (above + below) / 2 for index, (above, below) in slopes.items()}
    worst = max(middle, key=lambda index: abs(middle[index] - analytic[index]))
    scale = max(scale, *map(abs, middle.values()))
    error = abs(middle[worst] - analytic[worst])
    allowed = 2 * resolution**0.5 * scale + 10 * resolution ** (2 / 3) * max(1.0, abs(centre))
    status: Any = "agrees" if error <= allowed else "differs"
    if status == "differs" and _is_kink(*slopes[worst], float(analytic[worst]), error):
        status = "kink"
    given = float(record.contribution[worst])
    return Check(status, worst, given, middle[worst], len(middle), _rounding(record, analytic))


def _wide(a: Any) -> Any:
    is_floating = isinstance(a, np.ndarray) and a.dtype.kind == "f"
    return a.astype(np.float64) if is_floating else a


def _rule_in_float64(record: Contribution, g: Array, y: Array, args: list[Any]) -> Array:
    rule: Any = VJPS[record.node.fn][record.argument]  # type: ignore[index]
    with np.errstate(all="ignore"):
        c = rule(g[()], y, *args, **record.node.params)
        x = args[record.argument]
        return np.asarray(unbroadcast(c, x, record.node.fn, record.argument))  # type: ignore[arg-type]


def _is_kink(above: float, below: float, analytic: float, error: float) -> bool:
    low, high = sorted((above, below))
    is_bent = high - low > 1e-2 * max(abs(low), abs(high))
    return is_bent and low - error / 10 <= analytic <= high + error / 10


def _rounding(record: Contribution, exact: Array) -> str:
    scale = float(np.max(np.abs(exact)))
    lost = float(np.max(np.abs(record.contribution - exact)))
    if scale == 0 or lost <= 1e-4 * scale:
        return ""
    return f"rounding in {record.contribution.dtype} has cost {100 * lost / scale:.2g} %"


def _chosen(analytic: Array) -> list[tuple[int, ...]]:
    if analytic.size <= _ALL:
        return list(np.ndindex(analytic.shape))
    order = np.argsort(-np.abs(analytic), axis=None)
    others = np.random.default_rng(0).choice(order[_SOME:], _SOME, replace=False)
    flat = [*order[:_SOME], *others]
    return [tuple(int(k) for k in np.unravel_index(j, analytic.shape)) for j in flat]
