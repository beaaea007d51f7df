"""Which optimizer to take: the facts, the race, and that it leaves no trace."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim


def mlp(seed=0):
    rng = np.random.default_rng(seed)
    return nn.Sequential(nn.Linear(64, 16, rng=rng), nn.ReLU(), nn.Linear(16, 10, rng=rng))


def digits():
    data = mg.data.datasets.digits()
    return np.asarray(data.x, np.float32), data.y


def test_a_convex_problem_gets_curvature(capsys):
    iris = mg.data.datasets.iris()
    found = optim.recommend(nn.Linear(4, 3, rng=np.random.default_rng(0)), iris)
    assert found.best == "LBFGS" and found.batch is None
    assert any("convex" in fact for fact in found.facts)
    printed = capsys.readouterr().out
    assert printed == f"{found}\n"
    for name, (loss, lr) in found.losses.items():
        assert name in printed
        assert np.isfinite(loss) and loss < found.start
        assert lr > 0


def test_a_network_gets_mini_batches():
    found = optim.recommend(mlp(), digits(), epochs=3, verbose=False)
    assert found.batch == 64
    assert set(found.losses) == {"Momentum", "Adam"}
    assert not any("convex, with" in fact for fact in found.facts)


def test_more_parameters_than_examples():
    x, y = digits()
    found = optim.recommend(mlp(), (x[:50], y[:50]), epochs=2, verbose=False)
    assert "AdamW" in found.losses
    assert any("weight decay" in fact for fact in found.facts)


def test_the_winner_can_be_made():
    model = mlp()
    found = optim.recommend(model, digits(), epochs=2, verbose=False)
    optimizer = found.optimizer(model.parameters(), weight_decay=0.1)
    assert type(optimizer).__name__ == found.best
    assert optimizer.lr == found.lr
    assert found.losses[found.best][0] == min(loss for loss, _ in found.losses.values())


def test_it_leaves_no_trace_and_repeats_itself():
    model, data = mlp(), digits()
    before = {name: a.copy() for name, a in model.state_dict().items()}
    first = optim.recommend(model, data, epochs=1, verbose=False)
    assert all(p.grad is None for p in model.parameters()) and model.training
    for name, a in model.state_dict().items():
        np.testing.assert_array_equal(a, before[name])
    again = optim.recommend(model, data, epochs=1, verbose=False)
    assert again.losses == first.losses


def test_what_diverges_loses():
    rng = np.random.default_rng(0)
    x = (rng.standard_normal((100, 3)) * 100).astype(np.float32)
    y = (x @ np.ones((3, 1), np.float32)).astype(np.float32)
    found = optim.recommend(nn.Linear(3, 1, rng=rng), (x, y), verbose=False)
    assert found.losses["GD"][0] == np.inf
    assert found.best == "LBFGS"


def test_a_loss_of_ones_own():
    def loss(prediction, target):
        return abs(prediction - target).mean()

    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 2)).astype(np.float32)
    data = x, x[:, :1]
    found = optim.recommend(nn.Linear(2, 1, rng=rng), data, loss, verbose=False)
    assert found.start == pytest.approx(
        loss(nn.Linear(2, 1, rng=np.random.default_rng(0))(x), data[1]).item(), rel=1
    )


def test_what_is_refused():
    with pytest.raises(ValueError, match="3 rows of x, but 2 of y"):
        optim.recommend(nn.Linear(1, 1), (np.ones((3, 1)), np.ones(2)))
    with pytest.raises(ValueError, match="no parameters"):
        optim.recommend(nn.ReLU(), (np.ones((3, 1)), np.ones(3)))
