"""mg.checkpoint: values and gradients as without it, less memory, loud where it cannot repeat."""

from __future__ import annotations

import functools
import gc
import tracemalloc
import weakref

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad import nn
from minigrad.testing import gradcheck


def leaf(data):
    return mg.tensor(np.array(data, float), requires_grad=True)


def plain(fn, *args, **kwargs):
    """What takes the place of `mg.checkpoint` in the run that is compared with."""
    return fn(*args, **kwargs)


def both(run):
    """The results of a run without and with checkpoints."""
    return run(plain), run(mg.checkpoint)


def assert_same(run):
    without, with_checkpoints = both(run)
    for a, b in zip(without, with_checkpoints, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


def test_values_and_gradients_are_the_same():
    def run(call):
        x, w = leaf([[0.3, -1.0]]), leaf([[1.0, 2.0], [3.0, -4.0]])
        h = call(lambda a: np.tanh(a @ w) * 2, x)
        y = call(lambda a, scale: (a * scale).sum(), h, scale=h)
        y.backward()
        return y.data, h.data, x.grad.data, w.grad.data

    assert_same(run)


def test_a_network_with_dropout():
    """Parameters get their gradients, and the masks are drawn again."""

    def run(call):
        rng = np.random.default_rng(0)
        block = nn.Sequential(nn.Linear(8, 8, rng=rng), nn.Tanh(), nn.Dropout(0.5, rng=rng))
        last, losses = nn.Linear(8, 2, rng=rng), []
        x = mg.tensor(rng.normal(size=(4, 8)).astype(np.float32), requires_grad=True)
        for _ in range(3):
            h = call(block, call(block, call(block, x)))
            losses.append((last(h) ** 2).mean())
            losses[-1].backward()
        grads = [p.grad.data for p in (*block.parameters(), *last.parameters(), x)]
        return [*(loss.data for loss in losses), *grads, rng.random(3)]

    assert_same(run)


RNG = np.random.default_rng(1)


def draws_from_a_global(x):
    return F.dropout(x, rng=RNG)


@pytest.mark.parametrize("where", ["argument", "variable", "default", "method", "global", "nested"])
def test_generators_are_found(where):
    def run(call):
        rng = np.random.default_rng(0)
        layer = nn.Dropout(0.5, rng=rng)

        def default(x, rng=rng):
            return F.dropout(x, rng=rng)

        fn, extra = {
            "argument": (lambda x, settings: F.dropout(x, rng=settings["rng"]), [{"rng": rng}]),
            "variable": (lambda x: F.dropout(x, rng=rng), []),
            "default": (default, []),
            "method": (layer.forward, []),
            "global": (draws_from_a_global, []),
            "nested": (lambda x: functools.partial(lambda z: layer(z))(x), []),
        }[where]
        RNG.bit_generator.state = np.random.default_rng(3).bit_generator.state
        x = leaf(np.ones(100))
        call(fn, x * 2, *extra).sum().backward()
        return x.grad.data, rng.random(2), RNG.random(2)

    assert_same(run)


def test_draws_that_cannot_be_repeated_are_noticed():
    y = mg.checkpoint(lambda x: F.dropout(x), leaf(np.ones(100)))
    with pytest.raises(RuntimeError, match="computed something else the second time.*rng="):
        y.sum().backward()


def test_a_change_between_forward_and_backward_is_noticed():
    scale = np.ones(3)
    y = mg.checkpoint(lambda x: x * scale, leaf([1.0, 2.0, 3.0]))
    scale *= 2
    with pytest.raises(RuntimeError, match="computed something else"):
        y.sum().backward()
    other = leaf(np.ones(3))
    y = mg.checkpoint(lambda x: x * other, leaf([1.0, 2.0, 3.0]))
    other = leaf(np.ones(3))  # equal, but another one
    with pytest.raises(RuntimeError, match="computed something else"):
        y.sum().backward()
    w = mg.Parameter(np.ones(3))
    y = mg.checkpoint(lambda x: x * w, leaf([1.0, 2.0, 3.0]))
    with mg.no_grad():
        w *= 2
    with pytest.raises(RuntimeError, match="changed"):
        y.sum().backward()


def test_what_is_used_by_a_closure_and_by_others():
    """An intermediate result that fn uses, and a leaf below it: nothing is counted twice."""

    def run(call):
        x, w = leaf([0.5, 2.0]), leaf([3.0, -1.0])
        h = np.sin(x) * w
        y = call(lambda a: np.exp(a * h) * w * x, h * 2)
        (y.sum() + (h * x).sum()).backward()
        return x.grad.data, w.grad.data

    without, with_checkpoints = both(run)
    for a, b in zip(without, with_checkpoints, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-14)


@pytest.mark.parametrize("order", [1, 2])
def test_derivatives_of_any_order(order):
    w = np.array([[0.3, -0.7], [1.1, 0.2]])

    def f(x, w):
        h = mg.checkpoint(lambda a: np.tanh(a @ w), x)
        return mg.checkpoint(lambda a, b: (a * b).sum(), h, np.sin(h))

    assert gradcheck(f, [np.array([0.5, -0.4]), w], order=order)
    assert gradcheck(lambda x: mg.checkpoint(f, x, x @ x), [w], order=order)  # one in another


def test_transforms():
    f = lambda x: (x**3 * np.sin(x)).sum()
    g = lambda x: mg.checkpoint(f, x)
    x = np.array([0.3, 1.2])
    for transform in (mg.jacobian, mg.hessian):
        np.testing.assert_array_equal(transform(g)(x).data, transform(f)(x).data)
    inside = lambda x: mg.checkpoint(lambda z: mg.value_and_grad(f)(z)[1], x)
    np.testing.assert_allclose(mg.jacobian(inside)(x).data, mg.hessian(f)(x).data)


def test_several_results_of_any_structure():
    def run(call):
        x = leaf([1.0, 2.0])
        z = mg.tensor(np.float32(3), requires_grad=True)
        result = call(lambda a, b: {"h": a * 2, "others": [b * b, (a.sum(), "text", a)]}, x, z)
        h, (square, (total, text, same)) = result["h"], result["others"]
        assert (text, same.shape, square.dtype) == ("text", (2,), np.float32)
        ((h * total).sum() * square + same.sum()).backward()
        return h.data, square.data, total.data, x.grad.data, z.grad.data

    assert_same(run)


def test_nothing_to_differentiate():
    assert mg.checkpoint(lambda: "text") == "text"
    assert not mg.checkpoint(np.sin, mg.tensor([1.0])).requires_grad
    x = leaf([1.0])
    assert mg.checkpoint(lambda a: a, x).node is x.node
    with mg.no_grad():
        assert not mg.checkpoint(np.sin, x).requires_grad
    y = mg.checkpoint(lambda a, b: a * 1, x, leaf(2.0))
    assert mg.grad(y, x, [1.0]).item() == 1.0


def test_repeated_backward_passes():
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    y = mg.checkpoint(lambda a: np.exp(a * w).sum(), x)
    first = mg.grad(y, [x, w], retain_graph=True)
    only = mg.grad(y, w, retain_graph=True)
    again = mg.grad(y, [x, w])
    assert only.tolist() == first[1].tolist()
    assert [g.tolist() for g in first] == [g.tolist() for g in again]
    with pytest.raises(RuntimeError, match="freed"):
        mg.grad(y, x)


def test_a_rebound_argument_is_not_what_runs_again():
    x = leaf([1.0, 2.0])
    h = x * 3
    y = mg.checkpoint(lambda a: a["h"][0] ** 2, {"h": [h]})
    h = h * 100
    y.sum().backward()
    assert x.grad.tolist() == [18.0, 36.0]


def test_hooks_inside_run():
    x, seen = leaf(2.0), []

    def fn(a):
        h = a * a
        h.register_hook(lambda g: seen.append(g.item()))
        return h * 3

    mg.checkpoint(fn, x).backward()
    assert seen == [3.0]
    assert x.grad.item() == 12.0


def test_compiled_programs_do_without():
    rng = np.random.default_rng(0)
    layer, data = nn.Dropout(0.5, rng=rng), np.ones(50)

    def f(x):
        return mg.value_and_grad(lambda z: mg.checkpoint(lambda a: layer(np.tanh(a)), z).sum())(x)

    compiled, state = mg.compile(f), rng.bit_generator.state
    eager = [f(data + k) for k in range(3)]
    rng.bit_generator.state = state
    for k, expected in enumerate(eager):
        for a, b in zip(compiled(data + k), expected, strict=True):
            np.testing.assert_array_equal(a.data, b.data)


def test_memory_is_saved():
    """A chain of 64 operations of 80 kB: about 8 + 8 instead of 64 arrays at once."""

    def peak(call):
        x = leaf(np.ones(10_000))

        def eight(h):
            for _ in range(8):
                h = np.sin(h)
            return h

        tracemalloc.start()
        h = x
        for _ in range(8):
            h = call(eight, h)
        h.sum().backward()
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used / x.data.nbytes

    without, with_checkpoints = both(peak)
    assert without > 60
    assert with_checkpoints < 25


def test_the_graph_is_freed_by_reference_counts():
    alive = []

    def fn(a):
        h = np.sin(a)
        alive.append(weakref.ref(h))
        return h * h

    gc.disable()
    try:
        for create_graph in (False, True):
            x = leaf([1.0])
            y = mg.checkpoint(fn, x).sum()
            assert alive[-1]() is None
            g = mg.grad(y, x, create_graph=create_graph)
            alive.append(weakref.ref(y))
            del x, y, g
        assert [r() for r in alive] == [None] * len(alive)
    finally:
        gc.enable()


def test_writing_to_an_argument_is_refused():
    def fn(a):
        a *= 2
        return a + 1

    with pytest.raises(RuntimeError, match="fn writes to one of its arguments"):
        mg.checkpoint(fn, leaf([1.0]) * 3)
