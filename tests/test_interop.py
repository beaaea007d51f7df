"""Tensors meet other arrays: DLPack, conversion, operands on the left."""

import numpy as np
import pytest

import minigrad as mg

LEFT = [
    np.array([2.0, 3.0], np.float32), np.array(2.0, np.float32), np.float32(2), np.int64(2), 2, 2.0,
    True, [2.0, 3.0],
]  # fmt: skip


@pytest.mark.parametrize("left", LEFT, ids=lambda a: type(a).__name__)
@pytest.mark.parametrize("name", ["__add__", "__sub__", "__mul__", "__truediv__", "__pow__"])
def test_an_operand_on_the_left_keeps_type_and_gradient(left, name):
    x = mg.tensor([1.5, 0.5], requires_grad=True)
    operators = {
        "__add__": lambda a, b: a + b,
        "__sub__": lambda a, b: a - b,
        "__mul__": lambda a, b: a * b,
        "__truediv__": lambda a, b: a / b,
        "__pow__": lambda a, b: a**b,
    }
    operator = operators[name]
    y = operator(left, x)
    expected = operator(np.asarray(left) if isinstance(left, list) else left, x.data)
    assert type(y) is mg.Tensor and y.requires_grad
    assert y.shape == (2,)
    if not isinstance(left, list):  # of Python floats, which take the default dtype
        assert y.dtype == expected.dtype
    np.testing.assert_allclose(y.data, expected, rtol=1e-6)
    y.sum().backward()
    assert x.grad is not None and x.grad.dtype == np.float32


@pytest.mark.parametrize("left", LEFT[:4], ids=lambda a: type(a).__name__)
def test_a_matrix_product_with_an_array_on_the_left(left):
    if np.ndim(left) == 0:
        with pytest.raises((ValueError, TypeError)):
            left @ mg.tensor([1.0, 2.0], requires_grad=True)
        return
    y = left @ mg.tensor([1.0, 2.0], requires_grad=True)
    assert type(y) is mg.Tensor and y.requires_grad and y.item() == 8.0


def test_conversion_to_an_array_is_for_tensors_without_gradient():
    t = mg.tensor([1.0, 2.0])
    assert np.shares_memory(np.asarray(t), t.data)
    assert np.array(t, dtype=np.float64).dtype == np.float64
    assert not np.shares_memory(np.array(t, copy=True), t.data)
    t.requires_grad = True
    for convert in (np.asarray, np.array, list, lambda t: np.from_dlpack(t)):
        if convert is list:
            assert all(isinstance(a, mg.Tensor) for a in list(t))
            continue
        with pytest.raises(TypeError, match=r"lose the gradient.*t\.detach\(\)"):
            convert(t)


def test_dlpack_out_shares_memory():
    t = mg.tensor([1.0, 2.0])
    array = np.from_dlpack(t)
    assert np.shares_memory(array, t.data)
    assert t.__dlpack_device__() == np.ones(1).__dlpack_device__()


def test_dlpack_in_shares_memory():
    array = np.arange(6.0).reshape(2, 3).T
    t = mg.from_dlpack(array)
    assert np.shares_memory(t.data, array)
    assert (t.shape, t.dtype, t.requires_grad) == ((3, 2), np.float64, False)
    t[0, 0] = 7.0
    assert array[0, 0] == 7


def test_a_tensor_from_shared_memory_is_differentiated_like_others():
    t = mg.from_dlpack(np.array([1.0, 2.0]))
    t.requires_grad = True
    (t * t).sum().backward()
    assert t.grad.tolist() == [2.0, 4.0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1.0, 2.0], "__dlpack__, got list"),
        (np.array([1j]), "real numbers, got data of dtype complex128"),
    ],
)
def test_what_dlpack_does_not_take(given, message):
    with pytest.raises(TypeError, match=message):
        mg.from_dlpack(given)
