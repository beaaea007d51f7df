"""Group normalisation."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.testing import gradcheck

rng = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(3, 6), (3, 6, 4), (2, 6, 3, 4), (0, 6, 2)])
@pytest.mark.parametrize("groups", [1, 2, 6])
def test_value(shape, groups):
    layer, x = nn.GroupNorm(groups, 6, eps=0.1), rng.standard_normal(shape).astype(np.float32)
    layer.weight.data, layer.bias.data = rng.standard_normal(6), rng.standard_normal(6)
    expected = np.empty_like(x)
    for i in range(groups):
        part = slice(i * 6 // groups, (i + 1) * 6 // groups)
        over = tuple(range(1, x.ndim))
        mean = x[:, part].mean(over, keepdims=True)
        variance = x[:, part].var(over, keepdims=True)
        expected[:, part] = (x[:, part] - mean) / np.sqrt(variance + 0.1)
    per_channel = (6, *(1,) * (x.ndim - 2))
    expected *= layer.weight.data.reshape(per_channel)
    expected += layer.bias.data.reshape(per_channel)
    np.testing.assert_allclose(layer(x).data, expected, rtol=1e-4, atol=1e-5)


def test_one_group_is_layer_norm():
    x = rng.standard_normal((3, 4, 5))
    found = nn.GroupNorm(1, 4, affine=False)(x)
    np.testing.assert_allclose(found, nn.LayerNorm((4, 5), elementwise_affine=False)(x), rtol=1e-12)
    assert type(found) is np.ndarray


def test_parameters():
    assert list(nn.GroupNorm(2, 4).state_dict()) == ["weight", "bias"]
    assert not nn.GroupNorm(2, 4, affine=False).state_dict()
    assert repr(nn.GroupNorm(2, 4)) == "GroupNorm(2, 4): 8 parameters: weight (4,), bias (4,)"


@pytest.mark.parametrize("shape", [(2, 4), (2, 4, 3)])
def test_derivatives(shape):
    layer = nn.GroupNorm(2, 4)

    def call(x, weight, bias):
        for name, p in (("weight", weight), ("bias", bias)):
            object.__setattr__(layer, name, p)
        return layer(x)

    assert gradcheck(call, [rng.standard_normal(s) for s in (shape, 4, 4)], order=2)


def test_the_default_dtype():
    mg.set_default_dtype(np.float64)
    try:
        assert nn.GroupNorm(1, 2).weight.dtype == np.float64
    finally:
        mg.set_default_dtype(np.float32)


@pytest.mark.parametrize("shape", [(), (4,), (3, 5), (4, 2, 4)])
def test_another_shape(shape):
    message = (
        rf"GroupNorm\(2, 4\) takes inputs of shape \(N, 4, \.\.\.\), got \({shape and shape[0]}"
    )
    with pytest.raises(ValueError, match=message.replace("()", "")):
        nn.GroupNorm(2, 4)(np.zeros(shape, np.float32))


def test_another_dtype():
    with pytest.raises(
        TypeError, match=r"GroupNorm\(2, 4\) takes floating-point numbers, got int64"
    ):
        nn.GroupNorm(2, 4)(np.zeros((3, 4), int))


@pytest.mark.parametrize(("groups", "channels"), [(0, 4), (3, 4), (2, 0), (-2, 4)])
def test_groups_that_do_not_fit(groups, channels):
    message = rf"GroupNorm\({groups}, {channels}\): {channels} channels do not make {groups} groups"
    with pytest.raises(ValueError, match=message):
        nn.GroupNorm(groups, channels)
