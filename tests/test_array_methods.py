"""Operators and methods: NumPy's values, dtypes and memory, with a gradient."""

import operator
from fractions import Fraction

import numpy as np
import pytest

import minigrad as mg
from minigrad.array_methods import ArrayMethods
from minigrad.testing import gradcheck

X = np.array([[0.7, 1.9, -2.3], [1.2, -0.4, 2.6]])
B = np.array([[2.0], [-3.0]])  # broadcasts against X
M = np.array([[1.0, -1.0], [0.5, 2.0], [3.0, 0.25]])

# What each member does; called on arrays for the value, and on tensors.
OPERATORS = {
    "__add__": lambda x, b: x + b,
    "__radd__": lambda x, b: b + x,
    "__sub__": lambda x, b: x - b,
    "__rsub__": lambda x, b: b - x,
    "__mul__": lambda x, b: x * b,
    "__rmul__": lambda x, b: b * x,
    "__truediv__": lambda x, b: x / b,
    "__rtruediv__": lambda x, b: b / x,
    "__floordiv__": lambda x, b: x // b,
    "__rfloordiv__": lambda x, b: b // x,
    "__mod__": lambda x, b: x % b,
    "__rmod__": lambda x, b: b % x,
    "__divmod__": lambda x, b: divmod(x, b)[1],
    "__rdivmod__": lambda x, b: divmod(b, x)[1],
    "__pow__": lambda x, b: abs(x) ** b,
    "__rpow__": lambda x, b: abs(b) ** x,
    "__matmul__": lambda x, b: x @ M * b,
    "__rmatmul__": lambda x, b: M @ (x * b),
    "__neg__": lambda x, b: -x * b,
    "__pos__": lambda x, b: +x * b,
    "__abs__": lambda x, b: abs(x) * b,
}
COMPARISONS = {
    f"__{name}__": getattr(operator, name) for name in ("eq", "ne", "lt", "le", "gt", "ge")
}
METHODS = {
    "__getitem__": [lambda x: x[1], lambda x: x[..., ::2], lambda x: x[[0, 0], [1, 2]]],
    "sum": [
        lambda x: x.sum(),
        lambda x: x.sum(0),
        lambda x: x.sum(axis=-1, keepdims=True),
        lambda x: x.sum((0, 1)),
    ],
    "mean": [lambda x: x.mean(), lambda x: x.mean(1), lambda x: x.mean(axis=(0,), keepdims=True)],
    "max": [lambda x: x.max(), lambda x: x.max(axis=0), lambda x: x.max(-1, keepdims=True)],
    "min": [lambda x: x.min(), lambda x: x.min(axis=0), lambda x: x.min(-1, keepdims=True)],
    "prod": [lambda x: x.prod(), lambda x: x.prod(axis=1), lambda x: x.prod(0, keepdims=True)],
    "var": [lambda x: x.var(), lambda x: x.var(1, ddof=1), lambda x: x.var(axis=0, keepdims=True)],
    "std": [lambda x: x.std(), lambda x: x.std(1, ddof=1), lambda x: x.std(axis=0, keepdims=True)],
    "cumsum": [lambda x: x.cumsum(), lambda x: x.cumsum(0), lambda x: x.cumsum(axis=-1)],
    "cumprod": [lambda x: x.cumprod(), lambda x: x.cumprod(0), lambda x: x.cumprod(axis=-1)],
    "reshape": [
        lambda x: x.reshape(3, 2),
        lambda x: x.reshape((6,)),
        lambda x: x.reshape(-1),
        lambda x: x.reshape([1, -1, 1]),
        lambda x: x[0, 0].reshape(()),
    ],
    "ravel": [lambda x: x.ravel(), lambda x: x[0, 0].ravel()],
    "flatten": [lambda x: x.flatten(), lambda x: x.T.flatten()],
    "transpose": [
        lambda x: x.transpose(),
        lambda x: x.transpose(None),
        lambda x: x.transpose(1, 0),
        lambda x: x.transpose((-1, 0)),
        lambda x: x.reshape(1, 2, 3).transpose([2, 0, 1]),
    ],
    "T": [lambda x: x.T, lambda x: x[0].T, lambda x: x.reshape(1, 2, 3).T],
    "mT": [lambda x: x.mT, lambda x: x.reshape(1, 2, 3).mT],
    "swapaxes": [lambda x: x.swapaxes(0, 1), lambda x: x.reshape(1, 2, 3).swapaxes(-1, 0)],
    "squeeze": [
        lambda x: x[:1].squeeze(),
        lambda x: x[:1].squeeze(0),
        lambda x: x[:1, :1].squeeze(axis=(0, 1)),
    ],
    "clip": [
        lambda x: x.clip(-1, 1),
        lambda x: x.clip(0.5, None),
        lambda x: x.clip(max=2.0),
        lambda x: x.clip(min=B, max=1.5),
    ],
    "round": [lambda x: x.round(), lambda x: x.round(decimals=1)],
    "take": [
        lambda x: x.take(4),
        lambda x: x.take([0, 0, 5]),
        lambda x: x.take(np.array([[2], [-1]]), axis=1),
    ],
    "repeat": [
        lambda x: x.repeat(2),
        lambda x: x.repeat(2, 0),
        lambda x: x.repeat([1, 0, 3], axis=1),
    ],
    "diagonal": [lambda x: x.diagonal(), lambda x: x.reshape(1, 2, 3).diagonal(1, -2, axis2=-1)],
    "trace": [lambda x: x.trace(), lambda x: x.reshape(1, 2, 3).trace(1, -2, axis2=-1)],
    "dot": [lambda x: x.dot(M), lambda x: x.dot(M[:, 0]), lambda x: x[0].dot(x[1])],
    "copy": [lambda x: x.copy(), lambda x: x.T.copy()],
    "astype": [lambda x: x.astype(np.float64), lambda x: x.astype("float64")],
}
PLAIN = {  # without a derivative: plain results
    "argmax": [lambda x: x.argmax(), lambda x: x.argmax(1)],
    "argmin": [lambda x: x.argmin(), lambda x: x.argmin(axis=0)],
    "argsort": [lambda x: x.argsort(), lambda x: x.argsort(axis=0), lambda x: x.argsort(None)],
    "nonzero": [lambda x: x.nonzero()],
    "searchsorted": [lambda x: x[0].searchsorted(0.5), lambda x: x[0].searchsorted(x[1], "right")],
    "any": [lambda x: x.any(), lambda x: x.any(axis=1)],
    "all": [lambda x: x.all(), lambda x: x.all((0, 1))],
    "astype": [lambda x: x.astype(np.int64), lambda x: x.astype(bool)],
}


def calls(table):
    return [
        pytest.param(call, id=f"{name}-{i}")
        for name, members in table.items()
        for i, call in enumerate(members)
    ]


def leaf(array):
    return mg.tensor(array, requires_grad=True)


def assert_same(result, expected):
    """Value, shape, dtype and bits."""
    assert type(result) is mg.Tensor
    assert type(result.data) is np.ndarray
    assert (result.shape, result.dtype) == (np.shape(expected), expected.dtype)
    assert result.data.tobytes() == np.asarray(expected).tobytes()


def test_no_member_goes_untested():
    elsewhere = {"__iadd__", "__isub__", "__imul__", "__itruediv__"}  # in test_tensor.py
    elsewhere |= {"__ifloordiv__", "__imod__", "__ipow__", "_write"}
    elsewhere |= {"_memory", "__array__", "__dlpack__", "__dlpack_device__"}  # in test_interop.py
    elsewhere |= {
        "shape",
        "ndim",
        "size",
        "dtype",
        "nbytes",
        "item",
        "tolist",
        "__float__",
        "__int__",
    }
    elsewhere |= {"__index__", "__bool__", "__len__", "__iter__", "__contains__", "__format__"}
    tested = {*OPERATORS, *COMPARISONS, *METHODS, *PLAIN, *elsewhere, "__hash__"}
    own = {name for name, member in vars(ArrayMethods).items() if callable(member)}
    own |= {name for name, member in vars(ArrayMethods).items() if isinstance(member, property)}
    assert tested == own


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("call", calls(METHODS))
def test_methods_give_what_numpys_give(call, dtype):
    x = X.astype(dtype)
    expected = call(x)
    assert_same(call(leaf(x)), expected)
    assert call(leaf(x)).requires_grad
    constant = call(mg.tensor(x))
    assert_same(constant, expected)
    assert not constant.requires_grad


@pytest.mark.parametrize("call", calls(METHODS))
def test_gradients_flow_through_methods(call):
    assert gradcheck(call, X, order=1)


@pytest.mark.parametrize("call", calls(PLAIN))
def test_methods_without_a_derivative_give_plain_results(call):
    for t in (leaf(X), mg.tensor(X)):
        result = call(t)
        assert type(result) is type(call(X))
        np.testing.assert_array_equal(result, call(X))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("call", OPERATORS.values(), ids=OPERATORS)
def test_operators_give_what_numpys_give(call, dtype):
    x, b = X.astype(dtype), B.astype(dtype)
    expected = call(x, b)
    assert_same(call(leaf(x), leaf(b)), expected)
    assert_same(call(leaf(x), b), expected)
    assert_same(call(mg.tensor(x), mg.tensor(b)), expected)


@pytest.mark.parametrize("call", OPERATORS.values(), ids=OPERATORS)
def test_gradients_flow_through_operators(call):
    assert gradcheck(call, [X, B], order=1)


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, -1, 0.5, 2.0, np.int64(2), np.float32(2), True])
def test_powers_with_a_constant_exponent(exponent):
    x = np.abs(X).astype(np.float32)
    assert_same(leaf(x) ** exponent, x**exponent)
    assert gradcheck(lambda x: x**exponent, np.abs(X))


# Operands of other kinds.

NUMBERS = {"int": 3, "float": 2.5, "bool": True, "negative": -2}
ARITHMETIC = {
    name: call for name, call in OPERATORS.items() if "matmul" not in name and name.count("_") == 4
}


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
@pytest.mark.parametrize("call", ARITHMETIC.values(), ids=ARITHMETIC)
def test_python_numbers_are_weak(call, number, dtype):
    t = leaf(X.astype(dtype))
    result = call(t, number)
    assert_same(result, call(t.data, number))
    assert result.dtype == dtype
    result.sum().backward()
    assert t.grad.dtype == dtype


@pytest.mark.parametrize(
    "other",
    [
        np.float32(2),
        np.float64(2),
        np.int64(2),
        np.int8(2),
        np.bool_(True),
        np.array(2.0),
        np.array([1, 2, 3]),
        np.array([[0.5, 1.5, 2.5]], np.float16),
    ],
    ids=repr,
)
@pytest.mark.parametrize("call", ARITHMETIC.values(), ids=ARITHMETIC)
def test_other_operands_promote_as_in_numpy(call, other):
    t = leaf(X.astype(np.float32))
    result = call(t, other)
    assert_same(result, call(t.data, other))
    assert result.requires_grad
    result.sum().backward()
    assert (t.grad.shape, t.grad.dtype) == (t.shape, np.float32)


@pytest.mark.parametrize("other", [[1.0, 2.0, 3.0], (3.0, 2.0, 1.0), [[1.5], [2]], [[1], [2]]])
@pytest.mark.parametrize(
    "call",
    [call for name, call in ARITHMETIC.items() if name != "__rpow__"] + [lambda x, b: b**x],
    ids=[name for name in ARITHMETIC if name != "__rpow__"] + ["__rpow__"],
)
def test_lists_are_what_a_tensor_makes_of_them(call, other):
    """Floats become float32, integers int64."""
    x = np.abs(X).astype(np.float32)
    t = leaf(x)
    result = call(t, other)
    assert_same(result, call(x, mg.tensor(other).data))
    result.sum().backward()
    assert (t.grad.shape, t.grad.dtype) == (x.shape, np.float32)


@pytest.mark.parametrize("convert", [np.array, np.ndarray.tolist])
@pytest.mark.parametrize(
    ("call", "other"),
    [
        (lambda x, m: x @ m, M),
        (lambda x, m: x @ m, M[:, 0]),
        (lambda x, m: m @ x, M),
        (lambda x, m: m @ x, M[0, :2]),
        (lambda x, m: x[0] @ m, M),
        (lambda x, m: m @ x[0], M.T),
        (lambda x, m: x[0] @ m, M[:, 1]),
    ],
)
def test_matrix_products_with_arrays_and_lists(call, other, convert):
    other = convert(other)
    assert_same(call(leaf(X), other), call(X, other))
    assert gradcheck(lambda x: call(x, other), X)


@pytest.mark.parametrize(
    "other", ["text", None, object(), 1j, np.complex64(1), {}, Fraction(1, 2)], ids=str
)
@pytest.mark.parametrize("requires_grad", [True, False])
def test_operands_that_are_no_real_numbers_are_refused(other, requires_grad):
    t = mg.tensor([1.0], requires_grad=requires_grad)
    for call in (operator.add, operator.mul):
        with pytest.raises(TypeError):
            call(t, other)
        with pytest.raises(TypeError):
            call(other, t)


@pytest.mark.parametrize("call", [operator.add, operator.mul, operator.matmul])
def test_shapes_that_do_not_fit_are_refused(call):
    with pytest.raises(ValueError, match=rf"^{call.__name__}.*: \(2, 3\) . \(4, 5\): "):
        call(leaf(np.ones((2, 3))), leaf(np.ones((4, 5))))


# Comparisons.


@pytest.mark.parametrize("other", [0.7, B, X, mg.tensor(X), leaf(B)], ids=type)
@pytest.mark.parametrize("compare", COMPARISONS.values(), ids=COMPARISONS)
def test_comparisons_give_plain_arrays(compare, other):
    plain = other.data if isinstance(other, mg.Tensor) else other
    for result, expected in (
        (compare(leaf(X), other), compare(X, plain)),
        (compare(other, leaf(X)), compare(plain, X)),
    ):
        assert type(result) is np.ndarray
        assert result.dtype == bool
        np.testing.assert_array_equal(result, expected)


# Memory.

VIEWS = ["reshape", "ravel", "transpose", "T", "mT", "swapaxes", "squeeze"]
COPIES = ["flatten", "copy", "astype", "take", "repeat"]


@pytest.mark.parametrize("call", calls({name: METHODS[name][:1] for name in [*VIEWS, *COPIES]}))
@pytest.mark.parametrize("make", [mg.tensor, leaf])
def test_views_and_copies_are_numpys(call, make):
    t = make(X)
    assert np.shares_memory(call(t).data, t.data) == np.shares_memory(call(X), X)


@pytest.mark.parametrize("name", COPIES)
def test_copies_are_known_as_such(name):
    """So that the test above cannot pass by sharing on both sides."""
    assert not np.shares_memory(METHODS[name][0](X), X)
