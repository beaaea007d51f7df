"""A batch in pieces gives the gradients of the whole batch."""

import numpy as np
import pytest
from compiled_runs import Run, assert_equal_runs

import minigrad as mg
import minigrad.functional as F
from minigrad import nn, optim

DRAWS = np.random.default_rng(0)
X, Y = DRAWS.standard_normal((11, 3)), DRAWS.standard_normal((11, 2))


def network(dtype=np.float64):
    rng = np.random.default_rng(1)
    before = mg.get_default_dtype()
    mg.set_default_dtype(dtype)
    try:
        return nn.Sequential(nn.Linear(3, 4, rng=rng), nn.Tanh(), nn.Linear(4, 2, rng=rng))
    finally:
        mg.set_default_dtype(before)


def gradients(net):
    return [p.grad.data for p in net.parameters()]


@pytest.mark.parametrize("size", [1, 4, 5, 11, 20])
def test_uneven_micro_batches_are_as_one_batch(size):
    whole, pieces = network(), network()
    expected = F.mse_loss(whole(X), Y)
    expected.backward()
    batches = ((X[a : a + size], Y[a : a + size]) for a in range(0, 11, size))
    loss = optim.accumulate(lambda x, y: F.mse_loss(pieces(x), y), batches)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-14)
    assert not loss.requires_grad
    for found, wanted in zip(gradients(pieces), gradients(whole), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-16)


def test_it_adds_to_gradients_that_are_there():
    w = mg.Parameter([2.0])
    w.grad = mg.tensor([10.0])
    optim.accumulate(lambda x: (w * x).mean(), [(np.float32([1.0]),), (np.float32([2.0, 3.0]),)])
    assert w.grad.item() == 12


def test_what_is_counted_can_be_given():
    w = mg.Parameter([1.0])
    batches = [(np.float32([1.0, 9.0]), 1), (np.float32([2.0, 3.0]), 3)]
    loss = optim.accumulate(lambda x, n: w.sum() * x[0], batches, count=lambda x, n: n)
    assert loss.item() == pytest.approx((1 * 1 + 3 * 2) / 4)


@pytest.mark.parametrize("batches", [[], [(np.zeros((0, 2)),)]])
def test_nothing_to_accumulate(batches):
    with pytest.raises(ValueError, match="expected micro-batches with rows"):
        optim.accumulate(lambda x: x, batches)


def test_compiled_with_clipping_it_is_the_same_to_the_last_bit():
    def build():
        net = network(np.float32)
        optimizer = optim.Adam(net.named_parameters(), lr=0.01)

        def step(x, y):
            optimizer.zero_grad()
            parts = [(x[:4], y[:4]), (x[4:8], y[4:8]), (x[8:], y[8:])]
            loss = optim.accumulate(lambda x, y: F.mse_loss(net(x), y), parts)
            optim.clip_grad_norm(net, 0.2)
            optimizer.step()
            return loss

        return Run(step, [net], [optimizer])

    x, y = X.astype(np.float32), Y.astype(np.float32)
    assert_equal_runs(build, [(x + k, y) for k in range(10)])
