"""Arguments and results of compiled functions, of every kind."""

from collections import namedtuple

import numpy as np
import pytest
from compiled_runs import Run, assert_equal_runs, bits

import minigrad as mg
import minigrad.functional as F
from minigrad import nn, optim

X = np.arange(6, dtype=np.float32).reshape(2, 3)
Pair = namedtuple("Pair", ["x", "y"])


def assert_equal(fn, *calls, programs=1):
    """Each call is a tuple of arguments, and perhaps a dict of more at its end."""
    compiled = mg.compile(fn)
    for call in calls:
        args, kwargs = (call[:-1], call[-1]) if call and type(call[-1]) is dict else (call, {})
        assert bits(compiled(*args, **kwargs)) == bits(fn(*args, **kwargs))
    assert compiled.cache_info().misses == programs, compiled._reasons
    return compiled


def test_floats_are_inputs():
    def fn(x, a, b=0.5):
        return x * a**2 + b, a * b, -a, abs(a - 1), a // 0.3, 7 % (a + 1)

    assert_equal(fn, (X, 2.0), (X, 3.0), (X, -0.0), (X, 1e-30, {"b": 2.0}), (X, 7.0, {"b": 1.0}),
                 programs=2)  # fmt: skip


def test_floats_meet_tensors_and_numpy_functions():
    def fn(x, a):
        t = mg.Tensor(x, requires_grad=True)
        y = (a * t + t * a - (t + 3) ** a / a + np.maximum(t, a) + np.float64(2) * a).sum()
        z = np.where(x > a, a, 0.0), np.linspace(0, a, 4), np.sqrt(a), np.clip(x, -a, a)
        return y, mg.grad(y, t), z, mg.tensor(a) * 2, np.float32(2) * a, isinstance(a, float)

    assert_equal(fn, (X, 2.0), (X, 3.0), (X, 0.25))


def test_a_branch_on_a_float():
    def fn(x, a):
        if a > 1:
            return x * a
        return min(a, 0.5) * x

    assert_equal(fn, (X, 2.0), (X, 3.0), (X, 0.7), (X, 0.8), (X, 0.1), (X, 2.5), programs=3)


def test_switches_counts_and_texts_are_part_of_the_program():
    def fn(x, flag, n, how, nothing=None):
        for _ in range(n):
            x = x + 1 if flag else x * 2
        return x.sum() if how == "sum" else x

    calls = [(X, True, 2, "sum"), (X, False, 2, "sum"), (X, 1, 2, "sum"), (X, True, 3, "sum")]
    calls += [(X, True, 2, "mean"), (X, True, 2, "mean", {"nothing": ()}), (X, np.True_, 2, "sum")]
    assert_equal(fn, *calls, *calls, programs=7)


def test_numpy_numbers_are_inputs():
    def fn(x, a, label):
        return x * a, x[label], a, a * 2, a**2, a**0.5, -a, a + 1, np.exp(a), label + 1

    calls = [(X, np.float32(v), np.int64(k)) for v, k in [(2, 0), (3.7, 1), (1e-3, 0)]]
    calls += [(X, np.float64(v), np.int64(k)) for v, k in [(2, 0), (0.3, 1)]]
    assert_equal(fn, *calls, programs=2)


def test_zero_dimensional_arrays():
    def fn(a):
        return a**2, a**0.5, a * 3, a.sum(), a[()]

    assert_equal(fn, (np.array(0.7),), (np.array(1.3),), (np.array(2.1),))


def test_plain_numpy_numbers_as_results():
    """A sum is a NumPy number, of which a power is rounded otherwise than that of an array."""

    def fn(x):
        norm = (x * x).sum() ** 0.5
        mean = x.mean()
        roots = norm**mean, 2**mean, np.square(mean), np.power(norm, 2)
        return x / norm, norm, mean**2, mean**3, np.argmax(x), x.max() > 2, roots

    draws = np.random.default_rng(0)
    assert_equal(fn, *((draws.standard_normal((4, 3)),) for _ in range(200)))
    draws32 = ((draws.standard_normal((4, 3)).astype(np.float32),) for _ in range(200))
    assert_equal(fn, *draws32)


def test_keyword_arguments_in_any_order():
    def fn(x, y, *, z):
        return x - y * z

    a, b, c = X, X * 2, X * 3
    compiled = assert_equal(
        fn, (a, {"y": b, "z": c}), (a, {"z": c, "y": b}), (b, {"z": a, "y": c}), programs=2
    )
    assert bits(compiled(z=a, x=b, y=c)) == bits(fn(b, c, z=a))
    assert bits(compiled(z=c, x=a, y=b)) == bits(fn(a, b, z=c))


def test_defaults_and_any_number_of_arguments():
    def fn(x, *rest, table=X, **more):
        return x + sum(rest) + table + more.get("bias", 0)

    one = X * 2
    assert_equal(fn, (X,), (X, one), (X, one, one), (X, {"table": one}), (X, {"bias": one}), (one,),
                 programs=5)  # fmt: skip


def test_nested_arguments():
    def fn(batch, options):
        x, (y, z) = batch["pair"].x, batch["rest"]
        return {"a": [x + y, (z,)], "b": Pair(x * batch["pair"].y, options["flag"])}

    def call(k):
        return {"pair": Pair(X * k, X + k), "rest": [X - k, (X, k)[0]]}, {"flag": True}

    compiled = mg.compile(fn)
    for k in range(3):
        assert bits(compiled(*call(k))) == bits(fn(*call(k)))
        assert isinstance(compiled(*call(k))["b"], Pair)
    assert compiled.cache_info().misses == 1


def test_a_list_that_is_reused():
    compiled = mg.compile(lambda arrays: arrays[0] + arrays[1])
    arrays = [X, X + 1]
    compiled(arrays)
    arrays[:] = [X * 2, X * 3]
    assert bits(compiled(arrays)) == bits(X * 5)
    assert compiled.cache_info().misses == 1


def test_changing_a_container_among_the_arguments_is_refused():
    def fn(batch):
        batch["y"] = batch["x"] * 2
        return batch["y"]

    with pytest.raises(TypeError, match="list or dict among the arguments"):
        mg.compile(fn)({"x": X})


@pytest.mark.parametrize("form", ["T", "strided", "reversed", "broadcast", "read-only", "fortran"])
def test_layouts_of_arguments(form):
    def fn(x):
        t = mg.Tensor(x, requires_grad=True)
        y = (np.tanh(t) @ np.ones((4, 2))).sum() + x.T.reshape(-1)[1] + x.copy().sum(axis=0)[0]
        return y, mg.grad(y, t), x + 1, x.sum(axis=0)

    base = np.random.default_rng(0).standard_normal((8, 8))
    forms = {
        "T": base[:4].T,
        "strided": base[::2, ::2],
        "reversed": base[::-1, 3::-1],
        "broadcast": np.broadcast_to(base[0, :4], (8, 4)),
        "read-only": base[:, :4].copy(),
        "fortran": np.asfortranarray(base[:, :4]),
    }
    x = forms[form]
    if form == "read-only":
        x.flags.writeable = False
    assert_equal(fn, (x,), (x,), (np.ascontiguousarray(x),), programs=1 + (form != "read-only"))


def test_dtypes_of_arguments():
    calls = [(X.astype(dtype),) for dtype in (np.float32, np.float64, np.int32, bool, np.uint8)]
    assert_equal(lambda x: (x * 2, x.mean(axis=0), x.sum()), *calls, *calls, programs=5)
    swapped = X.astype(X.dtype.newbyteorder())
    assert_equal(lambda x: x * 2, (swapped,), (swapped,), (X,), programs=2)


def test_the_same_array_twice():
    def fn(x, y):
        return F.mse_loss(x * 0.5, y)

    assert_equal(fn, (X, X), (X, X), (X, X + 1), (X + 1, X), (X, X), programs=2)


def test_writing_to_arguments():
    def fn(x, y):
        x += y
        y *= 2
        return x.sum()

    compiled = mg.compile(fn)
    for make in (lambda: (X.copy(), X + 1), lambda: (X.copy(), X + 2), lambda: (a := X.copy(), a)):
        for _ in range(2):
            one, two = make(), make()
            assert bits(fn(*one)) == bits(compiled(*two))
            assert bits(one) == bits(two)
    assert compiled.cache_info().misses == 2


def test_writing_to_arguments_that_overlap_is_refused():
    def fn(x, y):
        x += y

    buffer = np.zeros(4)
    with pytest.raises(TypeError, match="overlaps"):
        mg.compile(fn)(buffer[1:], buffer[:-1])
    compiled = mg.compile(fn)
    compiled(np.zeros(3), np.zeros(3))


def test_writing_through_views():
    def fn(x):
        y = x.reshape(-1)
        y[1] = 5
        row = x[1]
        row += 1
        x.T[0] = 7
        np.transpose(a=x)[2] *= 2
        return x.sum(), y, row

    compiled = mg.compile(fn)
    for _ in range(3):
        one, two = X.copy(), X.copy()
        assert bits(fn(one)) == bits(compiled(two))
        assert bits(one) == bits(two)


def test_an_argument_that_is_also_captured():
    captured = X.copy()

    def fn(x):
        return x * 2 + captured

    compiled = assert_equal(fn, (captured,), (X + 1,), (captured,))
    captured += 1
    assert bits(compiled(X)) == bits(fn(X))


def test_an_argument_in_memory_that_is_written_to():
    table = X.copy()

    def fn(x):
        table[...] += 1
        return x * 2

    compiled = mg.compile(fn)
    for argument in (X, table, X + 1, table, table[:1], table.reshape(-1)):
        before = table.copy()
        expected = fn(argument)
        table[...] = before
        assert bits(compiled(argument)) == bits(expected)
    assert compiled.cache_info().misses == 4


def test_a_parameters_data_as_an_argument():
    net = nn.Linear(3, 2, rng=np.random.default_rng(0))
    optimizer = optim.SGD(net.named_parameters(), lr=0.1)

    def step(x):
        before = x * 1
        loss = (net(X) ** 2).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return before, x * 1

    compiled = mg.compile(step)
    for k in range(3):
        compiled(X)
        before, after = compiled(net.weight.data)
        assert not np.array_equal(before, after), k
        assert np.array_equal(after, net.weight.data)


# Tensors.


def test_tensors_and_their_gradients():
    def fn(t, u):
        loss = (t * u * u).sum()
        loss.backward()
        return loss

    compiled = mg.compile(fn)
    for k in range(4):
        values = mg.tensor(X + k, requires_grad=True), mg.tensor(X - k)
        others = mg.tensor(X + k, requires_grad=True), mg.tensor(X - k)
        if k == 3:
            values[0].grad, others[0].grad = mg.tensor(X), mg.tensor(X)
        for _ in range(2):  # the second call adds
            assert bits(fn(*values)) == bits(compiled(*others))
            assert bits(values[0].grad) == bits(others[0].grad)
            assert others[1].grad is None
    assert compiled.cache_info().misses == 2  # whether there is a gradient to add to
    held = others[0].grad.data.copy()
    compiled(mg.tensor(X, requires_grad=True), mg.tensor(X))
    assert bits(others[0].grad.data) == bits(held)


def test_a_gradient_that_is_taken_away():
    def fn(t):
        t.grad = None
        (t * t).sum().backward()

    compiled = mg.compile(fn)
    for _ in range(2):
        t = mg.tensor(X, requires_grad=True)
        t.grad = mg.tensor(X)
        compiled(t)
        assert bits(t.grad.data) == bits(X * 2)


def test_the_same_tensor_twice():
    def fn(t, u):
        (t * t * u).sum().backward()

    compiled = mg.compile(fn)
    for same in (True, False, True, False):
        pairs = []
        for f in (fn, compiled):
            t = mg.tensor(X, requires_grad=True)
            u = t if same else mg.tensor(X, requires_grad=True)
            f(t, u)
            pairs.append((t.grad, u.grad))
        assert bits(pairs[0]) == bits(pairs[1])
    assert compiled.cache_info().misses == 2


def test_a_tensor_that_is_also_captured():
    captured = mg.tensor(X, requires_grad=True)

    def fn(t):
        captured.grad = None
        (captured * t * t).sum().backward()
        return captured.grad

    compiled = mg.compile(fn)
    for argument in (captured, mg.tensor(X + 1), captured, mg.tensor(X + 2, requires_grad=True)):
        expected = bits(fn(argument))
        argument.grad = None
        assert bits(compiled(argument)) == expected


def test_parameters_modules_and_optimizers_as_arguments():
    def build():
        net = nn.Linear(3, 2, rng=np.random.default_rng(0))
        optimizer = optim.Adam(net.named_parameters())

        def call(x):
            return step(net, optimizer, net.weight, x)

        def step(net, optimizer, weight, x):
            loss = (net(x) ** 2).sum() + np.abs(weight).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss

        return Run(call, [net], [optimizer])

    assert_equal_runs(build, [(X,)] * 4)

    one, two = build(), build()
    compiled = mg.compile(lambda net, x: net(x))
    for run in (one, two, one):
        run.modules[0].bias.data[...] = 3
        assert bits(compiled(run.modules[0], X)) == bits(run.modules[0](X))
    assert compiled.cache_info().misses == 2


def test_objects_as_arguments():
    class Settings:
        def __init__(self, scale):
            self.scale = scale
            self.table = np.ones(3, np.float32)

    def fn(x, settings, how):
        return how(x) * settings.scale + settings.table

    one, two = Settings(2.0), Settings(2.0)
    compiled = assert_equal(fn, (X, one, np.tanh), (X, two, np.tanh), (X, one, np.exp), programs=3)
    one.scale = 5.0
    one.table[0] = 9
    assert bits(compiled(X, one, np.tanh)) == bits(fn(X, one, np.tanh))


# Results.


def test_results_of_every_kind():
    w = nn.Parameter(X)
    table = X.copy()

    def fn(x, t, a):
        y = x + 1
        return {
            "the input": x,
            "a tensor as it came": t,
            "a float as it came": a,
            "a parameter": w,
            "an array from outside": table,
            "twice": (y, y),
            "a view": y[0],
            "constants": [1, 2.5, "text", None, True, np.float32(3), np.dtype(np.int8), ...],
            "a new array": np.zeros(2),
            "nothing": (),
        }

    compiled = mg.compile(fn)
    for k in range(3):
        arguments = X + k, mg.tensor(X * k), k + 0.5
        expected, received = fn(*arguments), compiled(*arguments)
        assert type(received.pop("a parameter")) is mg.Tensor
        assert bits(expected.pop("a parameter").data) == bits(w.data)
        assert bits(received) == bits(expected)
    assert compiled.cache_info().misses == 1


def test_results_are_new_arrays():
    w = nn.Parameter(X)

    def fn(x):
        y = x * 2
        return y, y[0], w, w * 1, x, np.zeros(3), y.sum()

    compiled = mg.compile(fn)
    results = [compiled(X) for _ in range(3)]
    for result in results:
        for a in result[:-1]:
            a = a.data if isinstance(a, mg.Tensor) else a
            assert not np.shares_memory(a, X) and not np.shares_memory(a, w.data)
            a[...] = -1
    assert bits(compiled(X)[0]) == bits(X * 2)
    assert bits(compiled(X)[5]) == bits(np.zeros(3))


@pytest.mark.parametrize("result", [None, 3, "text", (), [None]])
def test_constant_results(result):
    compiled = mg.compile(lambda x: result)
    assert [compiled(X) for _ in range(3)] == [result] * 3


def test_no_arguments_at_all():
    generator = np.random.default_rng(0)
    compiled = mg.compile(lambda: generator.random(3))
    expected = np.random.default_rng(0)
    for _ in range(3):
        assert bits(compiled()) == bits(expected.random(3))


def test_results_without_a_graph():
    w = nn.Parameter(X)
    compiled = mg.compile(lambda: (w * w).sum())
    for _ in range(2):
        assert not compiled().requires_grad


def test_arrays_that_are_made_inside():
    def fn(x):
        out = np.zeros_like(x)
        out[0] = x[1]
        out[1, ::2] += 1
        total = np.empty_like(x, dtype=np.float64)
        total[...] = x
        stacked = np.stack([x, out]), np.concatenate([x, out], axis=None), np.vstack((x, out))
        parts = np.split(x, 3, axis=1)
        parts[0][...] = 5 if False else parts[0]
        low, high = np.modf(x + 0.5)
        return out, total, stacked, parts, low, high, np.meshgrid(x[0], x[1]), np.ones_like(x)

    assert_equal(fn, (X,), (X + 1,), (X * 2,))


def test_labels_in_every_form():
    def fn(x, labels):
        t = mg.Tensor(x, requires_grad=True)
        loss = F.cross_entropy(t, labels) + F.nll_loss(F.log_softmax(t), labels)
        loss = loss + (t * F.one_hot(labels, 3)).sum() + np.take(t, labels, axis=1).sum()
        return loss, mg.grad(loss, t)

    ys = [np.array(y) for y in ([0, 1], [2, 2], [1, 0])]
    assert_equal(fn, *((X, y) for y in ys))
    assert_equal(fn, *((X, y.astype(np.uint8)) for y in ys))
    assert_equal(fn, *((X, y.tolist()) for y in ys), programs=3)


def test_one_hot_checks_labels_at_each_call():
    compiled = mg.compile(lambda y: F.one_hot(y, 3))
    compiled(np.array([0, 2]))
    with pytest.raises(ValueError, match="labels must lie"):
        compiled(np.array([0, 3]))


def test_dropout_with_a_generator_of_its_own():
    compiled = mg.compile(lambda x: F.dropout(x, 0.5))
    ones = np.ones(100)
    masks = {compiled(ones).tobytes() for _ in range(5)}
    assert len(masks) == 5
