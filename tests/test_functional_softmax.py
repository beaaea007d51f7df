"""Softmax, its logarithm, and the logarithm of a sum of exponentials."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad.testing import gradcheck

FUNCTIONS = [F.softmax, F.log_softmax, F.logsumexp]
over_all = pytest.mark.parametrize("f", FUNCTIONS)
X = np.random.default_rng(0).standard_normal((2, 3, 4))


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_values_from_the_definitions(axis):
    e = np.exp(X)
    total = e.sum(axis=axis, keepdims=True)
    np.testing.assert_allclose(F.softmax(X, axis), e / total, rtol=1e-14)
    np.testing.assert_allclose(F.log_softmax(X, axis), np.log(e / total), rtol=1e-13)
    np.testing.assert_allclose(F.logsumexp(X, axis, keepdims=True), np.log(total), rtol=1e-14)
    np.testing.assert_allclose(F.logsumexp(X, axis), np.log(e.sum(axis=axis)), rtol=1e-14)


@over_all
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_tensor_gives_what_an_array_gives(f, dtype):
    x = X.astype(dtype)
    value, result = f(x), f(mg.tensor(x, requires_grad=True))
    assert (type(value), value.dtype, result.dtype) == (np.ndarray, dtype, dtype)
    np.testing.assert_array_equal(result.data, value)


@over_all
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_derivatives_along_each_axis(f, axis):
    assert gradcheck(lambda x: f(x, axis=axis), X[:, :, :2])


@over_all
def test_third_derivative(f):
    assert gradcheck(f, X[0], order=3)


def test_keepdims_has_the_same_derivatives():
    assert gradcheck(lambda x: F.logsumexp(x, axis=1, keepdims=True), X)


@over_all
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1e4, 1e30])
def test_huge_logits(f, dtype, size):
    """Finite and right, without a warning: the test run turns warnings into errors."""
    logits = np.array([[size, -size, 0.0], [size, size, -size], [-size, -size, -size]], dtype)
    x = mg.tensor(logits, requires_grad=True)
    y = f(x)
    shift = logits.max(axis=-1, keepdims=True)
    p = np.where(logits == shift, 1, 0) / np.sum(logits == shift, axis=-1, keepdims=True)
    n = np.log(np.sum(logits == shift, axis=-1, keepdims=True))
    expected = {
        F.softmax: p,
        F.log_softmax: logits.astype(float) - shift - n,
        F.logsumexp: (shift + n)[:, 0],
    }
    np.testing.assert_allclose(y.data, expected[f], rtol=1e-6)
    (g,) = mg.grad([y], [x], [np.ones(y.shape)], create_graph=True)
    assert (y.dtype, g.dtype) == (dtype, dtype)
    slopes = {F.softmax: 0 * p, F.log_softmax: 1 - 3 * p, F.logsumexp: p}
    np.testing.assert_allclose(g.data, slopes[f], rtol=1e-6, atol=1e-7)
    assert np.isfinite(mg.grad(g.sum(), x).data).all()


def test_probabilities_sum_to_one_whatever_is_added():
    np.testing.assert_allclose(F.softmax(X).sum(axis=-1), 1, rtol=1e-15)
    np.testing.assert_allclose(F.softmax(X + 1000), F.softmax(X), rtol=1e-12)


def test_classes_ruled_out_by_minus_infinity():
    masked = np.array([0.0, -np.inf, 0.0])
    np.testing.assert_array_equal(F.softmax(masked), [0.5, 0, 0.5])
    np.testing.assert_allclose(F.log_softmax(masked), [-np.log(2), -np.inf, -np.log(2)])
    x = mg.tensor(masked, requires_grad=True)
    np.testing.assert_array_equal(mg.grad(F.logsumexp(x), x).data, [0.5, 0, 0.5])
    assert F.logsumexp(np.full(2, -np.inf)) == -np.inf
    assert F.logsumexp(np.array([np.inf, 0.0])) == np.inf
