"""Initialisers: their distributions, against the papers' formulas."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.nn import init

# The variance for a weight (fan_out, fan_in) and a gain of 1, and the default gain.
FORMULAS = {
    init.he_normal: (lambda i, o: 1 / i, math.sqrt(2)),
    init.he_uniform: (lambda i, o: 1 / i, math.sqrt(2)),
    init.glorot_normal: (lambda i, o: 2 / (i + o), 1),
    init.glorot_uniform: (lambda i, o: 2 / (i + o), 1),
    init.lecun_normal: (lambda i, o: 1 / i, 1),
    init.lecun_uniform: (lambda i, o: 1 / i, 1),
}
by_initialiser = pytest.mark.parametrize("draw", FORMULAS, ids=lambda f: f.__name__)
SHAPES = {(400, 250): (250, 400), (50, 20, 10, 8): (20 * 80, 50 * 80)}  # fans: (in, out)


def draw_many(draw, *args, **kwargs):
    return draw(*args, rng=np.random.default_rng(3), dtype=np.float64, **kwargs)


def assert_distribution(values, variance, uniform):
    """Mean and variance within five standard errors; the range, or the share beyond one sigma."""
    n, sigma = values.size, math.sqrt(variance)
    assert abs(values.mean()) < 5 * sigma / math.sqrt(n)
    fourth = 1.8 if uniform else 3  # E x^4 / sigma^4
    assert abs(values.var() / variance - 1) < 5 * math.sqrt((fourth - 1) / n)
    beyond = 1 - 1 / math.sqrt(3) if uniform else math.erfc(math.sqrt(0.5))
    assert abs((np.abs(values) > sigma).mean() - beyond) < 5 * 0.5 / math.sqrt(n)
    if uniform:
        assert 0.999 < np.abs(values).max() / (math.sqrt(3) * sigma) <= 1
    else:
        assert np.abs(values).max() > 3.5 * sigma


@by_initialiser
@pytest.mark.parametrize("gain", [None, 1.0, 5 / 3])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_distribution(draw, gain, shape):
    variance, default = FORMULAS[draw]
    values = draw_many(draw, shape, **({} if gain is None else {"gain": gain}))
    assert values.shape == shape
    expected = (default if gain is None else gain) ** 2 * variance(*SHAPES[shape])
    assert_distribution(values, expected, draw.__name__.endswith("uniform"))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_fan_in_uniform(shape):
    fan_in = SHAPES[shape][0]
    assert_distribution(draw_many(init.fan_in_uniform, shape), 1 / (3 * fan_in), True)


@pytest.mark.parametrize("draw", [*FORMULAS, init.fan_in_uniform], ids=lambda f: f.__name__)
def test_dtype_and_seed(draw):
    def values(**kwargs):
        return draw((3, 2), np.random.default_rng(0), **kwargs)

    assert values().dtype == np.float32
    np.testing.assert_array_equal(values(), values())
    for dtype in (np.float64, np.float16):
        assert values(dtype=dtype).dtype == dtype
        np.testing.assert_allclose(values(dtype=dtype), values(), rtol=1e-2)
    mg.set_default_dtype(np.float64)
    try:
        assert values().dtype == init.zeros((3,)).dtype == np.float64
    finally:
        mg.set_default_dtype(np.float32)


@pytest.mark.parametrize("draw", [*FORMULAS, init.fan_in_uniform], ids=lambda f: f.__name__)
@pytest.mark.parametrize("shape", [(), (3,)], ids=str)
def test_fewer_than_two_axes(draw, shape):
    with pytest.raises(ValueError) as error:
        draw(shape, np.random.default_rng(0))
    assert str(error.value).endswith(f"need a weight of at least 2 axes, got shape {shape}")


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)], ids=str)
@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_zeros(shape, dtype):
    values = init.zeros(shape, dtype=dtype)
    assert (values.shape, values.dtype) == (shape, dtype)
    assert not values.any()
