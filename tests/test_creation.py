"""New tensors: values as NumPy's, the default dtype, and explicit randomness."""

import numpy as np
import pytest

import minigrad as mg

# name: how to call it on the package, and NumPy's own result.
HELPERS = {
    "zeros": (lambda **kw: mg.zeros((2, 3), **kw), np.zeros((2, 3))),
    "ones": (lambda **kw: mg.ones(4, **kw), np.ones(4)),
    "full": (lambda **kw: mg.full((), 2, **kw), np.full((), 2)),
    "arange": (lambda **kw: mg.arange(0.0, 1.0, 0.25, **kw), np.arange(0.0, 1.0, 0.25)),
    "linspace": (lambda **kw: mg.linspace(-1, 1, 5, **kw), np.linspace(-1, 1, 5)),
    "eye": (lambda **kw: mg.eye(3, **kw), np.eye(3)),
    "normal": (
        lambda **kw: mg.normal((2, 3), 1.0, 2.0, rng=np.random.default_rng(5), **kw),
        np.random.default_rng(5).normal(1.0, 2.0, (2, 3)),
    ),
    "uniform": (
        lambda **kw: mg.uniform(4, -1.0, 3.0, rng=np.random.default_rng(5), **kw),
        np.random.default_rng(5).uniform(-1.0, 3.0, 4),
    ),
}
every_helper = pytest.mark.parametrize(("make", "expected"), HELPERS.values(), ids=HELPERS)


@every_helper
@pytest.mark.parametrize("default", [np.float32, np.float64])
def test_values_and_the_default_dtype(make, expected, default):
    mg.set_default_dtype(default)
    try:
        t = make()
    finally:
        mg.set_default_dtype(np.float32)
    assert type(t) is mg.Tensor
    assert (t.dtype, t.requires_grad, t.is_leaf) == (default, False, True)
    np.testing.assert_array_equal(t.data, expected.astype(default))


@every_helper
@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_dtype_and_requires_grad(make, expected, dtype):
    t = make(dtype=dtype, requires_grad=True)
    assert (t.dtype, t.requires_grad) == (dtype, True)
    t.sum().backward()
    np.testing.assert_array_equal(t.grad.data, np.ones(expected.shape))


@every_helper
def test_integers_cannot_require_a_gradient(make, expected):
    with pytest.raises(TypeError, match="only floating-point tensors can require a gradient"):
        make(dtype=np.int64, requires_grad=True)


@pytest.mark.parametrize("args", [(3,), (1, 4), (5, 1, -2), (2.5,), (0, 1, 0.5), (0,)])
def test_arange_takes_numpys_arguments_and_keeps_integers(args):
    expected = np.arange(*args)
    t = mg.arange(*args)
    assert t.dtype == (np.int64 if expected.dtype.kind == "i" else np.float32)
    np.testing.assert_array_equal(t.data, expected)


@pytest.mark.parametrize("shape", [(), 0, (0, 3), (2, 0)])
def test_shapes_without_or_with_one_element(shape):
    expected = np.zeros(shape).shape
    rng = np.random.default_rng(0)
    made = [mg.zeros(shape), mg.ones(shape), mg.normal(shape, rng=rng), mg.uniform(shape, rng=rng)]
    assert [t.shape for t in made] == [expected] * 4
    assert all(type(t.data) is np.ndarray for t in made)


@pytest.mark.parametrize("draw", [mg.normal, mg.uniform])
def test_draws_come_from_the_given_generator_alone(draw):
    rng = np.random.default_rng(1)
    first, second = draw(5, rng=rng), draw(5, rng=rng)
    np.testing.assert_array_equal(first.data, draw(5, rng=np.random.default_rng(1)).data)
    assert not np.array_equal(first.data, second.data)
    with pytest.raises(TypeError, match="rng"):
        draw(5)


def test_the_distributions():
    rng = np.random.default_rng(2)
    normal = mg.normal(20_000, 3.0, 0.5, rng=rng).data
    uniform = mg.uniform(20_000, -1.0, 2.0, rng=rng).data
    assert abs(normal.mean() - 3.0) < 0.02
    assert abs(normal.std() - 0.5) < 0.01
    assert -1.0 <= uniform.min() < -0.99
    assert 1.99 < uniform.max() < 2.0
    assert abs(uniform.mean() - 0.5) < 0.03


@pytest.mark.parametrize("shape", [-1, (2, -1)])
def test_a_negative_length_is_refused(shape):
    with pytest.raises(ValueError, match="negative"):
        mg.zeros(shape)
