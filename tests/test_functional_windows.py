"""Where windows lie."""

import numpy as np
import pytest

from minigrad.functional.windows import check_input, per_axis, windows
from minigrad.vjps import shifts


def test_numbers_count_for_all_axes():
    w = windows("f", 2, 3, 2, 1)
    assert (w.size, w.stride, w.dilation) == ((3, 3), (2, 2), (1, 1))
    assert w.padding == ((1, 1), (1, 1))
    assert windows("f", 2, [3, 1], (2, 1), np.int64(1)).stride == (2, 1)


def test_the_extent_counts_the_gaps():
    assert windows("f", 2, (3, 1), 1, 0, (2, 5)).extent == (5, 1)


@pytest.mark.parametrize(("size", "dilation"), [(1, 1), (2, 1), (3, 1), (3, 2), (4, 3)])
def test_same_has_as_many_places_as_elements(size, dilation):
    w = windows("f", 1, size, 1, "same", dilation)
    ((before, after),) = w.padding
    assert 0 <= after - before <= 1
    assert w.places((7,), "f") == (7,)


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (2, 1), (3, 0)])
@pytest.mark.parametrize("space", [6, 7, 8])
def test_spread_undoes_places(space, stride, padding):
    w = windows("f", 1, 3, stride, padding)
    places = w.places((space,), "f")
    lost = (space + 2 * padding - 3) % stride
    assert w.spread(places, (lost,)) == (space,)


def test_shifts_are_the_places_of_each_element():
    x = np.arange(10)
    found = np.stack([x[s] for s in shifts((3,), (3,), (2,), (2,))])
    np.testing.assert_array_equal(found, [[0, 2, 4], [2, 4, 6], [4, 6, 8]])


@pytest.mark.parametrize("value", [0, 1.0, True, "a", (1,), (1, 2, 3), (1, 0), None, (1, None)])
def test_what_is_not_one_integer_for_each_axis(value):
    with pytest.raises(ValueError, match="stride must be an integer >= 1, or a tuple of 2"):
        per_axis("stride", value, 2)


@pytest.mark.parametrize(("ndim", "axes"), [(1, "N, C, L"), (2, "N, C, H, W")])
def test_an_input_of_the_wrong_rank(ndim, axes):
    with pytest.raises(ValueError, match=rf"f takes an input of shape \({axes}\), got \(3,\)"):
        check_input("f", np.zeros(3), ndim)
