"""Sums through BLAS, over any axes."""

import itertools

import numpy as np
import pytest

from minigrad.functional.sums import count_in, dot_to, mean_over, ones, sum_to

rng = np.random.default_rng(0)
FULL = [(), (4,), (0,), (3, 4), (3, 0), (3, 1), (2, 3, 4), (2, 1, 4), (0, 3, 2), (2, 3, 2, 2)]


def stretched(full):
    """Every shape that broadcasts to `full`."""
    for keep in itertools.product([True, False], repeat=len(full)):
        shape = tuple(n if k else 1 for n, k in zip(full, keep, strict=True))
        yield shape
        while shape and shape[0] == 1:
            shape = shape[1:]
            yield shape


CASES = [(full, shape) for full in FULL for shape in sorted(set(stretched(full)))]


def summed(a, shape):
    """NumPy's sum over the axes that are stretched."""
    padded = (1,) * (a.ndim - len(shape)) + shape
    axes = tuple(i for i, n in enumerate(padded) if n == 1)
    return np.sum(a, axis=axes, keepdims=True).reshape(shape)


@pytest.mark.parametrize(("full", "shape"), CASES)
def test_sums(full, shape):
    a, b = rng.standard_normal(full), rng.standard_normal(full)
    for found, expected in [(sum_to(a, shape), a), (dot_to(a, b, shape), a * b)]:
        assert np.shape(found) == shape
        np.testing.assert_allclose(found, summed(expected, shape), rtol=1e-12, atol=1e-13)
    if a.size:
        assert count_in(a, shape) == summed(np.ones(full), shape).flat[0]


def test_the_mean_keeps_its_axes():
    x = rng.standard_normal((2, 3, 4))
    np.testing.assert_allclose(mean_over(x, (0, 2)), x.mean((0, 2), keepdims=True), rtol=1e-13)
    np.testing.assert_allclose(mean_over(x, -1), x.mean(-1, keepdims=True), rtol=1e-13)


def test_other_layouts():
    wide = rng.standard_normal((6, 4, 8))
    for a in (wide[::2, :, ::2], wide[:3].T, np.asfortranarray(wide)):
        for shape in stretched(a.shape):
            np.testing.assert_allclose(sum_to(a, shape), summed(a, shape), atol=1e-13)
            np.testing.assert_allclose(dot_to(a, a, shape), summed(a * a, shape), atol=1e-13)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_dtype_stays(dtype):
    a = np.ones((2, 3, 4), dtype)
    for shape in [(), (4,), (3, 1), (2, 1, 4)]:
        assert sum_to(a, shape).dtype == dot_to(a, a, shape).dtype == dtype


def test_the_ones_that_are_shared_cannot_be_changed():
    assert ones(3, np.dtype(np.float32)) is ones(3, np.dtype(np.float32))
    with pytest.raises(ValueError, match="read-only"):
        ones(3, np.dtype(np.float32))[0] = 2


def test_many_rows_are_added_up_with_few_roundings():
    a = (1e4 + rng.standard_normal((4096, 2))).astype(np.float32)
    exact = a.astype(np.float64).sum(axis=0)
    error = np.abs(sum_to(a, (2,)) / exact - 1).max()
    assert error < 2e-7 < np.abs(np.add.reduce(a, axis=0) / exact - 1).max()


@pytest.mark.parametrize("n", [1, 2, 255, 256, 257, 1437, 4096, 10007])
def test_any_number_of_rows(n):
    a = rng.standard_normal((n, 3))
    np.testing.assert_allclose(sum_to(a, (3,)), a.sum(axis=0), rtol=1e-10, atol=1e-11)
