"""The line search finds points that fulfil the strong Wolfe conditions."""

import math

import numpy as np
import pytest

from minigrad.optim.line_search import Point, cubic_minimizer, strong_wolfe

# Functions of alpha with their derivatives, all with a negative slope at 0.
FUNCTIONS = {
    "parabola": (lambda a: (a - 3) ** 2, lambda a: 2 * (a - 3)),
    "steep": (lambda a: (a - 1e-3) ** 2, lambda a: 2 * (a - 1e-3)),
    "far": (lambda a: (a / 1e3 - 1) ** 2, lambda a: 2 * (a / 1e3 - 1) / 1e3),
    "quartic": (lambda a: (a - 2) ** 4, lambda a: 4 * (a - 2) ** 3),
    "waves": (lambda a: -a + math.sin(3 * a) / 4, lambda a: -1 + 0.75 * math.cos(3 * a)),
    "wall": (lambda a: a**8 - a, lambda a: 8 * a**7 - 1),
    "pole": (
        lambda a: -a - math.log(2 - a) if a < 2 else math.inf,
        lambda a: -1 + 1 / (2 - a) if a < 2 else math.nan,
    ),
}


def search(name, first, tolerance=1e-12, trials=25):
    f, slope = FUNCTIONS[name]
    tried = []

    def evaluate(alpha):
        tried.append(alpha)
        return Point(alpha, f(alpha), slope(alpha), None)

    return evaluate(0.0), strong_wolfe(evaluate, evaluate(0.0), first, tolerance, trials), tried


@pytest.mark.parametrize("first", [1e-3, 0.3, 1.0, 5.0, 40.0])
@pytest.mark.parametrize("name", FUNCTIONS.keys() - {"waves"})
def test_the_conditions_hold(name, first):
    start, point, tried = search(name, first)
    assert point.f <= start.f + 1e-4 * point.alpha * start.slope
    assert abs(point.slope) <= -0.9 * start.slope
    assert len(tried) <= 27 and point.alpha in tried


def test_the_best_of_an_unbounded_descent_is_returned():
    _, point, tried = search("waves", 1.0, trials=5)
    assert point.alpha == max(tried) or abs(point.slope) <= 0.225
    start, point, tried = search("pole", 3.0, trials=0)
    assert point.alpha == 0 and point.f == start.f and len(tried) == 3


def test_an_interval_below_the_tolerance_is_not_shrunk():
    _, exact, many = search("steep", 1.0, tolerance=0.0)
    _, coarse, few = search("steep", 1.0, tolerance=2.0)
    assert len(few) < len(many)
    assert coarse.alpha == 0 and exact.alpha == pytest.approx(1e-3, rel=0.95)


def cubic_point(coefficients, a):
    return Point(a, np.polyval(coefficients, a), np.polyval(np.polyder(coefficients), a), None)


@pytest.mark.parametrize("ends", [(0.0, 4.0), (4.0, 0.0), (1.0, 2.5)])
def test_the_cubics_minimizer(ends):
    coefficients = [1.0, -4.0, 1.0, 7.0]
    expected = max(np.roots(np.polyder(coefficients)))
    a, b = (cubic_point(coefficients, x) for x in ends)
    assert cubic_minimizer(a, b, 0.0, 4.0) == pytest.approx(expected, rel=1e-13)
    assert cubic_minimizer(a, b, 0.0, 1.5) == 1.5
    assert cubic_minimizer(a, b, 3.0, 4.0) == 3.0


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (Point(0, 0, 1, None), Point(1, 2, 4, None)),  # rising throughout
        (Point(0, 0, -1, None), Point(1, math.inf, math.nan, None)),
        (Point(0, 0, 0, None), Point(1, 0, 0, None)),  # flat
    ],
)
def test_without_a_minimum_it_is_the_middle(a, b):
    found = cubic_minimizer(a, b, 0.0, 1.0)
    assert found == 0.5
