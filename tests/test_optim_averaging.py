"""Averages of weights: their formulas, the swap, buffers, saved state, compiled steps."""

import numpy as np
import pytest
from compiled_runs import Run, assert_equal_runs, bits

import minigrad as mg
import minigrad.functional as F
from minigrad import nn, optim

X = np.random.default_rng(0).standard_normal((6, 3)).astype(np.float32)
Y = np.sin(X[:, :2])
WEIGHTS = np.random.default_rng(1).standard_normal((12, 3))


def network():
    rng = np.random.default_rng(1)
    return nn.Sequential(nn.Linear(3, 4, rng=rng), nn.Tanh(), nn.Linear(4, 2, rng=rng))


class Running(nn.Module):
    """A layer with a running mean and a count."""

    def __init__(self, size):
        self.scale = mg.Parameter([1.0])
        self.register_buffer("mean", np.zeros(size, np.float32))
        self.register_buffer("count", np.array(0))

    def forward(self, x):
        self.mean = 0.5 * self.mean + x
        self.count = self.count + 1
        return (x - self.mean) * self.scale


def averaged(decay):
    """The average after each of the updates with WEIGHTS, from weights of 1."""
    w = mg.Parameter(np.ones(3))
    ema = optim.EMA([("w", w)], decay)
    found = []
    for row in WEIGHTS:
        w.data = row
        ema.update()
        found.append(ema.state_dict()["average"]["w"])
    return np.array(found)


def test_the_exponential_average_is_the_weighted_sum():
    d, n = 0.8, len(WEIGHTS)
    shares = np.array([(1 - d) * d ** (n - 1 - k) for k in range(n)])
    expected = d**n * np.ones(3) + shares @ WEIGHTS
    np.testing.assert_allclose(averaged(d)[-1], expected, rtol=1e-13)


def test_the_plain_average_is_the_mean_of_all_updates():
    means = [WEIGHTS[: k + 1].mean(axis=0) for k in range(len(WEIGHTS))]
    np.testing.assert_allclose(averaged(optim.plain_average), means, rtol=1e-12)


def test_bias_correction_is_the_average_from_zero_divided_by_its_shares():
    d = 0.9
    from_zero, expected = np.zeros(3), []
    for t, row in enumerate(WEIGHTS, 1):
        from_zero = d * from_zero + (1 - d) * row
        expected.append(from_zero / (1 - d**t))
    np.testing.assert_allclose(averaged(optim.bias_corrected(d)), expected, rtol=1e-12)


def test_warm_up_forgets_fast_at_first():
    average, expected = np.ones(3), []
    for t, row in enumerate(WEIGHTS, 1):
        d = min(0.4, (1 + t) / (10 + t))
        average = d * average + (1 - d) * row
        expected.append(average)
    np.testing.assert_allclose(averaged(optim.warmed_up(0.4)), expected, rtol=1e-12)


def test_inside_the_block_the_averages_are_the_weights():
    net = network()
    optimizer = optim.Adam(net.named_parameters(), lr=0.1)
    ema = optim.EMA(net, 0.5)
    for _ in range(3):
        optimizer.zero_grad()
        F.mse_loss(net(X), Y).backward()
        optimizer.step()
        ema.update()
    before = net.state_dict()
    with ema.weights():
        assert bits(net.state_dict()) == bits(ema.state_dict()["average"])
        with pytest.raises(RuntimeError, match="would average the averages"):
            ema.update()
    assert bits(net.state_dict()) == bits(before)
    with pytest.raises(KeyError), ema.weights():
        raise KeyError
    assert bits(net.state_dict()) == bits(before)
    assert ema.t == 3


def test_a_graph_from_before_the_swap_cannot_be_differentiated():
    net = network()
    ema = optim.EMA(net)
    loss = F.mse_loss(net(X), Y)
    with ema.weights(), pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()


@pytest.mark.parametrize("average_buffers", [False, True])
def test_buffers(average_buffers):
    net = Running(2)
    ema = optim.EMA(net, 0.75, average_buffers)
    net(np.float32([4.0, 8.0]))
    ema.update()
    mean = [1.0, 2.0] if average_buffers else [4.0, 8.0]
    with ema.weights():
        np.testing.assert_array_equal(net.mean, mean)
        assert net.count == 1
    np.testing.assert_array_equal(net.mean, [4.0, 8.0])
    assert ("mean" in ema.state_dict()["average"]) == average_buffers


def test_saved_state_goes_on_to_the_last_bit():
    def new():
        w = mg.Parameter(np.ones(3))
        return w, optim.EMA([("w", w)], optim.bias_corrected(0.9))

    def run(w, ema, rows):
        for row in rows:
            w.data = row
            ema.update()

    (w, whole), (v, first), (u, second) = new(), new(), new()
    run(w, whole, WEIGHTS)
    run(v, first, WEIGHTS[:5])
    second.load_state_dict(first.state_dict())
    run(u, second, WEIGHTS[5:])
    assert bits(second.state_dict()) == bits(whole.state_dict())


def test_what_is_refused():
    w = mg.Parameter(np.ones(3))
    for decay in (-0.1, 1.0):
        with pytest.raises(ValueError, match=r"expected decay in \[0, 1\)"):
            optim.EMA([w], decay)
    with pytest.raises(ValueError, match="average_buffers needs a module"):
        optim.EMA([w], average_buffers=True)
    ema = optim.EMA([("w", w)])
    with pytest.raises(ValueError, match="the averages are of other parameters"):
        ema.load_state_dict({"t": 1, "average": {"v": np.ones(3)}})
    assert ema.t == 0


DECAYS = [
    (0.9, 1),
    (optim.plain_average, 1),
    (optim.bias_corrected(0.9), 1),
    (optim.warmed_up(0.5), 2),
]


@pytest.mark.parametrize(("decay", "programs"), DECAYS)
def test_compiled_it_is_the_same_to_the_last_bit(decay, programs):
    def build():
        net = nn.Sequential(Running(3), network())
        optimizer = optim.Adam(net.named_parameters(), lr=0.01)
        ema = optim.EMA(net, decay, average_buffers=True)

        def step(x):
            optimizer.zero_grad()
            F.mse_loss(net(x), np.ones(2, np.float32)).backward()
            optimizer.step()
            ema.update()
            with ema.weights():
                return net[1](x).detach()

        return Run(step, [net], [optimizer, ema])

    assert_equal_runs(build, [(X[0] + np.float32(k / 10),) for k in range(20)], programs)
