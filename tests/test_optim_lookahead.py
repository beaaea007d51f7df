"""Lookahead: its formula, the wrapped optimizer's interface, saved state, compiled steps."""

import copy

import numpy as np
import pytest
from compiled_runs import Run, assert_equal_runs, bits

import minigrad as mg
import minigrad.functional as F
from minigrad import nn, optim

X = np.random.default_rng(0).standard_normal((6, 3)).astype(np.float32)
Y = np.sin(X[:, :2])


def network():
    rng = np.random.default_rng(1)
    return nn.Sequential(nn.Linear(3, 4, rng=rng), nn.Tanh(), nn.Linear(4, 2, rng=rng))


def train(net, optimizer, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        F.mse_loss(net(X), Y).backward()
        optimizer.step()


def test_on_a_parabola_it_is_the_closed_form():
    """On a w^2 / 2 a step is a factor 1 - lr a; so are k of them with the way back."""
    a, lr, k, alpha = np.array([1.0, 4.0, 10.0]), 0.05, 4, 0.3
    w = mg.Parameter(np.ones(3))
    optimizer = optim.Lookahead(optim.SGD([w], lr=lr), k, alpha)
    for step in range(1, 23):
        optimizer.zero_grad()
        (a * w * w / 2).sum().backward()
        optimizer.step()
        fast = 1 - lr * a
        cycle = 1 + alpha * (fast**k - 1)
        np.testing.assert_allclose(w.data, cycle ** (step // k) * fast ** (step % k), rtol=1e-13)


def test_alpha_1_is_the_wrapped_optimizer_and_alpha_0_stays():
    plain, ahead, still = network(), network(), network()
    train(plain, optim.Adam(plain.named_parameters()), 6)
    train(ahead, optim.Lookahead(optim.Adam(ahead.named_parameters()), 3, alpha=1.0), 6)
    train(still, optim.Lookahead(optim.Adam(still.named_parameters()), 3, alpha=0.0), 6)
    for p, q, r, s in zip(*(m.parameters() for m in (plain, ahead, still, network())), strict=True):
        np.testing.assert_allclose(q.data, p.data, rtol=1e-6)
        np.testing.assert_array_equal(r.data, s.data)


def test_it_has_the_interface_of_an_optimizer():
    w, b = mg.Parameter([1.0]), mg.Parameter([2.0])
    inner = optim.SGD([("w", w)], lr=0.5)
    optimizer = optim.Lookahead(inner)
    assert isinstance(optimizer, optim.Optimizer)
    assert optimizer.groups is inner.groups and optimizer.lr == 0.5
    optimizer.lr = 0.25
    assert inner.lr == 0.25
    optimizer.add_group({"params": [("b", b)], "lr": 0.125})
    (w + b).sum().backward()
    optimizer.step()
    assert (w.item(), b.item(), optimizer.t) == (0.75, 1.875, 1)
    optimizer.zero_grad()
    assert w.grad is None and b.grad is None
    assert optimizer.state_dict()["Lookahead"]["slow"].keys() == {"w", "b"}


@pytest.mark.parametrize("cut", [1, 5, 7])
def test_a_run_cut_in_two_is_the_same_to_the_last_bit(cut):
    def new():
        net = network()
        inner = optim.Lookahead(optim.Momentum(net.named_parameters(), lr=0.1), 2, 0.8)
        return net, optim.Lookahead(inner, 5)  # one around another

    whole, optimizer = new()
    train(whole, optimizer, 20)
    first, before = new()
    train(first, before, cut)
    second, after = new()
    second.load_state_dict(first.state_dict())
    after.load_state_dict(copy.deepcopy(before.state_dict()))
    train(second, after, 20 - cut)
    assert bits(second.state_dict()) == bits(whole.state_dict())
    assert bits(after.state_dict()) == bits(optimizer.state_dict())


def test_a_state_that_does_not_fit_changes_nothing():
    net, other = network(), nn.Linear(3, 2)
    optimizer = optim.Lookahead(optim.SGD(net.named_parameters(), lr=0.1))
    train(net, optimizer, 3)
    before = bits(optimizer.state_dict())
    with pytest.raises(ValueError, match="expected the state of a Lookahead"):
        optimizer.load_state_dict(optimizer.optimizer.state_dict())
    with pytest.raises(ValueError, match="the slow weights are of other parameters"):
        optimizer.load_state_dict(optim.Lookahead(optim.SGD(other.parameters())).state_dict())
    with pytest.raises(ValueError, match="the state is of an optimizer with|lacks"):
        wrong = optim.Lookahead(optim.Adam(net.named_parameters())).state_dict()
        optimizer.load_state_dict(wrong)
    assert bits(optimizer.state_dict()) == before


@pytest.mark.parametrize(("k", "alpha"), [(0, 0.5), (5, -0.1), (5, 1.1)])
def test_settings_out_of_range(k, alpha):
    with pytest.raises(ValueError, match=r"expected k of at least 1 and alpha in \[0, 1\]"):
        optim.Lookahead(optim.SGD([mg.Parameter([1.0])]), k, alpha)


def test_what_is_wrapped_must_be_an_optimizer():
    with pytest.raises(TypeError, match="Lookahead stands around an optimizer, got list"):
        optim.Lookahead([mg.Parameter([1.0])])


@pytest.mark.parametrize("wrapper", [optim.Lookahead, optim.SAM])
@pytest.mark.parametrize("inner", [optim.LBFGS, lambda params: optim.SAM(optim.SGD(params))])
def test_what_is_wrapped_steps_without_a_closure(wrapper, inner):
    kind = "LBFGS" if inner is optim.LBFGS else "SAM"
    told = f"{wrapper.__name__} lets the optimizer inside step without a closure, which {kind}"
    with pytest.raises(TypeError, match=told):
        wrapper(inner([mg.Parameter([1.0])]))


def test_compiled_it_is_the_same_with_a_program_for_each_branch():
    def build():
        net = network()
        optimizer = optim.Lookahead(optim.Adam(net.named_parameters(), lr=0.01), k=3)

        def step(x):
            optimizer.zero_grad()
            loss = F.mse_loss(net(x), Y)
            loss.backward()
            optimizer.step()
            return loss

        return Run(step, [net], [optimizer])

    assert_equal_runs(build, [(X + k,) for k in range(20)], programs=2)
