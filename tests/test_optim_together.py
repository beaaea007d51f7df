"""Several optimizers as one, and Muon with AdamW: steps, state, compiled steps, errors."""

import copy

import numpy as np
import pytest
from compiled_runs import Run, assert_equal_runs, bits

import minigrad as mg
import minigrad.functional as F
from minigrad import nn, optim
from minigrad.optim import schedules

X = np.random.default_rng(0).standard_normal((6, 3)).astype(np.float32)
Y = np.sin(X[:, :2])


def network():
    rng = np.random.default_rng(1)
    return nn.Sequential(nn.Linear(3, 4, rng=rng), nn.Tanh(), nn.Linear(4, 2, rng=rng))


def divided(net):
    named = list(net.named_parameters())
    return [[(n, p) for n, p in named if (p.ndim == 2) is is_matrix] for is_matrix in (True, False)]


def together(net):
    matrices, others = divided(net)
    return optim.Together(optim.Muon(matrices, lr=0.1), optim.Adam(others, lr=0.2))


def train(net, optimizers, steps):
    for _ in range(steps):
        optimizers[0].zero_grad()
        net.zero_grad()
        F.mse_loss(net(X), Y).backward()
        for optimizer in optimizers:
            optimizer.step()


def test_it_makes_the_steps_of_its_optimizers():
    net, twin = network(), network()
    train(net, [together(net)], 5)
    matrices, others = divided(twin)
    train(twin, [optim.Muon(matrices, lr=0.1), optim.Adam(others, lr=0.2)], 5)
    assert bits(net.state_dict()) == bits(twin.state_dict())


def test_it_has_the_interface_of_an_optimizer():
    w, b = mg.Parameter([1.0]), mg.Parameter([2.0])
    first, second = optim.SGD([("w", w)], lr=0.5), optim.SGD([("b", b)], lr=0.25)
    optimizer = optim.Together(first, second)
    assert isinstance(optimizer, optim.Optimizer)
    assert optimizer.groups == [*first.groups, *second.groups]
    assert (optimizer.lr, optimizer.t) == (0.5, 0)
    (w + b).sum().backward()
    optimizer.step()
    assert (w.item(), b.item(), optimizer.t) == (0.5, 1.75, 1)
    optimizer.zero_grad()
    assert w.grad is None and b.grad is None
    optimizer.lr = 0.125
    assert (first.lr, second.lr) == (0.125, 0.125)
    with pytest.raises(TypeError, match=r"add the group to one of `\.optimizers`"):
        optimizer.add_group({"params": [mg.Parameter([1.0])]})
    c = mg.Parameter([3.0])
    second.add_group({"params": [("c", c)]})
    (3 * c).sum().backward()
    assert optim.clip_grad_norm(optimizer, 1.0).item() == 3.0


def test_parameters_without_a_gradient_are_left_alone():
    w, b = mg.Parameter([1.0]), mg.Parameter([2.0])
    optimizer = optim.Together(optim.SGD([w], lr=0.5), optim.SGD([b], lr=0.5))
    b.sum().backward()
    optimizer.step()
    assert (w.item(), b.item(), optimizer.t) == (1.0, 1.5, 1)
    optimizer.zero_grad()
    with pytest.raises(RuntimeError, match="found no gradient"):
        optimizer.step()


@pytest.mark.parametrize("cut", [1, 4])
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_run_cut_in_two_is_the_same_to_the_last_bit(cut, wrapped):
    def new():
        net = network()
        made = optim.MuonWithAdamW(net.named_parameters(), schedules.Linear(0.1, 0.0, 10))
        return net, optim.Lookahead(made, 3) if wrapped else made

    whole, optimizer = new()
    train(whole, [optimizer], 8)
    first, before = new()
    train(first, [before], cut)
    second, after = new()
    second.load_state_dict(first.state_dict())
    after.load_state_dict(copy.deepcopy(before.state_dict()))
    train(second, [after], 8 - cut)
    assert bits(second.state_dict()) == bits(whole.state_dict())
    assert bits(after.state_dict()) == bits(optimizer.state_dict())


def test_a_state_that_does_not_fit_changes_nothing():
    net = network()
    optimizer = together(net)
    train(net, [optimizer], 3)
    before = bits(optimizer.state_dict())
    matrices, others = divided(net)
    alone = optim.Together(optim.Adam(net.named_parameters()))
    with pytest.raises(ValueError, match="expected the states of 2 optimizers, got 1"):
        optimizer.load_state_dict(alone.state_dict())
    with pytest.raises(ValueError, match="expected the states of 2 optimizers, got 0"):
        optimizer.load_state_dict(optim.Adam(net.named_parameters()).state_dict())
    second_differs = optim.Together(optim.Muon(matrices, lr=0.3), optim.Momentum(others))
    with pytest.raises(ValueError, match="Adam has the hyperparameters"):
        optimizer.load_state_dict(second_differs.state_dict())
    assert bits(optimizer.state_dict()) == before


def test_what_cannot_go_together():
    w = mg.Parameter([[1.0]])
    with pytest.raises(ValueError, match="got no optimizers"):
        optim.Together()
    with pytest.raises(TypeError, match="step without a closure, got Parameter"):
        optim.Together(w)
    for inner in (optim.LBFGS([w]), optim.SAM(optim.SGD([w]))):
        with pytest.raises(TypeError, match=f"a closure, got {type(inner).__name__}"):
            optim.Together(inner)
    with pytest.raises(ValueError, match=r"parameter 'w' is given twice|is given twice"):
        optim.Together(optim.SGD([("w", w)]), optim.Muon([("w", w)]))


@pytest.mark.parametrize("wrapper", [None, optim.Lookahead, optim.SAM])
def test_compiled_it_is_the_same(wrapper):
    def build():
        net = network()
        optimizer = optim.MuonWithAdamW(net.named_parameters(), lr=0.05, weight_decay=0.1)
        optimizer = optimizer if wrapper is None else wrapper(optimizer)

        def step(x):
            def closure():
                optimizer.zero_grad()
                loss = F.mse_loss(net(x), Y)
                loss.backward()
                return loss

            if wrapper is optim.SAM:
                return optimizer.step(closure)
            loss = closure()
            optimizer.step()
            return loss

        return Run(step, [net], [optimizer])

    programs = 2 if wrapper is optim.Lookahead else 1
    assert_equal_runs(build, [(X + np.float32(k / 10),) for k in range(20)], programs=programs)


def test_muon_takes_the_matrices_and_adamw_the_rest():
    net, twin = network(), network()
    options = {"weight_decay": 0.1, "no_decay": "*bias"}
    made = optim.MuonWithAdamW(net.named_parameters(), lr=0.1, share=0.5, **options)
    assert [g.names for g in made.groups] == [["0.weight", "2.weight"], ["0.bias", "2.bias"]]
    assert [g.hyper["weight_decay"] for g in made.groups] == [0.1, 0]
    matrices, others = divided(twin)
    train(net, [made], 5)
    train(twin, [optim.Muon(matrices, 0.1, **options), optim.AdamW(others, 0.05, **options)], 5)
    assert bits(net.state_dict()) == bits(twin.state_dict())


def test_what_else_adamw_takes():
    filters, w, b = (mg.Parameter(np.ones((2,) * n)) for n in (4, 2, 1))
    made = optim.MuonWithAdamW([("filters", filters), ("w", w), ("b", b)])
    assert [g.names for g in made.groups] == [["w"], ["filters", "b"]]
    only_adamw = optim.MuonWithAdamW([("w", w), ("b", b)], lr=0.25, rest=lambda name, p: True)
    assert [type(o) for o in only_adamw.optimizers] == [optim.AdamW]
    assert only_adamw.lr == 0.25
    assert [type(o) for o in optim.MuonWithAdamW([w]).optimizers] == [optim.Muon]


def test_the_rates_keep_their_ratio():
    made = optim.MuonWithAdamW(network().named_parameters(), lr=0.1, share=0.25)
    assert [o.lr for o in made.optimizers] == [0.1, 0.025]
    made.lr = 0.2
    assert (made.lr, *(o.lr for o in made.optimizers)) == (0.2, 0.2, 0.05)
    made.lr = schedules.Linear(1.0, 0.0, 4)
    assert [o.lr for o in made.optimizers] == [1.0, 0.25]
    made.lr = lambda t: 0.5 / t
    assert [o.lr for o in made.optimizers] == [0.5, 0.125]
