"""Functions without a derivative work on tensors and give what NumPy gives: plain arrays."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.vjps import CONSTANTS, name_of
from minigrad.vjps.order import kth_smallest
from minigrad.vjps.registry import REFUSED

T, U = np.array([1.5, -0.5, np.nan]), np.array([1.5, 2.0, np.inf])
F = np.array([[3.0, -1.0, 2.0], [3.0, 0.5, 0.5]])
SQUARE = np.array([[1.0, 2.0], [3.0, 4.0]])
EDGES = np.array([-1.0, 0.25, 1.0])


class C:
    """One call; floating arrays among the arguments, also inside a tuple, are given as tensors."""

    def __init__(self, *args, **params):
        self.args, self.params = args, params

    def on(self, place, fn):
        def placed(a):
            if isinstance(a, tuple):
                return tuple(map(placed, a))
            return place(a) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a

        return fn(*map(placed, self.args), **self.params)


# What is not listed is called with one array, a ufunc of two operands with two.
CALLS = {
    np.isclose: [C(T, U), C(T, U, equal_nan=True), C(T, 1.5, rtol=0.5)],
    np.allclose: [C(T, U), C(F, F), C(F, F + 1, atol=2.0)],
    np.array_equal: [C(T, U), C(F, F.copy()), C(T, T.copy(), equal_nan=True)],
    np.array_equiv: [C(T, U), C(F, F.copy()), C(SQUARE[:1], SQUARE)],
    np.isin: [C(F, [0.5, 3.0]), C(0.5, F), C(F, EDGES, invert=True)],
    np.any: [C(F), C(F, axis=0), C(F, 1, keepdims=True)],
    np.all: [C(F), C(F, axis=-1)],
    np.argmax: [C(F), C(F, 0), C(F, axis=1, keepdims=True)],
    np.argmin: [C(F), C(F, axis=-1)],
    np.nanargmax: [C(T), C(F, axis=1)],
    np.nanargmin: [C(T), C(F, axis=0)],
    np.argsort: [C(F), C(F, 0), C(F, axis=None, kind="stable"), C(T)],
    np.argpartition: [C(F, 1), C(F.ravel(), kth=2), C(F, 0, axis=None)],
    np.lexsort: [C((T, U)), C((F[0], F[1])), C(F), C(([1, 0, 2], T))],
    np.searchsorted: [C(EDGES, T[:2]), C(EDGES, 0.3, side="right"), C(EDGES, F)],
    np.digitize: [C(T[:2], EDGES), C(F, EDGES, right=True)],
    np.count_nonzero: [C(F), C(F, axis=0), C(F, 1, keepdims=True)],
    np.unique: [C(F), C(F, return_counts=True, return_inverse=True), C(F, axis=0)],
    np.bincount: [C(np.array([1, 1, 2]), None, 4), C(np.array([0, 2]), minlength=5)],
    np.histogram: [C(F), C(F, 3, (0.0, 2.0)), C(F, EDGES), C(F, bins=2, density=True)],
    np.histogram_bin_edges: [C(F), C(F, "sturges"), C(F, 3, (0.0, 2.0))],
    np.tril_indices_from: [C(SQUARE), C(F, k=1)],
    np.triu_indices_from: [C(SQUARE), C(F, 1)],
    np.diag_indices_from: [C(SQUARE)],
    np.shape: [C(F), C(T)],
    np.ndim: [C(F), C(T)],
    np.size: [C(F), C(F, 1)],
    np.result_type: [C(T.astype(np.float32), 2.0), C(T.astype(np.float32), F)],
    np.can_cast: [C(F, np.float32), C(F.astype(np.float32), np.float64), C(F, int, "unsafe")],
    np.common_type: [C(F), C(F, T.astype(np.float32))],
    np.shares_memory: [C(T, U)],
    np.may_share_memory: [C(T, U)],
    np.zeros_like: [C(F), C(F, dtype=np.float32), C(F, shape=2)],
    np.ones_like: [C(F), C(F, int)],
    np.full_like: [C(F, 3.0), C(F, fill_value=2, dtype=np.float32), C(F, [1, 2, 3])],
    np.array2string: [C(F), C(F, precision=1)],
    np.array_repr: [C(F), C(F.astype(np.float32))],
    np.array_str: [C(F)],
    kth_smallest: [C(F, 1), C(F, 0, 1)],
}
FILES = {np.save, np.savez, np.savez_compressed, np.savetxt}


def calls_of(fn):
    return CALLS.get(fn) or [C(T, U) if isinstance(fn, np.ufunc) and fn.nin == 2 else C(T)]


def leaf(array):
    return mg.tensor(array, requires_grad=True)


def assert_same(result, expected):
    assert type(result) is type(expected)
    if isinstance(expected, (tuple, list)):
        assert len(result) == len(expected)
        for r, e in zip(result, expected, strict=True):
            assert_same(r, e)
    else:
        np.testing.assert_array_equal(result, expected)
        assert getattr(result, "dtype", None) == getattr(expected, "dtype", None)


@pytest.mark.parametrize(
    ("fn", "call"),
    [
        pytest.param(fn, call, id=f"{name_of(fn)}-{i}")
        for fn in sorted(CONSTANTS - FILES - {np.empty_like}, key=name_of)
        for i, call in enumerate(calls_of(fn))
    ],
)
@pytest.mark.parametrize("place", [leaf, mg.tensor])
def test_a_function_without_a_derivative_gives_what_numpy_gives(fn, call, place):
    before = [a.tobytes() for a in (T, U, F, SQUARE, EDGES)]
    assert_same(call.on(place, fn), call.on(lambda a: a, fn))
    assert [a.tobytes() for a in (T, U, F, SQUARE, EDGES)] == before


def test_what_is_not_listed_is_no_mistake():
    assert CALLS.keys() <= CONSTANTS


def test_an_empty_array_of_the_same_kind():
    result = np.empty_like(leaf(F))
    assert (type(result), result.shape, result.dtype) == (np.ndarray, F.shape, F.dtype)


@pytest.mark.parametrize("dtype", [int, bool, np.int8])
def test_casts_to_integers_and_booleans(dtype):
    for result in (leaf(F).astype(dtype), np.astype(leaf(F), dtype)):
        assert_same(result, F.astype(dtype))


@pytest.mark.parametrize("fn", sorted(FILES, key=name_of), ids=name_of)
def test_files(fn, tmp_path):
    path = tmp_path / ("x.npy" if fn is np.save else "x.npz" if fn is not np.savetxt else "x.txt")
    fn(path, leaf(F))
    read = np.loadtxt(path) if fn is np.savetxt else np.load(path)
    np.testing.assert_array_equal(read if isinstance(read, np.ndarray) else read["arr_0"], F)


def test_numpys_own_assertions_take_tensors():
    np.testing.assert_allclose(mg.tensor(F), F)
    np.testing.assert_array_equal([mg.tensor(F)], F[None])
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(mg.tensor(F), F + 1)


# What they refuse.


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda t: np.bincount(np.array([0, 1, 1]), t), "bincount.*weights"),
        (lambda t: np.bincount(np.array([0, 1, 1]), weights=t), "bincount.*weights"),
        (lambda t: np.histogram(EDGES, weights=t), "histogram.*weights"),
        (lambda t: np.full_like(t, t[0]), "full_like.*fill_value"),
        (lambda t: np.full_like(t, fill_value=t[0]), "full_like.*fill_value"),
    ],
)
def test_an_argument_with_a_derivative_does_not_lose_it(call, name):
    with pytest.raises(TypeError, match=f"{name} would be lost"):
        call(leaf(EDGES))
    assert_same(call(mg.tensor(EDGES)), call(EDGES))


WRITES = {
    np.copyto: lambda x, v: np.copyto(x, v, where=True),
    np.put: lambda x, v: np.put(x, [0, 2], v),
    np.place: lambda x, v: np.place(x, [True, False, True], v),
    np.putmask: lambda x, v: np.putmask(x, np.array([True, False, True]), v),
    np.put_along_axis: lambda x, v: np.put_along_axis(x, np.array([0, 0, 1]), v, axis=0),
    np.fill_diagonal: lambda x, v: np.fill_diagonal(x, v),
}


@pytest.mark.parametrize("fn", sorted(REFUSED, key=name_of), ids=name_of)
@pytest.mark.parametrize("place", [leaf, mg.tensor])
def test_a_function_that_writes_into_an_argument_is_refused_by_name(fn, place):
    with pytest.raises(TypeError, match=rf"^{name_of(fn)} on tensors: it writes.*x\[index\]"):
        WRITES[fn](place(EDGES), EDGES)


@pytest.mark.parametrize("fn", [np.copyto, np.put, np.place, np.putmask, np.put_along_axis])
def test_a_tensor_is_not_written_into_an_array_by_such_a_function(fn):
    target = np.zeros(3)
    with pytest.raises(TypeError, match=f"{name_of(fn)} on tensors|lose the gradient"):
        WRITES[fn](target, leaf(EDGES))
    assert not target.any()
