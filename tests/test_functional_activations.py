"""Activations and the error function."""

import math

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad.testing import assert_grads, gradcheck

ACTIVATIONS = {
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "leaky_relu 0.3": lambda x: F.leaky_relu(x, 0.3),
    "prelu": lambda x: F.prelu(x, np.full(1, 0.2, x.dtype)),
    "elu": F.elu,
    "elu 0.3": lambda x: F.elu(x, 0.3),
    "log_sigmoid": F.log_sigmoid,
    "mish": F.mish,
    "sigmoid": F.sigmoid,
    "softplus": F.softplus,
    "silu": F.silu,
    "gelu": F.gelu,
    "gelu tanh": lambda x: F.gelu(x, approximate="tanh"),
    "erf": F.erf,
}
over_all = pytest.mark.parametrize("f", ACTIVATIONS.values(), ids=ACTIVATIONS)
DTYPES = [np.float32, np.float64]


@over_all
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_tensor_gives_what_an_array_gives(f, dtype):
    x = np.linspace(-4, 4, 12, dtype=dtype).reshape(3, 4)
    value, result = f(x), f(mg.tensor(x, requires_grad=True))
    assert type(value) is np.ndarray
    assert value.dtype == dtype
    assert value.shape == x.shape
    assert result.dtype == dtype
    np.testing.assert_array_equal(result.data, value)


@over_all
@pytest.mark.parametrize("shape", [(2, 3), (), (0,)])
def test_derivatives_to_third_order(f, shape):
    x = np.random.default_rng(0).permutation(np.linspace(-2.7, 2.9, 6))
    assert gradcheck(f, np.resize(x, shape), order=3)


@over_all
def test_derivatives_at_both_pieces_of_the_error_function_and_beyond(f):
    assert gradcheck(f, np.array([-9.0, -5.9, -0.7, -0.6, 0.4, 0.5, 6.5, 30.5]), order=2)


FAR = np.array([-1e30, -1e4, -88.0, 88.0, 1e4, 1e30])
LIMITS = {  # the value and the slope far to the left and far to the right
    "relu": (lambda x: 0 * x, 0, lambda x: x, 1),
    "leaky_relu": (lambda x: 0.01 * x, 0.01, lambda x: x, 1),
    "leaky_relu 0.3": (lambda x: 0.3 * x, 0.3, lambda x: x, 1),
    "prelu": (lambda x: 0.2 * x, 0.2, lambda x: x, 1),
    "elu": (lambda x: 0 * x - 1, 0, lambda x: x, 1),
    "elu 0.3": (lambda x: 0 * x - 0.3, 0, lambda x: x, 1),
    "log_sigmoid": (lambda x: x, 1, lambda x: 0 * x, 0),
    "mish": (lambda x: 0 * x, 0, lambda x: x, 1),
    "sigmoid": (lambda x: 0 * x, 0, lambda x: 0 * x + 1, 0),
    "softplus": (lambda x: 0 * x, 0, lambda x: x, 1),
    "silu": (lambda x: 0 * x, 0, lambda x: x, 1),
    "gelu": (lambda x: 0 * x, 0, lambda x: x, 1),
    "gelu tanh": (lambda x: 0 * x, 0, lambda x: x, 1),
    "erf": (lambda x: 0 * x - 1, 0, lambda x: 0 * x + 1, 0),
}


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_far_out_everything_is_finite_and_right(name, dtype):
    """Without a warning either: the test run turns warnings into errors."""
    left, left_slope, right, right_slope = LIMITS[name]
    far = FAR.astype(dtype)
    x = mg.tensor(far, requires_grad=True)
    y = ACTIVATIONS[name](x)
    slope = mg.grad(y.sum(), x, create_graph=True)
    expected = np.where(far < 0, left(far), right(far))
    np.testing.assert_allclose(y.data, expected, rtol=1e-6, atol=1e-30)
    np.testing.assert_allclose(slope.data, np.where(far < 0, left_slope, right_slope), atol=1e-30)
    assert (y.dtype, slope.dtype) == (dtype, dtype)
    if slope.requires_grad:
        np.testing.assert_allclose(mg.grad(slope.sum(), x).data, 0, atol=1e-30)


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (F.relu, 0.0),
        (F.leaky_relu, 0.01),
        (F.sigmoid, 0.25),
        (F.softplus, 0.5),
        (F.silu, 0.5),
        (F.gelu, 0.5),
    ],
)
def test_the_slope_at_zero(f, slope):
    assert_grads(f, np.zeros(2), slope)


def test_values_from_the_definitions():
    x = np.linspace(-3, 3, 13)
    exact = np.array([math.erf(v / math.sqrt(2)) for v in x])
    np.testing.assert_array_equal(F.relu(x), np.maximum(x, 0))
    np.testing.assert_allclose(F.leaky_relu(x, 0.2), np.maximum(x, 0.2 * x))
    np.testing.assert_allclose(F.sigmoid(x), 1 / (1 + np.exp(-x)), rtol=1e-15)
    np.testing.assert_allclose(F.softplus(x), np.log(1 + np.exp(x)), rtol=1e-14)
    np.testing.assert_allclose(F.silu(x), x / (1 + np.exp(-x)), rtol=1e-15)
    np.testing.assert_allclose(F.gelu(x), x * (1 + exact) / 2, rtol=1e-13, atol=1e-16)
    np.testing.assert_allclose(F.gelu(x, "tanh"), F.gelu(x), atol=5e-4)


def test_erf_agrees_with_the_standard_library():
    rng = np.random.default_rng(0)
    tiny = 10.0 ** np.linspace(-300, -1, 300)
    x = np.concatenate([rng.normal(0, 2, 20000), np.linspace(-7, 7, 20001), tiny, -tiny])
    exact = np.array([math.erf(v) for v in x])
    assert np.max(np.abs(F.erf(x) - exact)) < 4e-16
    np.testing.assert_allclose(F.erf(tiny), np.array([math.erf(v) for v in tiny]), rtol=1e-15)
    np.testing.assert_allclose(F.erf(x.astype(np.float32)), exact, atol=3e-7)


def test_erf_of_special_numbers():
    np.testing.assert_array_equal(F.erf(np.array([-np.inf, np.inf, np.nan])), [-1, 1, np.nan])
    assert np.signbit(F.erf(np.array([-0.0])))


def test_gelu_refuses_another_approximation():
    with pytest.raises(ValueError, match='approximate must be "none" or "tanh", got \'quick\''):
        F.gelu(np.ones(1), "quick")


def test_a_slope_for_each_channel():
    weight = np.array([0.5, -2.0])
    for shape in [(3, 2), (3, 2, 4), (1, 2, 2, 2)]:
        x = np.random.default_rng(0).standard_normal(shape)
        slopes = weight.reshape(2, *(1,) * (x.ndim - 2))
        np.testing.assert_array_equal(F.prelu(x, weight), np.where(x > 0, x, slopes * x))
        assert gradcheck(F.prelu, [x, weight], order=2)


@pytest.mark.parametrize(("shape", "slopes"), [((3,), 3), ((2, 4), 3), ((), 2), ((2, 4), (4, 1))])
def test_slopes_that_do_not_fit(shape, slopes):
    with pytest.raises(ValueError, match=r"prelu: slopes of shape .* need an input of shape"):
        F.prelu(np.zeros(shape), np.zeros(slopes))


def test_slopes_at_zero():
    """As in PyTorch, those of the left side."""
    assert_grads(F.elu, np.zeros(1), 1.0)
    assert_grads(lambda x: F.elu(x, 0.3), np.zeros(1), 0.3)
    assert_grads(lambda x: F.prelu(x, np.full(1, 0.2)), np.zeros(1), 0.2)
