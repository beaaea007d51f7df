"""Differentiable assignment: values as in NumPy, gradients where they belong, views and all."""

import gc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.compiler import RecordingError
from minigrad.testing import gradcheck

X, V = np.array([[0.5, 1.5, 2.5], [3.5, 4.5, 5.5]]), np.array([0.3, 0.7, 1.1])


def copied(x):
    """What may be written to: a result. Of an array, so that NumPy can go first."""
    return x.copy()


# Each function writes to what it got, in ways that work on arrays too, and returns something.


def item(x, v):
    x[0, 1] = v[0] * 2
    return x * x


def row(x, v):
    x[1] = v
    return x * x


def column_of_a_number(x, v):
    x[:, 0] = v[2]
    return x * x


def more_leading_axes(x, v):
    x[0] = v[None, None]
    return x * x


def advanced(x, v):
    x[[0, 1], [2, 0]] = v[:2]
    return x * x


def repeated(x, v):
    x[0, [1, 1, 1]] = v
    return x * x


def mask(x, v):
    x[np.array([[True, False, False], [False, True, True]])] = v
    return x * x


def in_place(x, v):
    x += v
    x *= v * v
    x -= 1.0
    x /= v
    x **= 2
    return x


def in_place_at(x, v):
    x[0] += v
    x[:, [0, 2]] *= v[:2]
    return x * x


def through_a_view(x, v):
    first = x[0]
    first[1:] = v[:2]
    return x * x


def the_view_sees_the_base(x, v):
    first = x[0]
    x[:, 1] = v[0]
    return first * first


def through_a_view_of_a_view(x, v):
    part = x.T[1:].reshape(2, 2)[0]
    other = x[1]
    part *= v[:2]
    return x * x, other * 3, part


def views_of_every_kind(x, v):
    np.swapaxes(x, 0, 1)[2] = v[:2]
    np.expand_dims(x, 0)[0, 0, 0] = v[1]
    np.squeeze(x[:1])[1] *= v[2]
    x.reshape(-1)[4] = v[0]
    np.flip(x, 1)[1, 1] += v[0]
    return x * x


def a_view_outlives_its_base(x, v):
    first, second = x[0], x.T
    del x
    first[:] = v
    return second * second


def to_itself(x, v):
    x[0] = x[1] * v
    x[1] = x[0]
    x[:, 0] = x[:, 1]
    return x * x


def the_old_value_is_kept(x, v):
    before = x * x
    x[0] = v
    return before * x


def iterated(x, v):
    for k, r in enumerate(x):
        r[k] = v[k]
    return x * x


WAYS = [
    item, row, column_of_a_number, more_leading_axes, advanced, repeated, mask, in_place,
    in_place_at, through_a_view, the_view_sees_the_base, through_a_view_of_a_view,
    views_of_every_kind, a_view_outlives_its_base, to_itself, the_old_value_is_kept, iterated,
]  # fmt: skip
every_way = pytest.mark.parametrize("way", WAYS, ids=lambda w: w.__name__)


def as_tuple(a):
    return a if isinstance(a, tuple) else (a,)


@every_way
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_are_numpys(way, dtype):
    x, v = X.astype(dtype), V.astype(dtype)
    tensors = (mg.tensor(a, requires_grad=True) for a in (x, v))
    results = as_tuple(way(*map(copied, tensors)))
    for result, expected in zip(results, as_tuple(way(x.copy(), v.copy())), strict=True):
        assert result.dtype == expected.dtype
        np.testing.assert_array_equal(result.data, expected)


@every_way
def test_gradients_to_second_order(way):
    assert gradcheck(lambda x, v: way(copied(x), copied(v)), (X, V))


@every_way
def test_only_the_written_value_needs_a_gradient(way):
    assert gradcheck(lambda v: way(mg.tensor(X), copied(v)), V)


@every_way
def test_only_the_tensor_written_to_needs_a_gradient(way):
    assert gradcheck(lambda x: way(copied(x), V.copy()), X)


@every_way
def test_compiled_is_the_same_bit_for_bit(way):
    def derivatives(x, v):
        x, v = (mg.Tensor(a, requires_grad=True) for a in (x, v))
        results = as_tuple(way(copied(x), copied(v)))
        total = sum(r.sum() for r in results)
        return results, mg.grad(total, (x, v), allow_unused=True)

    compiled = mg.compile(derivatives)
    for arrays in ((X, V), (X, V), (X + 1, V * 2)):
        found, expected = compiled(*arrays), derivatives(*arrays)
        for a, b in zip(found[0] + found[1], expected[0] + expected[1], strict=True):
            assert (a is None) == (b is None)
            assert a is None or a.data.tobytes() == b.data.tobytes()
    assert compiled.cache_info().misses == 1


# Any sequence of writes and views. Every view has three elements or six.

VIEWS = {
    "row": lambda x: x[1] if x.ndim == 2 else x[:],
    "reversed": lambda x: x[..., ::-1],
    "turned": lambda x: x.T.reshape(x.T.shape) if x.ndim == 2 else x,
    "flat": lambda x: x.reshape(-1),
    "some": lambda x: x.reshape(-1)[:3],
}


def carry_out(steps, x, v):
    known = [x]
    for kind, which, number in steps:
        target = known[which % len(known)]
        if kind in VIEWS:
            known.append(VIEWS[kind](target))
        elif kind == "put":
            target[..., -1] = v[number] * 2
        elif kind == "add":
            target += v[number]
        else:
            target[..., 0] *= known[number % len(known)].reshape(-1)[1]
    return known


steps = st.lists(
    st.tuples(
        st.sampled_from([*VIEWS, "put", "add", "multiply"]), st.integers(0, 5), st.integers(0, 2)
    ),
    min_size=1,
    max_size=8,
)


@given(steps)
@settings(max_examples=60, deadline=None)
def test_any_sequence_of_writes_and_views(sequence):
    def outputs(x, v):
        return tuple(carry_out(sequence, copied(x), v))

    for result, expected in zip(
        outputs(mg.tensor(X, requires_grad=True), mg.tensor(V)), outputs(X, V), strict=True
    ):
        np.testing.assert_array_equal(result.data, expected)
    assert gradcheck(outputs, (X, V), order=1)


# What is special.


def test_a_constant_becomes_a_result():
    out, v = mg.zeros(3), mg.tensor([1.0, 2.0], requires_grad=True)
    assert not out.requires_grad
    out[1:] = v * v
    assert out.requires_grad and not out.is_leaf
    out.sum().backward()
    assert v.grad.tolist() == [2.0, 4.0]


def test_the_gradient_is_cut_where_something_was_overwritten():
    x = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x * 2
    y[1] = 0.0
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 0.0, 2.0]


def test_the_gradient_of_a_repeated_place_goes_to_the_last_value():
    v = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = mg.zeros(2)
    y[[0, 1, 0]] = v
    assert y.tolist() == [3.0, 2.0]
    y.sum().backward()
    assert v.grad.tolist() == [0.0, 1.0, 1.0]


def test_a_kept_gradient_is_that_of_the_latest_value():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    y.retain_grad()
    y[0] = 5.0
    (y * y).sum().backward()
    assert y.grad.tolist() == [10.0, 12.0]
    assert x.grad.tolist() == [0.0, 36.0]


def test_an_in_place_operator_keeps_shape_and_dtype():
    y = mg.tensor(np.ones(2, np.float32), requires_grad=True) * 1
    same = y
    y += np.array([0.5, 0.25])  # float64
    assert y is same and y.dtype == np.float32
    with pytest.raises(ValueError, match=r"add in place: .*\(3, 2\) does not fit .*\(2,\)"):
        y += np.ones((3, 2))
    assert y.tolist() == [1.5, 1.25]


def test_integers_cannot_hold_what_requires_a_gradient():
    counts, v = mg.tensor([1, 2]), mg.tensor(3.0, requires_grad=True)
    with pytest.raises(TypeError, match="int64 cannot hold"):
        counts[0] = v


def test_a_read_only_view_is_not_written_to():
    x = mg.tensor([1.0, 2.0], requires_grad=True) * 1
    with pytest.raises(ValueError, match="read-only"):
        np.broadcast_to(x, (3, 2))[0] = 1.0


def test_what_numpy_refuses_changes_nothing():
    x = mg.tensor([1.0, 2.0], requires_grad=True) * 1
    view = x[:1]
    with pytest.raises(IndexError):
        x[5] = 1.0
    with pytest.raises(ValueError, match="^put: "):
        x[:] = np.ones(3)
    assert x.tolist() == [1.0, 2.0] and view.tolist() == [1.0]


def test_a_compiled_function_refuses_to_put_a_graph_into_a_tensor_from_outside():
    buffer, w = mg.zeros(2), mg.Parameter(np.ones(2))

    @mg.compile
    def step(x):
        buffer[0] = (w * x).sum()
        return buffer.sum()

    with pytest.raises(RecordingError, match="a tensor from outside"):
        step(np.ones(2))


def test_views_are_freed_with_their_last_reference():
    gc.disable()
    try:
        base = mg.zeros((4, 3))
        for _ in range(10):
            base[0].T.reshape(-1)
        assert base._views == []
        alive = [base[k] for k in range(4)]
        assert len(base._views) == 4
        del alive
        assert base._views == []
    finally:
        gc.enable()


def test_a_long_chain_of_views_and_writes():
    x = mg.tensor(np.ones(3), requires_grad=True)
    y = x * 1
    for k in range(5_000):
        y = y.reshape((3, 1) if k % 2 else 3)
    y[0] = 4.0
    y.sum().backward()
    assert x.grad.tolist() == [0.0, 1.0, 1.0]
