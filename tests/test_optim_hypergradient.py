"""The adapted learning rate is the one that differentiating through the step gives."""

import copy

import numpy as np
import pytest
from compiled_runs import Run, assert_equal_runs, bits

import minigrad as mg
import minigrad.functional as F
from minigrad import nn, optim

X = np.random.default_rng(0).standard_normal((6, 3)).astype(np.float32)
Y = np.sin(X[:, :2])
RULES = [
    (optim.HypergradientSGD, {"lr": 1e-3, "hyper_lr": 1e-8}),
    (optim.HypergradientAdam, {"lr": 0.02, "hyper_lr": 1e-4, "betas": (0.7, 0.9)}),
]
by_rule = pytest.mark.parametrize(("rule", "hyper"), RULES, ids=["SGD", "Adam"])


def network():
    rng = np.random.default_rng(1)
    return nn.Sequential(nn.Linear(3, 4, rng=rng), nn.Tanh(), nn.Linear(4, 2, rng=rng))


def train(net, optimizer, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        F.mse_loss(net(X), Y).backward()
        optimizer.step()


def beale(x):
    a, b = x[0], x[1]
    return (1.5 - a + a * b) ** 2 + (2.25 - a + a * b**2) ** 2 + (2.625 - a + a * b**3) ** 2


@pytest.mark.parametrize("weight_decay", [0, 0.1])
@by_rule
def test_the_rate_descends_along_the_derivative_through_the_step(rule, hyper, weight_decay):
    """L(theta - lr u) is differentiated with respect to lr, for the u that the rule used."""
    w = mg.Parameter(np.array([1.0, 1.5]))
    optimizer = rule([w], weight_decay=weight_decay, **hyper)
    through = None
    for _ in range(20):
        optimizer.zero_grad()
        loss = beale(w) + weight_decay / 2 * (w * w).sum()
        loss.backward()
        w.grad = w.grad - weight_decay * w.detach()  # the optimizer adds it
        before, lr = w.data.copy(), optimizer.lr
        optimizer.step()
        expected = lr if through is None else lr - hyper["hyper_lr"] * through
        assert optimizer.lr == pytest.approx(expected, rel=1e-12)
        rate = mg.tensor(optimizer.lr, dtype=np.float64, requires_grad=True)
        u = (before - w.data) / optimizer.lr
        theta = before - rate * u
        loss = beale(theta) + weight_decay / 2 * (theta * theta).sum()
        through = mg.grad(loss, rate).item()
    assert optimizer.lr != pytest.approx(hyper["lr"], rel=1e-3)


def test_on_a_parabola_it_is_faster_than_the_rate_it_starts_from():
    def run(optimizer, w):
        for _ in range(100):
            optimizer.zero_grad()
            (w * w / 2).sum().backward()
            optimizer.step()
        return abs(w.item())

    w, v = mg.Parameter([1.0]), mg.Parameter([1.0])
    slow = run(optim.SGD([w], lr=1e-3), w)
    assert run(optim.HypergradientSGD([v], lr=1e-3, hyper_lr=1e-3), v) < slow / 10


def test_the_rate_is_never_negative_and_recovers():
    w = mg.Parameter([1.0])
    optimizer = optim.HypergradientSGD([w], lr=0.5, hyper_lr=10.0)
    rates = []
    for g in (1.0, -1.0, -1.0, -1.0):
        w.grad = mg.tensor([g])
        optimizer.step()
        rates.append(optimizer.lr)
    assert rates == [0.5, 0.0, 10.0, 20.0]


def test_each_group_has_its_own_rate_and_ascent_turns_the_sign():
    a, b = mg.Parameter([1.0]), mg.Parameter([1.0])
    groups = [{"params": [a], "lr": 1}, {"params": [b], "lr": 0.25}]
    optimizer = optim.HypergradientSGD(groups, hyper_lr=0.5, maximize=True)
    for _ in range(2):
        a.grad, b.grad = mg.tensor([2.0]), mg.tensor([0.0])
        optimizer.step()
    assert [g.hyper["lr"] for g in optimizer.groups] == [3.0, 0.25]
    assert (a.item(), b.item()) == (9.0, 1.0)


def test_a_schedule_is_refused():
    w = mg.Parameter([1.0])
    with pytest.raises(TypeError, match="HypergradientSGD adapts lr itself"):
        optim.HypergradientSGD([w], lr=lambda t: 1 / t)
    with pytest.raises(TypeError, match="HypergradientAdam adapts lr itself"):
        optim.HypergradientAdam([w], hyper_lr=lambda t: 1 / t)
    optimizer = optim.HypergradientSGD([w])
    optimizer.lr = lambda t: 1 / t
    w.grad = mg.tensor([1.0])
    with pytest.raises(TypeError, match="HypergradientSGD adapts lr itself"):
        optimizer.step()


@by_rule
def test_a_run_cut_in_two_is_the_same_to_the_last_bit(rule, hyper):
    whole, first, second = network(), network(), network()
    optimizer, before, after = (
        rule(net.named_parameters(), **hyper) for net in (whole, first, second)
    )
    train(whole, optimizer, 20)
    train(first, before, 7)
    second.load_state_dict(first.state_dict())
    after.load_state_dict(copy.deepcopy(before.state_dict()))
    train(second, after, 13)
    assert bits(second.state_dict()) == bits(whole.state_dict())
    assert bits(after.state_dict()) == bits(optimizer.state_dict())


@pytest.mark.parametrize("options", [{}, {"weight_decay": 0.1, "maximize": True}, {"lr": 1}])
@by_rule
def test_compiled_it_is_the_same_to_the_last_bit(rule, hyper, options):
    def build():
        net = network()
        optimizer = rule(net.named_parameters(), **(hyper | options))

        def step(x):
            optimizer.zero_grad()
            F.mse_loss(net(x), Y).backward()
            optimizer.step()

        return Run(step, [net], [optimizer])

    assert_equal_runs(build, [(X,) for _ in range(20)])
