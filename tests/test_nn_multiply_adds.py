"""The numbers of products against counting by hand, in NumPy's functions and inside primitives."""

import itertools

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad import vjps
from minigrad.nn.multiply_adds import NUMBERS, Counter


def t(*shape):
    return mg.tensor(np.ones(shape), requires_grad=True)


def counted(call):
    numbers = []
    with Counter(numbers.append).counting():
        result = call()
    return sum(numbers), result


def by_hand(spec, *shapes):
    """All combinations of indices, one by one."""
    labels = spec.partition("->")[0].split(",")
    lengths = {}
    for label, shape in zip(labels, shapes, strict=True):
        lengths.update(zip(label, shape, strict=True))
    return sum(1 for _ in itertools.product(*(range(n) for n in lengths.values())))


CALLS = {
    "matrices": (lambda: t(3, 4) @ t(4, 5), 3 * 4 * 5),
    "a matrix and a vector": (lambda: t(3, 4) @ t(4), 12),
    "a vector and a matrix": (lambda: t(4) @ t(4, 3), 12),
    "vectors": (lambda: t(7) @ t(7), 7),
    "a batch": (lambda: np.matmul(t(2, 6, 3, 4), t(4, 5)), 12 * 60),
    "a broadcast batch": (lambda: np.matmul(t(2, 1, 3, 4), t(6, 4, 5)), 12 * 60),
    "np.dot of more axes": (lambda: np.dot(t(2, 3, 4), t(5, 4, 6)), 2 * 3 * 4 * 5 * 6),
    "np.dot of a number": (lambda: np.dot(t(), t(5)), 0),
    "np.inner": (lambda: np.inner(t(3, 4), t(5, 4)), 60),
    "np.vdot": (lambda: np.vdot(t(3, 4), t(3, 4)), 12),
    "np.tensordot": (lambda: np.tensordot(t(2, 3, 4), t(4, 3, 5), ((1, 2), (1, 0))), 120),
    "np.einsum": (
        lambda: np.einsum("bij,bjk->bik", t(2, 3, 4), t(2, 4, 5)),
        by_hand("bij,bjk->bik", (2, 3, 4), (2, 4, 5)),
    ),
    "np.einsum of one": (lambda: np.einsum("ij->ji", t(3, 4)), 0),
    "np.einsum of three": (lambda: np.einsum("i,ij,j->", t(3), t(3, 4), t(4)), 2 * 12),
    "np.einsum with an ellipsis": (lambda: np.einsum("...c,...c->...", t(2, 3, 4), t(2, 3, 4)), 24),
    "np.einsum of a broadcast ellipsis": (lambda: np.einsum("...c,c->...", t(2, 3, 4), t(4)), 24),
    "nothing in it": (lambda: np.matmul(t(0, 4), t(4, 5)), 0),
    "nothing in a sum": (lambda: np.einsum("ij,jk->ik", t(3, 0), t(0, 5)), 0),
    "element-wise work": (lambda: np.exp(t(3, 4)) * t(3, 4) + t(4), 0),
    "F.linear": (lambda: F.linear(t(6, 5, 4), t(3, 4), t(3)), 6 * 5 * 4 * 3),
    "an array on the left": (lambda: np.ones((3, 4)) @ t(4, 5), 60),
    "no gradient": (lambda: mg.tensor(np.ones((3, 4))) @ np.ones((4, 5)), 60),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_calls(name):
    call, expected = CALLS[name]
    number, result = counted(call)
    assert number == expected
    again = call()
    np.testing.assert_array_equal(result.data, again.data)
    assert type(result.data) is np.ndarray
    assert result.dtype == again.dtype


def test_functions_on_arrays():
    """What a primitive may call, which tensors do not reach."""
    a, b, v = np.ones((3, 4)), np.ones((4, 5)), np.ones(4)

    @mg.primitive
    def everything(x):
        x.dot(b)  # 60
        np.dot(x, b, out=np.empty((3, 5)))  # 60
        np.convolve(x[0], v)  # 4 * 4
        np.convolve(x[0], v[:2], "valid")  # 3 * 2
        np.linalg.matmul(x, b)  # 60
        np.linalg.vecdot(x, v)  # 12
        np.einsum(x, [0, 1], b, [1, 2], [0, 2])  # 60
        np.concatenate([x, x], axis=0) @ b  # 120
        np.split(x, 3)[0] @ b  # 20
        y = x.copy()
        y[...] = 2
        y += 1
        y @= np.eye(4)  # 48
        assert (y == 3).all()
        return np.add.reduce(x, axis=0)

    mg.defvjp(everything, lambda g, y, x: g + np.zeros_like(x))
    number, y = counted(lambda: everything(mg.tensor(a, requires_grad=True)))
    assert number == 60 + 60 + 16 + 6 + 60 + 12 + 60 + 120 + 20 + 48
    assert y.tolist() == [3, 3, 3, 3]


@pytest.mark.skipif(not hasattr(np, "vecmat"), reason="NumPy 2.2")
def test_new_functions_of_numpy():
    a, v, w = np.ones((2, 3, 4)), np.ones((2, 4)), np.ones((2, 3))

    @mg.primitive
    def everything(x):
        np.matvec(x, v)  # 24
        np.vecmat(w, x)  # 24
        np.vecdot(x, v[:, None])  # 24
        return np.vecdot(x, w[..., None], axis=1)  # 24

    mg.defvjp(everything, lambda g, y, x: None)
    number, _ = counted(lambda: everything(mg.tensor(a, requires_grad=True)))
    assert number == 4 * 24


def test_primitives_are_looked_into():
    @mg.primitive
    def inner(x, w):
        return x @ w

    @mg.primitive
    def outer(x, w):
        return inner(x, w) + inner(x, w)

    for fn in (inner, outer):
        mg.defvjp(fn, lambda g, y, x, w: g @ w.mT, lambda g, y, x, w: x.mT @ g)
    number, y = counted(lambda: outer(t(3, 4), t(4, 5)))
    assert number == 2 * 60
    assert type(y.data) is np.ndarray


def test_derivatives_that_are_taken_inside_count_too():
    x, w = t(3, 4), t(4, 5)
    number, _ = counted(lambda: mg.grad((x @ w).sum(), [x, w]))
    assert number == 3 * 60
    number, _ = counted(lambda: mg.grad((x @ w).sum(), [x, w], create_graph=True))
    assert number == 3 * 60


def test_views_stay_views():
    def write():
        x = t(3, 4) * 1.0
        row = x[1]
        row[:] = 7.0
        return x

    _, x = counted(write)
    assert x.tolist() == [[1.0] * 4, [7.0] * 4, [1.0] * 4]


def test_nothing_is_counted_outside():
    numbers = []
    counter = Counter(numbers.append)
    with counter.counting():
        y = t(3, 4) @ t(4, 5)
    y @ t(5, 2)
    assert numbers == [60]
    with pytest.raises(ValueError), counter.counting():
        t(3, 4) @ t(3, 4)
    assert numbers == [60]
    t(3, 4) @ t(4, 5)
    assert numbers == [60]


def test_every_function_that_is_counted_has_a_row_here_or_above():
    """All that NumPy has of sums of products."""
    names = {"convolve", "correlate", "dot", "einsum", "inner", "matmul", "tensordot", "vdot"}
    names |= {name for name in ("matvec", "vecdot", "vecmat") if hasattr(np, name)}
    assert {vjps.name_of(fn) for fn in NUMBERS} == names
