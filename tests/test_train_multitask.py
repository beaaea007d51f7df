"""Losses with fixed and learnt weights, and gradients without conflicts."""

import numpy as np
import pytest
from compiled_runs import Run, assert_equal_runs

import minigrad as mg
import minigrad.functional as F
from minigrad import nn, optim, train

X = np.random.default_rng(0).standard_normal((6, 3)).astype(np.float32)
Y = np.sin(X[:, :2])


def network():
    rng = np.random.default_rng(1)
    return nn.Sequential(nn.Linear(3, 4, rng=rng), nn.Tanh(), nn.Linear(4, 2, rng=rng))


def surgery(gradients, orders):
    """Yu et al. 2020, algorithm 1, with the branch as it is written there."""
    total = 0
    for i, order in enumerate(orders):
        d = gradients[i]
        for j in order:
            if j != i and d @ gradients[j] < 0:
                d = d - (d @ gradients[j]) / (gradients[j] @ gradients[j]) * gradients[j]
        total = total + d
    return total


def test_fixed_weights():
    losses = [mg.tensor(v, requires_grad=True) for v in (1.0, 2.0, 3.0)]
    total = train.WeightedLosses([0.5, 0.0, 2.0])(losses)
    total.backward()
    assert total.item() == 6.5
    assert [loss.grad.item() for loss in losses] == [0.5, 0.0, 2.0]
    with pytest.raises(ValueError, match="expected 3 losses.* got 2"):
        train.WeightedLosses([1, 1, 1])(losses[:2])
    assert repr(train.WeightedLosses([1, 2])).startswith("WeightedLosses(1.0, 2.0)")


def test_learned_weights_are_the_formula_and_its_derivative():
    total = train.LearnedWeights(2, np.float64)
    total.log_variance.data[:] = [0.5, -1.0]
    sigma2, losses = np.exp([0.5, -1.0]), np.array([3.0, 0.2])
    loss = total([mg.tensor(v, dtype=np.float64) for v in losses])
    assert loss.item() == pytest.approx((losses / (2 * sigma2) + np.log(sigma2) / 2).sum())
    loss.backward()
    np.testing.assert_allclose(total.log_variance.grad.data, (1 - losses / sigma2) / 2)
    np.testing.assert_allclose(total.weights(), 1 / (2 * sigma2))
    with pytest.raises(ValueError, match="expected 2 losses.* got 1"):
        total([1.0])


def test_learned_variances_come_to_be_the_losses():
    total = train.LearnedWeights(2, np.float64)
    optimizer = optim.Adam(total.parameters(), lr=0.1)
    for _ in range(500):
        optimizer.zero_grad()
        total([mg.tensor(4.0, dtype=np.float64), mg.tensor(0.25, dtype=np.float64)]).backward()
        optimizer.step()
    np.testing.assert_allclose(np.exp(total.log_variance.data), [4.0, 0.25], rtol=1e-3)


@pytest.mark.parametrize("seed", range(5))
def test_conflicts_are_projected_away_in_the_drawn_order(seed):
    gradients = np.random.default_rng(seed).standard_normal((4, 6))
    a, b = mg.Parameter(np.zeros((2, 2))), mg.Parameter(np.zeros(2))
    losses = [(a * g[:4].reshape(2, 2)).sum() + (b * g[4:]).sum() for g in gradients]
    train.pcgrad_backward(losses, [a, b], np.random.default_rng(seed))
    rng = np.random.default_rng(seed)
    expected = surgery(gradients, [rng.permutation(4) for _ in range(4)])
    found = np.concatenate([a.grad.data.ravel(), b.grad.data])
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_two_tasks_end_without_conflict():
    g, h = np.array([1.0, 0.0]), np.array([-1.0, 1.0])
    w = mg.Parameter(np.zeros(2))
    train.pcgrad_backward([(w * g).sum(), (w * h).sum()], [w], np.random.default_rng(0))
    assert w.grad.data @ g >= 0 and w.grad.data @ h >= 0


def test_agreeing_tasks_are_added_as_they_are_to_what_is_there():
    w = mg.Parameter(np.zeros(2))
    w.grad = mg.tensor([10.0, 10.0], dtype=np.float64)
    rng = np.random.default_rng(0)
    train.pcgrad_backward([w[0] + w[1], 2 * w[0]], [w], rng)
    np.testing.assert_array_equal(w.grad.data, [13.0, 11.0])


def test_parameters_that_a_loss_does_not_use():
    shared, own, idle, frozen = (mg.Parameter(np.ones(2)) for _ in range(4))
    frozen.requires_grad = False
    losses = [(shared * frozen).sum(), (own * own).sum() - shared.sum()]
    parameters = [shared, own, idle, frozen]
    train.pcgrad_backward(losses, parameters, np.random.default_rng(0))
    assert idle.grad is None and frozen.grad is None
    # (1, 1, 0, 0) loses all but a part of its conflict with (-1, -1, 2, 2), and the reverse.
    np.testing.assert_allclose(shared.grad.data, [0.8, 0.8])
    np.testing.assert_allclose(own.grad.data, [2.4, 2.4])


def test_a_task_without_a_gradient_is_no_division_by_zero():
    w = mg.Parameter(np.array([0.0, 1.0]))
    train.pcgrad_backward([w[0] ** 2, w[1] * 1], [w], np.random.default_rng(0))
    np.testing.assert_array_equal(w.grad.data, [0, 1])


def test_no_loss():
    with pytest.raises(ValueError, match="expected at least one loss"):
        train.pcgrad_backward([], [mg.Parameter([1.0])], np.random.default_rng(0))


def test_compiled_it_is_the_same_to_the_last_bit():
    def build():
        net, weights, rng = network(), train.LearnedWeights(2), np.random.default_rng(0)
        one = optim.Adam(net.named_parameters(), lr=0.01)
        two = optim.SGD(weights.named_parameters(), lr=0.1, weight_decay=0)

        def step(x):
            one.zero_grad()
            two.zero_grad()
            h = net(x)
            losses = [F.mse_loss(h, Y), F.mse_loss(h[:, 0], Y[:, 1]), ((h - 1) ** 2).mean()]
            train.pcgrad_backward(losses, net, rng)
            total = weights([loss.detach() for loss in losses[:2]])
            total.backward()
            one.step()
            two.step()
            return total

        return Run(step, [net, weights], [one, two], generators=[rng])

    assert_equal_runs(build, [(X + np.float32(k / 10),) for k in range(20)])
