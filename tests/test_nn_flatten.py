"""Flattening."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.testing import gradcheck


@pytest.mark.parametrize(
    ("shape", "flat"),
    [
        ((5, 2, 3), (5, 6)),
        ((5, 2), (5, 2)),
        ((5,), (5, 1)),
        ((0, 2, 3), (0, 6)),
        ((2, 0, 3), (2, 0)),
    ],
    ids=str,
)
def test_all_axes_but_the_first_become_one(shape, flat):
    x = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    for y in (nn.Flatten()(x), nn.Flatten()(mg.tensor(x, requires_grad=True))):
        assert y.shape == flat
        np.testing.assert_array_equal(getattr(y, "data", y), x.reshape(flat))


def test_derivatives():
    assert gradcheck(
        lambda x: nn.Flatten()(x) ** 3, np.random.default_rng(0).normal(size=(2, 2, 2))
    )
