"""Shapes, joins, selections, windows: what their tables of samples do not say."""

import numpy as np
import pytest
from compiled_runs import bits
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.lib.stride_tricks import sliding_window_view

import minigrad as mg
from minigrad.testing import assert_grads, gradcheck

rng = np.random.default_rng(3)


def leaf(*shape, dtype=np.float64):
    return mg.tensor(rng.standard_normal(shape), requires_grad=True, dtype=dtype)


# Over all sorts of shapes: what only moves elements brings gradients back to where they were.

MOVES = {
    "tile": lambda x, a: np.tile(x, (2, 1 + a % 2)),
    "rot90": lambda x, a: np.rot90(np.atleast_2d(x), a),
    "rollaxis": lambda x, a: np.rollaxis(x, a, x.ndim),
    "repeat": lambda x, a: np.repeat(x, 2, a),
    "delete": lambda x, a: np.delete(x, slice(1, None), a),
    "insert": lambda x, a: np.insert(x, x.shape[a], np.take(x, [], a), a),
    "edge": lambda x, a: np.pad(x[None], ((1, 1), *[(0, 0)] * x.ndim), "edge"),
    "wrap": lambda x, a: np.pad(x[None], ((0, 2), *[(0, 0)] * x.ndim), "wrap"),
    "array_split": lambda x, a: np.concatenate(np.array_split(x, 2, a)[::-1], a),
    "windows": lambda x, a: sliding_window_view(x, min(2, x.shape[a]), a),
    "meshgrid": lambda x, a: np.meshgrid(x.ravel(), np.arange(2), indexing="ij")[0],
    "block": lambda x, a: np.block([[x, x], [x, x]]),
    "at_least": lambda x, a: np.atleast_3d(x),
    "partition": lambda x, a: np.partition(x, x.shape[a] // 2, a),
    "sort": lambda x, a: np.sort(x, a),
}


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=3), st.data())
@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_moved_elements(move, shape, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    places = np.random.default_rng(0).permutation(int(np.prod(shape))).reshape(shape)
    try:
        moved = move(places.astype(float), axis)
    except ValueError:
        assume(False)  # NumPy itself has no answer for an empty axis
    x = mg.tensor(places.astype(float), requires_grad=True)
    y = move(x, axis)
    np.testing.assert_array_equal(y.data, moved)
    g = np.random.default_rng(1).standard_normal(moved.shape)
    expected = np.zeros(places.size)
    np.add.at(expected, moved.astype(int).ravel(), g.ravel())
    np.testing.assert_allclose(mg.grad([y], [x], [g])[0].data, expected[places], rtol=1e-12)


# Padding with constants that have a gradient.


@pytest.mark.parametrize(
    "values",
    [lambda c: c[0], lambda c: (c[0], 2.0), lambda c: ((c[0], c[1]), (0.0, c[2])), lambda c: c[:2]],
)
@pytest.mark.parametrize("widths", [1, ((0, 1), (2, 1))])
def test_padding_with_tensors(values, widths):
    def padded(x, c):
        return np.pad(x, widths, constant_values=values(c))

    x, c = rng.standard_normal((2, 3)), rng.standard_normal(3)
    given = values(c.tolist())
    expected = np.pad(x, widths, constant_values=given)
    found = padded(*(mg.tensor(a, requires_grad=True) for a in (x, c)))
    np.testing.assert_array_equal(found.data, expected)
    assert gradcheck(padded, [x, c], order=2)

    def gradients(x, c):
        xs = [mg.Tensor(a, requires_grad=True) for a in (x, c)]
        y = padded(*xs)
        return y, mg.grad((y * y).sum(), xs)

    assert bits(mg.compile(gradients)(x, c)) == bits(gradients(x, c))


def test_padding_keeps_the_dtype_of_the_array():
    x, c = leaf(2, dtype=np.float32), leaf()
    y = np.pad(x, 1, constant_values=c)
    assert y.dtype == np.float32
    assert [g.dtype for g in mg.grad(y.sum(), [x, c])] == [np.float32, np.float64]


@pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) < "2.4.0", reason="not in this NumPy")
@pytest.mark.parametrize("mode", ["constant", "edge"])
@pytest.mark.parametrize("widths", [{0: 1, -1: (0, 2)}, {1: (1, 0)}])
def test_padding_of_some_axes(widths, mode):
    x = leaf(2, 3)
    np.testing.assert_array_equal(np.pad(x, widths, mode).data, np.pad(x.data, widths, mode))
    assert gradcheck(lambda x: np.pad(x, widths, mode), x.data)


# Joining and splitting.


@pytest.mark.parametrize("count", [64, 65, 200])
def test_many_arrays_are_joined_in_groups(count):
    xs = [rng.standard_normal((2, i % 3)) for i in range(count)]
    ts = [mg.tensor(x, requires_grad=True) for x in xs]
    whole = np.concatenate(xs, axis=-1)
    y = np.concatenate(ts, axis=-1)
    assert y.data.tobytes() == whole.tobytes()
    found = mg.grad([y], ts, [whole])
    for g, x in zip(found, xs, strict=True):
        np.testing.assert_array_equal(g.data, x)


@pytest.mark.parametrize("bounds", [[3, 1], [-1, 2], [0, 0, 9], (2,), []])
def test_parts_between_any_bounds_are_numpys(bounds):
    x = leaf(5, 2)
    for part, expected in zip(np.split(x, bounds), np.split(x.data, bounds), strict=True):
        np.testing.assert_array_equal(part.data, expected)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t: np.block([[t], t]), "nested equally deep"),
        (lambda t: np.block([[[t]], [t]]), "nested equally deep"),
        (lambda t: np.vsplit(t, 1), "vsplit"),
        (lambda t: np.dsplit(t, 1), "dsplit"),
        (lambda t: np.split(t, 2), "split"),
        (lambda t: np.concatenate([t, leaf(2, 2)]), "concatenate"),
        (lambda t: np.diff(t, -1), "diff.*order must not be negative"),
        (lambda t: np.gradient(t, 1.0, 2.0), "gradient.*1 axes"),
        (lambda t: np.gradient(t, [0.0, 1.0]), "gradient.*coordinates"),
        (lambda t: np.gradient(t[:2], edge_order=2), "edge_order=2 needs 3"),
        (lambda t: np.interp(0.5, [1.0], t[:1]), "interp.*two points"),
        (lambda t: np.pad(t, -1), "negative"),
        (lambda t: np.take(t, [3]), "out of bounds"),
        (lambda t: np.select([True, False], [t]), "select"),
        (lambda t: np.select([np.array([1, 0, 1])], [t]), "select.*booleans"),
        (lambda t: np.choose([0, 5], [t, t]), "choose"),
        (lambda t: sliding_window_view(t, 4), "window"),
        (lambda t: np.convolve(leaf(2, 2), t), "convolve|object too deep"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises((TypeError, ValueError, IndexError), match=message):
        call(leaf(3))


# Selection.


def test_select_takes_the_dtype_of_its_choices():
    conditions = [np.array([True, False, False]), np.array([True, True, False])]
    for choices, default in [
        ((leaf(3, dtype=np.float32), 0.5), 2),
        ((0.5, leaf(3, dtype=np.float32)), 0),
        ((leaf(3, dtype=np.float32), leaf(3)), 0.0),
        ((np.array([1, 2, 3]), leaf(3, dtype=np.float32)), 0),
    ]:
        found = np.select(conditions, list(choices), default)
        expected = np.select(conditions, [getattr(c, "data", c) for c in choices], default)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found.data, expected)


PLACES, CHOSEN = np.array([1, 0]), np.array([True, False])


@pytest.mark.parametrize(
    "select",
    [
        lambda x, places, chosen: np.take(x, places),
        lambda x, places, chosen: np.take(x, places, mode="wrap"),
        lambda x, places, chosen: np.take_along_axis(x, places, axis=0),
        lambda x, places, chosen: np.choose(places, [x, x * 2]),
        lambda x, places, chosen: np.delete(x, places),
        lambda x, places, chosen: np.insert(x, places, x),
        lambda x, places, chosen: np.compress(chosen, x),
        lambda x, places, chosen: np.extract(chosen, x),
        lambda x, places, chosen: np.select([chosen], [x]),
        lambda x, places, chosen: np.repeat(x, places),
        lambda x, places, chosen: x[places],
    ],
)
def test_places_and_conditions_may_be_tensors(select):
    x = np.array([0.5, 2.0])
    constants = mg.tensor(PLACES), mg.tensor(CHOSEN)
    found = select(mg.tensor(x, requires_grad=True), *constants)
    np.testing.assert_array_equal(found.data, select(x, PLACES, CHOSEN))
    np.testing.assert_array_equal(getattr(select(x, *constants), "data", None), found.data)
    assert gradcheck(lambda x: select(x, *constants), x)


def test_a_default_that_is_chosen_gets_its_gradient():
    assert_grads(
        lambda x, d: np.select([x > 0], [x], default=d),
        [np.array([-1.0, 2.0, -3.0]), np.array(0.5)],
        [[0.0, 1.0, 0.0], 2.0],
    )


# Sorting.


@pytest.mark.parametrize("kth", [0, 3, (2, 7)])
def test_a_partition_sends_gradients_where_the_elements_came_from(kth):
    x = rng.permutation(400).astype(float).reshape(2, 200)
    t = mg.tensor(x, requires_grad=True)
    y = np.partition(t, kth)
    (g,) = mg.grad([y], [t], [y.data])
    np.testing.assert_array_equal(g.data, x)


# Sliding windows.


def test_windows_are_a_view_and_their_gradient_overlaps():
    x = leaf(6)
    windows = sliding_window_view(x, 3)
    assert np.shares_memory(windows, x)
    np.testing.assert_array_equal(mg.grad(windows.sum(), x).data, [1, 2, 3, 3, 2, 1])


def test_a_convolution_by_windows_equals_convolve():
    def by_windows(x, w):
        return sliding_window_view(x, 3) @ np.flip(w)

    x, w = leaf(7), leaf(3)
    for a, b in zip(
        mg.grad((by_windows(x, w) ** 2).sum(), [x, w]),
        mg.grad((np.convolve(x, w, "valid") ** 2).sum(), [x, w]),
        strict=True,
    ):
        np.testing.assert_allclose(a.data, b.data, rtol=1e-12)


def test_gradient_takes_coordinates_at_equal_distances():
    x, f = np.linspace(0.0, 2.0, 5), leaf(5)
    for order in (1, 2):
        expected = np.gradient(f.data, x, edge_order=order)
        np.testing.assert_allclose(np.gradient(f, x, edge_order=order).data, expected, rtol=1e-12)


def test_compiled_selection_by_a_condition_that_is_computed_is_refused():
    t = leaf(3)
    for fn in (np.extract, np.compress):
        with pytest.raises(TypeError, match=f"{fn.__name__}, whose result has no fixed shape"):
            mg.compile(lambda t, fn=fn: fn(t > 0, t))(t)
