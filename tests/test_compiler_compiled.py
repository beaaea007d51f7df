"""The compiled function as a person meets it: options, cache, loop, explain."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.compiler.explanation import Explanation


@mg.compile
def double(x):
    """Twice x."""
    return x * 2


def fresh(fn=lambda x: x * 2, **options):
    return mg.compile(fn, **options)


def test_it_looks_like_the_function():
    assert (double.__name__, double.__doc__) == ("double", "Twice x.")


@pytest.mark.parametrize("attribute", ["source", "program", "recorded"])
def test_before_the_first_call_there_is_no_program(attribute):
    with pytest.raises(RuntimeError, match="has not been called yet"):
        getattr(fresh(), attribute)
    with pytest.raises(RuntimeError, match="has not been called yet"):
        fresh().explain()


def test_an_unknown_backend():
    with pytest.raises(ValueError, match="backend must be one of numpy, numba, got 'cuda'"):
        fresh(backend="cuda")


def test_options_in_a_decorator():
    @mg.compile(maxsize=1)
    def f(x):
        return x + 1

    for n in (1, 2, 1):
        f(np.ones(n))
    assert f.cache_info() == (0, 3, 1, 1)


def test_the_program_used_least_lately_is_forgotten():
    f = fresh(maxsize=2)
    for n in (1, 2, 1, 3, 1, 2):
        f(np.ones(n))
    # 1 and 2 are made, 1 is found, 3 takes the place of 2, 1 is found, 2 is made again
    assert f.cache_info() == (2, 4, 2, 2)
    f.cache_clear()
    assert f.cache_info() == (0, 0, 2, 0)


def test_a_method_is_compiled_for_each_object():
    class Scale:
        def __init__(self, factor):
            self.factor = factor

        @mg.compile
        def __call__(self, x):
            return self.apply(x)

        @mg.compile
        def apply(self, x):
            return x * self.factor

    two, three = Scale(2.0), Scale(3.0)
    for _ in range(2):
        assert two.apply(np.ones(1)) == 2
        assert three.apply(np.ones(1)) == 3
    assert two.apply.cache_info().misses == three.apply.cache_info().misses == 1
    two.factor = 5.0
    assert two.apply(np.ones(1)) == 5
    assert isinstance(Scale.apply, type(double))


def test_loop_is_one_call_for_each_step():
    w = mg.Parameter(np.array([4.0]))
    optimizer = mg.optim.SGD([("w", w)], lr=0.25)

    @mg.compile
    def step(x, scale, switch):
        loss = ((w - x) ** 2).sum() * scale
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "w": w.data * 1, "n": 3}

    xs = np.zeros((3, 1))
    result = step.loop(xs, 1.0, switch=True)
    assert isinstance(result["loss"], mg.Tensor)
    np.testing.assert_array_equal(result["loss"].data, [16, 4, 1])
    np.testing.assert_array_equal(result["w"], [[2], [1], [0.5]])
    np.testing.assert_array_equal(result["n"], [3, 3, 3])
    assert w.item() == 0.5
    assert step.cache_info()[:2] == (2, 1)


@pytest.mark.parametrize(
    ("args", "lengths"),
    [
        ((np.ones(3), np.ones((2, 3))), r"\[2, 3\]"),
        ((1.0, 2.0), r"\[\]"),
        ((np.ones(()),), r"\[\]"),
        ((np.ones((0, 2)),), r"\[0\]"),
    ],
)
def test_loop_needs_one_length(args, lengths):
    f = mg.compile(lambda *args: args[0])
    with pytest.raises(ValueError, match=rf"got lengths {lengths}"):
        f.loop(*args)


def test_loop_results_of_every_structure():
    @mg.compile
    def f(pair):
        a, b = pair["a"], pair["b"]
        return a + b, [a.sum()], None, mg.tensor(a)

    a, b = np.arange(6.0).reshape(3, 2), np.ones((3, 2))
    total, (sums,), nothing, tensor = f.loop({"a": a, "b": b})
    np.testing.assert_array_equal(total, a + b)
    np.testing.assert_array_equal(sums, a.sum(axis=1))
    np.testing.assert_array_equal(tensor.data, a)
    assert nothing is None


def test_explain():
    w = mg.Parameter(np.ones((400, 400), np.float32))
    b = mg.Parameter(np.ones(400, np.float32))
    optimizer = mg.optim.Adam([("w", w), ("b", b)])

    @mg.compile
    def step(x):
        loss = ((x @ w + b) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    x = np.ones((4, 400), np.float32)
    step(x)
    step(x[:2])
    before = w.data.copy(), optimizer.state_dict()["state"]["w"]["t"]
    explanation = step.explain()
    assert isinstance(explanation, Explanation)
    assert explanation.programs == ("the first call", "arguments of another form")
    assert explanation.instructions == len(step.program.instructions)
    assert explanation.kept == w.data.nbytes + b.data.nbytes
    assert 0 < explanation.arena < explanation.unshared
    assert explanation.blocks == ((12, w.size + b.size),)
    assert list(explanation.seconds) == ["forward", "backward", "update"]
    assert all(s > 0 for s in explanation.seconds.values())
    first, last = explanation.passes[0], explanation.passes[-1]
    assert (first.before, last.after) == (len(step.recorded.instructions), explanation.instructions)
    text = str(explanation)
    assert "program 2: arguments of another form" in text
    assert "a chain of 12 calls on 160,400 elements in blocks" in text
    # Measuring has not made a step.
    np.testing.assert_array_equal(w.data, before[0])
    assert optimizer.state_dict()["state"]["w"]["t"] == before[1]


def test_threads_share_a_program_without_mixing_results():
    from concurrent.futures import ThreadPoolExecutor

    @mg.compile
    def f(x):
        for _ in range(20):
            x = np.tanh(x) * 2
        return x.sum()

    inputs = [np.full(5000, k / 8) for k in range(8)]
    expected = [f(x).item() for x in inputs]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(20):
            assert [r.item() for r in pool.map(f, inputs)] == expected


def test_loop_looks_at_the_guards_again_where_a_call_can_change_them():
    """A gradient that is added to: the first call finds none, the later ones find one."""
    w = mg.Parameter(np.array([1.0]))

    @mg.compile
    def accumulate(x):
        (w * x).sum().backward()
        return x.sum()

    accumulate.loop(np.arange(5.0)[:, None])
    assert w.grad.item() == 10
    assert accumulate.cache_info().misses == 2


def test_loop_takes_branches_on_numbers_anew():
    w = mg.Parameter(np.array([0.0]))

    class Late(mg.optim.SGD):
        """Nothing happens in the first three steps."""

        @staticmethod
        def update(theta, g, *, t, lr, **settings):
            return (theta - lr * g if t > 3 else theta,)

    optimizer = Late([("w", w)], lr=1.0)

    @mg.compile
    def step(x):
        w.grad = None
        (w * x).sum().backward()
        optimizer.step()
        return w.data * 1

    steps = step.loop(np.ones((6, 1)))
    assert steps.ravel().tolist() == [0, 0, 0, -1, -2, -3]
