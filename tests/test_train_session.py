import numpy as np
import pytest
from test_train_encoding import assert_same

from minigrad import nn, optim
from minigrad.data import DataLoader, Dataset
from minigrad.train import OBJECTIVES, OPTIMIZERS, Session, fit, load_checkpoint, save_checkpoint
from minigrad.train.callbacks import Call
from minigrad.train.step import step_of
from minigrad.train.stop import Stop

EPOCHS, ROWS, BATCH = 3, 22, 5  # the last batch of an epoch has 2 rows
STEPS = EPOCHS * 5
RNG = np.random.default_rng(5)
TRAIN = Dataset(RNG.standard_normal((ROWS, 4)), RNG.integers(0, 3, ROWS), "toy", "classification")


def new_session(optimizer="adam", seed=0):
    init, mask, shuffle = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(3))
    model = nn.Sequential(
        nn.Linear(4, 8, rng=init), nn.ReLU(), nn.Dropout(0.5, rng=mask), nn.Linear(8, 3, rng=init)
    )
    loader = DataLoader(TRAIN, BATCH, shuffle=True, rng=shuffle)
    return Session(model, OPTIMIZERS[optimizer](model.named_parameters()), loader)


def train(session, stop_after=None, backend=None):
    stop = Stop()

    def count(session):
        if session.step == stop_after:
            stop.signal = 2

    objective = OBJECTIVES["classification"]
    session.callbacks = [Call(count)]
    step = step_of(session, objective, backend)
    fit(session, objective, {"test": TRAIN}, EPOCHS, step=step, stop=stop)
    return session


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_resumed_after_any_step_is_the_unbroken_run(tmp_path, optimizer):
    unbroken = train(new_session(optimizer)).state_dict()
    for step in range(1, STEPS + 1):
        path = tmp_path / "a.safetensors"
        first = train(new_session(optimizer), stop_after=step)
        assert first.step == step
        save_checkpoint(path, first.state_dict())
        second = new_session(optimizer, seed=99)  # everything that matters comes from the file
        second.load_state_dict(load_checkpoint(path))
        assert_same(train(second).state_dict(), unbroken)


def test_resumed_many_times(tmp_path):
    session = new_session()
    for step in (0, 2, 5, 6, 11, 14):
        train(session, stop_after=step)
        save_checkpoint(tmp_path / "a", session.state_dict())
        session = new_session(seed=step)
        session.load_state_dict(load_checkpoint(tmp_path / "a"))
    assert_same(train(session).state_dict(), train(new_session()).state_dict())


def test_saving_changes_nothing():
    session = new_session()
    session.callbacks = [Call(lambda session: session.state_dict())]
    fit(session, OBJECTIVES["classification"], {"test": TRAIN}, EPOCHS)
    assert_same(session.state_dict(), train(new_session()).state_dict())


def test_a_state_of_another_make_is_refused():
    state = train(new_session(), stop_after=3).state_dict()
    with pytest.raises(ValueError, match="lacks or garbles 'loader'"):
        new_session().load_state_dict({k: v for k, v in state.items() if k != "loader"})
    with pytest.raises(ValueError, match="RMSProp"):
        new_session("rmsprop").load_state_dict(state)
    wide = nn.Linear(4, 9)
    other = Session(wide, optim.SGD(wide.named_parameters()), DataLoader(TRAIN))
    with pytest.raises(ValueError, match="does not fit"):
        other.load_state_dict(state)
    for garbled in ({"sums": 3}, {"history": 5}, {"epoch": None}, {"generators": {}}):
        with pytest.raises(ValueError, match="lacks or garbles"):
            new_session().load_state_dict({**state, **garbled})
