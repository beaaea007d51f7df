"""Every function of single elements, and every reduction, on shapes of 0 to 4 axes, some empty."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from samples import SAMPLES

import minigrad as mg
from minigrad.vjps import name_of

quick = settings(max_examples=12, deadline=None, derandomize=True, database=None)
shapes = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3)


def elementwise(count):
    """The ufuncs of so many arguments, with values from the first of their samples."""
    return [
        pytest.param(fn, [x.ravel() for x in calls[0].inputs], id=name_of(fn))
        for fn, calls in SAMPLES.items()
        if isinstance(fn, np.ufunc)
        and (fn.nin, fn.nout, fn.signature) == (count, 1, None)
        and len(calls[0].inputs) == count
    ]


def gradients(fn, arrays, g):
    xs = [mg.tensor(a, requires_grad=True) for a in arrays]
    y = fn(*xs)
    return y.data, [d.data for d in mg.grad([y], xs, [g(y.shape)])]


def numbers(shape):
    return np.random.default_rng(0).standard_normal(shape)


@quick
@given(shapes)
@pytest.mark.parametrize(("fn", "values"), elementwise(1))
def test_one_argument(fn, values, shape):
    x = np.resize(values[0], shape)
    g = numbers(shape)
    y, (found,) = gradients(fn, [x], lambda _: g)
    flat, (expected,) = gradients(fn, [x.ravel()], lambda _: g.ravel())
    np.testing.assert_array_equal(y, flat.reshape(shape))
    np.testing.assert_allclose(found, expected.reshape(shape), rtol=1e-12)


@quick
@given(
    hnp.mutually_broadcastable_shapes(num_shapes=2, min_dims=0, max_dims=4, min_side=0, max_side=3)
)
@pytest.mark.parametrize(("fn", "values"), elementwise(2))
def test_two_arguments(fn, values, broadcast):
    """As if both had been broadcast before, and their gradients summed afterwards."""
    arrays = [np.resize(v, s) for v, s in zip(values, broadcast.input_shapes, strict=True)]
    full = [np.broadcast_to(a, broadcast.result_shape) for a in arrays]
    y, found = gradients(fn, arrays, numbers)
    expected_y, expected = gradients(fn, full, numbers)
    np.testing.assert_array_equal(y, expected_y)
    for a, d, e in zip(arrays, found, expected, strict=True):
        extra = e.ndim - a.ndim
        e = e.sum(axis=tuple(range(extra)))
        e = e.sum(axis=tuple(i for i, n in enumerate(a.shape) if n == 1), keepdims=True)
        np.testing.assert_allclose(d, e, rtol=1e-12, atol=1e-12)


REDUCTIONS = [
    np.sum, np.mean, np.average, np.var, np.std, np.prod, np.max, np.min, np.ptp, np.median,
    np.nansum, np.nanmean, np.nanprod, np.nanvar, np.nanstd, np.nanmax, np.nanmin,
    np.linalg.vector_norm,
]  # fmt: skip


@st.composite
def reductions(draw):
    """A shape with something to reduce, axes of it, and keepdims."""
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3))
    axes = draw(
        st.none() | st.sets(st.integers(-len(shape), len(shape) - 1) if shape else st.nothing())
    )
    axis = None if axes is None else tuple({a % len(shape): a for a in axes}.values())
    return shape, axis, draw(st.booleans())


@quick
@given(reductions())
@pytest.mark.parametrize("fn", REDUCTIONS, ids=name_of)
def test_reductions(fn, reduction):
    """As if the reduced axes had been joined to one at the end."""
    shape, axis, keepdims = reduction
    reduced = tuple(range(len(shape))) if axis is None else tuple(a % len(shape) for a in axis)
    free = tuple(a for a in range(len(shape)) if a not in reduced)
    rows_shape = [shape[a] for a in free]
    count = int(np.prod([shape[a] for a in reduced]))
    if count == 0 or (0 in rows_shape and not reduced):
        return  # no maximum, mean or median exists, or NumPy's median refuses
    x = numbers(shape)
    kept = tuple(1 if a in reduced else n for a, n in enumerate(shape))
    g = numbers(rows_shape)
    y, (found,) = gradients(
        lambda t: fn(t, axis=axis, keepdims=keepdims), [x], lambda s: g.reshape(s)
    )
    assert y.shape == (kept if keepdims else tuple(rows_shape))
    rows = np.transpose(x, free + reduced).reshape(*rows_shape, count)
    expected_y, (slopes,) = gradients(lambda t: fn(t, axis=-1), [rows], lambda s: g)
    np.testing.assert_allclose(y.reshape(rows_shape), expected_y, rtol=1e-12, atol=1e-14)
    back = slopes.reshape([shape[a] for a in free + reduced])
    expected = np.transpose(back, np.argsort(free + reduced).astype(int))
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
