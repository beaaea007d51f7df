"""Pooling: values by the definition, ties and nan, derivatives, settings that do not fit."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad.testing import assert_grads, gradcheck


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def distinct(*shape):
    """No two elements are near each other."""
    count = int(np.prod(shape))
    return np.reshape(np.random.default_rng(0).permutation(count) - count / 2 + 0.25, shape)


def by_definition(reduce, x, size, stride, padding=(0, 0), dilation=(1, 1), fill=0.0):
    widths = ((0, 0), (0, 0), *((p, p) for p in padding))
    x = np.pad(x, widths, constant_values=fill)
    rows = zip(x.shape[2:], size, stride, dilation, strict=True)
    h, w = ((n - d * (k - 1) - 1) // s + 1 for n, k, s, d in rows)
    y = np.zeros((*x.shape[:2], h, w))
    for i, j in np.ndindex(h, w):
        top, left = i * stride[0], j * stride[1]
        window = x[
            :,
            :,
            top : top + dilation[0] * size[0] : dilation[0],
            left : left + dilation[1] * size[1] : dilation[1],
        ]
        y[..., i, j] = reduce(window, axis=(2, 3))
    return y


@pytest.mark.parametrize(
    ("args", "full"),
    [
        ((2,), ((2, 2), (2, 2))),
        ((3, 2, 1), ((3, 3), (2, 2), (1, 1))),
        (((3, 2), (1, 2), (1, 0)), ((3, 2), (1, 2), (1, 0))),
        ((2, 1, 1, (1, 2)), ((2, 2), (1, 1), (1, 1), (1, 2))),
    ],
)
def test_max_pooling_is_its_definition(args, full):
    x = normal(2, 3, 7, 8)
    expected = by_definition(np.max, x, *full, fill=-np.inf)
    np.testing.assert_array_equal(F.max_pool2d(x, *args), expected)


@pytest.mark.parametrize(
    ("args", "full"),
    [
        ((2,), ((2, 2), (2, 2))),
        ((3, 2, 1), ((3, 3), (2, 2), (1, 1))),
        (((3, 2), (1, 2), (1, 0)), ((3, 2), (1, 2), (1, 0))),
    ],
)
def test_average_pooling_is_its_definition(args, full):
    x = normal(2, 3, 7, 8)
    expected = by_definition(np.mean, x, *full)
    np.testing.assert_allclose(F.avg_pool2d(x, *args), expected, atol=1e-14)
    counted = expected / by_definition(np.mean, np.ones_like(x), *full)
    without = F.avg_pool2d(x, *args, count_include_pad=False)
    np.testing.assert_allclose(without, counted, atol=1e-14)


@pytest.mark.parametrize(
    ("one", "two"), [(F.max_pool1d, F.max_pool2d), (F.avg_pool1d, F.avg_pool2d)]
)
def test_signals_are_single_rows(one, two):
    x = normal(2, 3, 9)
    expected = two(x[:, :, None], (1, 3), (1, 2), (0, 1))[:, :, 0]
    np.testing.assert_array_equal(one(x, 3, 2, 1), expected)


@pytest.mark.parametrize("kernel", [1, 2, 3])
def test_the_first_maximum_takes_the_gradient(kernel):
    """Zeros after a ReLU are the usual tie."""
    n = kernel
    expected = np.zeros((n, n))
    expected[0, 0] = 1
    assert_grads(lambda x: F.max_pool2d(x, n), np.zeros((1, 1, n, n)), expected[None, None])


def test_ties_row_by_row_in_overlapping_windows():
    x = np.array([[0.0, 2.0, 2.0], [2.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    expected = np.array([[0.0, 2.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    assert_grads(lambda x: F.max_pool2d(x, 2, 1), x[None, None], expected[None, None])


def test_padding_is_never_a_maximum():
    x = -np.ones((1, 1, 2, 2))
    np.testing.assert_array_equal(F.max_pool2d(x, 3, 1, 1), -np.ones((1, 1, 2, 2)))
    expected = [[[[4.0, 0.0], [0.0, 0.0]]]]
    assert_grads(lambda x: F.max_pool2d(x, 3, 1, 1), x, np.array(expected))


def test_nan_is_passed_on():
    x = np.zeros((1, 1, 2, 4))
    x[0, 0, 1, 0] = np.nan
    for pool in (F.max_pool2d, F.avg_pool2d):
        np.testing.assert_array_equal(np.isnan(pool(x, 2)), [[[[True, False]]]])
    t = mg.tensor(x, requires_grad=True)
    F.max_pool2d(t, 2).sum().backward()
    assert t.grad.data.sum() == 2  # the cotangent of the window with nan is not lost


@pytest.mark.parametrize(
    "f",
    [
        lambda x: F.max_pool2d(x, 2),
        lambda x: F.max_pool2d(x, 3, 2, 1),
        lambda x: F.max_pool2d(x, (2, 1), 1, 0, (2, 1)),
        lambda x: F.max_pool1d(x[:, :, 0], 3, 1, 1),
        lambda x: F.avg_pool2d(x, 3, 2, 1),
        lambda x: F.avg_pool2d(x, (2, 3), 1, 1, count_include_pad=False),
        lambda x: F.avg_pool1d(x[:, :, 0], 2),
        lambda x: F.adaptive_avg_pool2d(x, (2, 3)),
        lambda x: F.adaptive_avg_pool1d(x[:, :, 0], 3),
        F.global_avg_pool,
    ],
)
def test_derivatives_to_second_order(f):
    assert gradcheck(f, distinct(1, 2, 4, 5), order=2)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, (2, 7), (None, 3), 11])
def test_adaptive_pooling_is_its_definition(size):
    x = normal(2, 3, 7, 4)
    pair = size if isinstance(size, tuple) else (size, size)
    h, w = (n or have for n, have in zip(pair, x.shape[2:], strict=True))
    expected = np.empty((2, 3, h, w))
    for i, j in np.ndindex(h, w):
        rows = slice(i * 7 // h, -(-(i + 1) * 7 // h))
        columns = slice(j * 4 // w, -(-(j + 1) * 4 // w))
        expected[..., i, j] = x[:, :, rows, columns].mean(axis=(2, 3))
    np.testing.assert_allclose(F.adaptive_avg_pool2d(x, size), expected, atol=1e-14)


@pytest.mark.parametrize("space", [(5,), (3, 4), (2, 3, 4)])
def test_global_pooling_is_a_mean(space):
    x = normal(2, 3, *space)
    expected = x.reshape(2, 3, -1).mean(axis=2)
    np.testing.assert_allclose(F.global_avg_pool(x), expected, atol=1e-14)


def test_no_example():
    x = mg.tensor(np.zeros((0, 2, 4, 4)), requires_grad=True)
    for f in (lambda x: F.max_pool2d(x, 2), lambda x: F.avg_pool2d(x, 2)):
        y = f(x)
        assert y.shape == (0, 2, 2, 2)
        assert mg.grad(y.sum(), x).shape == x.shape


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes(dtype):
    x = mg.tensor(normal(1, 2, 4, 4).astype(dtype), requires_grad=True)
    for f in (
        lambda x: F.max_pool2d(x, 3, 1, 1),
        lambda x: F.avg_pool2d(x, 3, 1, 1, False),
        lambda x: F.adaptive_avg_pool2d(x, 3),
        F.global_avg_pool,
    ):
        assert f(x).dtype == mg.grad(f(x).sum(), x).dtype == dtype


X = normal(2, 3, 5, 6)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda: F.max_pool2d(X[0], 2),
            ValueError,
            r"\(N, C, H, W\), got \(3, 5, 6\); add the axis",
        ),
        (lambda: F.avg_pool1d(X, 2), ValueError, r"\(N, C, L\), got \(2, 3, 5, 6\)"),
        (lambda: F.max_pool2d(X.astype(int), 2), TypeError, "got int64"),
        (lambda: F.max_pool2d(X, 6), ValueError, r"window of \(6, 6\).*does not fit.*\(5, 6\)"),
        (
            lambda: F.max_pool2d(X, 2, padding=2),
            ValueError,
            r"half a window, got padding 2.*\(2, 2\)",
        ),
        (lambda: F.avg_pool2d(X, 0), ValueError, "kernel_size must be an integer >= 1"),
        (lambda: F.avg_pool2d(X, 2, 0), ValueError, "stride must be an integer >= 1"),
        (lambda: F.avg_pool2d(X, (2, 2, 2)), ValueError, "tuple of 2 of them"),
        (lambda: F.max_pool2d(X, 2, dilation=0), ValueError, "dilation must be"),
        (lambda: F.adaptive_avg_pool2d(X, 0), ValueError, "output_size must be an integer >= 1"),
        (lambda: F.adaptive_avg_pool2d(X, (1, 2, 3)), ValueError, "tuple of 2 of them"),
        (lambda: F.adaptive_avg_pool2d(X[0], 1), ValueError, r"got \(3, 5, 6\)"),
        (lambda: F.adaptive_avg_pool2d(X[:, :, :0], 1), ValueError, "an element along each axis"),
        (lambda: F.global_avg_pool(X[0, 0]), ValueError, r"got \(5, 6\)"),
        (lambda: F.global_avg_pool(X[:, :, :0]), ValueError, r"got \(2, 3, 0, 6\)"),
    ],
)
def test_what_does_not_fit(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
