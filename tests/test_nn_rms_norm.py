"""Root mean square normalisation."""

import numpy as np
import pytest

from minigrad import nn
from minigrad.testing import gradcheck

rng = np.random.default_rng(0)


@pytest.mark.parametrize(("shape", "axes"), [((5, 4), 4), ((4,), (4,)), ((2, 3, 4), (3, 4))])
def test_value(shape, axes):
    layer, x = nn.RMSNorm(axes, eps=0.1), rng.standard_normal(shape).astype(np.float32)
    layer.weight.data = rng.standard_normal(layer.weight.shape)
    over = tuple(range(-layer.weight.ndim, 0))
    expected = x / np.sqrt((x * x).mean(over, keepdims=True) + 0.1) * layer.weight.data
    np.testing.assert_allclose(layer(x).data, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_eps_is_the_inputs_own(dtype):
    x = np.zeros((1, 4), dtype)
    x[0, 0] = 2 * np.sqrt(np.finfo(dtype).eps)  # the mean square is eps
    np.testing.assert_allclose(nn.RMSNorm(4)(x).data[0, 0], np.sqrt(2), rtol=1e-5)


def test_parameters():
    assert list(nn.RMSNorm(4).state_dict()) == ["weight"]
    assert not nn.RMSNorm(4, elementwise_affine=False).state_dict()
    assert repr(nn.RMSNorm((3, 4))) == "RMSNorm(3, 4): 12 parameters: weight (3, 4)"


def test_derivatives():
    layer = nn.RMSNorm(3)

    def call(x, weight):
        object.__setattr__(layer, "weight", weight)
        return layer(x)

    assert gradcheck(call, [rng.standard_normal((2, 3)), rng.standard_normal(3)], order=2)


@pytest.mark.parametrize("shape", [(3, 5), (4, 1), ()])
def test_another_shape(shape):
    with pytest.raises(ValueError) as error:
        nn.RMSNorm(4)(np.zeros(shape, np.float32))
    assert f"RMSNorm(4) takes inputs of shape (..., 4), got {shape}" in str(error.value)


def test_another_dtype():
    with pytest.raises(TypeError, match=r"RMSNorm\(4\) takes floating-point numbers, got int64"):
        nn.RMSNorm(4)(np.zeros((3, 4), int))


@pytest.mark.parametrize("shape", [0, ()])
def test_no_axes(shape):
    with pytest.raises(ValueError, match="RMSNorm needs one axis or more"):
        nn.RMSNorm(shape)
