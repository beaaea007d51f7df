"""The opposite of flattening."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


@pytest.mark.parametrize(
    ("shape", "axis", "lengths", "expected"),
    [
        ((5, 6), 1, (2, 3), (5, 2, 3)),
        ((5, 6), -1, (2, -1), (5, 2, 3)),
        ((6, 5), 0, (-1, 3), (2, 3, 5)),
        ((5, 6, 2), 1, (6,), (5, 6, 2)),
        ((5, 6, 2), 1, (3, 1, 2), (5, 3, 1, 2, 2)),
        ((0, 6), 1, (2, 3), (0, 2, 3)),
        ((5, 0), 1, (2, -1), (5, 2, 0)),
        ((5, 0), 1, (0, 3), (5, 0, 3)),
    ],
)
def test_shapes(shape, axis, lengths, expected):
    x = np.arange(np.prod(shape)).reshape(shape)
    y = nn.Unflatten(axis, lengths)(x)
    assert y.shape == expected
    np.testing.assert_array_equal(y, x.reshape(expected))


def test_gradients_are_put_back():
    x = mg.tensor(np.zeros((2, 6)), requires_grad=True)
    weights = np.arange(12.0).reshape(2, 2, 3)
    (nn.Sequential(nn.Unflatten(1, (2, 3)))(x) * weights).sum().backward()
    np.testing.assert_array_equal(x.grad.data, weights.reshape(2, 6))


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ((4, 2), r"Unflatten\(1, \(4, 2\)\): axis 1 .* \(5, 6\) does not become .* has 8 elements"),
        ((4, -1), r"axis 1 .* does not become \(4, -1\), which makes a multiple of 4"),
        ((0, -1), "does not become"),
    ],
)
def test_lengths_that_do_not_fit(lengths, message):
    with pytest.raises(ValueError, match=message):
        nn.Unflatten(1, lengths)(np.zeros((5, 6)))


@pytest.mark.parametrize("axis", [1, -2])
def test_an_axis_that_is_not_there(axis):
    with pytest.raises(ValueError, match=r"shape \(5,\) has no such axis"):
        nn.Unflatten(axis, (2,))(np.zeros(5))


@pytest.mark.parametrize("lengths", [(), (-1, -1), (-2, 3)])
def test_lengths_that_cannot_be(lengths):
    with pytest.raises(ValueError, match="must not be negative, but for a single -1"):
        nn.Unflatten(1, lengths)
