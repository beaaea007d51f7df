"""The dense layer, one-hot vectors and dropout; and that no function goes untested."""

import re
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad.testing import gradcheck

rng = np.random.default_rng(0)


def test_no_function_goes_untested():
    here = Path(__file__).parent
    tested = "".join(p.read_text() for p in here.glob("test_functional_*.py"))
    assert set(F.__all__) <= set(re.findall(r"\bF\.(\w+)", tested))
    public = {n for n, f in vars(F).items() if callable(f) and not n.startswith("_")}
    assert set(F.__all__) == public


# linear


@pytest.mark.parametrize("lead", [(), (4,), (2, 3), (0,)])
@pytest.mark.parametrize("biased", [True, False])
def test_linear(lead, biased):
    args = [rng.standard_normal((*lead, 3)), rng.standard_normal((2, 3)), rng.standard_normal(2)]
    args = args if biased else args[:2]
    expected = np.einsum("...i,oi->...o", *args[:2]) + (args[2] if biased else 0)
    value = F.linear(*args)
    np.testing.assert_allclose(value, expected, rtol=1e-13, atol=1e-15)
    np.testing.assert_array_equal(F.linear(*map(mg.tensor, args)).data, value)
    assert gradcheck(F.linear, args)


def test_linear_leaves_its_inputs_alone_and_keeps_float32():
    args = [rng.standard_normal(s).astype(np.float32) for s in [(4, 3), (2, 3), (2,)]]
    before = [a.tobytes() for a in args]
    xs = [mg.tensor(a, requires_grad=True) for a in args]
    y = F.linear(*xs)
    assert (F.linear(*args).dtype, y.dtype) == (np.float32, np.float32)
    assert [g.dtype for g in mg.grad(y.sum(), xs)] == [np.float32] * 3
    assert [a.tobytes() for a in args] == before


def test_linear_of_many_axes_is_one_product():
    x, w = rng.standard_normal((4, 3, 5)), rng.standard_normal((2, 5))
    np.testing.assert_array_equal(F.linear(x, w).reshape(12, 2), F.linear(x.reshape(12, 5), w))
    g = rng.standard_normal((4, 3, 2))
    pair = [mg.tensor(a, requires_grad=True) for a in (x, x.reshape(12, 5))]
    found = [
        mg.grad([F.linear(t, w)], [t], [g.reshape(*t.shape[:-1], 2)])[0].data.tobytes()
        for t in pair
    ]
    assert found[0] == found[1]
    no_features = np.ones((2, 3, 0))
    np.testing.assert_array_equal(F.linear(no_features, np.ones((4, 0))), np.zeros((2, 3, 4)))


def test_linear_promotes_like_numpy():
    x, w = np.ones((1, 2), np.float32), np.ones((3, 2), np.float32)
    b = np.full(3, 0.1)
    assert F.linear(x, w, b).dtype == (x @ w.T + b).dtype


@pytest.mark.parametrize(("x", "weight", "bias"), [((4, 3), (2, 4), None), ((4, 3), (2, 3), (3,))])
def test_linear_refuses_shapes_that_do_not_fit(x, weight, bias):
    with pytest.raises(ValueError, match=r"shape|mismatch|broadcast"):
        F.linear(np.ones(x), np.ones(weight), None if bias is None else np.ones(bias))


# one_hot


@pytest.mark.parametrize("labels", [2, [0, 2, 1], [[0, 1], [2, 2]], np.array([1, 0], np.uint8)])
def test_one_hot(labels):
    hot = F.one_hot(labels, 3)
    assert hot.dtype == np.float32
    np.testing.assert_array_equal(hot, np.eye(3)[np.asarray(labels)])
    np.testing.assert_array_equal(F.one_hot(mg.tensor(labels), 3), hot)


def test_one_hot_finds_the_number_of_classes_and_takes_a_dtype():
    assert F.one_hot([0, 4]).shape == (2, 5)
    assert F.one_hot([0, 1], dtype=np.float64).dtype == np.float64
    assert F.one_hot(np.zeros(0, int)).shape == (0, 0)
    assert F.one_hot(np.zeros((2, 0), int), 3).shape == (2, 0, 3)


def test_one_hot_refuses_other_labels():
    with pytest.raises(TypeError, match="labels must be integers, got float64"):
        F.one_hot([0.0, 1.0])
    with pytest.raises(TypeError, match="integers, got bool"):
        F.one_hot([True, False])
    with pytest.raises(ValueError, match=r"labels must lie in \[0, 3\), got 0 to 3"):
        F.one_hot([0, 3], 3)
    with pytest.raises(ValueError, match=r"got -1 to 1"):
        F.one_hot([-1, 1])


# dropout


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_dropout_zeroes_a_share_p_and_keeps_the_expectation(p, dtype):
    x = np.full((300, 200), 3.0, dtype)
    y = F.dropout(x, p, rng=np.random.default_rng(1))
    assert y.dtype == dtype
    np.testing.assert_allclose(np.unique(y), [0, 3 / (1 - p)], rtol=1e-6)
    deviation = np.sqrt(p * (1 - p) / x.size)
    assert abs(np.mean(y == 0) - p) < 4 * deviation
    assert abs(np.mean(y) - 3) < 4 * 3 * deviation / (1 - p)


def test_the_gradient_of_dropout_is_its_mask():
    x = mg.tensor(rng.standard_normal((5, 4)), requires_grad=True)
    mask = F.dropout(np.ones((5, 4)), 0.3, rng=np.random.default_rng(2))
    y = F.dropout(x, 0.3, rng=np.random.default_rng(2))
    np.testing.assert_array_equal(y.data, x.data * mask)
    np.testing.assert_array_equal(mg.grad(y.sum(), x).data, mask)
    assert gradcheck(lambda x: F.dropout(x, 0.3, rng=np.random.default_rng(2)), x)


def test_dropout_off():
    x = mg.tensor([1.0, -2.0], requires_grad=True)
    assert F.dropout(x, 0.0) is x
    assert F.dropout(x, 0.7, training=False) is x
    assert F.dropout(x.data, 0.7, False) is x.data


def test_dropout_of_everything():
    x = mg.tensor(np.full(100, 5.0, np.float32), requires_grad=True)
    y = F.dropout(x, 1.0)
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y.data, 0)
    np.testing.assert_array_equal(mg.grad(y.sum(), x).data, 0)


def test_dropout_draws_anew_from_its_generator():
    x, generator = np.ones(100), np.random.default_rng(3)
    first, second = F.dropout(x, rng=generator), F.dropout(x, rng=generator)
    assert (first != second).any()
    np.testing.assert_array_equal(F.dropout(x, rng=np.random.default_rng(3)), first)
    assert (F.dropout(x) != F.dropout(x)).any()


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_dropout_refuses_what_is_no_probability(p):
    with pytest.raises(ValueError, match=r"p of dropping must lie in \[0, 1\], got"):
        F.dropout(np.ones(2), p)
