import numpy as np
import pytest
from test_train_encoding import assert_same
from test_train_session import TRAIN, new_session, train

from minigrad import compile, nn, optim
from minigrad.data import DataLoader, Dataset
from minigrad.optim import NotFiniteError
from minigrad.train import OBJECTIVES, OPTIMIZERS, DivergedError, Session, fit
from minigrad.train.step import finite, step_of

CLASSIFICATION, REGRESSION = OBJECTIVES["classification"], OBJECTIVES["regression"]


def train_compiled(session, stop_after=None):
    return train(session, stop_after, backend="numpy")


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_compiled_steps_with_dropout_are_the_same_to_the_last_bit(optimizer):
    compiled = train_compiled(new_session(optimizer))
    assert_same(compiled.state_dict(), train(new_session(optimizer)).state_dict())


@pytest.mark.parametrize("step", [1, 4, 5, 9])
def test_a_session_goes_on_compiled_or_not(step):
    unbroken = train(new_session()).state_dict()
    for begin, go_on in [(train_compiled, train), (train, train_compiled), (train_compiled,) * 2]:
        first = begin(new_session(), stop_after=step)
        second = new_session(seed=99)
        second.load_state_dict(first.state_dict())
        assert_same(go_on(second).state_dict(), unbroken)


def test_a_step_is_recorded_once_for_each_size_of_batch():
    session = new_session()
    step = step_of(session, CLASSIFICATION, "numpy")
    for _ in range(2):
        for x, y in session.loader:  # four batches of 5 rows and one of 2
            step(x, y)
    assert step.cache_info()[:2] == (8, 2)
    sections = dict.fromkeys(i.section for i in step.program.instructions)
    assert list(sections) == ["forward", "backward", "update"]


@pytest.mark.parametrize("backend", [None, "numpy"])
@pytest.mark.parametrize("spoilt", [np.nan, np.inf])
def test_a_loss_that_is_no_number_ends_the_step_before_anything_is_updated(backend, spoilt):
    x, y = np.eye(3, dtype=np.float32), np.ones((3, 2), np.float32)
    model = nn.Linear(3, 2, rng=np.random.default_rng(0))
    session = Session(model, optim.Adam(model.named_parameters()), DataLoader((x, y)))
    step = step_of(session, REGRESSION, backend)
    step(x, y)
    before = session.state_dict()
    gradients = [p.grad.data.copy() for p in model.parameters()]
    with pytest.raises(NotFiniteError) as error:
        step(x, np.full_like(y, spoilt))
    assert str(error.value.value) == str(spoilt)
    assert_same(session.state_dict(), before)
    for p, g in zip(model.parameters(), gradients, strict=True):
        np.testing.assert_array_equal(p.grad.data, g)
    step(x, y)
    assert session.optimizer.state_dict()["state"]["weight"]["t"] == 2


def test_compiled_training_diverges_in_the_same_step_with_the_same_words():
    rng = np.random.default_rng(0)
    line = Dataset(rng.standard_normal((10, 3)), rng.standard_normal((10, 1)), "line", "regression")
    outcomes = []
    for backend in (None, "numpy"):
        model = nn.Linear(3, 1, rng=np.random.default_rng(1))
        loader = DataLoader(line, 4)
        session = Session(model, optim.SGD(model.named_parameters(), lr=1e6), loader)
        with pytest.raises(DivergedError) as error:
            step = step_of(session, REGRESSION, backend)
            fit(session, REGRESSION, {"test": line}, epochs=9, step=step)
        outcomes.append((str(error.value), session.state_dict()))
    assert outcomes[0][0] == outcomes[1][0]
    assert session.step > 1
    assert_same(outcomes[0][1], outcomes[1][1])


def test_finite_returns_the_number():
    assert finite(np.float32(0.5)) == 0.5
    with pytest.raises(NotFiniteError, match="^the loss, shape .*inf"):
        finite(np.array(np.inf))


def test_of_lbfgs_the_gradients_are_replayed(monkeypatch):
    """It branches on the loss, but what it asks for is always computed by the same calls."""
    made = []

    def kept(function, **options):
        made.append(compile(function, **options))
        return made[-1]

    monkeypatch.setattr("minigrad.train.step.compile", kept)
    model = nn.Linear(4, 3, rng=np.random.default_rng(0))
    session = Session(model, optim.LBFGS(model.named_parameters()), DataLoader(TRAIN))
    step = step_of(session, CLASSIFICATION, "numpy")
    losses = [step(TRAIN.x, TRAIN.y)[0] for _ in range(3)]
    assert losses == sorted(losses, reverse=True) and losses[2] < 0.9 * losses[0]
    (gradients,) = made
    hits, misses, *_ = gradients.cache_info()
    assert misses == 1
    assert hits + misses == session.optimizer.evaluations > 30
