"""The dense layer."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad import nn
from minigrad.nn import init
from minigrad.testing import gradcheck


def layer(*args, seed=0, **kwargs):
    return nn.Linear(*args, rng=np.random.default_rng(seed), **kwargs)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(), (5,), (0,), (2, 5), (2, 0, 3, 1)])
def test_value(shape, bias):
    dense = layer(3, 4, bias=bias)
    x = np.random.default_rng(1).standard_normal((*shape, 3)).astype(np.float32)
    y = dense(x)
    expected = np.einsum("...i,oi->...o", x, dense.weight.data) + (dense.bias.data if bias else 0)
    assert (y.shape, y.dtype) == ((*shape, 4), np.float32)
    np.testing.assert_allclose(y.data, expected, rtol=1e-5, atol=1e-6)


def test_parameters():
    assert [(n, p.shape, p.dtype.name) for n, p in layer(3, 4).named_parameters()] == [
        ("weight", (4, 3), "float32"),
        ("bias", (4,), "float32"),
    ]
    assert layer(3, 4, bias=False).bias is None
    assert list(layer(3, 4, bias=False).state_dict()) == ["weight"]
    assert (layer(3, 4).in_features, layer(3, 4).out_features) == (3, 4)


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 1, 3)])
@pytest.mark.parametrize("bias", [True, False])
def test_derivatives_to_second_order(shape, bias):
    rng = np.random.default_rng(2)
    arrays = [rng.standard_normal(s) for s in [shape, (2, 3), (2,)][: 3 if bias else 2]]
    dense = layer(3, 2, bias=bias)

    def f(x, weight, b=None):
        dense.weight, dense.bias = weight, b
        return np.tanh(dense(x))

    assert gradcheck(f, arrays, order=2)


def test_gradients_reach_the_parameters():
    dense, x = layer(3, 2), np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    dense(x).sum().backward()
    np.testing.assert_array_equal(dense.weight.grad.data, [x.sum((0, 1))] * 2)
    np.testing.assert_array_equal(dense.bias.grad.data, [4, 4])
    dense(x).sum().backward()
    np.testing.assert_array_equal(dense.bias.grad.data, [8, 8])


def test_float64_inputs_are_not_cut_down():
    dense, x = layer(3, 2), np.random.default_rng(1).standard_normal((5, 3))
    y = dense(x)
    assert y.dtype == np.float64
    np.testing.assert_allclose(y.data, x @ dense.weight.data.T + dense.bias.data, rtol=1e-14)
    y.sum().backward()
    assert dense.weight.grad.dtype == dense.bias.grad.dtype == np.float32


def test_the_default_is_uniform_within_one_over_the_root_of_fan_in():
    dense = layer(25, 40_000)
    for values, n in (dense.weight.data, 1_000_000), (dense.bias.data, 40_000):
        assert values.size == n
        assert np.abs(values).max() <= np.float32(0.2)
        np.testing.assert_allclose(values.var(), 0.2**2 / 3, rtol=6 / np.sqrt(n))
        np.testing.assert_allclose(
            np.quantile(values, [0, 0.25, 0.5, 0.75, 1]),
            [-0.2, -0.1, 0, 0.1, 0.2],
            atol=3 / np.sqrt(n),
        )


@pytest.mark.parametrize(
    "initialiser",
    [init.he_normal, init.glorot_uniform, lambda shape, rng: np.full(shape, 0.5, np.float32)],
)
def test_init_draws_the_weight_and_leaves_the_bias_zero(initialiser):
    dense = layer(3, 4, init=initialiser, seed=5)
    np.testing.assert_array_equal(dense.weight.data, initialiser((4, 3), np.random.default_rng(5)))
    np.testing.assert_array_equal(dense.bias.data, np.zeros(4))


def test_a_seed_reproduces_and_one_generator_goes_on():
    np.testing.assert_array_equal(layer(3, 4).weight.data, layer(3, 4).weight.data)
    np.testing.assert_array_equal(layer(3, 4).bias.data, layer(3, 4).bias.data)
    rng = np.random.default_rng(0)
    first, second = nn.Linear(3, 4, rng=rng), nn.Linear(3, 4, rng=rng)
    assert not np.array_equal(first.weight.data, second.weight.data)
    assert not np.array_equal(nn.Linear(3, 4).weight.data, nn.Linear(3, 4).weight.data)
    np.testing.assert_array_equal(layer(3, 4, bias=False).weight.data, layer(3, 4).weight.data)


def test_the_default_dtype():
    mg.set_default_dtype(np.float64)
    try:
        dense = layer(3, 4)
    finally:
        mg.set_default_dtype(np.float32)
    assert dense.weight.dtype == dense.bias.dtype == np.float64


@pytest.mark.parametrize("shape", [(2,), (5, 4), (3, 1), (0,), (2, 3, 0)])
def test_an_input_of_the_wrong_shape(shape):
    with pytest.raises(ValueError) as error:
        layer(3, 4)(np.zeros(shape, np.float32))
    assert str(error.value) == f"weight of shape (4, 3) takes inputs of shape (..., 3), got {shape}"


@pytest.mark.parametrize("features", [(0, 1), (1, 0), (-1, 2)])
def test_too_few_features(features):
    with pytest.raises(
        ValueError, match=f"at least one feature in and out, got {features[0]}, {features[1]}"
    ):
        nn.Linear(*features)


def test_the_function_and_the_layer_agree():
    dense, x = layer(3, 4), np.ones((2, 3), np.float32)
    np.testing.assert_array_equal(dense(x).data, F.linear(x, dense.weight, dense.bias).data)
