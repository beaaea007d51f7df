"""What the normalising layers are made of, against the plain composition of NumPy's functions."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad.functional.normalization import affine
from minigrad.testing import gradcheck

rng = np.random.default_rng(0)
AXES = [((5, 4), -1), ((5, 4), 0), ((2, 3, 4), (0, 2)), ((2, 3, 4), (1, 2)), ((2, 3, 2), 1)]
by_axes = pytest.mark.parametrize(("shape", "axis"), AXES)


def plain_standardize(x, axis, eps):
    mean, variance = np.mean(x, axis=axis, keepdims=True), np.var(x, axis=axis, keepdims=True)
    return (x - mean) / np.sqrt(variance + eps)


def plain_rms_normalize(x, axis, eps):
    return x / np.sqrt(np.mean(x * x, axis=axis, keepdims=True) + eps)


PAIRS = [(F.standardize, plain_standardize), (F.rms_normalize, plain_rms_normalize)]
by_pair = pytest.mark.parametrize(("ours", "plain"), PAIRS, ids=["standardize", "rms"])


@by_axes
@by_pair
@pytest.mark.parametrize("eps", [1e-5, 0.3])
def test_equal_to_the_plain_composition_to_second_order(ours, plain, shape, axis, eps):
    data, v, u = (rng.standard_normal(shape) for _ in range(3))
    results = []
    for f in (ours, plain):
        x = mg.tensor(data, requires_grad=True)
        y = f(x, axis, eps)
        g = mg.grad((y * v).sum(), x, create_graph=True)
        results.append((y.data, g.data, mg.grad((g * u).sum(), x).data))
    for found, expected in zip(*results, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


@by_axes
@by_pair
def test_derivatives(ours, plain, shape, axis):
    assert gradcheck(lambda x: ours(x, axis), rng.standard_normal(shape), order=2)


def test_values_far_from_zero():
    """The variance of differences, and not a difference of large squares."""
    x = (1e4 + rng.standard_normal((64, 256))).astype(np.float32)
    exact = plain_standardize(x.astype(np.float64), -1, 1e-5)
    np.testing.assert_allclose(F.standardize(x), exact, atol=2e-3)  # x itself is known to 5e-4
    assert np.abs(F.standardize(x).mean(axis=-1)).max() < 2e-3
    np.testing.assert_allclose(F.standardize(x).std(axis=-1), 1, atol=1e-4)


def test_what_does_not_vary_becomes_zero_with_a_finite_derivative():
    x = mg.tensor(np.full((2, 3), 7.0), requires_grad=True)
    y = F.standardize(x)
    y.backward(np.ones((2, 3)))
    np.testing.assert_array_equal(y.data, 0)
    assert np.isfinite(x.grad.data).all()
    z = mg.tensor(np.zeros((2, 3)), requires_grad=True)
    F.rms_normalize(z).sum().backward()
    np.testing.assert_allclose(z.grad.data, 1 / np.sqrt(1e-5))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@by_pair
def test_dtype(ours, plain, dtype):
    x = rng.standard_normal((4, 8)).astype(dtype)
    y = ours(x)
    assert (type(y), y.dtype) == (np.ndarray, dtype)
    np.testing.assert_allclose(
        y, plain(x.astype(np.float64), -1, 1e-5), atol=20 * np.finfo(dtype).eps
    )


def test_a_shift_of_another_dtype_widens():
    y = affine(np.ones((2, 3), np.float32), np.ones(3, np.float32), np.full(3, 0.1))
    assert y.dtype == np.float64
    np.testing.assert_array_equal(y, 1.1)
