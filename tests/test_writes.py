"""Writes in place: where they are allowed, and no backward pass over a value that has changed."""

import gc

import numpy as np
import pytest

import minigrad as mg
from minigrad import writes


def parameter(values, name="w"):
    w = mg.Parameter(np.array(values, float))
    w.name = name
    return w


# A write after the value was saved is found, and named.


def by_subtracting(w):
    with mg.no_grad():
        w -= 0.1


def by_item(w):
    with mg.no_grad():
        w[0] = 5.0


def by_attribute(w):
    w.data -= 0.1


def by_view(w):
    with mg.no_grad():
        view = w.T[..., :1]
        view *= 3.0


def by_detached(w):
    d = w.detach()
    d += 1.0


def by_detached_view(w):
    w.detach().reshape(-1)[:1] = 7.0


def by_numpy(w):
    array = w.data
    array += mg.tensor(1.0)


ways = pytest.mark.parametrize(
    "write",
    [
        by_subtracting,
        by_item,
        by_attribute,
        by_view,
        by_detached,
        by_detached_view,
        by_numpy,
    ],
)


@ways
@pytest.mark.parametrize(
    ("fn", "operation"),
    [
        (lambda w: w * w, "multiply"),
        (np.sin, "sin"),
        (lambda w: np.ones((1, 2)) @ w.T @ np.ones((2, 2)), "transpose"),
        (lambda w: w[:1] * 2, "getitem"),
    ],
)
def test_a_parameter_that_was_written_to_is_named(write, fn, operation):
    w = parameter([[1.0, 2.0], [3.0, 4.0]], "layer.weight")
    y = fn(w).sum()
    write(w)
    message = rf"backward through {operation}: parameter 'layer\.weight' was changed in place"
    with pytest.raises(RuntimeError, match=message + ".*compute the output again"):
        y.backward()
    with pytest.raises(RuntimeError, match=message):
        mg.grad(y, w, create_graph=True)
    assert w.grad is None


def test_a_parameter_that_an_optimizer_stepped_is_named():
    w = parameter([1.0, 2.0], "scale")
    optimizer = mg.optim.SGD([w], lr=0.1)
    y = (w * w).sum()
    (w * 2).sum().backward()
    optimizer.step()
    with pytest.raises(RuntimeError, match="multiply: parameter 'scale' was changed in place"):
        y.backward()


def test_a_parameter_without_a_name_is_described():
    w = mg.Parameter([[1.0, 2.0]])
    y = np.exp(w).sum()
    by_subtracting(w)
    with pytest.raises(RuntimeError, match=r"exp: leaf of shape \(1, 2\) was changed in place"):
        y.backward()


def test_the_leaf_behind_a_saved_view_is_named():
    w, x = parameter([[1.0, 2.0]]), parameter([[3.0, 4.0]], "x")
    view = w.T.mT.reshape(1, 2)
    y = (x * view).sum()
    by_subtracting(w)
    with pytest.raises(RuntimeError, match="parameter 'w' was changed"):
        y.backward()


@pytest.mark.parametrize(
    ("fn", "argument"),
    [
        (lambda x, c: x * c, 1),
        (lambda x, c: c * x, 0),
        (lambda x, c: x * c[::-1], 1),
        (lambda x, c: x * c.detach(), 1),
        (lambda x, c: x * np.asarray(c), 1),
        (lambda x, c: x * c.numpy()[:1], 1),
    ],
)
def test_a_constant_that_was_written_to(fn, argument):
    x, c = parameter([1.0, 2.0]), mg.tensor([3.0, 4.0])
    y = fn(x, c).sum()
    c += 1
    message = f"multiply: its argument {argument} was changed in place"
    with pytest.raises(RuntimeError, match=message):
        y.backward()


def test_a_comparison_with_a_constant_does_not_save_it():
    x, c = parameter([1.0, 2.0]), mg.tensor([3.0, -4.0])
    y = np.where(c > 0, x, 0.0).sum()
    c += 10
    y.backward()
    assert x.grad.tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    "fn", [lambda x, i: x[i], lambda x, i: x[i, 0], lambda x, i: np.take(x, i)]
)
def test_an_index_that_was_written_to(fn):
    """It is found, or the gradient is that of the index which was used."""
    (x, i), (x0, i0) = ((parameter([[1.0, 2.0], [3.0, 4.0]]), mg.tensor([0, 1])) for _ in range(2))
    fn(x0, i0).sum().backward()
    y = fn(x, i).sum()
    i[0] = 1
    try:
        y.backward()
    except RuntimeError as error:
        assert "changed in place" in str(error)
    else:
        np.testing.assert_array_equal(x.grad.data, x0.grad.data)


def test_a_list_that_was_an_index_may_change():
    x, i = parameter([1.0, 2.0]), [0]
    y = x[i].sum()
    i[0] = 1
    y.backward()
    assert x.grad.tolist() == [1.0, 0.0]


def test_an_output_that_was_written_to():
    x = parameter([1.0, 2.0])
    y = np.exp(x)
    d = y.detach()
    d *= 0
    with pytest.raises(RuntimeError, match="exp: its output was changed in place"):
        y.sum().backward()


def test_the_graph_can_be_used_again_after_the_error():
    w, x = parameter([1.0]), parameter([2.0], "x")
    y = (w * x).sum()
    by_subtracting(w)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="changed in place"):
            y.backward()
    (w * x).sum().backward()
    assert x.grad.tolist() == w.tolist() == [0.9]


def test_a_write_between_two_passes_over_a_retained_graph():
    w = parameter([1.0])
    y = (w * w).sum()
    y.backward(retain_graph=True)
    by_subtracting(w)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


def test_a_write_before_the_second_derivative():
    x = parameter([2.0], "x")
    dy = mg.grad((x**3).sum(), x, create_graph=True)
    by_subtracting(x)
    with pytest.raises(RuntimeError, match="'x' was changed in place"):
        dy.backward()


# No false alarm.


@ways
def test_a_write_before_the_graph_was_built(write):
    w = parameter([[1.0, 2.0], [3.0, 4.0]])
    write(w)
    (w * w).sum().backward()
    np.testing.assert_array_equal(w.grad.data, 2 * w.data)


@ways
def test_a_write_after_the_backward_pass(write):
    w = parameter([[1.0, 2.0], [3.0, 4.0]])
    y = (w * w).sum()
    y.backward()
    write(w)
    np.testing.assert_array_equal(w.grad.data, [[2.0, 4.0], [6.0, 8.0]])


@ways
def test_a_write_to_an_unrelated_array(write):
    w, other = (parameter([[1.0, 2.0], [3.0, 4.0]]) for _ in range(2))
    write(w)  # before the graph
    y = (w * w).sum()
    write(other)
    y.backward()
    np.testing.assert_array_equal(w.grad.data, 2 * w.data)


def test_replaced_data_leave_the_recorded_past_alone():
    w = parameter([1.0, 2.0])
    y = (w * w).sum()
    w.data = [10.0, 20.0]
    with mg.no_grad():
        w += 1.0
    y.backward()
    assert w.grad.tolist() == [2.0, 4.0]
    assert w.tolist() == [11.0, 21.0]


@pytest.mark.parametrize("stepped", [True, False])
def test_parameters_of_one_optimizer_are_written_to_one_by_one(stepped):
    """They share a buffer; a write to one of them is none to the others."""
    a, b = parameter([1.0, 2.0], "a"), parameter([3.0, 4.0], "b")
    optimizer = mg.optim.SGD([a, b], lr=0.1)
    (a + b).sum().backward()
    optimizer.step()
    optimizer.zero_grad()
    y = (b * b).sum()
    if stepped:
        a.sum().backward()
        optimizer.step()  # of a alone: b has no gradient
    else:
        by_subtracting(a)
    expected = 2 * b.data
    y.backward()
    np.testing.assert_array_equal(b.grad.data, expected)


def test_a_memory_that_is_used_again_is_not_taken_for_the_old_one():
    w = parameter([1.0])
    for _ in range(100):
        c = mg.tensor(np.ones(1000))
        c += 1
        del c
        y = (w * np.ones(1000)).sum()  # likely at the same address
        y.backward()
    assert w.grad.tolist() == [100_000.0]


def test_the_notes_about_writes_go_with_their_arrays():
    gc.disable()
    try:
        before = len(writes._written)
        kept = mg.tensor(np.ones(3))
        for _ in range(1000):
            temporary = mg.tensor(np.ones(3))
            temporary += 1
            temporary[0] = 2
            kept += 1
        del temporary
        assert len(writes._written) == before + 1
    finally:
        gc.enable()


# Where writing is allowed.

WRITES = {
    "item": lambda t: t.__setitem__(0, 9.0),
    "slice": lambda t: t.__setitem__(slice(None), [7.0, 8.0]),
    "mask": lambda t: t.__setitem__(np.array([True, False]), 5.0),
    "+=": lambda t: t.__iadd__(2.0),
    "-=": lambda t: t.__isub__([1.0, 2.0]),
    "*=": lambda t: t.__imul__(np.array([3.0, 4.0])),
    "/=": lambda t: t.__itruediv__(2),
}
every_write = pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)


@every_write
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_constants_can_be_written_to(write, dtype):
    expected = np.array([3.0, 4.0], dtype)
    t = mg.tensor(expected)
    array = t.data
    write(expected)
    write(t)
    assert t.data is array
    assert t.dtype == dtype
    np.testing.assert_array_equal(t.data, expected)


@every_write
def test_leaves_can_be_written_to_under_no_grad(write):
    w = parameter([3.0, 4.0])
    expected, array = w.data.copy(), w.data
    write(expected)
    with mg.no_grad():
        write(w)
    assert w.data is array
    assert w.requires_grad and w.is_leaf
    np.testing.assert_array_equal(w.data, expected)


def test_an_in_place_operator_keeps_the_tensor():
    c = same = mg.tensor([1.0, 2.0])
    c += 1
    c -= 2
    c *= 6
    c /= 3
    assert c is same
    assert c.tolist() == [0.0, 2.0]


@every_write
@pytest.mark.parametrize("view", [False, True])
def test_a_leaf_that_requires_a_gradient_is_not_written_to(write, view):
    w = parameter([1.0, 2.0])
    with pytest.raises(RuntimeError, match=r"in place to parameter 'w'.*with mg\.no_grad\(\)"):
        write(w[:] if view else w)
    assert w.tolist() == [1.0, 2.0]


@every_write
@pytest.mark.parametrize("view", [False, True])
def test_results_are_not_written_to_where_the_graph_does_not_see_it(write, view):
    y = parameter([1.0, 2.0]) * 2
    with mg.no_grad(), pytest.raises(RuntimeError, match="in place under no_grad"):
        write(y[:] if view else y)
    assert y.tolist() == [2.0, 4.0]


@pytest.mark.parametrize(
    "write",
    [lambda c, w: c.__setitem__(0, w[0]), lambda c, w: c.__iadd__(w), lambda c, w: c.__imul__(w)],
)
def test_under_no_grad_a_constant_stays_one(write):
    c, w = mg.tensor([1.0, 2.0]), parameter([3.0, 4.0])
    with mg.no_grad():
        write(c, w)
    assert c.tolist() != [1.0, 2.0]
    assert not c.requires_grad


def test_items_are_written_with_tensors_as_index_and_value():
    c = mg.tensor(np.zeros((2, 3)))
    c[mg.tensor([0, 1]), mg.tensor([1, 2])] = mg.tensor([5.0, 6.0])
    c[mg.tensor(1), 0] = mg.tensor(7.0)
    c[mg.tensor([True, False])] += 1.0
    assert c.tolist() == [[1.0, 6.0, 1.0], [7.0, 0.0, 6.0]]


def test_constants_share_memory_with_their_views():
    c = mg.tensor(np.zeros((2, 3)))
    row, column, flat = c[0], c.T[2], c.reshape(-1)
    row += 1
    column[1] = 5
    flat[0] = 9
    c.detach()[1, 1] = 4
    assert c.tolist() == [[9.0, 1.0, 1.0], [0.0, 4.0, 5.0]]


@pytest.mark.parametrize(
    ("write", "error"),
    [
        (lambda c: c.__iadd__(np.ones((2, 2))), ValueError),  # does not fit
        (lambda c: c.__setitem__(5, 1.0), IndexError),
        (lambda c: c.__iadd__(1j), TypeError),
        (lambda c: c.__setitem__(0, "text"), ValueError),
    ],
)
def test_what_numpy_refuses_changes_nothing(write, error):
    c = mg.tensor([1.0, 2.0])
    y = (parameter([1.0, 1.0]) * c).sum()
    with pytest.raises(error):
        write(c)
    assert c.tolist() == [1.0, 2.0]
    y.backward()


def test_integers_are_not_silently_made_floats():
    c = mg.tensor([1, 2])
    with pytest.raises(TypeError, match="cast"):
        c += 0.5
    c += 1
    assert c.tolist() == [2, 3]


def test_an_array_takes_a_constant_in_place_but_no_gradient():
    array, c = np.ones(2), mg.tensor([1.0, 2.0])
    array += c
    array *= c.detach()
    assert type(array) is np.ndarray
    assert array.tolist() == [2.0, 6.0]
    with pytest.raises(TypeError, match="lose the gradient"):
        array += parameter([1.0, 1.0])
    assert array.tolist() == [2.0, 6.0]


def test_an_array_written_to_with_a_constant_is_noted():
    x, array = parameter([1.0, 2.0]), np.array([3.0, 4.0])
    y = (x * array).sum()
    array += mg.tensor([1.0, 1.0])
    with pytest.raises(RuntimeError, match="multiply: its argument 1 was changed in place"):
        y.backward()


# An array that was given away may be written to behind the engine's back.


def by_getting_data(w):
    w.data[0] = 5.0


def by_getting_a_view(w):
    w.data[1:] *= 2


def by_converting(w):
    np.asarray(w.detach())[...] = 3.0


def by_method(w):
    w.detach().numpy()[0] = 3.0


behind_the_back = pytest.mark.parametrize(
    "write", [by_getting_data, by_getting_a_view, by_converting, by_method]
)


@behind_the_back
def test_an_array_changed_behind_the_engines_back(write):
    w = parameter([1.0, 2.0])
    y = (w * w).sum()
    write(w)
    with pytest.raises(RuntimeError, match="multiply: parameter 'w' was changed") as caught:
        y.backward()
    assert f"by {__file__}, line {write.__code__.co_firstlineno + 1}" in str(caught.value)


@behind_the_back
def test_a_change_before_it_was_saved_or_after_the_backward_pass_is_allowed(write):
    w = parameter([1.0, 2.0])
    write(w)
    y = (w * w).sum()
    y.backward()
    assert w.grad.tolist() == (2 * w.data).tolist()
    write(w)
    (w * w).sum().backward()


def test_looking_at_an_array_is_no_write():
    w = parameter([1.0, np.nan])
    y = (w * w).sum()
    assert w.data[0] == 1 and np.asarray(w.detach())[0] == 1
    y.backward()


def test_nothing_is_kept_of_arrays_that_are_gone():
    before = len(writes._lent)
    for _ in range(3):
        assert mg.tensor([1.0]).data[0] == 1
    assert len(writes._lent) == before


def test_the_line_that_stepped_an_optimizer_is_named():
    w = parameter([1.0, 2.0])
    optimizer = mg.optim.SGD([("w", w)], lr=0.1)
    y = (w * w).sum()
    w.grad = mg.tensor([1.0, 1.0], dtype=float)
    optimizer.step()
    with pytest.raises(RuntimeError, match=r"test_writes\.py, line \d+\)"):
        y.backward()
