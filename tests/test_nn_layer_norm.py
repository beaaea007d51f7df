"""Layer normalisation."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.testing import gradcheck

rng = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("shape", "axes"), [((5, 4), (4,)), ((4,), 4), ((2, 5, 4), 4), ((2, 3, 4), (3, 4)), ((0, 4), 4)]
)
def test_value(shape, axes):
    layer, x = nn.LayerNorm(axes, eps=0.1), rng.standard_normal(shape).astype(np.float32)
    layer.weight.data = rng.standard_normal(layer.weight.shape)
    layer.bias.data = rng.standard_normal(layer.bias.shape)
    over = tuple(range(-layer.weight.ndim, 0))
    mean, variance = x.mean(over, keepdims=True), x.var(over, keepdims=True)
    expected = (x - mean) / np.sqrt(variance + 0.1) * layer.weight.data + layer.bias.data
    np.testing.assert_allclose(layer(x).data, expected, rtol=1e-4, atol=1e-5)
    assert layer(x).dtype == np.float32


def test_parameters():
    layer = nn.LayerNorm((3, 4))
    np.testing.assert_array_equal(layer.weight.data, np.ones((3, 4), np.float32))
    np.testing.assert_array_equal(layer.bias.data, np.zeros((3, 4), np.float32))
    assert list(layer.state_dict()) == ["weight", "bias"]
    assert list(nn.LayerNorm(4, bias=False).state_dict()) == ["weight"]
    assert not nn.LayerNorm(4, elementwise_affine=False).state_dict()
    assert repr(layer) == "LayerNorm(3, 4): 24 parameters: weight (3, 4), bias (3, 4)"


@pytest.mark.parametrize("options", [{}, {"bias": False}, {"elementwise_affine": False}])
def test_derivatives(options):
    layer = nn.LayerNorm(3, **options)
    own = [rng.standard_normal(3) for _ in layer.parameters()]

    def call(x, *parameters):
        for name, p in zip(("weight", "bias"), parameters, strict=False):
            object.__setattr__(layer, name, p)
        return layer(x)

    assert gradcheck(call, [rng.standard_normal((2, 3)), *own], order=2)


def test_without_parameters_arrays_stay_arrays():
    y = nn.LayerNorm(4, elementwise_affine=False)(rng.standard_normal((2, 4)))
    assert type(y) is np.ndarray


def test_the_default_dtype():
    mg.set_default_dtype(np.float64)
    try:
        assert nn.LayerNorm(2).weight.dtype == np.float64
    finally:
        mg.set_default_dtype(np.float32)


@pytest.mark.parametrize("shape", [(3, 5), (4, 1), (), (4,)])
def test_another_shape(shape):
    with pytest.raises(ValueError) as error:
        nn.LayerNorm((3, 4))(np.zeros(shape, np.float32))
    message = f"LayerNorm(3, 4) takes inputs of shape (..., 3, 4), got {shape}"
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((2, 4), int), r"LayerNorm\(4\) takes floating-point numbers, got int64 .*astype"),
        ([1.0, 2.0, 3.0, 4.0], r"LayerNorm\(4\) takes an array or a tensor, got list"),
    ],
)
def test_another_kind_of_input(x, message):
    with pytest.raises(TypeError, match=message):
        nn.LayerNorm(4)(x)


@pytest.mark.parametrize("shape", [0, (), (3, 0), -1])
def test_no_axes(shape):
    with pytest.raises(ValueError, match="LayerNorm needs one axis or more, of lengths"):
        nn.LayerNorm(shape)
