"""Resampling: values, derivatives, settings that do not fit."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad.testing import gradcheck


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_nearest_repeats(factor):
    x = normal(2, 3, 4, 5)
    expected = x.repeat(factor, axis=2).repeat(factor, axis=3)
    np.testing.assert_array_equal(F.interpolate(x, scale_factor=factor), expected)
    np.testing.assert_array_equal(F.interpolate(x, (4 * factor, 5 * factor)), expected)


def test_nearest_takes_fewer():
    x = np.arange(7.0).reshape(1, 1, 7)
    np.testing.assert_array_equal(F.interpolate(x, 3), [[[0, 2, 4]]])


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("size", [(4, 5), (9, 3), (1, 1), (2, 11)])
def test_linear_functions_stay_linear(size, align_corners):
    """Within the outermost old places a plane is reproduced at the new places."""
    x = 2.0 * np.arange(4)[:, None] - 3.0 * np.arange(5) + 1
    places = []
    for n, m in zip((4, 5), size, strict=True):
        if align_corners:
            places.append(np.linspace(0, n - 1, m))
        else:
            places.append(np.clip((np.arange(m) + 0.5) * n / m - 0.5, 0, n - 1))
    expected = 2.0 * places[0][:, None] - 3.0 * places[1] + 1
    y = F.interpolate(x[None, None], size, mode="bilinear", align_corners=align_corners)
    np.testing.assert_allclose(y[0, 0], expected, atol=1e-12)


def test_signals_are_single_rows():
    x = normal(2, 3, 5)
    expected = F.interpolate(x[:, :, None], (1, 8), mode="bilinear")[:, :, 0]
    np.testing.assert_allclose(F.interpolate(x, 8, mode="linear"), expected, atol=1e-14)


def test_an_infinity_stays_where_it_is():
    x = np.zeros((1, 1, 3, 3))
    x[0, 0, 0, 0] = np.inf
    y = F.interpolate(x, 6)
    corner = np.arange(6) < 2
    np.testing.assert_array_equal(np.isinf(y[0, 0]), np.outer(corner, corner))
    assert not np.isnan(y).any()


@pytest.mark.parametrize(
    "f",
    [
        lambda x: F.interpolate(x, (5, 2)),
        lambda x: F.interpolate(x, scale_factor=(2, 1.5)),
        lambda x: F.interpolate(x, (5, 2), mode="bilinear"),
        lambda x: F.interpolate(x, (5, 4), mode="bilinear", align_corners=True),
        lambda x: F.interpolate(x[:, :, 0], scale_factor=2, mode="linear"),
    ],
)
def test_derivatives_to_second_order(f):
    assert gradcheck(f, normal(1, 2, 3, 3), order=2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
def test_dtypes_and_no_example(dtype, mode):
    x = mg.tensor(normal(0, 2, 3, 3).astype(dtype), requires_grad=True)
    y = F.interpolate(x, (4, 5), mode=mode)
    assert (y.shape, y.dtype) == ((0, 2, 4, 5), dtype)
    assert mg.grad(y.sum(), x).dtype == dtype


X = normal(2, 3, 5, 6)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: F.interpolate(X[0, 0], 2), ValueError, r"\(N, C, L\), got \(5, 6\)"),
        (lambda: F.interpolate(X[None], 2), ValueError, r"\(N, C, H, W\), got \(1, 2, 3, 5, 6\)"),
        (lambda: F.interpolate(X.astype(int), 2), TypeError, "got int64"),
        (lambda: F.interpolate(X), ValueError, "size or scale_factor, got None and None"),
        (lambda: F.interpolate(X, 2, 2), ValueError, "size or scale_factor, got 2 and 2"),
        (lambda: F.interpolate(X, 0), ValueError, "size must be an integer >= 1"),
        (lambda: F.interpolate(X, (1, 2, 3)), ValueError, "tuple of 2 of them"),
        (lambda: F.interpolate(X, scale_factor=0.1), ValueError, r"scale_factor must be.*got 0\.1"),
        (lambda: F.interpolate(X, scale_factor=(2, 2, 2)), ValueError, "one for each axis"),
        (lambda: F.interpolate(X, scale_factor=-1), ValueError, "got -1"),
        (
            lambda: F.interpolate(X, 2, mode="linear"),
            ValueError,
            r"'bilinear'.*4 axes, got 'linear'",
        ),
        (lambda: F.interpolate(X[0], 2, mode="bilinear"), ValueError, "3 axes, got 'bilinear'"),
        (lambda: F.interpolate(X, 2, align_corners=True), ValueError, "no meaning"),
        (lambda: F.interpolate(X[:, :, :0], 2), ValueError, "an element along each axis"),
    ],
)
def test_what_does_not_fit(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
