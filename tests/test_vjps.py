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
from minigrad.vjps import VJPS, name_of
from minigrad.vjps.series import bessel_i, sinc_derivative

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
    return list(result) if isinstance(result, (list, tuple)) else [result]


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


@over_all_calls
def test_the_value_is_numpys_own_bit_for_bit(fn, sample):
    expected = as_list(sample.call(fn, sample.inputs))
    results = as_list(sample.call(fn, leaves(sample.inputs)))
    assert len(results) == len(expected)
    for result, value in zip(results, expected, strict=True):
        assert type(result) is mg.Tensor
        assert type(result.data) is np.ndarray
        assert (result.shape, result.dtype) == (np.shape(value), value.dtype)
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


SMOOTH_FUNCTIONS = {"relu", "sigmoid", "softplus", "erf", "sinc", "i0"}
ELEMENTWISE = [fn for fn in SAMPLES if isinstance(fn, np.ufunc) and fn.nin == 1]
ELEMENTWISE += [fn for fn in SAMPLES if name_of(fn) in SMOOTH_FUNCTIONS]


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
        (lambda x: np.linalg.norm(x, 1), ([0.0, -2.0],), ([0.0, -1.0],)),
        (lambda x: np.linalg.norm(x, 3), ([0.0, 0.0],), ([0.0, 0.0],)),
        (lambda x: np.linalg.norm(x, np.inf), ([-2.0, 2.0, 1.0],), ([-0.5, 0.5, 0.0],)),
        (lambda x: np.linalg.norm(x, 0), ([0.0, 2.0],), ([0.0, 0.0],)),
        (lambda x: np.linalg.norm(x, 1), ([[1.0, 2.0], [2.0, -1.0]],), ([[0.5] * 2, [0.5, -0.5]],)),
        (lambda x: np.linalg.norm(x, 2), ([[0.0, 3.0], [2.0, 0.0]],), ([[0.0, 1.0], [0.0, 0.0]],)),
        (np.linalg.det, ([[1.0, 2.0], [2.0, 4.0]],), ([[4.0, -2.0], [-2.0, 1.0]],)),
        (np.linalg.det, ([[0.0, 0.0], [0.0, 0.0]],), ([[0.0, 0.0], [0.0, 0.0]],)),
        (lambda x: np.linalg.slogdet(x)[0], ([[2.0, 0.0], [0.0, -1.0]],), (0.0,)),
        (np.linalg.eigvalsh, ([[1.0, 0.0], [0.0, 1.0]],), ([[1.0, 0.0], [0.0, 1.0]],)),
        (lambda x: np.linalg.eigh(x)[0], ([[1.0, 0.0], [0.0, 1.0]],), ([[1.0, 0.0], [0.0, 1.0]],)),
        (np.prod, ([0.0, 2.0, 3.0],), ([6.0, 0.0, 0.0],)),
        (np.sign, ([0.0, 3.0],), ([0.0, 0.0],)),
        (lambda x: np.sort(x) * [1, 2, 3, 4], ([2.0, 1.0, 2.0, 0.0],), ([3, 2, 4, 1],)),
        (lambda x: np.partition(x, 1)[:2] * [1, 2], ([2.0, 2.0, 1.0, 2.0],), ([2, 0, 1, 0],)),
        (lambda x: np.interp(x, [0, 1, 3], [0, 2, 3]), ([-1.0, 0, 1, 3, 4],), ([0, 2, 0.5, 0, 0],)),
        (np.fix, ([0.0, 2.0],), ([0.0, 0.0],)),
        (np.heaviside, ([0.0, 1.0], [0.5, 0.5]), ([0.0, 0.0], [1.0, 0.0])),
        (np.copysign, ([-2.0, 0.0, 3.0], [1.0, 1.0, -1.0]), ([-1.0, 0.0, -1.0], 0.0)),
        (np.modf, ([-2.0, 1.5],), ([1.0, 1.0],)),
        (np.fmod, ([-7.0], [2.0]), ([1.0], [3.0])),
        (np.divmod, ([-7.0], [2.0]), ([1.0], [4.0])),
        (np.nan_to_num, ([1.0, np.nan, np.inf, -np.inf],), ([1.0, 0.0, 0.0, 0.0],)),
        (np.nansum, ([1.0, np.nan],), ([1.0, 0.0],)),
        (np.nanmean, ([1.0, np.nan, 3.0],), ([0.5, 0.0, 0.5],)),
        (np.nanprod, ([2.0, np.nan, 3.0],), ([3.0, 0.0, 2.0],)),
        (np.nanvar, ([1.0, np.nan, 3.0],), ([-1.0, 0.0, 1.0],)),
        (np.nanstd, ([1.0, np.nan, 3.0],), ([-0.5, 0.0, 0.5],)),
        (np.nanstd, ([2.0, np.nan, 2.0],), ([0.0, 0.0, 0.0],)),
        (np.nanmax, ([3.0, np.nan, 3.0, 1.0],), ([0.5, 0.0, 0.5, 0.0],)),
        (np.nanmin, ([3.0, np.nan, 1.0],), ([0.0, 0.0, 1.0],)),
        (np.fmax.reduce, ([3.0, np.nan, 3.0, 1.0],), ([0.5, 0.0, 0.5, 0.0],)),
        (np.nancumsum, ([1.0, np.nan, 3.0],), ([3.0, 0.0, 1.0],)),
        (np.nancumprod, ([2.0, np.nan, 3.0],), ([5.0, 0.0, 2.0],)),
        (np.ptp, ([1.0, 1.0, 3.0],), ([-0.5, -0.5, 1.0],)),
        (np.ptp, ([2.0, 2.0],), ([0.0, 0.0],)),
        (np.median, ([1.0, 3.0, 9.0, 3.0, 3.0],), ([0.0, 1 / 3, 0.0, 1 / 3, 1 / 3],)),
        (np.median, ([5.0, 1.0, 3.0, 1.0],), ([0.0, 0.25, 0.5, 0.25],)),
        (lambda x: np.quantile(x, 0.25), ([3.0, 1.0, 2.0],), ([0.0, 0.5, 0.5],)),
        (np.cumprod, ([0.0, 2.0, 3.0],), ([9.0, 0.0, 0.0],)),
        (np.cumprod, ([2.0, 0.0, 3.0],), ([1.0, 8.0, 0.0],)),
        (np.maximum.accumulate, ([1.0, 1.0, 2.0],), ([1.5, 0.5, 1.0],)),
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


@pytest.mark.parametrize("fn", [np.cumsum, np.cumprod])
def test_an_axis_of_a_number_that_runs(fn):
    assert_grads(lambda x: fn(x, axis=0), np.array(2.0), 1.0)


@pytest.mark.parametrize(
    ("fn", "expected"),
    [
        (np.sinc, [0.0, -(np.pi**2) / 3, 0.0, np.pi**4 / 5, 0.0]),
        (np.i0, [0.0, 1 / 2, 0.0, 3 / 8, 0.0]),
    ],
)
def test_all_derivatives_at_zero(fn, expected):
    x = mg.tensor([0.0], requires_grad=True, dtype=np.float64)
    y = fn(x)
    for value in expected:
        y = mg.grad(y.sum(), x, create_graph=True)
        np.testing.assert_allclose(y.data, [value], rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("order", range(1, 7))
def test_derivatives_of_sinc_are_integrals_of_cosines(order):
    x = np.concatenate([np.linspace(-5, 5, 41), [0.3, 0.32, 0.64, 1e-9]])
    nodes, weights = np.polynomial.legendre.leggauss(60)
    t, w = (nodes + 1) / 2, weights / 2
    phase = np.pi * x[:, None] * t + order * np.pi / 2
    expected = ((np.pi * t) ** order * np.cos(phase)) @ w
    np.testing.assert_allclose(sinc_derivative(x, order), expected, atol=1e-12 * np.pi**order)


@pytest.mark.parametrize("order", range(5))
def test_bessel_functions_are_integrals_of_exponentials(order):
    x = np.array([-30.0, -2.0, 1e-3, 0.5, 3.0, 50.0, 500.0])
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    expected = np.mean(np.exp(x[:, None] * np.cos(angle)) * np.cos(order * angle), axis=1)
    np.testing.assert_allclose(bessel_i(x, order), expected, rtol=1e-11, atol=1e-15)


def test_weights_that_do_not_fit_or_sum_to_zero():
    x = mg.tensor(np.ones((2, 3)), requires_grad=True)
    for axis in (None, 0):
        with pytest.raises(TypeError, match=rf"average.*\(3,\).*\(2, 3\) and axis is {axis}"):
            np.average(x, axis, np.ones(3))
    with pytest.raises(ZeroDivisionError, match="average: weights.*sum to zero"):
        np.average(x, 1, np.array([1.0, -1.0, 0.0]))


def test_a_quantile_has_no_derivative_in_its_place():
    q = mg.tensor(0.5, requires_grad=True)
    with pytest.raises(TypeError, match=r"no derivative in q.*q\.data"):
        np.quantile(np.arange(3.0), q).backward()


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
        (np.nansum, lambda x, kept, n: np.ones_like(x)),
        (np.nanmean, lambda x, kept, n: np.ones_like(x) / n),
        (np.nanprod, lambda x, kept, n: kept / x),
        (np.nanmax, lambda x, kept, n: (x == kept) * 1.0),
        (np.minimum.reduce, lambda x, kept, n: (x == kept) * 1.0),
        (np.multiply.reduce, lambda x, kept, n: kept / x),
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


@st.composite
def runs(draw):
    """Arrays with zeros among their elements, and one of their axes."""
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5))
    values = st.sampled_from([-2.0, -1.0, 0.0, 0.5, 3.0])
    return draw(hnp.arrays(float, shape, elements=values)), draw(st.integers(0, len(shape) - 1))


@quick
@given(runs())
def test_running_products_with_zeros(run):
    """dy[j] / dx[i] is the product of all of x[:j+1] but x[i]."""
    x, axis = run
    g = numbers(x.shape)
    xs = leaves([x])
    (found,) = mg.grad([np.cumprod(xs[0], axis=axis)], xs, [g])
    expected = np.zeros_like(x)
    rows, weights, slopes = (np.moveaxis(a, axis, -1) for a in (x, g, expected))
    for line in np.ndindex(rows.shape[:-1]):
        for i, j in itertools.combinations_with_replacement(range(x.shape[axis]), 2):
            slopes[line][i] += weights[line][j] * np.prod(np.delete(rows[line][: j + 1], i))
    np.testing.assert_allclose(found.data, expected, rtol=1e-12, atol=1e-12)


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
        (np.linalg.eig, "eig"),
        (np.linalg.cond, "cond"),
        (np.fft.fft, "fft"),
        (np.trim_zeros, "trim_zeros"),
        (np.spacing, "spacing"),
        (np.frexp, "frexp"),
        (np.arctan2.accumulate, "arctan2.accumulate"),
        (np.arctan2.reduce, "arctan2.reduce"),
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
        (lambda t: np.add.reduceat(t, [0]), r"add\.reduceat"),
        (lambda t: np.multiply.reduceat(t, [0]), r"multiply\.reduceat"),
        (lambda t: np.add.accumulate(t, dtype=np.float64), r"add\.accumulate.*dtype="),
        (lambda t: np.multiply.outer(t, t, dtype=np.float64), r"multiply\.outer.*dtype="),
        (lambda t: np.maximum.reduce(t, initial=0.0), r"maximum\.reduce.*initial="),
        (lambda t: np.cumprod(t, dtype=np.float64), "dtype="),
        (lambda t: np.nansum(t, initial=1.0), "initial="),
        (lambda t: np.average(t, returned=True), "returned="),
        (lambda t: np.nan_to_num(t, copy=False), "copy="),
        (lambda t: np.nan_to_num(t, False), "nan_to_num.*at most"),
        (lambda t: np.median(t, overwrite_input=True), "overwrite_input="),
        (lambda t: np.quantile(t, 0.5, method="lower"), "method="),
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
        (lambda t: np.pad(t, 1, "linear_ramp"), "pad.*mode.*linear_ramp"),
        (lambda t: np.pad(t, 1, "reflect", reflect_type="odd"), "pad.*reflect_type.*odd"),
        (lambda t: np.pad(t, 1, "mean", stat_length=1), "pad.*stat_length="),
        (lambda t: np.interp(t, [0.0, 1.0], [0.0, 1.0], period=2), "interp.*period="),
        (lambda t: np.sort(t, order="x"), "sort.*order="),
        (lambda t: np.stack([t, t], dtype=np.float32), "stack.*dtype="),
        (lambda t: np.einsum("i", t, dtype=np.float64), "einsum.*dtype="),
        (lambda t: np.linalg.pinv(t * np.eye(2), 1e-3), "pinv.*at most"),
        (lambda t: np.linalg.pinv(t * np.eye(2), hermitian=True), "pinv.*hermitian="),
        (lambda t: np.linalg.svd(t * np.eye(2), hermitian=True), "svd.*hermitian="),
        (lambda t: np.linalg.svd(t * np.ones((3, 2))), r"svd of shape \(3, 2\).*=False"),
        (lambda t: np.linalg.qr(t * np.ones((3, 2)), "complete"), r"qr of shape \(3, 2\).*comp"),
        (lambda t: np.linalg.qr(t * np.eye(2), "raw"), "qr.*raw"),
        (lambda t: np.linalg.lstsq(t * np.eye(2), t), "lstsq has no derivative rule"),
        (lambda t: np.trace(t * np.eye(2), dtype=np.float64), "trace.*dtype="),
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
    with pytest.raises(TypeError, match=r"mg\.stack"):
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
