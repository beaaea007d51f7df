"""What all optimizers share: groups, names, hyperparameters, the step and the saved state."""

import copy
import json
import pickle

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim

CLASSES = [a for a in (getattr(optim, name) for name in optim.__all__) if isinstance(a, type)]
RULES = [a for a in CLASSES if issubclass(a, optim.Optimizer) and hasattr(a, "update")]
RULES.remove(optim.Muon)  # which takes matrices only, and has a file of its own
by_rule = pytest.mark.parametrize("rule", RULES, ids=lambda r: r.__name__)
X = np.random.default_rng(0).standard_normal((8, 3)).astype(np.float32)
Y = np.sin(X.sum(axis=1, keepdims=True))


def parameter(*values, dtype=np.float64, **kwargs):
    return mg.Parameter(np.array(values, dtype), **kwargs)


def mlp(seed=0):
    rng = np.random.default_rng(seed)
    return nn.Sequential(nn.Linear(3, 5, rng=rng), nn.Tanh(), nn.Linear(5, 1, rng=rng))


def train(model, optimizer, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        ((model(X) - Y) ** 2).mean().backward()
        optimizer.step()


def assert_same_state(found, expected):
    assert found["groups"] == expected["groups"]
    assert found["state"].keys() == expected["state"].keys()
    for name, entry in expected["state"].items():
        assert found["state"][name].keys() == entry.keys()
        for slot, value in entry.items():
            np.testing.assert_array_equal(found["state"][name][slot], value)


def assert_same_parameters(one, two):
    for (name, p), q in zip(one.named_parameters(), two.parameters(), strict=True):
        np.testing.assert_array_equal(p.data, q.data, err_msg=name)


# What is optimized.


@pytest.mark.parametrize(
    "params",
    [
        lambda m: m.parameters(),
        lambda m: list(m.parameters()),
        lambda m: m.named_parameters(),
        lambda m: {"params": m.parameters()},
        lambda m: [{"params": m[0].parameters()}, {"params": list(m[2].named_parameters())}],
        lambda m: [{"params": p} for p in m.parameters()],
    ],
    ids=["parameters", "list", "pairs", "one group", "groups", "a group each"],
)
def test_ways_to_say_what_is_optimized(params):
    model, reference = mlp(), mlp()
    train(model, optim.Adam(params(model), lr=0.1), 3)
    train(reference, optim.Adam(reference.named_parameters(), lr=0.1), 3)
    assert_same_parameters(model, reference)
    assert not np.array_equal(model[0].weight.data, mlp()[0].weight.data)


def names(optimizer):
    return [group["params"] for group in optimizer.state_dict()["groups"]]


def test_names():
    model, w = mlp(), parameter(1.0)
    paths = ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert names(optim.SGD(model.parameters())) == [paths]
    assert names(optim.SGD(model.named_parameters())) == [paths]
    assert names(optim.SGD(("p" + n, p) for n, p in model.named_parameters())) == [
        ["p" + n for n in paths]
    ]
    assert names(optim.SGD([w, ("mine", parameter(2.0)), parameter(3.0)])) == [
        ["param0", "mine", "param1"]
    ]
    w.name = "slope"
    assert names(optim.SGD([w])) == [["slope"]]


def test_names_are_different_over_all_groups():
    one, two = nn.Linear(1, 1), nn.Linear(1, 1)
    optimizer = optim.SGD(
        [{"params": one.parameters()}, {"params": [parameter(1.0), *two.parameters()]}]
    )
    optimizer.add_group({"params": [("x", parameter(2.0)), ("x", parameter(3.0))]})
    assert names(optimizer) == [["weight", "bias"], ["param0", "param1", "param2"], ["x", "param3"]]
    assert len(optimizer.state_dict()["state"]) == 7


def test_groups_have_their_own_hyperparameters():
    a, b, c = (parameter(1.0) for _ in range(3))
    optimizer = optim.Momentum(
        [{"params": [a], "lr": 0.5}, {"params": [b], "momentum": 0.0}], lr=0.25
    )
    optimizer.add_group({"params": [c], "lr": 0.125, "momentum": 0.5})
    assert [(g["lr"], g["momentum"]) for g in optimizer.state_dict()["groups"]] == [
        (0.5, 0.9),
        (0.25, 0.0),
        (0.125, 0.5),
    ]
    for _ in range(2):
        optimizer.zero_grad()
        (a + b + c).sum().backward()
        optimizer.step()
    # a sum of velocities: 1 + (momentum + 1)
    np.testing.assert_allclose(
        [a.item(), b.item(), c.item()], [1 - 0.5 * 2.9, 1 - 0.25 * 2, 1 - 0.125 * 2.5], rtol=1e-15
    )


def test_the_learning_rate():
    a, b = parameter(1.0), parameter(1.0)
    optimizer = optim.SGD([{"params": [a], "lr": 0.5}, {"params": [b]}], lr=0.25)
    assert optimizer.lr == 0.5
    optimizer.lr = 0.125
    assert optimizer.lr == 0.125
    (a + b).sum().backward()
    optimizer.step()
    assert (a.item(), b.item()) == (0.875, 0.875)
    with pytest.raises(ValueError, match=r"SGD: lr must lie in \[0, inf\), got -1"):
        optimizer.lr = -1
    assert optimizer.lr == 0.125


def test_numpy_numbers_do_not_widen_float32():
    """A NumPy float64 would promote the arrays that it is multiplied with."""
    results = []
    for kind in (float, np.float64, np.array):
        w = mg.Parameter(np.array([1.5, 2.5], np.float32))
        optimizer = optim.Adam([w], lr=kind(0.1), betas=(kind(0.7), kind(0.9)), eps=kind(1e-3))
        optimizer.lr = kind(0.2)
        w.grad = mg.tensor([0.3, 0.7])
        optimizer.step()
        results.append(w.data)
        state = optimizer.state_dict()
        assert state["state"]["param0"]["m"].dtype == np.float32
        assert (
            json.dumps(state["groups"])
            == '[{"params": ["param0"], "lr": 0.2, "betas": [0.7, 0.9], "eps": 0.001, '
            '"weight_decay": 0, "maximize": false}]'
        )
    np.testing.assert_array_equal(results[1], results[0])
    np.testing.assert_array_equal(results[2], results[0])


w, v = parameter(1.0), parameter(2.0)


@pytest.mark.parametrize(
    ("params", "hyper", "error", "told"),
    [
        ([], {}, ValueError, "Momentum got no parameters"),
        ([{"params": []}], {}, ValueError, "a group without parameters"),
        ([w, w], {}, ValueError, r"parameter \(1,\) is given twice"),
        ([("one", w), ("two", w)], {}, ValueError, "parameter two is given twice"),
        ([{"params": [w]}, {"params": [v, w]}], {}, ValueError, "given twice"),
        ([np.ones(2)], {}, TypeError, "takes Parameters, got ndarray"),
        ([w, mg.tensor([1.0])], {}, TypeError, "takes Parameters, got Tensor"),
        (w, {}, TypeError, "takes Parameters, got Tensor"),
        ([("w", 1.0)], {}, TypeError, "takes Parameters, got float"),
        (nn.Sequential(nn.Tanh()), {}, TypeError, "takes Parameters, got Tanh"),
        ([{"params": [w]}, v], {}, TypeError, "takes Parameters, got dict"),
        ([w, {"params": [v]}], {}, TypeError, "takes Parameters, got dict"),
        (
            [{"params": [w], "rho": 0.9}],
            {},
            TypeError,
            "Momentum has no hyperparameter 'rho', only lr, momentum",
        ),
        ([w], {"rho": 0.9}, TypeError, "unexpected keyword argument 'rho'"),
        (
            [{"params": [w], "lr": -0.1}],
            {},
            ValueError,
            r"Momentum: lr must lie in \[0, inf\), got -0.1",
        ),
        ([w], {"momentum": 1.0}, ValueError, r"Momentum: momentum must lie in \[0, 1\), got 1.0"),
    ],
)
def test_what_is_refused(params, hyper, error, told):
    with pytest.raises(error, match=told):
        optim.Momentum(params, **hyper)


LIMITS = dict.fromkeys(("momentum", "rho", "betas", "dampening"), 1)
RANGES = [
    (rule, key, value)
    for rule in RULES
    for key in rule([w]).defaults
    if key != "maximize"
    for value in [-1e-9, float("nan"), float("inf"), *([1.0] if LIMITS.get(key) == 1 else [])]
]


@pytest.mark.parametrize(
    ("rule", "key", "value"), RANGES, ids=lambda v: getattr(v, "__name__", str(v))
)
def test_a_hyperparameter_out_of_range(rule, key, value):
    limit = LIMITS.get(key, "inf")
    is_pair = isinstance(rule([w]).defaults[key], tuple)
    for wrong in [(value, 0.9), [0.9, value]] if is_pair else [value]:
        with pytest.raises(
            ValueError, match=rf"{rule.__name__}: {key} must lie in \[0, {limit}\), got"
        ):
            rule([w], **{key: wrong})


# What divides has to be more than 0 here: the clipping's bound, and eps where the variance is 0.
DIVISORS = {optim.Adafactor: "d", optim.CenteredRMSProp: "eps"}
DIVISORS[optim.CenteredRMSPropMomentum] = DIVISORS[optim.CenteredRMSPropNesterov] = "eps"


@by_rule
def test_zero_is_in_every_range(rule):
    p = parameter(1.0)
    defaults = rule([p]).defaults
    zeros = {key: (0, 0) if isinstance(a, tuple) else 0 for key, a in defaults.items()}
    zeros.pop(DIVISORS.get(rule), None)
    optimizer = rule([p], **zeros)
    p.grad = mg.tensor(np.array([2.0]))
    optimizer.step()
    assert p.item() == 1


def test_a_refused_group_changes_nothing():
    optimizer = optim.SGD([("w", w)])
    with pytest.raises(ValueError, match="twice"):
        optimizer.add_group({"params": [v, w]})
    assert names(optimizer) == [["w"]]
    optimizer.add_group({"params": [v]})
    assert names(optimizer) == [["w"], ["param0"]]


# The step.


def test_a_step_without_any_gradient():
    model = mlp()
    optimizer = optim.Adam(model.parameters())
    with pytest.raises(RuntimeError, match=r"step\(\) found no gradient; call backward\(\)"):
        optimizer.step()
    train(model, optimizer, 1)
    optimizer.zero_grad()
    assert all(p.grad is None for p in model.parameters())
    before = model.state_dict(), optimizer.state_dict()
    with pytest.raises(RuntimeError, match="found no gradient"):
        optimizer.step()
    assert_same_state(optimizer.state_dict(), before[1])
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[0][name])


@by_rule
def test_a_parameter_without_a_gradient_is_left_alone(rule):
    """a gets a gradient at every step, b at every third, d from the fifth on, c never: as if each
    had an optimizer of its own."""
    rng = np.random.default_rng(1)
    when = {
        "a": lambda i: True,
        "b": lambda i: i % 3 == 2,
        "c": lambda i: False,
        "d": lambda i: i >= 4,
    }
    start = {name: rng.standard_normal(4) for name in when}
    together, apart = ({n: mg.Parameter(x) for n, x in start.items()} for _ in range(2))
    hyper = {"lr": 0.1}
    if "hyper_lr" in rule([w]).defaults:  # else a group shares the learning rate that it finds
        hyper["hyper_lr"] = 0.0
    one = rule(together.items(), **hyper)
    several = {n: rule([(n, p)], **hyper) for n, p in apart.items()}
    for i in range(12):
        for name, active in when.items():
            g = mg.tensor(rng.standard_normal(4))
            together[name].grad = g if active(i) else None
            if active(i):
                apart[name].grad = g
                several[name].step()
        one.step()
        for name in when:
            np.testing.assert_array_equal(together[name].data, apart[name].data)
    state = one.state_dict()["state"]
    assert {name: entry["t"] for name, entry in state.items()} == {"a": 12, "b": 4, "c": 0, "d": 8}
    for name in when:
        alone = several[name].state_dict()["state"][name]
        for slot in rule.slots:
            np.testing.assert_array_equal(state[name][slot], alone[slot])
    np.testing.assert_array_equal(together["c"].data, start["c"])


def test_a_frozen_parameter():
    model = mlp()
    model[0].weight.requires_grad = False
    frozen, optimizer = model[0].weight.data.copy(), optim.Adam(model.parameters(), lr=0.1)
    train(model, optimizer, 2)
    np.testing.assert_array_equal(model[0].weight.data, frozen)
    assert [e["t"] for e in optimizer.state_dict()["state"].values()] == [0, 2, 2, 2]
    model[0].weight.requires_grad = True
    train(model, optimizer, 1)
    assert not np.array_equal(model[0].weight.data, frozen)
    assert [e["t"] for e in optimizer.state_dict()["state"].values()] == [1, 3, 3, 3]


def test_a_step_is_noticed_by_an_older_graph():
    model = mlp()
    loss = (model(X) ** 2).mean()
    loss.backward(retain_graph=True)
    optim.SGD(model.parameters())  # moves the parameters into a buffer: the graph is intact
    loss.backward(retain_graph=True)
    optimizer = optim.SGD(model.parameters())
    loss = (model(X) ** 2).mean()
    loss.backward(retain_graph=True)
    optimizer.step()
    with pytest.raises(
        RuntimeError, match=r"backward through linear: parameter '\d\.weight' was changed in place"
    ):
        loss.backward()
    (model(X) ** 2).mean().backward()


def test_a_group_without_gradients_is_not_written_to():
    a, b = parameter(1.0), parameter(2.0)
    optimizer = optim.SGD([{"params": [a]}, {"params": [b]}])
    of_a, of_b = (a * a).sum(), (b * b).sum()
    of_a.backward()
    optimizer.step()
    of_b.backward()
    assert b.grad.item() == 4


def test_a_rule_of_ones_own():
    class SignDescent(optim.Optimizer):
        slots = ("last",)

        def __init__(self, params, lr=0.5):
            super().__init__(params, lr=lr)

        @staticmethod
        def update(theta, g, last, *, t, lr):
            return theta - lr / t * np.sign(g), g

    p = parameter(3.0, -3.0)
    optimizer = SignDescent([p])
    for gradient in ([2.0, -7.0], [9.0, 0.0]):
        p.grad = mg.tensor(np.array(gradient))
        optimizer.step()
    np.testing.assert_array_equal(p.data, [2.25, -2.5])
    np.testing.assert_array_equal(optimizer.state_dict()["state"]["param0"]["last"], [9, 0])


# The saved state.


def make_groups(rule):
    """A model and its optimizer, in two groups, one with a learning rate of its own."""
    model = mlp()
    first, last = model[0].parameters(), model[2].parameters()
    return model, rule([{"params": first}, {"params": last, "lr": 0.01}], lr=0.05)


@by_rule
@pytest.mark.parametrize(
    "carry",
    [lambda s: s, copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))],
    ids=["as it is", "deepcopy", "pickle"],
)
def test_a_run_goes_on_from_its_state(rule, carry):
    model, optimizer = make_groups(rule)
    train(model, optimizer, 3)
    optimizer.lr = 0.02
    saved, weights = carry(optimizer.state_dict()), model.state_dict()
    train(model, optimizer, 4)

    twin, resumed = make_groups(rule)
    train(twin, resumed, 1)
    resumed.load_state_dict(saved)
    twin.load_state_dict(weights)
    assert_same_state(resumed.state_dict(), saved)
    train(twin, resumed, 4)
    assert_same_parameters(twin, model)
    assert_same_state(resumed.state_dict(), optimizer.state_dict())
    assert saved["state"]["0.weight"]["t"] == 3


def test_what_a_state_holds():
    model, optimizer = make_groups(optim.Adam)
    train(model, optimizer, 2)
    state = optimizer.state_dict()
    shared = {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0, "maximize": False}
    assert state["t"] == 2
    assert state["groups"] == [
        {"params": ["0.weight", "0.bias"], "lr": 0.05, **shared},
        {"params": ["2.weight", "2.bias"], "lr": 0.01, **shared},
    ]
    for name, p in model.named_parameters():
        entry = state["state"][name]
        assert list(entry) == ["t", "m", "v"]
        assert entry["t"] == 2
        assert entry["m"].shape == entry["v"].shape == p.shape
        assert entry["m"].dtype == p.dtype


def test_a_state_is_a_copy():
    model, optimizer = make_groups(optim.Momentum)
    train(model, optimizer, 2)
    before = copy.deepcopy(optimizer.state_dict())

    def spoil(state):
        for entry in state["state"].values():
            entry["v"] += 1
            entry["t"] = 99
        for group in state["groups"]:
            group["lr"] = 7.0
            group["params"].clear()

    spoil(optimizer.state_dict())
    assert_same_state(optimizer.state_dict(), before)
    optimizer.load_state_dict(loaded := copy.deepcopy(before))
    spoil(loaded)
    assert_same_state(optimizer.state_dict(), before)


def test_state_of_another_dtype_is_cast():
    """From plain lists, as from JSON."""
    p = mg.Parameter(np.array([[1.0, 2.0]], np.float32))
    optimizer = optim.Adam([p])
    entry = {"t": 5, "m": [[1.0, 2.0]], "v": np.array([[3.0, 4.0]])}
    group = {"params": ["param0"], "lr": 0.1, "betas": [0.5, 0.75], "eps": 0.0}
    optimizer.load_state_dict({"groups": [group], "state": {"param0": entry}})
    found = optimizer.state_dict()
    options = {"weight_decay": 0, "maximize": False}  # which the state may lack
    assert found["groups"] == [group | {"betas": (0.5, 0.75)} | options]
    assert found["state"]["param0"]["m"].dtype == found["state"]["param0"]["v"].dtype == np.float32
    np.testing.assert_array_equal(found["state"]["param0"]["v"], [[3, 4]])


def rename(state):
    state["groups"][0]["params"][0] = "other"


def regroup(state):
    state["groups"].append({"params": [state["groups"][0]["params"].pop()]})


def lose(key):
    return lambda state: state["state"]["2.bias"].pop(key)


def reshape(state):
    state["state"]["2.weight"]["v"] = np.zeros(5)


def unknown(state):
    state["groups"][1]["rho"] = 0.5


def diverge(state):
    state["groups"][1]["momentum"] = 2.0


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (
            rename,
            r"the state is of other parameters: expected groups \[\['0.weight', .*got \[\['other',",
        ),
        (regroup, "the state is of other parameters"),
        (lambda state: state["state"].pop("0.bias"), "the state of parameter '0.bias' lacks 't'"),
        (lose("t"), "the state of parameter '2.bias' lacks 't'"),
        (lose("v"), "the state of parameter '2.bias' lacks 'v'"),
        (reshape, r"'v' of parameter '2.weight' has shape \(5,\), expected \(1, 5\)"),
        (
            unknown,
            "Momentum has the hyperparameters lr, momentum, .* state is of .* lr, momentum, .*rho",
        ),
        (
            lambda state: state["groups"][0].pop("momentum"),
            "the state is of an optimizer with lr, weight_decay, maximize$",
        ),
        (diverge, r"momentum must lie in \[0, 1\), got 2.0"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(spoil, told):
    model, optimizer = make_groups(optim.Momentum)
    train(model, optimizer, 2)
    state = copy.deepcopy(before := optimizer.state_dict())
    for group in state["groups"]:
        group["lr"] = 0.5
    spoil(state)
    with pytest.raises(ValueError, match=told):
        optimizer.load_state_dict(state)
    assert_same_state(optimizer.state_dict(), before)


@pytest.mark.parametrize(
    "one", [optim.SGD, optim.Momentum, optim.AdaGrad, optim.RMSProp, optim.Adam]
)
@pytest.mark.parametrize(
    "other", [optim.SGD, optim.Momentum, optim.AdaGrad, optim.RMSProp, optim.Adam]
)
def test_the_state_of_another_rule_is_refused(one, other):
    state = one([("w", parameter(1.0))]).state_dict()
    optimizer = other([("w", parameter(1.0))])
    if one is other:
        optimizer.load_state_dict(state)
        assert_same_state(optimizer.state_dict(), state)
    else:
        with pytest.raises(ValueError, match=f"{other.__name__} has the hyperparameters"):
            optimizer.load_state_dict(state)


# Copies.


@by_rule
@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))], ids=["deepcopy", "pickle"]
)
def test_a_model_and_its_optimizer_are_copied_together(rule, copied):
    model, optimizer = make_groups(rule)
    train(model, optimizer, 2)
    twin, resumed = copied((model, optimizer))
    assert_same_state(resumed.state_dict(), optimizer.state_dict())
    before = model.state_dict()
    train(twin, resumed, 2)
    for name, array in before.items():
        np.testing.assert_array_equal(model.state_dict()[name], array)
    train(model, optimizer, 2)
    assert_same_parameters(twin, model)
    assert not np.array_equal(twin[0].weight.data, before["0.weight"])


WAYS = [copy.deepcopy, *(lambda a, p=p: pickle.loads(pickle.dumps(a, p)) for p in range(2, 6))]


@pytest.mark.parametrize("copied", WAYS, ids=["deepcopy", *(f"pickle {p}" for p in range(2, 6))])
@pytest.mark.parametrize("model_first", [True, False])
def test_copied_parameters_lie_in_the_copied_buffers(copied, model_first):
    """However they are held, and whichever comes first: without that, a step would copy them in."""
    model, inner = make_groups(optim.Adam)
    optimizer = optim.Lookahead(inner, k=2)
    ema = optim.EMA(model, 0.5)
    train(model, optimizer, 1)
    held = {"model": model, "optimizer": optimizer, "ema": ema}
    order = list(held) if model_first else list(held)[::-1]
    twin = copied({name: held[name] for name in order})
    parameters = dict(twin["model"].named_parameters())
    assert all(p is not parameters[name] for name, p in model.named_parameters())
    for group in twin["optimizer"].optimizer.groups:
        for unit in group.units:
            for name, p in zip(unit.names, unit.parameters, strict=True):
                assert p is parameters[name]
                assert np.shares_memory(p.data, unit.theta)
    for name, p in twin["ema"]._parameters:
        assert p is parameters[name]
    for made in (held, twin):
        train(made["model"], made["optimizer"], 3)
        made["ema"].update()
    assert_same_parameters(twin["model"], model)
    for name, average in ema.state_dict()["average"].items():
        np.testing.assert_array_equal(twin["ema"].state_dict()["average"][name], average)


def test_an_optimizer_that_is_copied_alone_has_parameters_of_its_own():
    model, optimizer = make_groups(optim.Adam)
    before = model.state_dict()
    alone = copy.deepcopy(optimizer)
    for group in alone.groups:
        for p in group.parameters:
            p.grad = mg.tensor(np.ones(p.shape))
    alone.step()
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])
    assert all(p.grad is None for p in model.parameters())


def test_a_copied_model_is_out_of_reach_of_the_optimizer():
    model, optimizer = make_groups(optim.SGD)
    twin = copy.deepcopy(model)
    before = twin.state_dict()
    for p, q in zip(model.parameters(), twin.parameters(), strict=True):
        assert not np.shares_memory(p.data, q.data)
    train(model, optimizer, 1)
    for name, array in twin.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_two_optimizers_may_take_turns():
    model, reference = mlp(), mlp()
    turns = [optim.SGD(model.parameters(), lr=0.1), optim.Adam(model.parameters(), lr=0.1)]
    for i in range(4):
        train(model, turns[i % 2], 1)
    state = None
    for i in range(4):
        rule = [optim.SGD, optim.Adam][i % 2]
        fresh = rule(reference.parameters(), lr=0.1)
        if rule is optim.Adam and state:
            fresh.load_state_dict(state)
        train(reference, fresh, 1)
        state = fresh.state_dict() if rule is optim.Adam else state
    assert_same_parameters(model, reference)
