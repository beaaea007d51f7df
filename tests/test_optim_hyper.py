"""Hyperparameters that change from step to step, weight decay, and maximization."""

import copy
import math
from typing import ClassVar

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim

GRADIENT = np.array([0.5, -2.0])


class Halving:
    """lr(t) = 2^-t."""

    def __call__(self, t):
        return 0.5**t

    def __repr__(self):
        return "Halving()"


class Counting:
    """A schedule with a state: how often it was told something."""

    def __init__(self):
        self.told = 0

    def __call__(self, t):
        return 0.1 / (1 + self.told)

    def __repr__(self):
        return "Counting()"

    def state_dict(self):
        return {"told": self.told}

    def load_state_dict(self, state):
        self.told = state["told"]


def parameter(values=(1.0, 3.0), name="w"):
    p = mg.Parameter(np.array(values))
    p.name = name
    return p


def stepped(optimizer, *parameters, count=1, gradient=GRADIENT):
    for _ in range(count):
        for p in parameters:
            p.grad = mg.tensor(gradient)
        optimizer.step()


# Schedules.


def test_a_schedule_is_asked_for_each_step():
    p = parameter()
    optimizer = optim.SGD([p], lr=Halving())
    rates = []
    for _ in range(3):
        rates.append(optimizer.lr)
        before = p.data.copy()
        stepped(optimizer, p)
        np.testing.assert_allclose(before - p.data, rates[-1] * GRADIENT)
    assert rates == [0.5, 0.25, 0.125]
    assert optimizer.t == 3


def test_any_hyperparameter_may_be_a_schedule():
    def betas(t):
        return 0.5 / t, 0.75

    p, q = parameter(), parameter()
    optimizer = optim.Adam([p], lr=0.1, betas=betas, weight_decay=lambda t: 0.01 * t)
    plain = optim.Adam([q], lr=0.1)
    for t in range(1, 5):
        plain.groups[0].hyper |= {"betas": betas(t), "weight_decay": 0.01 * t}
        stepped(optimizer, p)
        stepped(plain, q)
        np.testing.assert_array_equal(p.data, q.data)


def test_the_rate_can_be_set_to_a_schedule_and_back():
    p = parameter()
    optimizer = optim.SGD([p], lr=1.0)
    stepped(optimizer, p, count=2)
    optimizer.lr = Halving()
    assert optimizer.lr == 0.125  # of step 3
    optimizer.lr = 0.75
    assert optimizer.lr == 0.75


def test_a_scheduled_number_out_of_range():
    p = parameter()
    optimizer = optim.SGD([p], lr=lambda t: 2.0 - t)
    stepped(optimizer, p, count=2)
    with pytest.raises(ValueError, match=r"SGD: lr must lie in \[0, inf\), got -1.0"):
        stepped(optimizer, p)


def test_a_schedule_counts_the_optimizers_steps_and_not_a_parameters():
    first, late = parameter(), parameter(name="late")
    optimizer = optim.SGD([first, late], lr=Halving())
    stepped(optimizer, first, count=2)
    first.grad = None
    before = late.data.copy()
    stepped(optimizer, late)
    np.testing.assert_allclose(before - late.data, 0.125 * GRADIENT)


def test_all_groups_are_at_the_same_step_of_a_schedule():
    one, two = parameter(), parameter(name="two")
    optimizer = optim.SGD([{"params": [one]}, {"params": [two]}], lr=Halving())
    for _ in range(3):
        two.grad = mg.tensor(GRADIENT)
        stepped(optimizer, one)
        np.testing.assert_array_equal(one.data, two.data)


@pytest.mark.parametrize("rule", [optim.SGD, optim.Adam])
def test_a_compiled_step_asks_too(rule):
    p, q = parameter(), parameter()

    def schedule(t):
        return 0.1 * math.cos(t / 4) ** 2

    optimizer = rule([p], lr=schedule, weight_decay=lambda t: 0.1 / t)
    twin = rule([q], lr=schedule, weight_decay=lambda t: 0.1 / t)

    @mg.compile
    def step(g):
        p.grad = mg.tensor(g)
        optimizer.step()

    for k in range(6):
        step(GRADIENT * (k + 1))
        stepped(twin, q, gradient=GRADIENT * (k + 1))
        np.testing.assert_array_equal(p.data, q.data)
        assert optimizer.lr == twin.lr and optimizer.t == twin.t == k + 1
    assert step.cache_info().misses <= 2
    misses = step.cache_info().misses
    optimizer.lr = twin.lr = 0.5
    step(GRADIENT)
    stepped(twin, q)
    np.testing.assert_array_equal(p.data, q.data)
    assert step.cache_info().misses == misses + 1


def test_two_steps_in_one_compiled_function():
    p = parameter()
    optimizer = optim.SGD([p], lr=Halving())

    @mg.compile
    def twice(g):
        p.grad = mg.tensor(g)
        optimizer.step()
        optimizer.step()

    for k in range(3):
        before = p.data.copy()
        twice(GRADIENT)
        rate = 0.5 ** (2 * k + 1) + 0.5 ** (2 * k + 2)
        np.testing.assert_allclose(before - p.data, rate * GRADIENT, rtol=1e-12)
    assert optimizer.t == 6


# The saved state.


def test_a_run_goes_on_with_its_schedule():
    p, q = parameter(), parameter()
    optimizer, resumed = (optim.Momentum([x], lr=Halving()) for x in (p, q))
    stepped(optimizer, p, count=3)
    state = copy.deepcopy(optimizer.state_dict())
    assert state["groups"][0]["lr"] == {"schedule": "Halving()", "state": None}
    q.data = p.data.copy()
    resumed.load_state_dict(state)
    assert resumed.lr == optimizer.lr == 0.0625
    stepped(optimizer, p)
    stepped(resumed, q)
    np.testing.assert_array_equal(p.data, q.data)


def test_a_schedule_with_a_state_goes_on_too():
    one, other = (optim.SGD([parameter()], lr=Counting()) for _ in range(2))
    one.groups[0].hyper["lr"].told = 4
    other.load_state_dict(one.state_dict())
    assert other.lr == one.lr == 0.02


@pytest.mark.parametrize(
    ("saved", "own"), [(0.1, Halving()), (Halving(), 0.1), (Halving(), Counting())]
)
def test_a_state_of_another_schedule_is_refused(saved, own):
    state = optim.SGD([parameter()], lr=saved).state_dict()
    optimizer = optim.SGD([parameter()], lr=own)
    with pytest.raises(ValueError, match=r"made with lr = .*; make it with the same schedule"):
        optimizer.load_state_dict(state)


# Weight decay and maximization.


def test_weight_decay_is_added_to_the_gradient():
    p = parameter()
    stepped(optim.SGD([p], lr=0.1, weight_decay=0.5), p)
    np.testing.assert_allclose(p.data, [1 - 0.1 * (0.5 + 0.5), 3 - 0.1 * (-2 + 1.5)])


def test_decoupled_weight_decay_stands_beside_the_step():
    class Decoupled(optim.Adam):
        decay = staticmethod(optim.decay.with_decoupled)

    p, q = parameter(), parameter()
    stepped(Decoupled([p], lr=0.1, weight_decay=0.5), p)
    q.data = q.data * (1 - 0.1 * 0.5)
    stepped(optim.Adam([q], lr=0.1), q)
    np.testing.assert_allclose(p.data, q.data, rtol=1e-14)


def test_maximizing_is_descending_along_the_negative():
    p, q = parameter(), parameter()
    stepped(optim.Adam([p], weight_decay=0.1, maximize=True), p, count=3)
    stepped(optim.Adam([q], weight_decay=0.1), q, count=3, gradient=-GRADIENT)
    np.testing.assert_array_equal(p.data, q.data)


@pytest.mark.parametrize(
    "no_decay", ["*bias", ["b*", "norm.*"], lambda name, p: p.ndim < 1 or name == "bias"]
)
def test_what_is_left_out_of_the_decay(no_decay):
    weight, bias = parameter(name="weight"), parameter(name="bias")
    optimizer = optim.SGD([weight, bias], lr=1.0, weight_decay=0.5, no_decay=no_decay)
    assert [g.names for g in optimizer.groups] == [["weight"], ["bias"]]
    stepped(optimizer, weight, bias, gradient=np.zeros(2))
    assert weight.tolist() == [0.5, 1.5]
    assert bias.tolist() == [1.0, 3.0]


def test_a_group_of_which_a_part_is_refused_is_not_added():
    matrix, bias = parameter([[1.0, 2.0]], name="weight"), parameter(name="bias")
    optimizer = optim.Muon([parameter([[3.0]], name="w")], weight_decay=0.1, no_decay="bias")
    with pytest.raises(ValueError, match="Muon takes matrices"):
        optimizer.add_group({"params": [matrix, bias]})
    assert [g.names for g in optimizer.groups] == [["w"]]


def test_a_decay_of_nothing_computes_nothing():
    p = parameter()
    optimizer = optim.SGD([p])

    @mg.compile
    def step(g):
        p.grad = mg.tensor(g)
        optimizer.step()

    step(GRADIENT)
    assert "weight_decay" not in step.source and "negative" not in step.source


def test_the_decay_can_be_set_later():
    p = parameter()
    optimizer = optim.SGD([p], lr=1.0)
    stepped(optimizer, p, gradient=np.zeros(2))
    optimizer.groups[0].hyper["weight_decay"] = 0.5
    stepped(optimizer, p, gradient=np.zeros(2))
    assert p.tolist() == [0.5, 1.5]


# Rules that see a parameter as a whole, and numbers that change from step to step.


class Rows(optim.Optimizer):
    """theta <- theta - lr g / norm of the row, with a state that has another shape."""

    slots = ("rows",)
    is_elementwise = False

    def __init__(self, params, lr=0.1, **options):
        super().__init__(params, lr=lr, **options)

    @staticmethod
    def init(theta, **hyper):
        return (np.full((*theta.shape[:-1], 1), 2.0, theta.dtype),)

    @staticmethod
    def update(theta, g, rows, *, t, lr):
        rows = rows + np.add.reduce(g * g, axis=-1, keepdims=True)
        return theta - lr * g / np.sqrt(rows), rows


class Product(optim.Optimizer):
    """theta <- theta - lr g mu, where mu is a product over the steps."""

    counters: ClassVar = {"mu": 1.0}

    def __init__(self, params, lr=0.1, **options):
        super().__init__(params, lr=lr, **options)

    @staticmethod
    def count(*, t, mu, lr, **options):
        return {"mu": mu * (1 - 0.5**t)}

    @staticmethod
    def update(theta, g, *, t, lr, mu):
        return (theta - lr * mu * g,)


def run(rule, compiled, steps=4, options=None):
    rng = np.random.default_rng(0)
    shapes = [(2, 3), (4,), (3, 1, 2)]
    parameters = [mg.Parameter(rng.standard_normal(s)) for s in shapes]
    optimizer = rule(parameters, **(options or {}))

    def step(gradients):
        for p, g in zip(parameters, gradients, strict=True):
            p.grad = mg.tensor(g)
        optimizer.step()

    step = mg.compile(step) if compiled else step
    for k in range(steps):
        if k == 2:
            state = copy.deepcopy(optimizer.state_dict())
            optimizer.load_state_dict(state)
        step([rng.standard_normal(s) for s in shapes])
    return [p.data.copy() for p in parameters], optimizer.state_dict()


@pytest.mark.parametrize("rule", [Rows, Product])
@pytest.mark.parametrize("options", [{}, {"weight_decay": 0.1, "lr": Halving()}])
def test_compiled_equals_eager_bit_for_bit(rule, options):
    eager, state = run(rule, False, options=options)
    compiled, same = run(rule, True, options=options)
    for a, b in zip(eager, compiled, strict=True):
        np.testing.assert_array_equal(a, b)
    assert state["t"] == same["t"] == 4
    for name, entry in state["state"].items():
        for key, value in entry.items():
            np.testing.assert_array_equal(value, same["state"][name][key])


def test_a_rule_that_sees_rows():
    p = mg.Parameter(np.array([[1.0, 2.0], [3.0, 4.0]]))
    optimizer = Rows([p], lr=1.0)
    p.grad = mg.tensor(np.array([[1.0, 1.0], [3.0, np.sqrt(5)]]))
    optimizer.step()
    np.testing.assert_allclose(p.data, [[0.5, 1.5], [3 - 0.75, 4 - np.sqrt(5) / 4]])
    assert optimizer.state_dict()["state"]["param0"]["rows"].shape == (2, 1)


def test_a_counter_is_part_of_the_state():
    _, state = run(Product, False)
    expected = np.prod([1 - 0.5**t for t in range(1, 5)])
    assert state["state"]["param0"]["mu"] == pytest.approx(expected, rel=1e-15)
