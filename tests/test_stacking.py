"""Tensors in lists become one tensor, and gradients flow to each of them."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing import gradcheck

X, Y = np.array([0.5, -1.0]), np.array([2.0, 3.0])


@pytest.mark.parametrize("make", [mg.tensor, mg.stack])
@pytest.mark.parametrize(
    "arrange",
    [
        lambda x, y: [x, y],
        lambda x, y: (x, [y[0], y[1]]),
        lambda x, y: [[x, y], [y, x]],
        lambda x, y: [[[x[0], 1], (2.5, y[1])]],
        lambda x, y: [x, np.array([1.0, 2.0]), y],
        lambda x, y: [[x]],
    ],
)
def test_nested_lists(make, arrange):
    result = make(arrange(*(mg.tensor(a, requires_grad=True) for a in (X, Y))))
    expected = np.array(arrange(X, Y))
    assert (type(result), result.dtype, result.requires_grad) == (mg.Tensor, expected.dtype, True)
    np.testing.assert_array_equal(result.data, expected)
    assert gradcheck(lambda x, y: make(arrange(x, y)), [X, Y])


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_the_axis_of_a_stack(axis):
    tensors = [mg.tensor(a, requires_grad=True) for a in (X, Y, X)]
    np.testing.assert_array_equal(mg.stack(tensors, axis=axis).data, np.stack([X, Y, X], axis=axis))
    assert gradcheck(lambda x, y: mg.stack([x, y, x], axis), [X, Y])


def test_python_numbers_take_the_dtype_of_the_tensors():
    t = mg.tensor([1.0], requires_grad=True, dtype=np.float32)
    assert mg.tensor([t[0], 1, 0.5, True]).dtype == np.float32
    assert mg.stack([t[0], np.float64(0.5)]).dtype == np.float64
    assert mg.stack([0.5, 1]).dtype == np.float32
    assert mg.stack([1, 2]).dtype == np.int64


def test_the_arguments_of_tensor():
    t = mg.tensor([1.0, 2.0])
    leaf = mg.tensor([t, t], requires_grad=True)
    assert leaf.is_leaf
    assert leaf.requires_grad
    assert mg.tensor([t, t], dtype=int).dtype == int
    assert not mg.tensor([t, t]).requires_grad
    t.requires_grad = True
    assert mg.tensor([t, t], dtype=np.float64).dtype == np.float64
    assert not mg.tensor([t, t], requires_grad=True).is_leaf
    with pytest.raises(TypeError, match="lose the gradient"):
        mg.tensor([t, t], dtype=int)
    with mg.no_grad():
        assert not mg.tensor([t, t]).requires_grad


@pytest.mark.parametrize(
    "data",
    [lambda t: [t, [t, t]], lambda t: [[t, t], [t]], lambda t: [t, [1.0]], lambda t: [t, []]],
)
def test_parts_of_different_shapes_are_refused(data):
    with pytest.raises(ValueError, match="nested lists of equal lengths"):
        mg.tensor(data(mg.tensor(1.0, requires_grad=True)))


def test_many_tensors_take_time_in_proportion():
    """The rule of each argument of a concatenation used to add up the lengths before it."""
    xs = [mg.tensor(float(i), requires_grad=True) for i in range(5000)]
    assert all(g.item() == 2 for g in mg.grad((mg.stack(xs) * 2).sum(), xs))


def test_compiled():
    def total(x, y):
        return (mg.tensor([[x, 2 * y], [y, y]]) ** 2).sum()

    def gradients(x, y):
        return mg.grad(total(x, y), [x, y])

    xs = [mg.tensor(a, requires_grad=True) for a in (X, Y)]
    for compiled, eager in zip(mg.compile(gradients)(*xs), gradients(*xs), strict=True):
        np.testing.assert_array_equal(compiled.data, eager.data)


def test_numpy_makes_arrays_of_tensors_without_a_gradient_only():
    x, y = mg.tensor(X), mg.tensor(Y)
    np.testing.assert_array_equal(np.array([x, y]), np.array([X, Y]))
    np.testing.assert_array_equal(np.asarray([[x[0], 1.0], [y[0], y[1]]]), [[X[0], 1], Y])
    np.testing.assert_allclose(x, X)
    np.testing.assert_array_equal([x, y], [X, Y])
    x.requires_grad = True
    for data in ([x, y], [x[0], x[1]], [[x[0]], [1.0]]):
        with pytest.raises(TypeError, match=r"join tensors with mg\.stack"):
            np.array(data)
        with pytest.raises(TypeError, match=r"join tensors with mg\.stack"):
            np.asarray(data, dtype=np.float32)
