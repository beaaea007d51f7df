"""Positions that are added, and positions as turns."""

import re

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad import nn
from minigrad.nn import init
from minigrad.testing import gradcheck

X = np.random.default_rng(0).standard_normal((2, 5, 4)).astype(np.float32)


def learned(*args, seed=0, **options):
    return nn.LearnedPositions(*args, rng=np.random.default_rng(seed), **options)


def test_values():
    layer = nn.SinusoidalPositions(4, base=50.0)
    np.testing.assert_array_equal(layer(X), X + F.sinusoidal_positions(5, 4, base=50.0))
    assert layer(X).dtype == np.float32
    assert not list(layer.parameters())
    table = learned(7, 4)
    np.testing.assert_array_equal(table(X).data, X + table.weight.data[:5])
    turns = nn.RotaryPositions(50.0)
    np.testing.assert_array_equal(turns(X), F.rotary(X, base=50.0))


@pytest.mark.parametrize("layer", [nn.SinusoidalPositions(4), learned(7, 4), nn.RotaryPositions()])
def test_the_rest_at_an_offset(layer):
    whole = plain(layer(X))
    np.testing.assert_array_equal(plain(layer(X[:, 3:], offset=3)), whole[:, 3:])
    np.testing.assert_array_equal(plain(layer(X[0])), whole[0])


def plain(a):
    return a.data if isinstance(a, mg.Tensor) else a


def test_learned_positions_to_second_order():
    layer = learned(4, 2)

    def f(x, weight):
        layer.weight = weight
        return np.tanh(layer(x, offset=1))

    rng = np.random.default_rng(1)
    assert gradcheck(f, [rng.standard_normal((2, 3, 2)), rng.standard_normal((4, 2))], order=2)


def test_learned_positions_begin_small():
    values = learned(500, 40).weight.data
    np.testing.assert_allclose([values.mean(), values.std()], [0, 0.02], atol=6e-4)
    assert values.dtype == np.float32
    drawn = learned(5, 3, init=init.he_normal, seed=3).weight.data
    np.testing.assert_array_equal(drawn, init.he_normal((5, 3), np.random.default_rng(3)))
    np.testing.assert_array_equal(learned(5, 3).weight.data, learned(5, 3).weight.data)


def test_beyond_the_last_position():
    with pytest.raises(ValueError, match=r"\(4, 4\) has the positions 0 to 3.*\(2, 5, 4\) with"):
        learned(4, 4)(X)
    with pytest.raises(ValueError, match=r"those from 4 to 8; make max_length larger"):
        learned(8, 4)(X, offset=4)
    with pytest.raises(ValueError, match="offset -1"):
        learned(8, 4)(X, offset=-1)


@pytest.mark.parametrize("layer", [nn.SinusoidalPositions(4), learned(7, 4)])
def test_inputs_of_another_kind(layer):
    for shape in [(4,), (5, 3), (2, 5, 8)]:
        with pytest.raises(ValueError, match=re.escape(f"(..., T, 4), got {shape}")):
            layer(np.ones(shape, np.float32))
    with pytest.raises(TypeError, match="floating-point numbers, got int64"):
        layer(np.ones((5, 4), int))
    with pytest.raises(TypeError, match="an array or a tensor, got list"):
        layer([[1.0] * 4])


def test_rotary_needs_pairs():
    with pytest.raises(ValueError, match=r"d even; got float64 of shape \(2, 3\)"):
        nn.RotaryPositions()(np.ones((2, 3)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.SinusoidalPositions(0), "at least one feature and a positive base, got 0"),
        (lambda: nn.SinusoidalPositions(4, 0.0), "positive base, got 4, 0.0"),
        (lambda: nn.LearnedPositions(0, 4), "one position and one feature, got 0, 4"),
        (lambda: nn.LearnedPositions(4, 0), "one position and one feature, got 4, 0"),
        (lambda: nn.RotaryPositions(-1.0), "positive base, got -1.0"),
    ],
)
def test_wrong_sizes(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_the_printed_tree():
    assert repr(learned(7, 4)) == "LearnedPositions(7, 4): 28 parameters: weight (7, 4)"
    assert repr(nn.SinusoidalPositions(4)) == "SinusoidalPositions(4): 0 parameters"
    assert repr(nn.RotaryPositions()) == "RotaryPositions(base=10000): 0 parameters"
