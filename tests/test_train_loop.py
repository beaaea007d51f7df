import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.data import DataLoader, Dataset
from minigrad.train import OBJECTIVES, DivergedError, Session, accuracy, evaluate, fit, loop
from minigrad.train.callbacks import Call
from minigrad.train.stop import Stop

CLASSIFICATION, REGRESSION = OBJECTIVES["classification"], OBJECTIVES["regression"]


def labelled(n, seed=0):
    rng = np.random.default_rng(seed)
    return Dataset(rng.standard_normal((n, 3)), np.arange(n) % 2, "toy", "classification")


def session_for(train, model, lr=0.1, batch_size=4, callbacks=()):
    loader = DataLoader(train, batch_size)
    return Session(model, optim.SGD(model.named_parameters(), lr=lr), loader, callbacks)


def test_the_means_are_exact_over_uneven_batches():
    train = labelled(10)  # batches of 4, 4 and 2
    model = nn.Linear(3, 2, rng=np.random.default_rng(0))
    session = session_for(train, model, lr=0.0)  # the weights stand still
    fit(session, CLASSIFICATION, {"test": train}, epochs=1)
    logits = (train.x @ model.weight.data.T + model.bias.data).astype(np.float64)
    row = session.history[0]
    assert row["epoch"] == 1
    assert row["train_accuracy"] == row["test_accuracy"] == accuracy(logits, train.y)
    exact = float(mg.functional.cross_entropy(logits, train.y))
    assert row["train_loss"] == pytest.approx(exact, rel=1e-6)
    assert row["test_loss"] == pytest.approx(exact, rel=1e-6)


def test_it_makes_the_steps_that_one_would_write_by_hand():
    train = labelled(10)
    model, twin = (nn.Linear(3, 2, rng=np.random.default_rng(0)) for _ in range(2))
    fit(session_for(train, model), CLASSIFICATION, {"test": train}, epochs=2)
    for _ in range(2):
        for start in (0, 4, 8):
            twin.zero_grad()
            rows = slice(start, start + 4)
            mg.functional.cross_entropy(twin(train.x[rows]), train.y[rows]).backward()
            for parameter in twin.parameters():
                parameter.data = parameter.data - 0.1 * parameter.grad.data
    np.testing.assert_array_equal(model.weight.data, twin.weight.data)
    np.testing.assert_array_equal(model.bias.data, twin.bias.data)


def test_regression_has_r2_and_no_accuracy():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((40, 3))
    line = Dataset(x, x @ rng.standard_normal((3, 2)), "line", "regression")
    session = session_for(line, nn.Linear(3, 2, rng=rng))
    fit(session, REGRESSION, {"test": line}, epochs=60)
    assert list(session.history[-1]) == [
        "epoch", "train_loss", "train_r2", "test_loss", "test_r2",
    ]  # fmt: skip
    assert session.history[-1]["test_r2"] > 0.999


def test_evaluating_is_without_graph_or_dropout_and_in_batches(monkeypatch):
    monkeypatch.setattr(loop, "_EVALUATION_BATCH", 4)
    data = labelled(10)
    seen = []

    class Spy(nn.Module):
        def __init__(self):
            self.linear = nn.Linear(3, 2)
            self.dropout = nn.Dropout(0.9)

        def forward(self, x):
            seen.append((len(x), self.training, self.dropout.training, mg.is_grad_enabled()))
            return self.dropout(self.linear(x))

    model = Spy()
    state = model.dropout.rng.bit_generator.state
    evaluate(model, CLASSIFICATION, data)
    assert seen == [(4, False, False, False), (4, False, False, False), (2, False, False, False)]
    assert model.training
    assert model.dropout.training
    assert model.dropout.rng.bit_generator.state == state
    model.eval()
    evaluate(model, CLASSIFICATION, data)
    assert not model.training


def test_callbacks_and_stop():
    train = labelled(10)
    stop, steps, epochs = Stop(), [], []

    def after_step(session):
        steps.append((session.epoch, session.step, session.sums.rows))
        if session.step == 5:
            stop.signal = 2

    call = Call(after_step, lambda session: epochs.append(session.epoch))
    session = session_for(train, nn.Linear(3, 2), callbacks=[call])
    fit(session, CLASSIFICATION, {"test": train}, epochs=9, stop=stop)
    assert steps == [(0, 1, 4), (0, 2, 8), (0, 3, 10), (1, 4, 4), (1, 5, 8)]
    assert epochs == [1]
    fit(session, CLASSIFICATION, {"test": train}, epochs=1)  # behind it already
    assert session.step == 5


def test_after_a_stop_it_goes_on_in_the_midst_of_the_epoch():
    train = labelled(10)
    model, twin = (nn.Linear(3, 2, rng=np.random.default_rng(0)) for _ in range(2))
    stop = Stop()

    def after_step(session):
        if session.step == 2:
            stop.signal = 2

    stopped = session_for(train, model, callbacks=[Call(after_step)])
    fit(stopped, CLASSIFICATION, {"test": train}, epochs=2, stop=stop)
    fit(stopped, CLASSIFICATION, {"test": train}, epochs=2)
    unbroken = session_for(train, twin)
    fit(unbroken, CLASSIFICATION, {"test": train}, epochs=2)
    assert stopped.step == unbroken.step == 6
    assert stopped.history == unbroken.history
    np.testing.assert_array_equal(model.weight.data, twin.weight.data)


def test_nothing_held_out():
    train = labelled(10)
    session = session_for(train, nn.Linear(3, 2))
    fit(session, CLASSIFICATION, {}, epochs=1)
    assert list(session.logs) == ["epoch", "train_loss", "train_accuracy"]


def test_divergence_names_the_step_and_makes_no_update():
    train = labelled(8)
    model = nn.Linear(3, 2, rng=np.random.default_rng(0))
    session = session_for(train, model, lr=1e300)
    with pytest.raises(
        DivergedError, match=r"loss is (nan|inf) in epoch 1, after step 1; .*1e\+300"
    ):
        fit(session, CLASSIFICATION, {"test": train}, epochs=1)
    assert session.step == 1


def test_divergence_that_only_the_test_set_shows():
    train = labelled(4)
    model = nn.Linear(3, 2, rng=np.random.default_rng(0))
    session = session_for(train, model, lr=1e300)  # one step: there is no second loss
    with pytest.raises(DivergedError, match="the test loss is nan in epoch 1, after step 1"):
        fit(session, CLASSIFICATION, {"test": train}, epochs=1)
    assert session.history == []
