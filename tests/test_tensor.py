"""The tensor in a person's hands: NumPy's and Python's protocols, backward, hooks, attributes."""

import copy
import pickle

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing import gradcheck


def leaf(data, dtype=np.float64):
    return mg.tensor(np.array(data, dtype), requires_grad=True)


# Construction.


@pytest.mark.parametrize("make", [mg.tensor, mg.Tensor])
def test_a_tensor_is_a_constant_unless_it_requires_a_gradient(make):
    t = make([[1.0, 2.0]])
    assert (t.requires_grad, t.is_leaf, t.grad, t.node, t.name) == (False, True, None, None, None)
    assert (t.shape, t.ndim, t.size, t.dtype) == ((1, 2), 2, 2, np.float32)
    t = make([[1.0, 2.0]], True, np.float64)
    assert (t.requires_grad, t.is_leaf, t.grad, t.dtype) == (True, True, None, np.float64)
    assert type(t) is mg.Tensor


def test_a_parameter_is_a_leaf_that_requires_a_gradient():
    p = mg.Parameter([1.0, 2.0])
    assert isinstance(p, mg.Tensor)
    assert (p.requires_grad, p.is_leaf, p.dtype) == (True, True, np.float32)
    frozen = mg.Parameter([1.0], requires_grad=False, dtype=np.float64)
    assert (frozen.requires_grad, frozen.dtype) == (False, np.float64)
    (p * 3).sum().backward()
    assert p.grad.tolist() == [3.0, 3.0]
    assert [type(t) for t in (p * 2, p[0], p.detach(), p.grad)] == [mg.Tensor] * 4


@pytest.mark.parametrize(
    "make",
    [
        lambda: mg.tensor([1, 2], requires_grad=True),
        lambda: mg.tensor(True, requires_grad=True),
        lambda: mg.tensor([1.5], requires_grad=True, dtype=np.int32),
        lambda: mg.Parameter([1, 2]),
        lambda: mg.Parameter(np.ones(2, bool)),
        lambda: setattr(mg.tensor([1, 2]), "requires_grad", True),
    ],
)
def test_integers_and_booleans_cannot_require_a_gradient(make):
    with pytest.raises(TypeError, match=r"only floating-point tensors.*dtype=np\.float32"):
        make()


def test_integers_and_booleans_can_be_constants():
    x, i = leaf([1.0, 2.0]), mg.tensor([3, 4])
    (x * i * mg.tensor([True, False])).sum().backward()
    assert x.grad.tolist() == [3.0, 0.0]
    assert not (i + i).requires_grad
    assert (i + i).dtype == np.int64


def test_there_are_no_other_attributes():
    t = mg.tensor(1.0)
    with pytest.raises(AttributeError):
        t.requires_gard = True
    with pytest.raises(AttributeError):
        t.shape = (1,)


# NumPy's protocols.

X = np.array([[0.7, 1.9, -2.3], [1.2, -0.4, 2.6]])

CALLS = {
    "sin": lambda x: np.sin(x),
    "sum": lambda x: np.sum(x, axis=1),
    "sum keepdims": lambda x: np.sum(x, axis=(0, 1), keepdims=True),
    "add.reduce": lambda x: np.add.reduce(x),
    "add.reduce axis": lambda x: np.add.reduce(x, 1),
    "concatenate": lambda x: np.concatenate([x, x * 2, X]),
    "concatenate flat": lambda x: np.concatenate((x, x), axis=None),
    "stack": lambda x: np.stack([X, x], axis=1),
    "multiply": lambda x: np.multiply(X, x),
    "maximum": lambda x: np.maximum(x, 0.5),
    "where": lambda x: np.where(X > 0, x, 0.1 * x),
    "mean": lambda x: np.mean(x, 0),
    "einsum": lambda x: np.einsum("ij,kj->ik", x, x),
    "matmul": lambda x: np.matmul(x, X.T),
    "transpose": lambda x: np.transpose(x),
    "reshape": lambda x: np.reshape(x, (3, 2)),
    "clip": lambda x: np.clip(x, -1, 1),
    "split": lambda x: np.split(x, 3, axis=1)[1],
    "take": lambda x: np.take(x, mg.tensor([2, 0]), axis=1),
    "comprehension": lambda x: np.stack([row.sum() for row in x]),
    "builtin sum": lambda x: sum(x),
    "builtin abs": lambda x: abs(x),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_numpys_functions_keep_the_gradient(call):
    for make in (leaf, mg.tensor):
        y = call(make(X))
        assert type(y) is mg.Tensor
        assert y.requires_grad == (make is leaf)
        np.testing.assert_array_equal(y.data, call(X))
    assert gradcheck(call, X, order=1)


T32 = np.array([[1.5, 2.25], [3.25, 4.5]], np.float32)


@pytest.mark.parametrize(
    ("call", "dtype"),
    [
        (lambda t: 2.0 * t, np.float32),
        (lambda t: 2 - t, np.float32),
        (lambda t: 1 / t, np.float32),
        (lambda t: 2.0**t, np.float32),
        (lambda t: 5 // t, np.float32),
        (lambda t: True + t, np.float32),
        (lambda t: np.float32(2) * t, np.float32),
        (lambda t: np.float16(2) / t, np.float32),
        (lambda t: np.float64(2) * t, np.float64),
        (lambda t: np.int64(2) * t, np.float64),
        (lambda t: np.int64(2) - t, np.float64),
        (lambda t: np.int64(2) ** t, np.float64),
        (lambda t: np.int8(2) * t, np.float32),
        (lambda t: np.ones(2, np.float32) * t, np.float32),
        (lambda t: np.ones((3, 2, 2)) - t, np.float64),
        (lambda t: np.array(3.0) / t, np.float64),
        (lambda t: np.eye(2, dtype=np.float32) @ t, np.float32),
        (lambda t: np.ones(2) @ t, np.float64),
        (lambda t: [1.0, 2.0] + t, np.float32),  # noqa: RUF005
        (lambda t: (1.0, 2.0) - t, np.float32),
        (lambda t: [[1], [2]] * t, np.float64),
    ],
)
def test_operands_on_the_left(call, dtype):
    t = leaf(T32, np.float32)
    y = call(t)
    assert type(y) is mg.Tensor
    assert y.dtype == dtype
    np.testing.assert_array_equal(y.data, call(T32).astype(dtype))
    y.sum().backward()
    assert t.grad.dtype == np.float32
    assert gradcheck(call, T32, order=1)


@pytest.mark.parametrize("default", [np.float32, np.float64])
def test_python_scalars_are_weak_whatever_the_default_dtype(default):
    mg.set_default_dtype(default)
    try:
        assert (leaf([1.0], np.float32) * 2.0).dtype == np.float32
        assert (leaf([1.0], np.float16) + 1).dtype == np.float16
        assert (leaf([1.0], np.float64) / 3).dtype == np.float64
    finally:
        mg.set_default_dtype(np.float32)


def test_constants_become_arrays():
    t = mg.tensor([1.0, 2.0])
    assert np.asarray(t) is t.data
    assert t.numpy() is t.data
    assert not np.shares_memory(np.array(t), t.data)
    assert np.asarray(t, dtype=np.float64).dtype == np.float64
    with pytest.raises(ValueError, match="copy"):
        np.array(t, dtype=np.float64, copy=False)


@pytest.mark.parametrize(
    "convert", [np.asarray, np.array, mg.Tensor.numpy, lambda t: mg.Tensor([t, t])]
)
@pytest.mark.parametrize("make", [lambda: leaf(2.0), lambda: leaf(2.0) * 3])
def test_a_gradient_is_not_lost_in_an_array(convert, make):
    with pytest.raises(TypeError, match=r"lose the gradient.*t\.detach\(\).*mg\.stack"):
        convert(make())


# Python's protocols.


@pytest.mark.parametrize("make", [leaf, mg.tensor])
def test_length_and_iteration(make):
    t = make(X)
    assert len(t) == 2
    rows = list(t)
    assert [row.tolist() for row in rows] == X.tolist()
    assert [row.requires_grad for row in rows] == [make is leaf] * 2
    assert list(make(np.zeros((0, 3)))) == []


def test_unpacking_keeps_the_gradient():
    x = leaf([3.0, 5.0])
    a, b = x
    (a * b).backward()
    assert x.grad.tolist() == [5.0, 3.0]


@pytest.mark.parametrize("call", [len, iter, list])
def test_a_number_has_no_length(call):
    with pytest.raises(TypeError):
        call(mg.tensor(1.0))


@pytest.mark.parametrize("value", [0.0, 2.0, [0.0], [[3.0]], True, np.nan])
def test_truth(value):
    assert bool(mg.tensor(value)) is bool(np.array(value))


@pytest.mark.parametrize("make", [leaf, mg.tensor])
def test_the_truth_of_several_elements_is_ambiguous(make):
    with pytest.raises(ValueError, match="ambiguous"):
        bool(make([1.0, 2.0]))
    with pytest.raises(ValueError, match="ambiguous"):
        assert make([1.0, 2.0]) == make([1.0, 2.0])


@pytest.mark.parametrize(
    ("value", "found"), [(1.9, True), (2.0, False), (np.array(-2.3), True), (leaf(2.6), True)]
)
def test_containment(value, found):
    assert (value in leaf(X)) is found
    assert (value in mg.tensor(X)) is found


@pytest.mark.parametrize("make", [leaf, mg.tensor])
def test_conversion_to_numbers(make):
    t = make(2.75)
    for converted, expected in ((float(t), 2.75), (int(t), 2), (t.item(), 2.75)):
        assert type(converted) is type(expected)
        assert converted == expected
    assert make([[2.5]]).item() == 2.5
    assert type(mg.tensor(3).item()) is int
    assert type(mg.tensor(True).item()) is bool


@pytest.mark.parametrize("convert", [float, int, mg.Tensor.item])
def test_several_elements_are_no_number(convert):
    with pytest.raises((TypeError, ValueError), match=r"(scalar|size 1)"):
        convert(mg.tensor([1.0, 2.0]))


def test_lists():
    assert leaf(X).tolist() == X.tolist()
    assert leaf(2.0).tolist() == 2.0
    assert mg.tensor([True]).tolist() == [True]


@pytest.mark.parametrize(
    ("t", "spec", "expected"),
    [
        (leaf(3.14159), ".2f", "3.14"),
        (mg.tensor(1234.5), ",.1f", "1,234.5"),
        (mg.tensor(7), "03d", "007"),
        (mg.tensor(0.5), "", "0.5"),
        (mg.tensor([0.5]), "", "tensor([0.5])"),
        (mg.tensor([0.5]), ">15", "  tensor([0.5])"),
    ],
)
def test_formatting(t, spec, expected):
    assert format(t, spec) == expected
    assert f"{t:{spec}}" == expected


def test_tensors_are_told_apart_by_identity():
    a, b = mg.tensor([1.0, 2.0]), mg.tensor([1.0, 2.0])
    assert hash(a) == hash(a)
    assert len({a, b, a}) == 2
    names = {a: "a", b: "b"}
    assert (names[a], names[b]) == ("a", "b")
    hash_before = hash(a)
    a += 1
    assert (hash(a), names[a]) == (hash_before, "a")


# Copies and pickles.

COPIERS = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{
        f"pickle {protocol}": lambda t, protocol=protocol: pickle.loads(pickle.dumps(t, protocol))
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
}
every_copier = pytest.mark.parametrize("copier", COPIERS.values(), ids=COPIERS)


def named(t, name):
    t.name = name
    return t


def with_gradient(t):
    (t * t).sum().backward()
    return t


LEAVES = {
    "constant": lambda: mg.tensor([1.0, 2.0]),
    "integers": lambda: mg.tensor([[1], [2]], dtype=np.int16),
    "number": lambda: leaf(0.5),
    "half": lambda: named(leaf([1.0, np.nan], np.float16), "h"),
    "gradient": lambda: with_gradient(named(leaf(X), "x")),
    "parameter": lambda: with_gradient(named(mg.Parameter(X), "layer.weight")),
    "frozen": lambda: mg.Parameter([1.0], requires_grad=False),
}


@every_copier
@pytest.mark.parametrize("make", LEAVES.values(), ids=LEAVES)
def test_a_copied_leaf_is_the_same_but_for_its_identity(copier, make):
    t = make()
    again = copier(t)
    assert again is not t
    assert type(again) is type(t)
    assert (again.name, again.requires_grad, again.is_leaf) == (t.name, t.requires_grad, True)
    np.testing.assert_array_equal(again.data, t.data, strict=True)
    assert (again.grad is None) == (t.grad is None)
    if t.grad is not None:
        np.testing.assert_array_equal(again.grad.data, t.grad.data, strict=True)


@every_copier
def test_a_copied_leaf_has_a_gradient_of_its_own(copier):
    w = mg.Parameter([1.0, 2.0])
    again = copier(w)
    (again * again).sum().backward()
    assert again.grad.tolist() == [2.0, 4.0]
    assert w.grad is None


@every_copier
def test_a_copied_leaf_has_data_of_its_own(copier):
    w = with_gradient(leaf([1.0, 2.0]))
    again = copier(w)
    with mg.no_grad():
        again += 1
    assert w.tolist() == [1.0, 2.0]
    assert not np.shares_memory(again.data, w.data)


@every_copier
@pytest.mark.parametrize("wrap", [lambda t: t, lambda t: {"result": [t]}])
def test_a_result_is_neither_copied_nor_pickled(copier, wrap):
    y = leaf([1.0]) * 2
    if copier is copy.copy:
        wrap = lambda t: t  # a shallow copy of a dict copies no tensor
    with pytest.raises(TypeError, match=r"only leaves can be copied.*detach\(\)"):
        copier(wrap(y))
    assert copier(y.detach()).tolist() == [2.0]


@pytest.mark.parametrize("copier", [copy.deepcopy, COPIERS["pickle 5"]])
def test_a_leaf_that_is_shared_stays_shared(copier):
    w = leaf([1.0])
    first, second = copier([w, w])
    assert first is second


# Attributes.


def test_data_can_be_replaced():
    w = leaf([1.0, 2.0], np.float32)
    replacement = np.array([3.0, 4.0], np.float32)
    w.data = replacement
    assert w.data is replacement
    assert w.requires_grad and w.is_leaf
    w.data = [5, 6]
    assert (w.dtype, w.tolist()) == (np.float32, [5.0, 6.0])
    w.data = mg.tensor(np.array([7.0, 8.0, 9.0]))
    assert (w.dtype, w.tolist()) == (np.float32, [7.0, 8.0, 9.0])
    (w * w).sum().backward()
    assert w.grad.tolist() == [14.0, 16.0, 18.0]


@pytest.mark.parametrize("data", ["text", 1j, [None]])
def test_data_are_real_numbers(data):
    w = leaf([1.0])
    with pytest.raises(TypeError, match="real numbers"):
        w.data = data
    assert w.tolist() == [1.0]


def test_a_results_data_cannot_be_replaced():
    y = leaf([1.0]) * 2
    with pytest.raises(RuntimeError, match=r"only a leaf's data.*detach\(\)"):
        y.data = np.ones(1)


def test_a_graph_leads_to_its_leaf_although_an_optimizer_took_the_data():
    w = mg.Parameter([1.0, 2.0])
    y = (w * w).sum()
    mg.optim.SGD([w])
    assert mg.grad(y, w, retain_graph=True).tolist() == [2.0, 4.0]
    y.backward()
    assert w.grad.tolist() == [2.0, 4.0]


def test_a_graph_leads_to_its_tensor_although_the_data_were_replaced():
    w = mg.Parameter([1.0, 2.0])
    y = (w * w).sum()
    w.data = np.array([5.0, 5.0], np.float32)
    with pytest.raises(RuntimeError, match="if its data were replaced since"):
        mg.grad(y, w, retain_graph=True)
    y.backward()
    assert w.grad.tolist() == [2.0, 4.0]


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (lambda t: t.__ifloordiv__(2.0), [2.0, 1.0]),
        (lambda t: t.__imod__(2.0), [1.0, 1.0]),
        (lambda t: t.__ipow__(2.0), [25.0, 9.0]),
    ],
)
def test_the_rarer_operators_in_place(write, expected):
    w = mg.Parameter([5.0, 3.0])
    with mg.no_grad():
        assert write(w) is w
    assert w.tolist() == expected
    with pytest.raises(RuntimeError, match="in place"):
        write(w)


def test_an_integer_tensor_is_an_index():
    assert [10, 20, 30][mg.tensor(1)] == 20
    x = mg.tensor([1.0, 2.0, 3.0])
    assert x[mg.tensor(1) : mg.tensor(3)].tolist() == [2.0, 3.0]


def test_making_a_tensor_of_one_with_a_graph_would_detach():
    x = mg.tensor([1.0], requires_grad=True)
    with pytest.raises(TypeError, match="detach"):
        mg.tensor(x * 2)


def test_requires_grad_can_be_switched():
    t = mg.tensor([1.0, 2.0])
    t.requires_grad = True
    y = (t * t).sum()
    y.backward(retain_graph=True)
    assert t.grad.tolist() == [2.0, 4.0]
    t.requires_grad = False
    assert not (t * t).requires_grad
    t.requires_grad = True
    (t * 3).sum().backward()
    assert t.grad.tolist() == [5.0, 7.0]


def test_a_result_cannot_stop_requiring_a_gradient():
    y = leaf([1.0]) * 2
    y.requires_grad = True  # as it is
    with pytest.raises(RuntimeError, match=r"only a leaf can stop.*t\.detach\(\)"):
        y.requires_grad = False


def test_leaves_and_results():
    x = leaf([1.0])
    c = mg.tensor([1.0])
    assert [t.is_leaf for t in (x, c, c * 2, x.detach(), x * 2, x[0])] == [True] * 4 + [False] * 2
    assert [t.requires_grad for t in (x, c * 2, x.detach(), x * c)] == [True, False, False, True]
    with mg.no_grad():
        assert (x * 2).is_leaf


def test_detach_shares_the_array_and_nothing_else():
    x = named(leaf([1.0, 2.0]), "x")
    y = x * 3
    d = y.detach()
    assert d.data is y.data
    assert (d.requires_grad, d.is_leaf, d.grad, d.name) == (False, True, None, None)
    (x * d).sum().backward()
    assert x.grad.tolist() == [3.0, 6.0]


@pytest.mark.parametrize("make", [lambda: mg.Parameter([1.0]), lambda: leaf([1.0]) * 2])
def test_names(make):
    t = make()
    assert t.name is None
    t.name = "weight"
    assert t.name == "weight"
    assert (t * 1).name is None
    t.name = None
    assert t.name is None


# Indexing.

INDICES = {
    "integer": lambda x, w: x[1],
    "negative": lambda x, w: x[-1, -2],
    "slice": lambda x, w: x[:, ::-2],
    "ellipsis": lambda x, w: x[..., 0],
    "new axis": lambda x, w: x[None, :, None],
    "everything": lambda x, w: x[()],
    "nothing": lambda x, w: x[0:0],
    "list": lambda x, w: x[[1, 0, 1]],
    "array": lambda x, w: x[w([1, 1, 0])],
    "2-d array": lambda x, w: x[w([[0, 1], [1, 1]])],
    "pairs": lambda x, w: x[w([0, 1, 0]), w([2, 2, 2])],
    "array and slice": lambda x, w: x[w([1, 0]), 1:],
    "slice and array": lambda x, w: x[:, w([0, 0, 2])],
    "broadcast": lambda x, w: x[w([[0], [1]]), w([0, 2])],
    "number and array": lambda x, w: x[1, w([2, 0])],
    "0-d": lambda x, w: x[w(1)],
    "0-d and 0-d": lambda x, w: x[w(1), w(2)],
    "mask": lambda x, w: x[w([False, True])],
    "mask of all": lambda x, w: x[w(X > 0)],
    "comparison": lambda x, w: x[x > 1],
    "no mask": lambda x, w: x[w(np.zeros((2, 3), bool))],
    "mask and integer": lambda x, w: x[w([True, False]), 2],
    "numpy integer": lambda x, w: x[np.int64(1), np.intp(0)],
}


@pytest.mark.parametrize("with_tensors", [False, True])
@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
def test_indexing(index, with_tensors):
    wrap = mg.tensor if with_tensors else np.array
    expected = np.asarray(index(X, np.array))
    y = index(leaf(X), wrap)
    assert type(y.data) is np.ndarray
    np.testing.assert_array_equal(y.data, expected, strict=True)
    assert gradcheck(lambda x: index(x, wrap), X, order=2)


@pytest.mark.parametrize("index", [5, (0, 0, 0), [3], np.array([-3])])
def test_an_index_out_of_bounds(index):
    with pytest.raises(IndexError):
        leaf(X)[index]


@pytest.mark.parametrize("index", ["a", 0.5, leaf([0.0, 1.0]), (0, mg.tensor(1.0))], ids=repr)
def test_what_is_no_index(index):
    with pytest.raises((IndexError, TypeError)):
        leaf(X)[index]


# Backward.


def test_gradients_add_up_until_they_are_cleared():
    x = leaf([1.0, 2.0])
    (x * 2).sum().backward()
    first = x.grad
    (x * 3).sum().backward()
    assert (first.tolist(), x.grad.tolist()) == ([2.0, 2.0], [5.0, 5.0])
    x.grad = None
    (x * 3).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_every_leaf_gets_its_gradient_and_no_result_does():
    a, b, c = leaf(2.0), leaf(3.0), mg.tensor(4.0)
    h = a * b
    y = h * c
    y.backward()
    assert (a.grad.item(), b.grad.item()) == (12.0, 8.0)
    assert (c.grad, h.grad, y.grad) == (None, None, None)
    assert not a.grad.requires_grad


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_one_element_needs_no_cotangent(shape):
    x = leaf(np.full(shape, 3.0))
    (x * x).backward()
    np.testing.assert_array_equal(x.grad.data, np.full(shape, 6.0), strict=True)


def test_backward_from_a_leaf():
    x = leaf(3.0)
    x.backward()
    x.backward(2.0)
    assert x.grad.item() == 3.0


@pytest.mark.parametrize("create_graph", [False, True])
def test_backward_with_a_cotangent(create_graph):
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    v = np.array([[1.0, 0.0], [-1.0, 0.5]])
    (x**3).backward(v, create_graph=create_graph)
    np.testing.assert_array_equal(x.grad.data, v * 3 * x.data**2)
    assert x.grad.requires_grad == create_graph
    assert v.tolist() == [[1.0, 0.0], [-1.0, 0.5]]


@pytest.mark.parametrize(
    ("y", "gradient", "error", "message"),
    [
        (leaf([1.0, 2.0]) * 2, None, ValueError, r"\(2,\) needs a scalar.*\.sum\(\).*gradient="),
        (leaf([]) * 2, None, ValueError, r"shape \(0,\)"),
        (leaf([1.0, 2.0]) * 2, [1.0], ValueError, r"gradient has shape \(1,\).*has \(2,\)"),
        (leaf(1.0) * 2, [1.0], ValueError, r"gradient has shape \(1,\), but the output has \(\)"),
        (mg.tensor(1.0) * 2, None, RuntimeError, r"shape \(\) has no graph.*requires_grad=True"),
        (leaf([1.0]).detach(), None, RuntimeError, r"shape \(1,\) has no graph.*mg\.no_grad"),
    ],
)
def test_a_backward_pass_that_cannot_be(y, gradient, error, message):
    with pytest.raises(error, match=message):
        y.backward(gradient)


@pytest.mark.parametrize("gradient", [1j, "text", [1j]])
def test_a_cotangent_is_made_of_real_numbers(gradient):
    x = leaf(1.0) if np.ndim(gradient) == 0 else leaf([1.0])
    with pytest.raises(TypeError, match="real numbers"):
        (x * 2).backward(gradient)


@pytest.mark.parametrize("mode", [mg.enable_grad, mg.no_grad])
def test_gradients_that_are_recorded_add_up_recorded(mode):
    x = leaf(2.0)
    outputs = x**3, x**2
    with mode():
        for y in outputs:
            y.backward(create_graph=True)
    assert x.grad.item() == 16.0
    assert mg.grad(x.grad, x).item() == 14.0


# retain_grad and hooks.


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("create_graph", [False, True])
def test_an_intermediate_result_keeps_its_gradient_if_asked(times, create_graph):
    x = leaf([1.0, 2.0])
    h = x * x
    for _ in range(times):
        h.retain_grad()
    y = (h * 3).sum()
    y.backward(retain_graph=True, create_graph=create_graph)
    assert h.grad.tolist() == [3.0, 3.0]
    assert x.grad.tolist() == [6.0, 12.0]
    assert not np.shares_memory(h.grad.data, x.grad.data)
    y.backward()
    assert h.grad.tolist() == [6.0, 6.0]


def test_a_leaf_keeps_its_gradient_anyway():
    x = leaf([1.0])
    x.retain_grad()
    (x * 2).sum().backward()
    assert x.grad.tolist() == [2.0]
    c = mg.tensor([1.0])
    c.retain_grad()
    assert c.grad is None


PLACES = {
    "leaf": lambda x: (x, x),
    "result": lambda x: (x, x * 1.0),
}
every_place = pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
recorded = pytest.mark.parametrize("create_graph", [False, True])


@every_place
@recorded
def test_a_hook_sees_the_complete_gradient_once(place, create_graph):
    x, h = place(leaf([1.0, 2.0]))
    seen = []
    h.register_hook(seen.append)
    (h * 2 + h * h).sum().backward(create_graph=create_graph)
    (g,) = seen
    assert type(g) is mg.Tensor
    assert g.tolist() == [4.0, 6.0]
    assert g.requires_grad == create_graph
    assert x.grad.tolist() == [4.0, 6.0]


@every_place
@recorded
@pytest.mark.parametrize(
    "hook",
    [
        lambda g: g * 10,
        lambda g: g.data * 10,
        lambda g: (g.data * 10).astype(np.float16),
        lambda g: (g.data * 10).tolist(),
        lambda g: mg.tensor((g.data * 10).astype(int)),
    ],
    ids=["tensor", "array", "another dtype", "list", "integers"],
)
def test_a_hook_can_replace_the_gradient(place, hook, create_graph):
    x, h = place(leaf([1.0, 2.0], np.float32))
    h.register_hook(hook)
    (h * h).sum().backward(create_graph=create_graph)
    assert x.grad.tolist() == [20.0, 40.0]
    assert x.grad.dtype == np.float32


@every_place
@recorded
def test_a_hook_on_a_number_may_return_a_number(place, create_graph):
    x, h = place(leaf(3.0, np.float32))
    h.register_hook(lambda g: 7.0)
    (h * h).backward(create_graph=create_graph)
    assert (x.grad.item(), x.grad.dtype) == (7.0, np.float32)


@every_place
@recorded
def test_hooks_run_in_the_order_of_their_registration(place, create_graph):
    x, h = place(leaf([1.0]))
    seen = []
    h.register_hook(lambda g: seen.append(g.item()))
    h.register_hook(lambda g: g + 1)
    h.register_hook(lambda g: seen.append(g.item()))
    h.register_hook(lambda g: g * 10)
    (h * 3).sum().backward(create_graph=create_graph)
    assert seen == [3.0, 4.0]
    assert x.grad.tolist() == [40.0]


@every_place
@recorded
@pytest.mark.parametrize("wrong", [lambda g: g[:1], lambda g: g.sum(), lambda g: np.ones((2, 2))])
def test_a_hook_keeps_the_shape(place, wrong, create_graph):
    x, h = place(leaf([1.0, 2.0]))
    h.register_hook(wrong)
    with pytest.raises(ValueError, match=r"hook must return a gradient of shape \(2,\), got \("):
        (h * 3).sum().backward(create_graph=create_graph)
    assert x.grad is None


@every_place
def test_a_hook_can_be_taken_away(place):
    x, h = place(leaf([1.0]))
    first, second = h.register_hook(lambda g: g * 10), h.register_hook(lambda g: g + 1)
    y = (h * 3).sum()
    first.remove()
    first.remove()
    y.backward(retain_graph=True)
    assert x.grad.tolist() == [4.0]
    second.remove()
    x.grad = None
    y.backward()
    assert x.grad.tolist() == [3.0]


def test_a_hook_may_take_itself_away():
    x = leaf([1.0])
    seen = []

    def once(g):
        seen.append("once")
        handle.remove()

    handle = x.register_hook(once)
    x.register_hook(lambda g: seen.append("always"))
    for _ in range(2):
        (x * 3).sum().backward()
    assert seen == ["once", "always", "always"]


def test_a_hook_that_is_registered_twice_runs_twice():
    x = leaf([1.0])
    double = lambda g: g * 2
    handle, _ = x.register_hook(double), x.register_hook(double)
    x.sum().backward()
    assert x.grad.tolist() == [4.0]
    handle.remove()
    x.grad = None
    x.sum().backward()
    assert x.grad.tolist() == [2.0]


def test_what_a_hook_does_is_differentiated_with_create_graph():
    x = leaf(2.0)
    h = x * 1.0
    handle = h.register_hook(lambda g: g * x)
    slope = mg.grad(h * h, x, create_graph=True)  # 2h * x
    handle.remove()
    assert (slope.item(), mg.grad(slope, x).item()) == (8.0, 8.0)


def test_what_a_hook_kept_is_not_changed_afterwards():
    x = leaf([1.0, 2.0])
    kept = []
    h = x * 1.0
    h.register_hook(kept.append)
    x.register_hook(kept.append)
    (h * 2).sum().backward()
    x.grad.data[:] = 9
    assert [g.tolist() for g in kept] == [[2.0, 2.0], [2.0, 2.0]]


def test_a_hook_on_an_unused_branch_does_not_run():
    x = leaf(1.0)
    unused = x * 2
    unused.register_hook(lambda g: pytest.fail("no gradient flows here"))
    (x * 3).backward()
    assert x.grad.item() == 3.0


def test_a_constant_has_no_gradient_to_hook():
    with pytest.raises(RuntimeError, match=r"no graph.*requires_grad=True"):
        mg.tensor(1.0).register_hook(print)
