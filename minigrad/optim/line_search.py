"""How far to go along a direction: far enough to gain, and to where the slope has flattened."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

_ARMIJO = 1e-4  # c1: the share of the gain promised by the slope that has to be made
_CURVATURE = 0.9  # c2: the share of the slope that may be left


@dataclass(frozen=True)
class Point:
    """A place on the line x + alpha d.

    Attributes:
        alpha: how far along the direction.
        f: the loss there.
        slope: its derivative along the direction, g . d.
        g: the gradient there, flat.
    """

    alpha: float
    f: float
    slope: float
    g: Any


Evaluate: TypeAlias = Callable[[float], Point]


def strong_wolfe(
    evaluate: Evaluate, start: Point, alpha: float, tolerance: float, trials: int
) -> Point:
    """A point that fulfils the strong Wolfe conditions, if it is found in so many trials.

        f(alpha)  <= f(0) + c1 alpha f'(0)        c1 = 1e-4
        |f'(alpha)| <= c2 |f'(0)|                 c2 = 0.9

    Bracketing goes on, ever further, until an interval must contain such a point; zooming then
    shrinks that interval. Trial steps minimize the cubic through both ends.

    Args:
        evaluate: the point at some alpha.
        start: the point at alpha 0; its slope is negative.
        alpha: the first trial, above 0.
        tolerance: the length of an interval that is not worth shrinking.
        trials: how many more points may be tried after the first.

    Returns:
        The point; where none was found, the best end of the interval.

    Example:
        >>> from minigrad.optim.line_search import Point, strong_wolfe
        >>> def evaluate(a):  # the loss (a - 3)^2, of slope 2 (a - 3)
        ...     return Point(a, (a - 3) ** 2, 2 * (a - 3), None)
        >>> strong_wolfe(evaluate, evaluate(0.0), 0.125, tolerance=1e-9, trials=25).alpha
        1.25

    Source: Nocedal & Wright 2006, "Numerical optimization", algorithms 3.5 and 3.6, interpolation
    by their equation 3.59; bounds on the trial steps as in PyTorch's `LBFGS` (from minFunc).
    """
    one, other, left = _bracketed(evaluate, start, alpha, trials)
    if other is None:
        return one
    low, high = _ordered(one, other)
    return _zoomed(evaluate, start, low, high, tolerance, left)


def _bracketed(
    evaluate: Evaluate, start: Point, alpha: float, trials: int
) -> tuple[Point, Point | None, int]:
    """The ends of an interval, or one point that will do; and how many trials are left."""
    before, point = start, evaluate(alpha)
    for trial in range(trials):
        if not _gains(start, point) or (trial > 1 and point.f >= before.f):
            return before, point, trials - trial
        if _is_flat(start, point):
            return point, None, trials - trial
        if point.slope >= 0:
            return before, point, trials - trial
        nearest = point.alpha + 0.01 * (point.alpha - before.alpha)
        alpha = cubic_minimizer(before, point, nearest, 10 * point.alpha)
        before, point = point, evaluate(alpha)
    return start, point, 0


def _zoomed(
    evaluate: Evaluate, start: Point, low: Point, high: Point, tolerance: float, trials: int
) -> Point:
    """Shrink the interval; `low` is the end with the smaller loss."""
    is_slow = False
    for _ in range(trials):
        if abs(high.alpha - low.alpha) < tolerance:
            break
        alpha, is_slow = _trial_inside(low, high, is_slow)
        point = evaluate(alpha)
        if not _gains(start, point) or point.f >= low.f:
            low, high = _ordered(low, point)
            continue
        if _is_flat(start, point):
            return point
        if point.slope * (high.alpha - low.alpha) >= 0:
            high = low
        low = point
    return low


def _trial_inside(low: Point, high: Point, was_slow: bool) -> tuple[float, bool]:
    """The cubic's minimizer, kept off the ends if it clings to them; and whether it clings."""
    left, right = sorted((low.alpha, high.alpha))
    alpha = cubic_minimizer(low, high, left, right)
    margin = 0.1 * (right - left)
    if min(right - alpha, alpha - left) >= margin:
        return alpha, False
    if was_slow or alpha >= right or alpha <= left:
        near_right = abs(alpha - right) < abs(alpha - left)
        return (right - margin if near_right else left + margin), False
    return alpha, True


def cubic_minimizer(a: Point, b: Point, lower: float, upper: float) -> float:
    """Where the cubic with these losses and slopes at both points is least, within bounds.

        d1    = f'_a + f'_b - 3 (f_a - f_b) / (a - b)
        d2    = sqrt(d1^2 - f'_a f'_b)
        alpha = b - (b - a) (f'_b + d2 - d1) / (f'_b - f'_a + 2 d2)       for a < b

    The middle of the bounds, if the cubic has no minimum.

    Source: Nocedal & Wright 2006, "Numerical optimization", equation 3.59.
    """
    a, b = (a, b) if a.alpha <= b.alpha else (b, a)
    d1 = a.slope + b.slope - 3 * (a.f - b.f) / (a.alpha - b.alpha)
    square = d1 * d1 - a.slope * b.slope
    if not 0 <= square < math.inf:  # also for losses that are infinite or NaN
        return (lower + upper) / 2
    d2 = math.sqrt(square)
    curvature = b.slope - a.slope + 2 * d2
    if curvature == 0:
        return (lower + upper) / 2
    alpha = b.alpha - (b.alpha - a.alpha) * ((b.slope + d2 - d1) / curvature)
    return min(max(alpha, lower), upper)


def _ordered(one: Point, other: Point) -> tuple[Point, Point]:
    """The end with the smaller loss first; one that is NaN comes last."""
    return (other, one) if other.f < one.f else (one, other)


def _gains(start: Point, point: Point) -> bool:
    """The first condition; a loss that is NaN is no gain."""
    return point.f <= start.f + _ARMIJO * point.alpha * start.slope


def _is_flat(start: Point, point: Point) -> bool:
    """The second condition."""
    return abs(point.slope) <= -_CURVATURE * start.slope
