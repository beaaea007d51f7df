"""Every derivative rule, over the table in `samples.py`; then conventions, shapes and refusals."""

import itertools
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from samples import REGISTERED, SAMPLES

import minigrad as mg
from minigrad import vjps
from minigrad.testing import assert_grads, gradcheck
from minigrad.vjps import CONSTANTS, VJPS, name_of

CALLS = [
    pytest.param(fn, sample, id=f"{name_of(fn)}-{i}")
    for fn, samples in SAMPLES.items()
    for i, sample in enumerate(samples)
]
over_all_calls = pytest.mark.parametrize(("fn", "sample"), CALLS)


def leaves(arrays):
    """Tensors around these very arrays: without the copy, which would lose their layout."""
    tensors = [mg.tensor(a, requires_grad=True) for a in arrays]
    for t, a in zip(tensors, arrays, strict=True):
        t.data = a
    return tensors


def as_list(result):
    return result if isinstance(result, list) else [result]


def cotangents(outputs):
    rng = np.random.default_rng(7)
    return [rng.standard_normal(np.shape(y)).astype(y.dtype) for y in outputs]


def gradients(fn, sample, arrays):
    """The call's outputs, and the arrays' gradients from random cotangents."""
    xs = leaves(arrays)
    outputs = as_list(sample.call(fn, xs))
    return outputs, mg.grad(outputs, xs, cotangents(outputs))


def test_every_function_with_a_rule_has_samples():
    assert set(SAMPLES) == REGISTERED
    assert all(SAMPLES.values())


# Values.

ROUNDED_OTHERWISE = {np.dot}  # of more than two axes: NumPy's own adds in another order


@over_all_calls
def test_the_value_is_numpys_own_bit_for_bit(fn, sample):
    expected = as_list(sample.call(fn, sample.inputs))
    results = as_list(sample.call(fn, leaves(sample.inputs)))
    assert len(results) == len(expected)
    for result, value in zip(results, expected, strict=True):
        assert type(result) is mg.Tensor
        assert type(result.data) is np.ndarray
        assert (result.shape, result.dtype) == (np.shape(value), value.dtype)
        if fn in ROUNDED_OTHERWISE:
            np.testing.assert_allclose(result.data, value, rtol=1e-14)
        else:
            assert result.data.tobytes() == np.asarray(value).tobytes()


# Derivatives.


@over_all_calls
def test_first_and_second_derivative(fn, sample):
    assert gradcheck(lambda *xs: sample.call(fn, xs), sample.inputs, order=2)


@pytest.mark.parametrize(
    "fn",
    [np.add, np.multiply, np.divide, np.power, np.arctan2, np.logaddexp, np.matmul],
    ids=name_of,
)
@pytest.mark.parametrize("swap", [False, True])
def test_an_operand_may_be_a_list(fn, swap):
    x, other = np.array([[0.5, 1.5], [2.5, 3.5]]), [[1.0, 2.0], [3.0, 4.0]]
    assert gradcheck(lambda x: fn(other, x) if swap else fn(x, other), x)


ELEMENTWISE = [fn for fn in SAMPLES if isinstance(fn, np.ufunc) and fn.nin == 1]
ELEMENTWISE += [fn for fn in SAMPLES if name_of(fn) in ("relu", "sigmoid", "softplus", "erf")]


@pytest.mark.parametrize("fn", ELEMENTWISE, ids=name_of)
def test_third_derivative_of_functions_of_one_number(fn):
    assert gradcheck(fn, SAMPLES[fn][0].inputs, order=3)


# Dtypes.


@pytest.mark.parametrize(("fn", "sample"), [c for c in CALLS if c.values[0] is not vjps.astype])
def test_float32_stays_float32(fn, sample):
    single = [x.astype(np.float32) for x in sample.inputs]
    double = [x.astype(np.float64) for x in single]
    outputs, found = gradients(fn, sample, single)
    expected = [np.asarray(y).dtype for y in as_list(sample.call(fn, single))]
    assert [y.dtype for y in outputs] == expected
    for g, reference in zip(found, gradients(fn, sample, double)[1], strict=True):
        assert g.dtype == np.float32
        np.testing.assert_allclose(g.data, reference.data, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("fn", "sample"), [c for c in CALLS if len(c.values[1].inputs) > 1])
@pytest.mark.parametrize("first", [np.float32, np.float64])
def test_each_gradient_has_its_own_operands_dtype(fn, sample, first):
    dtypes = itertools.cycle([first, np.float64 if first is np.float32 else np.float32])
    mixed = [x.astype(d) for x, d in zip(sample.inputs, dtypes, strict=False)]
    assert [g.dtype for g in gradients(fn, sample, mixed)[1]] == [x.dtype for x in mixed]


# Memory.


def scattered(a):
    """Every other element of a larger array, along each axis."""
    wide = np.zeros([2 * n for n in a.shape])
    view = wide[(*[slice(None, None, 2)] * a.ndim, ...)]
    view[...] = a
    return view


def column_major(a):
    return np.array(a, order="F")


def reversed_in_memory(a):
    return np.flip(np.flip(a).copy())


def read_only(a):
    a = a.copy()
    a.flags.writeable = False
    return a


@over_all_calls
@pytest.mark.parametrize("layout", [scattered, column_major, reversed_in_memory, read_only])
def test_the_layout_of_the_inputs_makes_no_difference(fn, sample, layout):
    outputs, found = gradients(fn, sample, sample.inputs)
    others = gradients(fn, sample, [layout(x) for x in sample.inputs])
    for a, b in zip([*outputs, *found], [*others[0], *others[1]], strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a.data, b.data, rtol=1e-12, atol=1e-14)


@over_all_calls
def test_nothing_is_written_to_and_no_gradient_is_shared(fn, sample):
    xs = leaves(sample.inputs)
    outputs = as_list(sample.call(fn, xs))
    seeds = cotangents(outputs)
    held = [*sample.inputs, *seeds, *(y.data for y in outputs)]
    before = [a.tobytes() for a in held]
    found = [g.data for g in mg.grad(outputs, xs, seeds)]
    assert [a.tobytes() for a in held] == before
    for a, b in itertools.combinations(found, 2):
        assert not np.shares_memory(a, b)
    for g, a in itertools.product(found, held):
        assert not np.shares_memory(g, a)
    assert [g.shape for g in found] == [x.shape for x in xs]


@pytest.mark.parametrize("shape", [(), (1,), (2, 3)])
@pytest.mark.parametrize("fn", [np.tanh, np.positive, np.sum, np.mean, lambda x: x * x + x])
def test_a_gradient_is_an_array_that_can_be_written_to(fn, shape):
    x = mg.tensor(np.full(shape, 0.5), requires_grad=True)
    fn(x).sum().backward()
    assert type(x.grad.data) is np.ndarray
    assert x.grad.data.flags.writeable


@pytest.mark.parametrize("create_graph", [False, True])
def test_two_leaves_never_share_one_gradient(create_graph):
    a, b = (mg.tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    (a + b).sum().backward(create_graph=create_graph)
    assert a.grad is not b.grad
    assert not np.shares_memory(a.grad.data, b.grad.data)


# Conventions at kinks and corners.


@pytest.mark.parametrize(
    ("fn", "inputs", "expected"),
    [
        (np.maximum, ([1.0, 2.0], [1.0, 3.0]), ([0.5, 0.0], [0.5, 1.0])),
        (np.minimum, ([1.0, 2.0], [1.0, 3.0]), ([0.5, 1.0], [0.5, 0.0])),
        (np.fmax, ([1.0, np.nan, 2.0], [1.0, 3.0, np.nan]), ([0.5, 0, 1], [0.5, 1, 0])),
        (np.fmin, ([1.0, np.nan, 2.0], [1.0, 3.0, np.nan]), ([0.5, 0, 1], [0.5, 1, 0])),
        (np.max, ([[3.0, 3.0, 1.0]],), ([[0.5, 0.5, 0.0]],)),
        (np.min, ([[1.0, 1.0, 1.0, 4.0]],), ([[1 / 3, 1 / 3, 1 / 3, 0.0]],)),
        (np.absolute, ([0.0, -0.0],), ([0.0, 0.0],)),
        (np.fabs, ([0.0, -2.0],), ([0.0, -1.0],)),
        (np.std, ([2.0, 2.0],), ([0.0, 0.0],)),
        (np.linalg.norm, ([0.0, 0.0],), ([0.0, 0.0],)),
        (np.prod, ([0.0, 2.0, 3.0],), ([6.0, 0.0, 0.0],)),
        (np.sign, ([0.0, 3.0],), ([0.0, 0.0],)),
        (lambda x: np.clip(x, -1.0, 1.0), ([-2.0, -1.0, 0.0, 1.0, 2.0],), ([0, 1, 1, 1, 0],)),
        (lambda low: np.clip(np.array([1.0, 2.0]), low, None), ([1.0, 3.0],), ([0.0, 1.0],)),
        (lambda high: np.clip(np.array([1.0, 2.0]), None, high), ([1.0, 1.0],), ([0.0, 1.0],)),
    ],
)
def test_convention(fn, inputs, expected):
    assert_grads(fn, [np.array(x) for x in inputs], [np.array(e) for e in expected])


@pytest.mark.parametrize(
    ("base", "exponent", "first", "second"),
    [
        (0.0, 0, 0.0, 0.0),
        (0.0, 0.0, 0.0, 0.0),
        (0.0, 1, 1.0, 0.0),
        (0.0, 2, 0.0, 2.0),
        (0.0, 2.0, 0.0, 2.0),
        (0.0, 3, 0.0, 0.0),
        (-2.0, 0, 0.0, 0.0),
        (-2.0, 3, 12.0, -12.0),
        (-2.0, -1, -0.25, -0.25),
        (3.0, 0, 0.0, 0.0),
    ],
)
@pytest.mark.parametrize("as_operand", [lambda b: b, np.array, lambda b: np.full(1, b, float)])
def test_power_in_its_base(base, exponent, first, second, as_operand):
    if base == 0 or exponent >= 0 or as_operand(exponent) is exponent:
        exponent = as_operand(exponent)
    else:
        exponent = np.array(float(exponent))  # NumPy has no negative integer powers of integers
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x = mg.tensor(np.array([base]), requires_grad=True)
        dy = mg.grad(np.power(x, exponent).sum(), x, create_graph=True)
        assert dy.item() == first
        ddy = mg.grad(dy.sum(), x).item() if dy.requires_grad else 0.0
        assert ddy == second


@pytest.mark.parametrize(
    ("base", "exponent", "first"),
    [(0.0, 0.0, 0.0), (0.0, 2.0, 0.0), (1.0, 5.0, 0.0), (2.0, 0.0, np.log(2))],
)
@pytest.mark.parametrize("as_operand", [float, np.array, lambda a: np.full(1, a)])
def test_power_in_its_exponent(base, exponent, first, as_operand):
    assert_grads(lambda b: np.power(as_operand(base), b), np.array([exponent]), first)


def test_power_of_a_negative_base_has_no_derivative_in_its_exponent():
    b = mg.tensor([2.0], requires_grad=True)
    assert np.isnan(mg.grad(np.power(-1.5, b).sum(), b).data).all()
    with np.errstate(invalid="ignore"):
        assert np.isnan(mg.grad(np.power(np.array(-1.5), b).sum(), b).data).all()


@pytest.mark.parametrize("fn", [np.sum, np.max, np.min, np.prod])
def test_an_axis_of_a_number(fn):
    """NumPy lets some reductions take axis 0 or -1 of a 0-d array."""
    for axis in (0, -1):
        assert_grads(lambda x, axis=axis: fn(x, axis=axis), np.array(2.0), 1.0)


def test_a_product_with_itself_counts_both_uses():
    assert_grads(lambda x: x * x, np.array([3.0]), 6.0)


def test_an_array_read_in_its_own_order_gets_its_gradient_in_that_order():
    x = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    weights = np.arange(6.0)
    xs = leaves([x])
    for order in ("C", "F"):
        y = np.reshape(xs[0], 6, order)
        (g,) = mg.grad([y], xs, [weights])
        np.testing.assert_array_equal(np.reshape(g.data, 6, order), weights)
    with pytest.raises(TypeError, match="reshape.*'C' or 'F', got 'A'"):  # depends on the layout
        np.reshape(xs[0], 6, "A").sum().backward()


# Un-broadcasting, reductions, views and indexing over all sorts of shapes.

quick = settings(max_examples=60, deadline=None, derandomize=True, database=None)
shapes = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3)


def numbers(shape):
    """Distinct, nonzero, and reproducible."""
    count = int(np.prod(shape))
    return np.random.default_rng(count).permutation(np.arange(1.0, count + 1)).reshape(shape) / 8


def summed_to(a, shape):
    """The sum of `a` over the axes along which `shape` was broadcast, element by element."""
    total = np.zeros(shape)
    padded = (1,) * (a.ndim - len(shape)) + shape
    flat = total.reshape(padded)
    for index in np.ndindex(a.shape):
        flat[tuple(0 if n == 1 else i for i, n in zip(index, padded, strict=True))] += a[index]
    return total


@quick
@given(
    hnp.mutually_broadcastable_shapes(num_shapes=2, min_dims=0, max_dims=4, min_side=0, max_side=3)
)
@pytest.mark.parametrize(
    ("fn", "da", "db"),
    [
        (np.add, lambda g, a, b: g, lambda g, a, b: g),
        (np.subtract, lambda g, a, b: g, lambda g, a, b: -g),
        (np.multiply, lambda g, a, b: g * b, lambda g, a, b: g * a),
        (np.divide, lambda g, a, b: g / b, lambda g, a, b: -g * a / b**2),
        (np.maximum, lambda g, a, b: g * _wins(a, b), lambda g, a, b: g * _wins(b, a)),
    ],
    ids=["add", "subtract", "multiply", "divide", "maximum"],
)
def test_gradients_of_broadcast_operands_are_summed(fn, da, db, broadcast):
    a, b = map(numbers, broadcast.input_shapes)
    g = numbers(broadcast.result_shape)
    xs = leaves([a, b])
    found = mg.grad([fn(*xs)], xs, [g])
    for rule, x, gradient in zip((da, db), (a, b), found, strict=True):
        full = np.broadcast_to(rule(g, a, b), g.shape)
        np.testing.assert_allclose(gradient.data, summed_to(full, x.shape), rtol=1e-12)


def _wins(a, b):
    return np.where(a == b, 0.5, a > b)


@st.composite
def reductions(draw):
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=3))
    axis = draw(
        st.none()
        | st.integers(-len(shape), len(shape) - 1)
        | hnp.valid_tuple_axes(len(shape), min_size=0)
    )
    return shape, axis, draw(st.booleans())


@quick
@given(reductions())
@pytest.mark.parametrize(
    ("fn", "slope"),
    [
        (np.sum, lambda x, kept, n: np.ones_like(x)),
        (np.mean, lambda x, kept, n: np.ones_like(x) / n),
        (np.max, lambda x, kept, n: (x == kept) * 1.0),
        (np.min, lambda x, kept, n: (x == kept) * 1.0),
        (np.prod, lambda x, kept, n: kept / x),
    ],
)
def test_reductions_over_any_axes(fn, slope, reduction):
    shape, axis, keepdims = reduction
    x = numbers(shape)
    kept = fn(x, axis=axis, keepdims=True)
    g = numbers(kept.shape)
    xs = leaves([x])
    y = fn(xs[0], axis=axis, keepdims=keepdims)
    (found,) = mg.grad([y], xs, [g.reshape(y.shape)])
    expected = g * slope(x, kept, x.size // max(kept.size, 1))
    np.testing.assert_allclose(found.data, expected, rtol=1e-12)


@quick
@given(shapes, st.randoms(use_true_random=False))
def test_moving_elements_about_and_back_leaves_the_gradient(shape, random):
    axes = random.sample(range(len(shape)), len(shape))
    x = leaves([numbers(shape)])
    y = np.reshape(np.transpose(x[0], axes), -1)
    back = np.transpose(np.reshape(y, [shape[a] for a in axes]), np.argsort(axes).astype(int))
    g = numbers(shape)
    np.testing.assert_array_equal(back.data, x[0].data)
    np.testing.assert_array_equal(mg.grad([back], x, [g])[0].data, g)


@st.composite
def indexings(draw):
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=3))
    basic = hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True)
    advanced = hnp.integer_array_indices(shape)
    mask = hnp.arrays(bool, shape)
    mixed = st.tuples(
        hnp.arrays(int, st.sampled_from([(3,), (2, 1)]), elements=st.integers(0, shape[0] - 1)),
        *(st.slices(n) | st.integers(-n, n - 1) for n in shape[1:]),
    )
    return shape, draw(basic | advanced | mask | mixed)


@settings(quick, max_examples=200)
@given(indexings())
def test_indexing_scatters_its_gradient_back(indexing):
    shape, index = indexing
    x = numbers(shape)
    places = np.asarray(np.arange(x.size).reshape(shape)[index])
    g = numbers(places.shape)
    expected = np.zeros(x.size)
    for place, value in zip(places.ravel(), g.ravel(), strict=True):
        expected[place] += value
    xs = leaves([x])
    (found,) = mg.grad([xs[0][index]], xs, [g])
    np.testing.assert_allclose(found.data, expected.reshape(shape), rtol=1e-12)


# Refusals.

both_kinds_of_tensor = pytest.mark.parametrize("requires_grad", [True, False])


@both_kinds_of_tensor
@pytest.mark.parametrize(
    ("fn", "name"),
    [
        (np.linalg.svd, "svd"),
        (np.linalg.inv, "inv"),
        (np.fft.fft, "fft"),
        (np.sort, "sort"),
        (np.trapezoid, "trapezoid"),
        (np.modf, "modf"),
        (np.spacing, "spacing"),
        (np.maximum.reduce, "maximum.reduce"),
        (np.multiply.reduce, "multiply.reduce"),
    ],
)
def test_a_function_without_a_rule_is_named(fn, name, requires_grad):
    with pytest.raises(TypeError, match=rf"^{name} has no derivative rule.*mg\.defvjp"):
        fn(mg.tensor(np.eye(2), requires_grad=requires_grad))


@both_kinds_of_tensor
@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda t: np.add.at(t, 0, 1.0), r"add\.at"),
        (lambda t: np.add.at(np.zeros(2), 0, t), r"add\.at"),
        (np.add.accumulate, r"add\.accumulate"),
        (lambda t: np.multiply.outer(t, t), r"multiply\.outer"),
        (lambda t: np.add.reduceat(t, [0]), r"add\.reduceat"),
        (lambda t: np.add(t, t, where=np.array([True, False])), r"add\(where"),
        (lambda t: np.add(t, 1, dtype=np.float64), r"add\(dtype"),
        (lambda t: np.exp(t, casting="unsafe"), r"exp\(casting"),
        (lambda t: np.add.reduce(t, where=np.array([True, False])), "where="),
        (lambda t: np.sum(t, where=np.array([True, False])), "where="),
        (lambda t: np.sum(t, initial=1.0), "initial="),
        (lambda t: np.mean(t, dtype=np.float64), "dtype="),
        (lambda t: np.var(t, dtype=np.float64), "dtype="),
        (lambda t: np.max(t, initial=0.0), "initial="),
        (lambda t: np.mean(t, 0, np.float64), "mean.*at most"),
        (lambda t: np.add.reduce(t, 0, np.float64), "reduce.*dtype="),
        (lambda t: np.concatenate([t, t], dtype=np.float32), "dtype="),
        (lambda t: np.linalg.norm(t, ord=1), "ord="),
        (lambda t: np.linalg.norm(t, 1), "norm.*at most"),
        (lambda t: np.take(t, [5], mode="clip"), "mode="),
        (lambda t: np.einsum(t, [0]), "einsum.*string"),
        (lambda t: np.einsum("ii", np.multiply(t, np.eye(2))), "einsum.*twice"),
        (lambda t: np.copy(t, order="F"), "order="),
    ],
)
def test_an_unsupported_call_is_refused_by_name(call, name, requires_grad):
    with pytest.raises(TypeError, match=name):
        call(mg.tensor([1.0, 2.0], requires_grad=requires_grad))


@pytest.mark.parametrize(
    "call",
    [
        lambda t, out: np.add(t, t, out=out),
        lambda t, out: np.exp(t, out=out),
        lambda t, out: np.add(t.data, t.data, out=t),
        lambda t, out: np.sum(t, axis=0, out=out),
        lambda t, out: np.mean(t, axis=0, out=out),
        lambda t, out: np.matmul(t, t, out=out),
        lambda t, out: np.concatenate([t], out=out),
        lambda t, out: np.clip(t, 0, 1, out=out),
        lambda t, out: np.add.reduce(t, axis=0, out=out),
    ],
)
def test_out_is_refused(call):
    out = np.zeros((2, 2))
    with pytest.raises(TypeError, match="out"):
        call(mg.tensor(np.eye(2), requires_grad=True), out)
    assert not out.any()


@both_kinds_of_tensor
@pytest.mark.parametrize(
    "call",
    [
        lambda t: np.mean(t, axis=t),
        lambda t: np.std(t, ddof=t),
        lambda t: np.expand_dims(t, axis=t),
        lambda t: np.clip(a=np.ones(3), a_min=t, a_max=None),
        lambda t: np.maximum(np.ones(2), np.ones(2), where=t),
    ],
)
def test_a_tensor_in_a_keyword_argument_is_refused(call, requires_grad):
    with pytest.raises(TypeError, match="on tensors|not supported|by position"):
        call(mg.tensor(1.0, requires_grad=requires_grad))


def test_a_tensor_that_requires_a_gradient_does_not_become_an_array():
    t = mg.tensor([1.0], requires_grad=True)
    with pytest.raises(TypeError, match=r"t\.data or t\.detach\(\)"):
        np.asarray(t)
    with pytest.raises(TypeError, match=r"np\.stack"):
        np.array([t, t])
    with pytest.raises(TypeError, match="gradient"):
        np.zeros(1)[:] = t
    np.testing.assert_array_equal(np.asarray(t.detach()), [1.0])


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (lambda g, y, x: g[:1], r"rule of twice in argument 0 returned shape \(1,\)"),
        (lambda g, y, x: np.ones((2, 2)), r"shape \(2, 2\), which does not un-broadcast"),
    ],
)
def test_a_rule_that_returns_another_shape_is_named(rule, message):
    @mg.primitive
    def twice(x):
        return x + x

    mg.defvjp(twice, rule)
    with pytest.raises(ValueError, match=message):
        twice(mg.tensor([1.0, 2.0, 3.0], requires_grad=True)).sum().backward()


@pytest.mark.parametrize(
    ("define", "message"),
    [
        (lambda: mg.defvjp(np.tanh, 3), r"defvjp\(tanh\): a rule must be callable or None, got 3"),
        (lambda: mg.defvjp(3, None), "expected a function, got 3"),
        (lambda: mg.defvjp(abs, None), "mark it with @mg.primitive"),
        (lambda: vjps.defcomposite(lambda x: x, lambda x: x), "mark it with @mg.primitive"),
    ],
)
def test_a_faulty_definition_is_refused(define, message):
    before = dict(VJPS)
    with pytest.raises(TypeError, match=message):
        define()
    assert before == VJPS


# Functions without a derivative.

T, U = np.array([1.5, -0.5, np.nan]), np.array([1.5, 2.0, np.inf])
CONSTANT_CALLS = {
    np.searchsorted: (np.array([0.0, 1.0]), T[:2]),
    np.digitize: (T[:2], np.array([0.0, 1.0])),
    np.bincount: (np.array([1, 1, 2]), None, 4),
    np.shape: (T,),
    np.result_type: (T.astype(np.float32), 2.0),
    np.full_like: (T, 3.0),
    np.array2string: (T,),
    np.argmax: (T.reshape(3, 1), 0),
    np.unique: (T[:2],),
}
TAKES_TWO = {np.isclose, np.allclose, np.array_equal, np.shares_memory, np.may_share_memory}


def constant_arguments(fn):
    if fn in CONSTANT_CALLS:
        return CONSTANT_CALLS[fn]
    two = fn in TAKES_TWO or (isinstance(fn, np.ufunc) and fn.nin == 2)
    return (T, U) if two else (T,)


@pytest.mark.parametrize("fn", sorted(CONSTANTS, key=name_of), ids=name_of)
def test_a_function_without_a_derivative_gives_plain_results(fn):
    args = constant_arguments(fn)
    tensors = [
        leaves([a])[0] if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in args
    ]
    result, expected = fn(*tensors), fn(*args)
    assert type(result) is type(expected)
    if fn is np.empty_like:
        assert (result.shape, result.dtype) == (expected.shape, expected.dtype)
    else:
        np.testing.assert_array_equal(result, expected)
