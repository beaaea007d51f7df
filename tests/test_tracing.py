"""Traced backward passes: equal to the engine's bit for bit, and without effects."""

import functools
import json

import numpy as np
import pytest
from traced_graphs import GALLERY, alive, cnn, diamond, leaf, mlp, neuron, square

import minigrad as mg
from minigrad import nn
from minigrad.node import reached
from minigrad.tracing import Contribution, Gradient, Hooked, Seed, Trace, Update, rule_of
from minigrad.vjps import VJPS


@pytest.fixture(autouse=True)
def _forget():
    yield
    alive.clear()


def tensors_of(loss):
    """The tensors whose grad a backward pass sets."""
    nodes = reached([loss.node], lambda node: True)
    return [t for node in nodes if node.handle is not None and (t := node.handle()) is not None]


def same_bits(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


@pytest.mark.parametrize("make", GALLERY.values(), ids=GALLERY)
class TestGallery:
    def test_the_sum_of_contributions_is_grad_bit_for_bit(self, make):
        loss = make()
        trace = mg.trace_backward(loss)
        tensors = tensors_of(loss)
        assert tensors
        numbers = {t: t.node.number for t in tensors}
        loss.backward()
        gradients = {r.node.number: r.gradient for r in trace if isinstance(r, Gradient)}
        hooked = {r.node.number for r in trace if isinstance(r, Hooked)}
        for t in tensors:
            parts = [c.contribution for c in trace.contributions if c.parent.number == numbers[t]]
            total = functools.reduce(np.add, parts)
            assert same_bits(gradients[numbers[t]], t.grad.data)
            assert numbers[t] in hooked or same_bits(np.asarray(total), t.grad.data)

    def test_the_graph_and_every_grad_stay_as_they_were(self, make):
        loss = make()
        nodes = list(reached([loss.node], lambda node: True))
        before = [(n.inputs, n.value, n.value.copy(), n.hooks) for n in nodes]
        mg.trace_backward(loss)
        for node, (inputs, value, copied, hooks) in zip(nodes, before, strict=True):
            assert node.inputs is inputs and node.value is value and node.hooks is hooks
            assert same_bits(value, copied)
        assert all(t.grad is None for t in tensors_of(loss))

    def test_each_step_follows_from_the_one_before(self, make):
        trace = mg.trace_backward(make())
        assert [r.step for r in trace] == list(range(len(trace)))
        totals, left = {}, {}
        for r in trace.contributions:
            key = r.parent.number
            assert r.node.number > key
            assert (r.before is None) == (key not in totals)
            expected = r.contribution if r.before is None else r.before + r.contribution
            assert same_bits(np.asarray(expected), r.total)
            assert r.before is None or same_bits(r.before, totals[key])
            assert r.pending == left.get(key, r.parent.uses) and r.left == r.pending - 1
            assert left.get(r.node.number, 0) == 0  # complete before it is passed on
            assert r.contribution.shape == r.parent.value.shape
            totals[key], left[key] = r.total, r.left
        assert set(left.values()) == {0}

    def test_a_walk_that_is_recorded_gives_the_same(self, make):
        from minigrad.tensor import carry_back, seed_for
        from minigrad.tracing.recorder import _Recorder

        loss = make()
        plain = mg.trace_backward(loss)
        with _Recorder() as recorder:
            carry_back([loss], [seed_for(loss, None)], None, retain_graph=True, create_graph=True)
        for a, b in zip(plain, recorder.records, strict=True):
            assert type(a) is type(b)
            if isinstance(a, Contribution):
                assert np.allclose(a.total, b.total, rtol=1e-6, atol=1e-7, equal_nan=True)

    def test_the_expression_is_what_was_computed(self, make):
        for r in mg.trace_backward(make()).contributions:
            text = str(r.expression)
            assert text and text != "?"
            if r.expression.by_element:
                number = eval(r.expression.with_numbers((0,) * r.local.ndim), {"np": np})
                assert np.allclose(number, r.local[(0,) * r.local.ndim], rtol=2e-2, atol=1e-3)
            elif r.expression.is_of_numbers and "(g" not in text and text != "…":
                number = eval(r.expression.with_numbers((0,) * r.local.ndim), {"np": np})
                assert np.allclose(number, r.local, rtol=2e-2, atol=1e-3)

    def test_json_is_json(self, make):
        trace = mg.trace_backward(make())
        read = json.loads(trace.to_json(full=True), parse_constant=lambda c: pytest.fail(c))
        assert read["format"] == "minigrad-trace"
        numbers = {node["place"]: node for node in read["nodes"]}
        for record, entry in zip(trace, read["records"], strict=True):
            assert entry["kind"] == record.kind and entry["step"] == record.step
            assert entry["node"] in numbers
            if isinstance(record, Contribution):
                array = entry["contribution"]
                given = np.array(array["values"], array["dtype"]).reshape(array["shape"])
                assert same_bits(given, record.contribution)

    def test_the_table_has_a_line_for_each_record(self, make):
        trace = mg.trace_backward(make())
        assert len(str(trace).splitlines()) == len(trace) + 1


# The records.


def test_the_neuron():
    trace = mg.trace_backward(neuron())
    assert [type(r) for r in trace] == [Seed, *[Contribution] * 5, *[Gradient] * 3]
    first = trace.contributions[0]
    assert (first.operation, first.node.name, first.argument) == ("tanh", "y", 0)
    assert first.rule.formula == "g * (1 - y * y)"
    assert first.rule.source == "defvjp(np.tanh, lambda g, y, x: g * (1 - y * y))"
    assert first.rule.file == "minigrad/vjps/elementwise.py"
    assert str(first.expression) == "g * (1 - y * y)"
    assert first.expression.with_numbers() == "1 * (1 - 0.7064 * 0.7064)"
    assert {n: float(g) for n, g in trace.gradients.items()}.keys() == {"b", "x", "w"}


@pytest.mark.parametrize(
    ("fn", "i", "formula"),
    [
        (np.divide, 1, "-g * y / b"),
        (np.add, 0, "g"),
        (np.power, 0, "g b a^(b-1), and 0 where b = 0, also at a = 0"),
        (np.reshape, 0, "np.reshape(g, x.shape, order)"),
        (np.sqrt, 0, "g * 0.5 / y"),
    ],
)
def test_formulas(fn, i, formula):
    assert rule_of(fn, i).formula == formula


def test_every_rule_can_be_shown():
    rules = [
        rule_of(fn, i)
        for fn, own in VJPS.items()
        for i in range(min(len(own), 4))
        if own[i] is not None
    ]
    ours = [rule for rule in rules if rule.file.startswith("minigrad/")]  # not those of tests
    assert len(ours) > 200
    assert all(rule.formula and rule.source and rule.line for rule in ours)


def test_a_rule_whose_source_is_nowhere():
    @mg.primitive
    def twice(x):
        return 2 * x

    mg.defvjp(twice, eval("lambda g, y, x: 2 * g"))
    step = mg.trace_backward(twice(leaf(1.0, "x"))).contributions[0]
    assert step.rule.source == "" and str(step.expression) == "2 * g"


def test_rules_that_share_a_computation():
    step = next(
        c for c in mg.trace_backward(GALLERY["lstm"]()).contributions
        if c.operation == "recurrence" and c.argument == 0
    )  # fmt: skip
    assert step.rule.formula.startswith("d.x, where d = From the last step to the first")
    assert "def back_through_time(" in step.rule.source and "defvjp_sharing" not in step.rule.source


def test_a_product_with_itself_has_two_edges():
    loss = square()
    trace = mg.trace_backward(loss)
    assert [(c.argument, c.pending, c.left) for c in trace.contributions] == [(0, 2, 1), (1, 1, 0)]
    assert [float(c.total) for c in trace.into("a")] == [3.0, 6.0]
    a, _ = loss.node.parents
    assert trace.into(a) == trace.into("a") == trace.contributions


def test_what_is_pending_after_each_step():
    trace = mg.trace_backward(diamond())
    a = trace.contributions[0].parent.name
    assert [trace.pending(step)[a] for step in range(4)] == [2, 1, 1, 0]


def test_sums_over_broadcast_axes_are_visible():
    a, b = leaf(np.ones((4, 3)), "a"), leaf(np.ones(3), "b")
    first, second = mg.trace_backward((a * b).sum()).contributions[1:]
    assert not first.is_unbroadcast and second.is_unbroadcast
    assert second.local.shape == (4, 3) and second.contribution.tolist() == [4.0, 4.0, 4.0]


def test_what_no_gradient_reaches_is_not_waited_for():
    x = leaf(2.0, "x")
    y = x * 3.0
    loss = np.where(y, y, 0.0) * 2.0  # the condition is an edge without a rule
    trace = mg.trace_backward(loss)
    assert [c.left for c in trace.contributions] == [0, 0, 0]


def test_the_loss_may_be_a_leaf():
    trace = mg.trace_backward(leaf(2.0, "x"))
    assert [r.kind for r in trace] == ["seed", "gradient"]


def test_a_gradient_to_start_from():
    x = leaf([1.0, 2.0], "x")
    trace = mg.trace_backward(x * x, gradient=[1.0, 10.0])
    assert trace.gradients["x"].tolist() == [2.0, 40.0]


def test_hooks_and_retained_results():
    trace = mg.trace_backward(GALLERY["hooked"]())
    assert [r.node.name.partition("_")[0] for r in trace if isinstance(r, Hooked)] == [
        "multiply", "x"
    ]  # fmt: skip
    trace = mg.trace_backward(GALLERY["retained"]())
    assert set(trace.gradients) == {"x", "kept"}


def test_results_keep_the_values_of_the_time():
    w = mg.Parameter(np.ones(2, np.float32))
    trace = mg.trace_backward((w * w).sum())
    w.data[...] = 5.0
    assert trace.nodes[0].value.tolist() == [1.0, 1.0]
    assert trace.contributions[1].expression.values[2].tolist() == [1.0, 1.0]


def test_origins_where_they_were_recorded():
    nodes = mg.trace_backward(mlp()).nodes
    assert {n.origin.module for n in nodes if n.operation == "relu"} == {
        "Sequential.1", "Sequential.3"
    }  # fmt: skip
    assert mg.trace_backward(neuron()).nodes[-1].origin is None


def test_it_costs_the_engine_nothing_afterwards():
    from minigrad import modes

    mg.trace_backward(neuron())
    assert modes.observers == 0 and modes.active_watcher() is None


# The optimizer's step.


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSProp", "Muon", "Momentum"])
def test_the_update_is_the_optimizers_own(name):
    rng = np.random.default_rng(0)
    net = nn.Sequential(nn.Linear(3, 4, bias=False, rng=rng), nn.Tanh())
    optimizer = getattr(mg.optim, name)(net.parameters(), lr=0.1)
    x = rng.normal(size=(5, 3)).astype(np.float32)

    def loss():
        return (net(x) ** 2).mean()

    loss().backward()
    optimizer.step()
    optimizer.zero_grad()
    last = loss()
    state = json.dumps(optimizer.state_dict(), default=lambda a: a.tolist())
    trace = mg.trace_backward(last, optimizer=optimizer)
    assert json.dumps(optimizer.state_dict(), default=lambda a: a.tolist()) == state
    assert all(p.grad is None for p in net.parameters())
    before = [p.data.copy() for p in net.parameters()]
    last.backward()
    optimizer.step()
    after = optimizer.state_dict()["state"]
    assert [u.node.name for u in trace.updates] == [p.name for p in net.parameters()]
    for u, p, b in zip(trace.updates, net.parameters(), before, strict=True):
        assert same_bits(u.before, b) and same_bits(u.after, p.data)
        assert same_bits(u.gradient, p.grad.data)
        assert u.optimizer == name
        for slot, array in u.state_after.items():
            assert np.array_equal(array, after[u.name][slot])


def test_the_update_as_an_expression():
    w = mg.Parameter(np.array([1.0, 100.0], np.float32))
    optimizer = mg.optim.SGD([w], lr=0.25)
    (update,) = mg.trace_backward((w * w).sum(), optimizer=optimizer).updates
    assert str(update.expression) == "theta - 0.25 * g"
    assert update.expression.with_numbers((1,)) == "100 - 0.25 * 200"
    assert update.after.tolist() == [0.5, 50.0]


def test_a_gradient_that_was_there_before_counts():
    w = mg.Parameter(np.array([1.0], np.float32))
    optimizer = mg.optim.SGD([w], lr=1.0)
    (w * 1.0).sum().backward()
    (update,) = mg.trace_backward((w * 2.0).sum(), optimizer=optimizer).updates
    assert update.gradient.tolist() == [3.0] and w.grad.tolist() == [1.0]


def test_wrappers_and_schedules():
    w = mg.Parameter(np.ones(2, np.float32))
    inner = mg.optim.SGD([w], lr=mg.optim.schedules.Cosine(0.5, 10))
    optimizer = mg.optim.Lookahead(inner)
    (update,) = mg.trace_backward((w * w).sum(), optimizer=optimizer).updates
    expected = inner.lr
    assert update.hyper["lr"] == expected and update.expression is None
    (w * w).sum().backward()
    optimizer.step()
    assert same_bits(update.after, w.data)


def test_an_optimizer_of_something_else():
    w, v = mg.Parameter(np.ones(2, np.float32)), mg.Parameter(np.ones(2, np.float32))
    assert mg.trace_backward((w * w).sum(), optimizer=mg.optim.SGD([v])).updates == []


# Errors.


def test_errors():
    x = leaf([1.0, 2.0], "x")
    with pytest.raises(TypeError, match="trace_backward expects a tensor, got float"):
        mg.trace_backward(1.0)
    with pytest.raises(RuntimeError, match="has no graph"):
        mg.trace_backward(mg.tensor(1.0))
    with pytest.raises(ValueError, match="needs a scalar to start from"):
        mg.trace_backward(x * x)
    y = (x * x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="freed by an earlier backward"):
        mg.trace_backward(y)
    with pytest.raises(TypeError, match="optimizer must be an optimizer, got Sequential"):
        mg.trace_backward((x * x).sum(), optimizer=nn.Sequential())
    w = mg.Parameter(np.ones(2, np.float32))
    with pytest.raises(TypeError, match=r"LBFGS.step\(\) computes the loss itself"):
        mg.trace_backward((w * w).sum(), optimizer=mg.optim.LBFGS([w]))


def test_not_while_compiling():
    @mg.compile
    def step(x):
        w = mg.tensor(2.0, requires_grad=True)
        mg.trace_backward(w * x)

    with pytest.raises(RuntimeError, match="trace_backward cannot be compiled"):
        step(mg.tensor(1.0))


def test_json_of_large_arrays_and_of_what_is_not_finite():
    x = leaf(np.arange(100.0), "x")
    with np.errstate(all="ignore"):
        loss = (np.log(x) * 1.0).sum()
        trace = mg.trace_backward(loss)
    short = json.loads(trace.to_json())
    gradient = short["records"][-1]["gradient"]
    assert "values" not in gradient
    assert (gradient["shape"], gradient["inf"], gradient["nan"]) == ([100], 1, 0)
    assert gradient["max"] == 1.0
    full = json.loads(trace.to_json(full=True))
    assert full["records"][-1]["gradient"]["values"][:2] == ["inf", 1.0]
    assert json.loads(trace.to_json(few=100)) == full


def test_a_trace_is_a_list():
    trace = mg.trace_backward(cnn())
    assert isinstance(trace, list) and isinstance(trace, Trace)
    assert not any(isinstance(r, Update) for r in trace)
