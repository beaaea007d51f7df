"""Dropout as a module; the function is tested with the functions."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad import nn

X = np.random.default_rng(0).uniform(1, 2, (40, 50)).astype(np.float32)


def dropout(p, seed=0):
    return nn.Dropout(p, rng=np.random.default_rng(seed))


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 0.9, 1.0])
def test_training_drops_a_share_and_scales_the_rest(p):
    y = dropout(p)(X)
    kept = y != 0
    assert y.dtype == np.float32
    assert abs(kept.mean() - (1 - p)) <= 4 * np.sqrt(p * (1 - p) / X.size)
    np.testing.assert_allclose(y[kept], X[kept] / (1 - p) if p < 1 else [], rtol=1e-6)


def test_it_is_the_function_of_the_same_name():
    expected = F.dropout(X, 0.3, rng=np.random.default_rng(1))
    np.testing.assert_array_equal(dropout(0.3, seed=1)(X), expected)


def test_evaluation_passes_everything_and_draws_nothing():
    layer = dropout(0.5)
    net = nn.Sequential(layer).eval()
    assert net(X) is X
    np.testing.assert_array_equal(net.train()(X), dropout(0.5)(X))


def test_masks_differ_from_call_to_call_and_a_seed_reproduces_them():
    one, two = dropout(0.5), dropout(0.5)
    first, second = one(X), one(X)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(two(X), first)
    np.testing.assert_array_equal(two(X), second)
    assert not np.array_equal(nn.Dropout()(X), nn.Dropout()(X))


def test_the_gradient_is_the_mask():
    x = mg.tensor(X, requires_grad=True)
    y = dropout(0.5)(x)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.data, np.where(y.data == 0, 0, 2))


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan"), float("inf")])
def test_a_probability_outside_its_range(p):
    with pytest.raises(ValueError, match=rf"must lie in \[0, 1\], got {p}"):
        nn.Dropout(p)
