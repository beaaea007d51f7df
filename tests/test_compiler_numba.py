"""Programs as loops compiled by Numba: every pattern computes what NumPy computes."""

import copy
import functools
import os
import subprocess
import sys

import numba
import numpy as np
import pytest
from compiler_programs import program_of, run
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
import minigrad.functional as F
from minigrad import nn
from minigrad.compiler.jit import elementary, places, product_lines, schedule, threads
from minigrad.compiler.numba_backend import NumbaExecutable
from minigrad.compiler.program import Value, mapped


@pytest.fixture(autouse=True, scope="session")
def cache(tmp_path_factory):
    """Programs of the tests are kept apart from the user's."""
    before = os.environ.get("MINIGRAD_CACHE")
    os.environ["MINIGRAD_CACHE"] = str(tmp_path_factory.mktemp("programs"))
    yield
    if before is None:
        del os.environ["MINIGRAD_CACHE"]
    else:
        os.environ["MINIGRAD_CACHE"] = before


def rng(seed=0):
    return np.random.default_rng(seed)


def floats(*shape, dtype="f", seed=0):
    return rng(seed).standard_normal(shape).astype(dtype)


def executed(program, inputs=(), state=()):
    """The program run twice by Numba: outputs, new states, kept arrays, and the executable."""
    states = [np.array(s) if isinstance(s, np.ndarray) else s for s in state]
    memory = dict(zip(program.state, states, strict=True)) | program.constants
    executable = NumbaExecutable(program, memory)
    arguments = [*inputs, *(s for v, s in zip(program.state, states, strict=True) if v.is_number)]
    results = executable.step(*arguments)
    outputs = iter(results)
    outputs = mapped(program.outputs, lambda v: next(outputs) if isinstance(v, Value) else v)
    numbers = list(results[len(results) - sum(not s.is_array for s in program.writes) :])
    new = [memory[s] if s.is_array else numbers.pop(0) for s in program.writes]
    return outputs, new, list(executable.kept), executable


def agree(a, b, tolerance=1e-5):
    if isinstance(a, (tuple, list)):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            agree(x, y, tolerance)
    elif isinstance(a, (np.ndarray, np.generic)):
        a, b = np.asarray(a), np.asarray(b)
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        if a.dtype.kind in "fc":
            with np.errstate(all="ignore"):
                scale = np.nanmax(np.abs(np.where(np.isfinite(b), b, 0)), initial=1e-30)
            np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale)
        else:
            np.testing.assert_array_equal(a, b)
    else:
        assert type(a) is type(b)
        assert a == pytest.approx(b, rel=1e-12, nan_ok=True)


def check(fn, /, states=(), fallbacks=0, **inputs):
    """Compare the function's program, run by Numba, with the same run by NumPy."""
    program = program_of(fn, states, **inputs)
    with np.errstate(all="ignore"):
        expected = run(program, list(inputs.values()), states)
    *got, executable = executed(program, list(inputs.values()), states)
    for a, b in zip(got, expected, strict=True):
        agree(a, b)
    assert len(executable.fallbacks) == fallbacks, executable.fallbacks
    return executable.source.text


# Element-wise calls.

X = floats(3, 4)


def test_a_chain_is_one_loop():
    text = check(lambda r, x: np.tanh(x * 2 + 1) / 3, x=X)
    assert text.count("for ") == 1 and "range(12)" in text


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((3, 4), (4,)), ((3, 4), (3, 1)), ((3, 4), (1, 4)), ((3, 4), ()), ((3, 1), (1, 4)),
        ((2, 3, 4), (3, 1)), ((2, 3, 4), (2, 1, 4)), ((2, 1, 4), (3, 1)), ((1, 1), (1,)),
        ((), ()), ((0, 4), (4,)), ((5, 1), (5, 1)), ((2, 3, 4), (2, 3, 1)),
    ],
)  # fmt: skip
def test_operands_are_broadcast(a, b):
    check(lambda r, x, y: (x - y, np.exp(x) * y), x=floats(*a), y=floats(*b, seed=1))


UFUNCS = [
    np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum, np.power, np.arctan2,
    np.hypot, np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal,
    np.logical_and, np.logical_or, np.logical_xor,
]  # fmt: skip


@pytest.mark.parametrize("dtype", ["f", "d"])
def test_binary_functions(dtype):
    x, y = abs(floats(7, dtype=dtype)), floats(7, dtype=dtype, seed=1)
    y[2] = x[2]
    check(lambda r, x, y: [fn(x, y) for fn in UFUNCS], x=x, y=y)


@pytest.mark.parametrize("dtype", ["f", "d"])
def test_unary_functions(dtype):
    names = [
        "exp", "log", "tanh", "sqrt", "negative", "absolute", "square", "reciprocal", "sin", "cos",
        "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "arcsinh", "arctanh", "log2", "log10",
        "log1p", "expm1", "exp2", "floor", "ceil", "rint", "trunc", "sign", "isnan", "isfinite",
        "isinf", "fabs", "positive", "logical_not",
    ]  # fmt: skip
    x = rng().uniform(0.1, 0.9, 7).astype(dtype)
    check(lambda r, x: [getattr(np, name)(x) for name in names], x=x)


def test_powers():
    check(lambda r, x: [x**2, x**3, abs(x) ** 0.5, x**-1, x**1, x**0, 2**x], x=X)


@pytest.mark.parametrize("dtype", ["f", "d"])
def test_numbers_take_the_dtype_of_the_arrays(dtype):
    text = check(lambda r, x: (x * 0.1 + 3, np.maximum(x, 0), 1 - x), x=floats(5, dtype=dtype))
    assert "np.float64" not in text or dtype == "d"


def test_whole_numbers_and_booleans():
    i, j = np.arange(-4, 4, dtype=np.int32), np.arange(8, dtype=np.int8)

    def fn(r, i, j):
        both = (i > 0) & (j < 6)
        return i + j, i * 2, i / 2, -j, i & 3, both, ~both, np.where(both, i, 7), i.astype("f")

    check(fn, i=i, j=j)


def test_small_whole_numbers_wrap_around():
    check(lambda r, i: (i + i, i * i), i=np.array([100, -100, 127], np.int8))


def test_dtypes_are_converted_as_numpy_does():
    x, y = floats(5), floats(5, dtype="d")
    check(lambda r, x, y: (x + y, x * np.float64(2), np.float32(2) * x, y.astype("f")), x=x, y=y)


def test_nan_and_infinity():
    x = np.array([np.nan, np.inf, -np.inf, 0, -0.0, 1e38, -1e38, 1], np.float32)
    y = x[::-1].copy()

    def fn(r, x, y):
        plain = x + y, x - y, x * y, x / y, np.maximum(x, y), np.minimum(x, y), np.sqrt(x)
        return *plain, np.exp(x), np.tanh(x), np.log(x), np.isnan(x), np.isfinite(x), x > y

    check(fn, x=x, y=y)


def test_where():
    check(lambda r, x: (np.where(x > 0, x, 0), np.where(x > 0, 1.5, x)), x=X)


def test_clip():
    x = np.array([np.nan, np.inf, -np.inf, 0, -0.0, 0.3, -0.7], np.float32)

    def fn(r, x):
        lower = np.clip(x, -1, x * x)
        return np.clip(x, -0.5, 0.5), np.clip(x, -1, 2) * 2, lower, np.clip(x, 0.5, -0.5)

    check(fn, x=x)
    check(lambda r, x: np.clip(x, None, 1.0), fallbacks=1, x=X)
    check(lambda r, x: np.clip(x, -1, 2), x=np.arange(-3, 4))


# Views.


def test_views_cost_nothing():
    def fn(r, x):
        return x.T * 2, x[1:, ::2] + 1, x[::-1] - 1, x[:, :1] - x, x.reshape(2, 6) + 1

    check(fn, x=floats(3, 4))


def test_views_of_results():
    def fn(r, x):
        h = np.exp(x)
        return h.T + 1, h[1] * 2, h[..., None] + x[:, None], h.reshape(-1) - 1

    check(fn, x=floats(3, 3))


@pytest.mark.parametrize("order", ["F", "gaps", "reversed", "broadcast"])
def test_inputs_with_any_strides(order):
    x = floats(6, 4)
    x = {
        "F": np.asfortranarray(x), "gaps": floats(6, 8)[:, ::2], "reversed": x[::-1],
        "broadcast": np.broadcast_to(x[0], (6, 4)),
    }[order]  # fmt: skip
    w = floats(4, 3, seed=1)
    check(lambda r, x, w: (x * 2 + 1, x.sum(axis=1), x @ w, x.T @ x), x=x, w=w)


# Reductions.

AXES = [None, 0, 1, -1, (0, 1), (1, 2), (0, 2), (0, 1, 2)]


@pytest.mark.parametrize("keepdims", [False, True])
def test_reductions(keepdims):
    def fn(r, x):
        sums = [np.sum(x * 2, axis=a, keepdims=keepdims) + 1 for a in AXES]
        return sums, [np.max(x, axis=a, keepdims=keepdims) for a in AXES], x.min(axis=1)

    check(fn, x=floats(3, 4, 5))


def test_reductions_of_other_dtypes():
    i = np.arange(12, dtype=np.int32).reshape(3, 4)
    check(lambda r, i: (i.sum(), i.max(axis=0), i.min(axis=1), (i > 5).sum(axis=1)), i=i)


def test_reductions_of_nan():
    x = np.array([[1, np.nan, 3], [4, 5, np.inf], [-np.inf, -np.inf, -np.inf]], np.float32)
    check(lambda r, x: (x.max(axis=1), x.min(axis=1), x.sum(axis=1), x.max(), x.max(axis=0)), x=x)


def test_reductions_of_nothing():
    check(lambda r, x: (x.sum(), x.sum(axis=0), x.sum(axis=1), x * 2), x=floats(0, 3))


def test_long_sums_are_accurate():
    x = np.full(2_000_000, 0.1, np.float32)
    program = program_of(lambda r, x: x.sum(), x=x)
    total, *_ = executed(program, [x])
    np.testing.assert_allclose(total, 2e5, rtol=1e-6)


def test_a_softmax_is_one_pass_over_the_rows():
    def fn(r, x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    text = check(fn, x=floats(6, 5))
    assert text.count("for i in range(6)") == 1


def test_values_once_for_each_row():
    def fn(r, x, w):
        mean = x.sum(axis=-1) / 5
        centred = x - mean[:, None]
        scale = np.sqrt((centred * centred).sum(axis=-1, keepdims=True) / 5 + 1e-5)
        y = centred / scale * w
        return y, y.sum(axis=0), (mean * mean).sum()

    check(fn, x=floats(6, 5), w=floats(5, seed=1))


def test_a_sum_that_its_own_loops_wait_for():
    check(lambda r, x: x / np.sqrt((x * x).sum()), x=X)


def test_einsum():
    def fn(r, x, y):
        inner = np.einsum("...c,...c->...", x, y)
        return inner, np.einsum("ij,kj->ik", x, y), np.einsum("ij->ji", x), np.einsum("ij->", x)

    check(fn, x=X, y=floats(3, 4, seed=1))


# Products.


@pytest.mark.parametrize("dtype", ["f", "d"])
@pytest.mark.parametrize(
    ("n", "k", "m"),
    [(1, 1, 1), (3, 4, 5), (16, 16, 16), (17, 3, 77), (99, 2, 16), (5, 7, 1), (1, 7, 5), (8, 0, 3)],
)
def test_small_products(n, k, m, dtype):
    a, b = floats(n, k, dtype=dtype), floats(k, m, dtype=dtype, seed=1)
    at, bt = np.ascontiguousarray(a.T), np.ascontiguousarray(b.T)

    def fn(r, a, b, at, bt):
        return np.dot(a, b), at.T @ b, np.dot(a, bt.T), at.T @ bt.T

    check(fn, a=a, b=b, at=at, bt=bt)


@pytest.mark.parametrize(
    ("limit", "function"), [("SMALL_PRODUCT", "threaded_product("), ("LARGE_PRODUCT", "np.dot(")]
)
def test_larger_products(monkeypatch, limit, function):
    for module in (schedule, product_lines):
        monkeypatch.setattr(module, "SMALL_PRODUCT", 1 << 12)
    if limit == "LARGE_PRODUCT":
        monkeypatch.setattr(product_lines, limit, 1 << 12)
    a, b, row = floats(70, 20), floats(20, 50, seed=1), floats(50)
    bt = np.ascontiguousarray(b.T)

    def fn(r, a, b, bt, row):
        return a @ b, a @ bt.T, a.T @ a, a[::2] @ b, a @ b[:, ::2], a @ bt.T + row

    assert function in check(fn, a=a, b=b, bt=bt, row=row)


@pytest.mark.parametrize("dtype", ["f", "d"])
def test_products_of_scattered_rows(monkeypatch, dtype):
    """Where the elements of a row lie far apart, threads copy their blocks."""
    for module in (schedule, product_lines):
        monkeypatch.setattr(module, "SMALL_PRODUCT", 1 << 12)
    a, b = floats(40, 600, dtype=dtype), floats(40, 300, dtype=dtype, seed=1)
    assert "threaded_product(" in check(lambda r, a, b: (a.T @ b, a[::2].T @ b[1::2]), a=a, b=b)


def test_products_of_vectors():
    check(
        lambda r, x, y, w: (x @ y, x @ w, w @ y), x=floats(4), y=floats(4, seed=1), w=floats(4, 4)
    )


@pytest.mark.parametrize(("limit", "kind"), [(1 << 21, "products"), (1, "threaded_products")])
def test_stacks_of_products(monkeypatch, limit, kind):
    """Attention's: heads are views of one array; also one axis in front, and broadcast ones."""
    monkeypatch.setattr(product_lines, "SMALL_PRODUCT", limit)
    qkv, w = floats(3, 5, 3 * 2 * 4), floats(4, 7, seed=1)

    def fn(r, qkv, w):
        q, k, v = (qkv[..., i : i + 8].reshape(3, 5, 2, 4).swapaxes(1, 2) for i in (0, 8, 16))
        scores = np.matmul(q, k.swapaxes(-1, -2))
        mixed = np.matmul(np.tanh(scores), v).swapaxes(1, 2).reshape(3, 5, 8)
        one = np.matmul(qkv[0, 0], qkv.swapaxes(-1, -2))
        return mixed, scores.swapaxes(-1, -2) @ v, one, q @ w, mixed @ floats(8, 3), qkv @ qkv[0, 0]

    text = check(fn, qkv=qkv, w=w)
    assert f" {kind}(" in text
    assert f" {kind}_by_columns(" in text


def test_stacks_of_products_that_are_left_to_numpy():
    """Three axes in front that do not go on evenly, columns and rows with gaps, dot's pairs."""
    x = floats(3, 4, 5, 6, 6)

    def fn(r, x):
        return x[::2, ::2, ::2] @ x[::2, ::2, ::2], x[0, ..., ::2, ::2] @ x[0, ..., ::2, ::2]

    check(fn, x=x, fallbacks=2)
    check(lambda r, x: np.dot(x, x), x=floats(2, 3, 3), fallbacks=1)


def test_a_stack_of_rows_times_a_matrix_is_one_product():
    text = check(lambda r, x, w: np.dot(x, w), x=floats(2, 3, 4), w=floats(4, 5))
    assert "product(x_matrix, w, " in text


def test_a_bias_is_added_by_the_product():
    text = check(lambda r, x, w, b: np.maximum(x @ w + b, 0), x=X, w=floats(4, 5), b=floats(5))
    assert "product_plus" in text


def test_a_product_that_is_read_twice_keeps_its_bias_apart():
    def fn(r, x, w, b):
        h = x @ w
        return h + b, h * 2

    check(fn, x=X, w=floats(4, 5), b=floats(5))


# States.


def test_states_are_written_in_place():
    def fn(r, x, s, t):
        s[...] = s * 0.9 + x
        t -= s
        return t.sum()

    text = check(fn, [floats(3, 4, seed=1), floats(3, 4, seed=2)], x=X)
    assert text.count(" = array_at(") == 3  # the two states, and the sum


def test_states_that_are_read_later():
    def fn(r, x, s):
        old = s * 1
        s[...] = x
        return old @ s.T, s[0] + 1

    check(fn, [floats(3, 4, seed=1)], x=X)


def test_states_that_change_places():
    def fn(r, s, t):
        old = s * 1
        s[...] = t
        t[...] = old
        return s + t

    check(fn, [floats(3, seed=1), floats(3, seed=2)])


def test_a_state_from_a_transposed_read():
    def fn(r, s):
        s[...] = s.T + 1
        return s * 2

    check(fn, [floats(3, 3)])


def test_parts_of_states():
    def fn(r, x, s):
        s[1:3] = x
        s[0] += 1
        s[:, 2] *= 3
        return s.sum()

    check(fn, [floats(4, 3)], x=floats(2, 3))


def test_numbers_are_computed_by_the_loops():
    def fn(r, x):
        owner = {"t": 3, "lr": 0.5}
        t, lr = r.number(owner, "t", "t"), r.number(owner, "lr", "lr")
        r.set_number(owner, "t", t + 1)
        return x * lr / (1 - 0.9**t), lr * 2

    program = program_of(fn, x=X)
    expected = run(program, [X], [3, 0.5])
    *got, executable = executed(program, [X], [3, 0.5])
    agree(got[0], expected[0])
    agree(got[1], expected[1])
    assert not executable.fallbacks


# Putting arrays together.


def test_concatenations():
    def fn(r, x, y):
        rows = np.concatenate([np.exp(x), y * 2, x[:1]])
        columns = np.concatenate([x, np.tanh(x)], axis=1)
        return rows, columns * 2, np.concatenate([(x @ x.T).ravel(), y.sum(axis=1)])

    check(fn, x=X, y=floats(2, 4, seed=1))


def test_gradients_of_parts():
    def fn(r, x):
        x = mg.Tensor(x, requires_grad=True) if False else x
        return F.softmax(x[1:], axis=-1)

    check(fn, x=X)


# What loops cannot do.


def test_draws_are_left_to_numpy():
    generator = np.random.default_rng(3)

    def fn(r, x):
        g = r.generator(generator, "g")
        return np.exp(x) * (g.random((3, 4)) < 0.5) + x

    program = program_of(fn, x=X)
    expected = run(program, [X], [generator])[0]
    outputs, _, _, executable = executed(program, [X], [copy.deepcopy(generator)])
    agree(outputs, expected)
    (fallback,) = executable.fallbacks
    assert fallback.startswith("draw(g, 'random'") and fallback.endswith("draws random numbers")


def test_unknown_functions_are_left_to_numpy():
    def fn(r, x):
        return np.sort(np.exp(x), axis=1) * 2 + np.cumsum(x, axis=0), x[[2, 0]] * 2

    check(fn, fallbacks=3, x=X)


@functools.lru_cache
def taps(count):
    return np.arange(1.0, count + 1)


@mg.primitive
def stepped(x):
    """A body that looks at values one by one is kept as one call, with all that it uses."""
    levels = taps(3)
    return np.array([levels[levels <= value].sum() for value in x.tolist()], x.dtype)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_a_function_that_uses_what_has_no_source(backend):
    x = floats(7)
    step = mg.compile(lambda taps: stepped(np.exp(taps)) + taps, backend=backend)
    for _ in range(2):
        np.testing.assert_allclose(step(x), stepped(np.exp(x)) + x, rtol=1e-6)
    assert "for value in x.tolist()" in step.source
    assert "lru_cache" not in step.source


def test_unknown_dtypes_are_left_to_numpy():
    check(lambda r, x: np.abs(x.astype(np.float16)) + x, fallbacks=3, x=X)


def test_several_results_of_one_call_are_left_to_numpy():
    program = program_of(lambda r, x: np.linalg.slogdet(x)[1] * 2, x=floats(3, 3))
    expected = run(program, [floats(3, 3)])[0]
    outputs, _, _, executable = executed(program, [floats(3, 3)])
    agree(outputs, expected)
    assert "slogdet" in executable.fallbacks[0]


def test_settings_for_errors_are_left_to_numpy():
    def fn(r, x):
        with np.errstate(invalid="raise"):
            return np.sqrt(x) + 1

    program = program_of(fn, x=abs(X))
    *_, executable = executed(program, [abs(X)])
    assert "floating-point errors are to be noticed" in executable.fallbacks[0]
    with pytest.raises(FloatingPointError):
        executable.step(-abs(X))


# Elementary functions.

EXTREMES = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-40, -1e-40, 1e38, -1e38, 88.7, 89, -104, -87.4]


def each(fn):
    def loop(x, out):
        for i in range(len(x)):
            out[i] = fn(x[i])

    return numba.njit(loop, error_model="numpy")


@pytest.mark.parametrize(
    ("name", "dtype", "bound"),
    [
        ("exp", "f", 1e-7), ("tanh", "f", 3e-7), ("log", "f", 2e-7),
        ("exp", "d", 4e-16), ("tanh", "d", 1e-15),
    ],
)  # fmt: skip
def test_largest_relative_errors(name, dtype, bound):
    fn = getattr(elementary, f"{name}{8 * np.dtype(dtype).itemsize}")
    whole = np.linspace(-800, 800, 400_001)
    near_zero = np.geomspace(1e-37, 1, 100_000)
    x = np.concatenate([whole, near_zero, -near_zero, EXTREMES]).astype(dtype)
    got = np.empty_like(x)
    each(fn)(x, got)
    with np.errstate(all="ignore"):
        exact = getattr(np, name)(x.astype(np.longdouble))
        rounded = exact.astype(dtype)
    is_number = np.isfinite(rounded)
    np.testing.assert_array_equal(got[~is_number], rounded[~is_number])
    scale = np.maximum(np.abs(exact[is_number]), np.finfo(dtype).tiny)
    assert np.max(np.abs(got[is_number] - exact[is_number]) / scale) <= bound


def test_every_float32_exponent_has_a_logarithm():
    x = np.concatenate([np.float32(m) * np.exp2(np.arange(-149, 127)) for m in (1, 1.37, 1.9)])
    x = x.astype(np.float32)
    got = np.empty_like(x)
    each(elementary.log32)(x, got)
    np.testing.assert_allclose(got, np.log(x.astype(float)), rtol=2e-7)


# Long loops.


def test_long_loops_are_divided_among_threads(monkeypatch):
    monkeypatch.setattr(threads, "LEAST_WORK", 1)
    size = 2 * threads.BLOCK + 77

    def fn(r, x, s):
        scale = x.max() * 0.5
        s[...] = s * 0.9 + np.square(x) * scale
        return s[1:] - 1

    text = check(fn, [floats(size, seed=1)], x=floats(size))
    assert "@threaded" in text and "prange(3)" in text


@pytest.mark.parametrize("longest", [1, 2, 5])
def test_long_programs_are_several_functions(monkeypatch, longest):
    """Arrays, numbers and states reach the next function."""
    monkeypatch.setattr(places, "LONGEST", longest)

    def fn(r, x, w, s):
        scale = x.max() * 0.5
        h = x
        for _ in range(4):
            h = np.tanh(h @ w) * scale + s
        s[...] = s * 0.9 + h[0]
        return h, h.sum() * scale, scale

    text = check(fn, [floats(4, seed=1)], x=X, w=floats(4, 4, seed=2))
    assert text.count("@compiled") > 1


# Training.


@pytest.fixture(params=["f", "d"])
def dtype(request):
    before = mg.get_default_dtype()
    mg.set_default_dtype(request.param)
    yield request.param
    mg.set_default_dtype(before)


def classifier():
    g = np.random.default_rng(0)
    model = nn.Sequential(
        nn.Linear(5, 16, rng=g), nn.Tanh(), nn.Linear(16, 12, rng=g), nn.ReLU(),
        nn.Linear(12, 3, rng=g),
    )  # fmt: skip
    optimizer = mg.optim.Adam(model.parameters(), lr=0.01)

    def step(x, y):
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return model, step


def test_training_is_that_of_eager(dtype):
    x, y = floats(20, 5, dtype=dtype), rng().integers(0, 3, 20)
    eager, eager_step = classifier()
    model, step = classifier()
    step = mg.compile(step, backend="numba")
    tolerance = {"rtol": 1e-5, "atol": 1e-6} if dtype == "f" else {"rtol": 1e-9, "atol": 1e-12}
    for _ in range(60):
        np.testing.assert_allclose(step(x, y).data, eager_step(x, y).data, **tolerance)
    for p, q in zip(model.parameters(), eager.parameters(), strict=True):
        np.testing.assert_allclose(p.data, q.data, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(p.grad.data, q.grad.data, rtol=1e-3, atol=1e-5)


def test_errors_of_the_function_are_still_raised():
    _, step = classifier()
    step = mg.compile(step, backend="numba")
    x, y = floats(20, 5), rng().integers(0, 3, 20)
    step(x, y)
    with pytest.raises(ValueError, match="labels must lie in"):
        step(x, y + 3)


# The files.

PROGRAM = """
import sys, numpy as np
import minigrad as mg
step = mg.compile(lambda x: np.tanh(x) @ x.T + 1, backend="numba")
x = np.ones((4, 4), np.float32)
step(x)
(program,) = (m for name, m in sys.modules.items() if name.startswith("minigrad_program"))
loops = vars(program)["_lambda__loops"]
print(sum(loops.stats.cache_hits.values()), float(np.asarray(step(x))[0, 0]))
"""


def run_in_a_process(**environment):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()


def test_the_next_process_finds_the_machine_code(tmp_path):
    first = run_in_a_process(MINIGRAD_CACHE=str(tmp_path))
    assert len(list(tmp_path.glob("*.py"))) == 1
    second = run_in_a_process(MINIGRAD_CACHE=str(tmp_path))
    assert (first[0], second[0]) == ("0", "1")
    assert first[1] == second[1]


def test_without_a_folder_to_write_to_there_is_no_cache(tmp_path):
    file = tmp_path / "file"
    file.write_text("not a folder")
    assert run_in_a_process(MINIGRAD_CACHE=str(file))[0] == "0"


def test_equal_programs_share_machine_code_but_no_memory():
    program = program_of(lambda r, x: x * 3, x=X)
    (first, *_, a), (second, *_, b) = (executed(program, [X]) for _ in range(2))
    assert a.source.text == b.source.text
    assert not np.shares_memory(first, second)


def test_what_to_install_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(ImportError, match=r"minigrad\[jit\]"):
        mg.compile(lambda x: x + 1, backend="numba")(X)


# Any program.

SHAPES = [(), (1,), (4,), (3, 1), (3, 4), (1, 4), (2, 3, 4)]
ELEMENTWISE = [np.tanh, np.exp, np.square, np.negative, lambda x: 0.5 * x + 1, np.abs]
JOINING = [np.add, np.subtract, np.multiply, np.maximum, lambda a, b: np.where(a > b, a, b)]


def axis_of(data, x):
    return data.draw(st.sampled_from([None, *range(x.ndim), -1])) if x.ndim else None


def view_of(data, x):
    views = [
        lambda x: x.T, lambda x: x[..., None], lambda x: x.reshape(-1), lambda x: x[::-1],
        lambda x: x[..., :2], lambda x: x[1:], lambda x: x[None],
    ]  # fmt: skip
    return data.draw(st.sampled_from(views))(x)


def one_call(data, values):
    """A call on some of the values."""
    x, y = data.draw(st.sampled_from(values)), data.draw(st.sampled_from(values))
    kind = data.draw(st.sampled_from(["map", "join", "join", "reduce", "view", "dot", "concat"]))
    if kind == "map":
        return data.draw(st.sampled_from(ELEMENTWISE))(np.tanh(x))
    if kind == "join":
        try:
            np.broadcast_shapes(x.shape, y.shape)
        except ValueError:
            return x * 0.5
        return data.draw(st.sampled_from(JOINING))(x, y)
    if kind == "reduce":
        reduce = data.draw(st.sampled_from([np.sum, np.max]))
        return reduce(x, axis=axis_of(data, x), keepdims=data.draw(st.booleans()))
    if kind == "view":
        return view_of(data, x) if x.ndim and x.shape[0] > 1 and x.ndim < 4 else x + 1
    if kind == "dot" and x.ndim == y.ndim == 2 and x.shape[1] == y.shape[1]:
        return np.tanh(x @ y.T)
    if kind == "concat" and x.ndim and x.ndim == y.ndim and x.shape[1:] == y.shape[1:]:
        return np.concatenate([x, y])
    return x - 1


@settings(max_examples=25, derandomize=True, deadline=None)
@given(st.data())
def test_any_program(data):
    shapes = data.draw(st.lists(st.sampled_from(SHAPES), min_size=2, max_size=4))
    inputs = {f"x{k}": floats(*s, seed=k) for k, s in enumerate(shapes)}
    states = [floats(3, 4, seed=9), floats(4, seed=8)]

    def fn(r, *arrays):
        values, (s, t) = list(arrays), arrays[-2:]
        for _ in range(data.draw(st.integers(2, 12))):
            values.append(one_call(data, values))
        like_s = [v for v in values if v.shape == s.shape]
        s[...] = data.draw(st.sampled_from(like_s)) + s * 0.5
        t -= 0.1 * t.sum()
        chosen = data.draw(st.lists(st.sampled_from(values[len(arrays) :]), max_size=3))
        return [*(c + 0 for c in chosen), values[-1] * 1]

    check(fn, states, **inputs)


def test_values_share_memory_whose_lives_do_not_overlap():
    w = floats(64, 64) / 8

    def fn(r, x):
        for _ in range(20):
            x = np.tanh(x @ w)
        return x

    x = floats(64, 64)
    program = program_of(fn, x=x)
    outputs, _, _, executable = executed(program, [x])
    agree(outputs, run(program, [x])[0])
    assert len(executable.source.shared) == 17  # of 20 products, two by turns and the result
    assert executable.layout(program).arena < 6 * x.nbytes


def test_what_lasts_has_memory_of_its_own():
    model, step = classifier()
    compiled = mg.compile(step, backend="numba")
    x, y = floats(20, 5), rng().integers(0, 3, 20)
    compiled(x, y)
    gradients = [p.grad.data.copy() for p in model.parameters()]
    loss = compiled(x, y)
    before = loss.item()
    compiled(x * 2, y)
    assert loss.item() == before
    assert all(np.any(p.grad.data != g) for p, g in zip(model.parameters(), gradients, strict=True))


def test_explain_tells_of_memory_fallbacks_and_time():
    w = mg.Parameter(np.ones((3, 4), np.float32))
    optimizer = mg.optim.SGD([("w", w)], lr=0.1)

    @mg.compile(backend="numba")
    def step(x, labels):
        loss = F.cross_entropy(x @ w.T, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    x, labels = np.ones((5, 4), np.float32), np.array([0, 1, 2, 0, 1])
    step(x, labels)
    before = w.data.copy()
    explanation = step.explain()
    assert explanation.instructions == len(step.program.instructions)
    assert explanation.kept == w.data.nbytes
    assert explanation.arena < explanation.unshared
    assert [what.startswith("count_labels") for what in explanation.fallbacks] == [True]
    assert explanation.seconds["whole call"] > 0
    np.testing.assert_array_equal(w.data, before)


def test_a_second_program_finds_the_gradients_of_the_first():
    """A batch of another size: the gradients lie in the memory of the other program."""
    w = mg.Parameter(np.ones(3))
    optimizer = mg.optim.SGD([w], lr=0.1)

    def step(x):
        loss = ((x @ w) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    compiled = mg.compile(step, backend="numba")
    batches = [np.full((n, 3), 0.5) for n in (4, 4, 2, 4, 2)]
    found = [compiled(x).item() for x in batches]
    w.data = np.ones(3)
    np.testing.assert_allclose(found, [step(x).item() for x in batches], rtol=1e-6)


def test_an_operand_that_is_read_again_in_the_same_loop_is_not_written_over():
    """y takes the place of e only if no later member of the loop wants e."""

    def fn(x):
        e = np.exp(x)
        total = e.sum(axis=1, keepdims=True)
        y = e / total
        squared = (y * y).sum(axis=1, keepdims=True)
        return y - squared, e * total

    x = floats(4, 3)
    compiled = mg.compile(fn, backend="numba")
    compiled(x)
    for found, expected in zip(compiled(x), fn(x), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_copy_whose_original_lies_in_its_place_needs_no_loop():
    """Nothing stands between the two calls that are left to NumPy."""
    check(lambda r, x: np.sort(np.concatenate([np.sort(x)])), fallbacks=2, x=X)


def test_loops_go_along_memory():
    """Of transposed arrays the innermost axis is the first one; here all axes become one."""
    compiled = mg.compile(lambda x: np.exp(x.T) * 2 - x.T, backend="numba")
    x = floats(3, 5)
    compiled(x)
    np.testing.assert_allclose(compiled(x), np.exp(x.T) * 2 - x.T, rtol=1e-5)
    assert "for i in range(15):" in compiled.source
    assert "for j" not in compiled.source
