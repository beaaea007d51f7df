"""Initialisers: their distributions, against the papers' formulas."""

import math

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad import nn
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


WITH_FANS = [*FORMULAS, init.fan_in_uniform, init.orthogonal]


@pytest.mark.parametrize(
    "draw",
    [*WITH_FANS, init.truncated_normal, init.normal, init.uniform],
    ids=lambda f: f.__name__,
)
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


@pytest.mark.parametrize("draw", [*WITH_FANS, init.identity], ids=lambda f: f.__name__)
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


def test_constants():
    np.testing.assert_array_equal(init.constant((2, 3), value=-0.5), np.full((2, 3), -0.5))
    np.testing.assert_array_equal(init.ones((2, 3)), np.ones((2, 3)))
    assert init.constant(()).dtype == init.ones((1,)).dtype == np.float32
    assert init.constant((2,), dtype=np.float64).dtype == np.float64


def test_normal_and_uniform():
    assert_distribution(draw_many(init.normal, (300, 300), std=0.3), 0.09, False)
    assert_distribution(draw_many(init.normal, (300, 300), mean=5, std=0.3) - 5, 0.09, False)
    assert_distribution(draw_many(init.uniform, (300, 300), low=-2, high=2), 4 / 3, True)
    assert_distribution(draw_many(init.uniform, (300, 300)) - 0.5, 1 / 12, True)


@pytest.mark.parametrize("bound", [0.5, 2.0])
def test_truncated_normal(bound):
    """Nothing piles up at the bounds: the distribution between them is the normal one's."""
    x = (draw_many(init.truncated_normal, (400, 500), mean=1, std=0.1, bound=bound) - 1) / 0.1
    assert np.abs(x).max() <= bound + 1e-12
    inside = math.erf(bound / math.sqrt(2))
    for part in (0.2, 0.5, 0.9, 0.99):
        expected = math.erf(part * bound / math.sqrt(2)) / inside
        assert abs((np.abs(x) < part * bound).mean() - expected) < 5 * 0.5 / math.sqrt(x.size)
    assert abs(x.mean()) < 5 / math.sqrt(x.size)


def test_a_bound_that_leaves_nothing():
    with pytest.raises(ValueError, match="bound must be positive, got 0"):
        init.truncated_normal((2,), np.random.default_rng(0), bound=0)


@pytest.mark.parametrize("shape", [(5, 5), (3, 7), (7, 3), (8, 3, 2, 2), (4, 3, 2)], ids=str)
def test_orthogonal(shape):
    w = draw_many(init.orthogonal, shape, gain=0.5)
    assert w.shape == shape
    matrix = w.reshape(shape[0], -1)
    short = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    np.testing.assert_allclose(short @ short.T, 0.25 * np.eye(len(short)), atol=1e-13)


def test_orthogonal_matrices_are_equally_likely():
    """A rotation of them has the same distribution: each element's mean is 0, of both signs."""
    rng = np.random.default_rng(0)
    many = np.array([init.orthogonal((2, 2), rng, dtype=np.float64) for _ in range(4000)])
    assert np.abs(many.mean(axis=0)).max() < 5 * math.sqrt(0.5 / 4000)
    assert abs((np.linalg.det(many) > 0).mean() - 0.5) < 5 * 0.5 / math.sqrt(4000)
    angles = np.arctan2(many[:, 1, 0], many[:, 0, 0]) / (2 * math.pi) + 0.5
    assert np.abs(np.quantile(angles, [0.1, 0.5, 0.9]) - [0.1, 0.5, 0.9]).max() < 0.04


@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (4, 2)], ids=str)
def test_identity_of_dense_layers(shape):
    np.testing.assert_array_equal(init.identity(shape, gain=2), 2 * np.eye(*shape))


@pytest.mark.parametrize(("groups", "c_in"), [(1, 2), (1, 4), (2, 1), (2, 2)])
def test_identity_of_convolutions(groups, c_in):
    """What comes in goes out; channels for which nothing comes in are zero."""
    layer = nn.Conv2d(groups * c_in, 4, 3, padding=1, groups=groups, bias=False)
    layer.weight.data = init.identity(layer.weight.shape, groups=groups)
    x = np.random.default_rng(0).standard_normal((2, groups * c_in, 5, 4)).astype(np.float32)
    y = layer(x).data
    kept = min(c_in, 4 // groups)
    for g in range(groups):
        out = y[:, g * 4 // groups : (g + 1) * 4 // groups]
        np.testing.assert_array_equal(out[:, :kept], x[:, g * c_in : g * c_in + kept])
        assert not out[:, kept:].any()


def test_groups_that_do_not_fit():
    with pytest.raises(ValueError, match="4 channels do not make 3 groups"):
        init.identity((4, 2, 3), groups=3)


def test_a_gain_keeps_the_second_moment_of_a_signal():
    x = np.random.default_rng(0).standard_normal(100_000)
    for name, f in [("relu", F.relu), ("leaky_relu", F.leaky_relu), ("linear", lambda x: x)]:
        assert abs(np.mean((init.gain(name) * f(x)) ** 2) - 1) < 0.03
    assert init.gain("leaky_relu", 1.0) == 1
    with pytest.raises(ValueError, match="must be one of linear, .* got 'softmax'"):
        init.gain("softmax")
