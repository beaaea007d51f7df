"""The printed program: it runs on its own, allocates once, and reads like a person's."""

import re
import subprocess
import sys

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad import nn
from minigrad.compiler.blocking import SHARED_BLOCK


def classifier(rng, sizes=(4, 8, 3)):
    return nn.Sequential(
        fc1=nn.Linear(sizes[0], sizes[1], rng=rng),
        act=nn.ReLU(),
        fc2=nn.Linear(sizes[1], sizes[2], rng=rng),
    )


def trainer(model, optimizer):
    def train_step(x, y):
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return train_step


def batch(rng, n=5, features=4, classes=3):
    x = rng.standard_normal((n, features)).astype(np.float32)
    return x, rng.integers(0, classes, n)


@pytest.fixture
def compiled():
    """A compiled training step, called twice, with its model and a batch."""
    rng = np.random.default_rng(0)
    model = classifier(rng)
    step = mg.compile(trainer(model, mg.optim.Adam(model.named_parameters(), lr=0.1)))
    x, y = batch(rng)
    step(x, y)
    step(x, y)
    return step, model, x, y


def test_the_source_runs_on_its_own_with_nothing_but_numpy(compiled, tmp_path):
    """Written to a file and executed in a fresh interpreter, it makes the next step."""
    step, model, x, y = compiled
    program = step._entries[0].program
    source = program.executable.source
    state = {f"s{k}": program.executable.memory[v] for k, v in enumerate(source.fixed)}
    np.savez(tmp_path / "state.npz", x=x, y=y, **state)
    numbers = program.number_arguments()
    (tmp_path / "program.py").write_text(step.source)
    (tmp_path / "run.py").write_text(
        "import numpy as np\n"
        "import program\n"
        "saved = np.load('state.npz')\n"
        f"state = [saved[f's{{k}}'].copy() for k in range({len(state)})]\n"
        "step, kept = program.make(*state)\n"
        f"results = step(saved['x'], saved['y'], *{numbers!r})\n"
        "assert 'minigrad' not in __import__('sys').modules\n"
        "np.savez('after.npz', loss=results[0], theta=state[0], grad=kept[0])\n"
    )
    assert not source.objects
    subprocess.run([sys.executable, "run.py"], cwd=tmp_path, check=True)
    loss = step(x, y)
    with np.load(tmp_path / "after.npz") as after:
        assert after["loss"] == loss.data
        parameters = np.concatenate([p.data.ravel() for p in model.parameters()])
        np.testing.assert_array_equal(after["theta"], parameters)
        np.testing.assert_array_equal(after["grad"], next(model.parameters()).grad.data)


def test_names_and_sections_are_a_persons(compiled):
    source = compiled[0].source
    for name in ("fc1_weight", "fc2_bias", "d_fc1_weight", "d_theta", "h1", "d_h1", "loss", "rate"):
        assert re.search(rf"\b{name}\b", source), name
    sections = re.findall(r"^        # (\w+)$", source, re.MULTILINE)
    assert sections == ["forward", "backward", "update"]
    assert "np.dot(x, fc1_weight_T, out=h1)" in source
    assert re.search(r"np\.add\(h1, fc1_bias, out=h1\) +# \(5, 8\)", source)
    assert "def train_step(x, y, lr, beta1, beta2, eps, steps):" in source


def test_the_step_makes_no_arrays_but_its_result(compiled):
    """Every line of the step writes into memory that is there already."""
    step_lines = re.split(r"\n    def train_step.*\n", compiled[0].source)[1].splitlines()
    calls = [line for line in step_lines if line.lstrip().startswith("np.")]
    assert len(calls) > 30
    assert all("out=" in line or "np.copyto(" in line for line in calls)
    assert "return (loss.copy(), t)" in compiled[0].source


def test_gradients_are_written_straight_into_the_flat_gradient(compiled):
    """No concatenation is left: each gradient is a view of the optimizer's flat one."""
    step, model, *_ = compiled
    assert "concatenate" not in step.source
    grads = [p.grad.data for p in model.parameters()]
    whole = grads[0].base
    assert whole.size == sum(g.size for g in grads)
    assert all(g.base is whole for g in grads)


def test_a_long_update_is_carried_out_in_blocks():
    rng = np.random.default_rng(0)
    model = nn.Linear(400, 400, rng=rng)
    twin = nn.Linear(400, 400, rng=rng)
    twin.load_state_dict(model.state_dict())
    x = rng.standard_normal((2, 400)).astype(np.float32)

    def trainer(m):
        optimizer = mg.optim.Adam(m.named_parameters(), lr=0.1)

        def step(x):
            loss = (m(x) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss

        return step

    compiled, eager = mg.compile(trainer(model)), trainer(twin)
    for _ in range(3):
        assert compiled(x).item() == eager(x).item()
    for p, q in zip(model.parameters(), twin.parameters(), strict=True):
        np.testing.assert_array_equal(p.data, q.data)
    assert re.search(r"for theta_, .* in blocks1:", compiled.source) or re.search(
        r"for .*theta_.* in blocks1:", compiled.source
    )
    (chain,) = compiled.explain().blocks
    assert chain[1] == 400 * 400 + 400 > SHARED_BLOCK
    assert chain[0] >= 10


def test_memory_is_shared_by_results_that_do_not_live_together():
    x = np.random.default_rng(0).standard_normal((50, 50)).astype(np.float32)

    @mg.compile
    def f(x):
        for _ in range(10):
            x = np.tanh(x @ x) * 0.5
        return x.sum()

    f(x)
    plan = f.explain()
    assert plan.unshared >= 20 * x.nbytes
    assert plan.arena <= 3 * x.nbytes + 64


def test_outputs_are_the_callers_own():
    @mg.compile
    def f(x):
        y = np.exp(x)
        return y, y.T, x

    x = np.arange(6.0).reshape(2, 3)
    f(x)
    y, y_t, same = f(x)
    y[...] = 0
    again, again_t, _ = f(x)
    np.testing.assert_array_equal(again, np.exp(x))
    np.testing.assert_array_equal(again_t, np.exp(x).T)
    np.testing.assert_array_equal(y_t, np.exp(x).T)
    assert y.sum() == 0
    same[...] = 7
    np.testing.assert_array_equal(x, np.arange(6.0).reshape(2, 3))


def test_functions_of_ones_own_are_printed_with_the_program():
    @mg.compile
    def f(x):
        return F.hinge_loss(x, np.ones_like(x)) + branchy(x)

    x = np.array([0.5, 2.0])
    first = f(x)
    assert "def branchy(x):" in f.source
    assert "@" not in f.source
    assert f(x) == first


@mg.primitive
def branchy(x):
    """Whose body branches on values, and so is kept whole."""
    return x.sum() if x.sum() > limit else x.max()


limit = 2.0


def test_error_settings_are_kept():
    """A block that silences a warning silences it in the program too, and there only."""

    @mg.compile
    def silent(x):
        with np.errstate(divide="ignore"):
            return np.log(x)

    @mg.compile
    def loud(x):
        return np.log(x)

    positive, with_zero = np.ones(3), np.array([0.0, 1.0, 2.0])
    silent(positive)
    loud(positive)
    assert silent(with_zero)[0] == -np.inf
    assert 'with np.errstate(divide="ignore"):' in silent.source.replace("'", '"')
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        loud(with_zero)


def test_layouts_are_kept():
    """Results lie in memory as NumPy would have laid them out: products depend on it."""
    x = np.asfortranarray(np.random.default_rng(0).standard_normal((4, 5)))

    def f(x):
        y = np.exp(x)
        return y, np.transpose(np.tanh(np.swapaxes(x, 0, 1)))

    compiled = mg.compile(f)
    compiled(x)
    for a, b in zip(compiled(x), f(x), strict=True):
        np.testing.assert_array_equal(a, b)
    assert compiled.program.outputs[0].strides == f(x)[0].strides


def test_a_traceback_shows_the_line_of_the_program():
    import traceback

    @mg.compile
    def f(x, y):
        return F.cross_entropy(x, y)

    x = np.zeros((2, 3))
    f(x, np.array([0, 1]))
    with pytest.raises(ValueError, match="labels must lie in"):
        f(x, np.array([0, 1]) + 5)
    try:
        f(x, np.array([0, 5]))
    except ValueError:
        assert "counted = count_labels(hot, y, -100, 'cross_entropy')" in traceback.format_exc()


def test_a_state_may_be_called_as_the_function():
    class Counted(mg.optim.SGD):
        slots = ("step",)

        @staticmethod
        def update(theta, g, step, *, t, lr):
            step = step + 1
            return theta - lr * g * step, step

    w = mg.Parameter(np.zeros(2))
    optimizer = Counted([w], lr=1.0)

    @mg.compile
    def step(g):
        w.grad = mg.tensor(g)
        optimizer.step()

    for _ in range(3):
        step(np.ones(2))
    assert w.tolist() == [-6.0, -6.0]


def test_clip_writes_over_its_operand():
    bounded = mg.compile(lambda x: np.tanh(np.clip(x * 2, -2, 2.0)))
    x = np.array([-np.inf, -0.7, -0.0, 0.0, 1, np.inf, np.nan])
    for _ in range(2):
        np.testing.assert_array_equal(bounded(x), np.tanh(np.clip(x * 2, -2, 2.0)))
    assert "np.clip(product, -2, 2.0, out=product)" in bounded.source
