"""The events, in their order."""

import numpy as np
import pytest

import minigrad.functional as F
from minigrad import nn, optim
from minigrad.data import DataLoader
from minigrad.train import Trainer, callbacks, metrics

X = np.random.default_rng(0).standard_normal((10, 3)).astype(np.float32)
Y = (X[:, :1] > 0).astype(np.float32)
EVENTS = [name for name in vars(callbacks.Callback) if name.startswith("on_")]


class Diary(callbacks.Callback):
    """Writes down each event, with the epoch and the step."""

    def __init__(self, name, diary):
        self.name, self.diary = name, diary

    def write(self, event, session):
        self.diary.append((self.name, event, session.epoch, session.step))


def recorder(event):
    return lambda self, session, *error: self.write(event, session)


for event in EVENTS:
    setattr(Diary, event, recorder(event))


def trainer_of(*listening, lr=0.1, **options):
    model = nn.Linear(3, 1, rng=np.random.default_rng(0))
    optimizer = optim.SGD(model.named_parameters(), lr=lr)
    return Trainer(model, F.mse_loss, optimizer, callbacks=listening, **options)


def loader():
    return DataLoader((X, Y), 5)


def test_events_come_in_order():
    diary = []
    trainer_of(Diary("a", diary), Diary("b", diary)).fit(loader(), epochs=2)
    one = [(event, epoch, step) for name, event, epoch, step in diary if name == "a"]
    assert one == [
        ("on_fit_begin", 0, 0),
        ("on_epoch_begin", 0, 0),
        ("on_step_begin", 0, 0),
        ("on_step_end", 0, 1),
        ("on_save_point", 0, 1),
        ("on_step_begin", 0, 1),
        ("on_step_end", 0, 2),
        ("on_save_point", 0, 2),
        ("on_evaluation_begin", 0, 2),
        ("on_epoch_end", 1, 2),
        ("on_evaluation_end", 1, 2),
        ("on_save_point", 1, 2),
        ("on_epoch_begin", 1, 2),
        ("on_step_begin", 1, 2),
        ("on_step_end", 1, 3),
        ("on_save_point", 1, 3),
        ("on_step_begin", 1, 3),
        ("on_step_end", 1, 4),
        ("on_save_point", 1, 4),
        ("on_evaluation_begin", 1, 4),
        ("on_epoch_end", 2, 4),
        ("on_evaluation_end", 2, 4),
        ("on_save_point", 2, 4),
        ("on_fit_end", 2, 4),
    ]
    for i, (event, *_) in enumerate(one):
        ends_a_block = event in ("on_evaluation_end", "on_fit_end")  # as nested blocks end
        pair = [name for name, *_ in diary[2 * i : 2 * i + 2]]
        assert pair == (["b", "a"] if ends_a_block else ["a", "b"]), event


def test_an_epoch_resumed_in_its_middle_does_not_begin_again():
    diary = []

    def cut(session):
        if session.step == 3 and not diary:
            session.stop.reason = "cut"

    trainer = trainer_of(callbacks.Call(cut), recording := Diary("a", []))
    trainer.fit(loader(), epochs=2)
    recording.diary = diary
    trainer.callbacks[0].__init__()
    trainer.fit(loader(), epochs=2)
    assert [event for _, event, *_ in diary] == [
        "on_fit_begin", "on_step_begin", "on_step_end", "on_save_point", "on_evaluation_begin",
        "on_epoch_end", "on_evaluation_end", "on_save_point", "on_fit_end",
    ]  # fmt: skip


def test_an_error_ends_what_has_begun():
    diary = []

    def fail(session):
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        trainer_of(Diary("a", diary), callbacks.Call(on_epoch_end=fail)).fit(loader(), epochs=2)
    ends = ["on_epoch_end", "on_evaluation_end", "on_fit_end"]
    assert [event for _, event, *_ in diary][-3:] == ends

    class Failing(callbacks.Callback):
        def on_step_end(self, session):
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        trainer_of(Diary("a", diary), Failing()).fit(loader(), epochs=2)
    assert [event for _, event, *_ in diary][-2:] == ["on_step_end", "on_fit_end"]

    class Refusing(callbacks.Callback):
        def on_fit_begin(self, session):
            raise OSError("no folder")

    diary.clear()
    with pytest.raises(OSError, match="no folder"):
        trainer_of(Diary("a", diary), Refusing(), Diary("c", diary)).fit(loader())
    assert [(name, event) for name, event, *_ in diary] == [
        ("a", "on_fit_begin"), ("a", "on_fit_end"),
    ]  # fmt: skip


def test_the_session_is_what_callbacks_see():
    seen = []

    def look(session):
        weights = session.model.weight.data
        moved = -session.optimizer.lr * session.model.weight.grad.data
        seen.append((weights.copy(), moved, session.means()))

    trainer = trainer_of(callbacks.Call(look), metrics=[metrics.R2()])
    before = trainer.model.weight.data.copy()
    trainer.fit(loader(), epochs=1)
    for weights, moved, means in seen:
        np.testing.assert_allclose(weights, before + moved, rtol=1e-5)
        before = weights
        assert list(means) == ["loss", "r2"]
    assert trainer.session.epochs == 1
    assert trainer.session.means() == {}  # the epoch is over
    assert trainer.session.logs["train_loss"] == seen[-1][2]["loss"]


def test_callbacks_of_one_class_keep_their_own_states(tmp_path):
    class Counter(callbacks.Callback):
        def __init__(self):
            self.count = 0

        def on_step_end(self, session):
            self.count += 1

        def state_dict(self):
            return {"count": self.count}

        def load_state_dict(self, state):
            self.count = state["count"]

    trainer = trainer_of(Counter(), Counter(), callbacks.Checkpoints(tmp_path))
    trainer.callbacks[1].count = 10
    trainer.fit(loader(), epochs=1)
    assert list(trainer.session.state_dict()["callbacks"]) == [
        "Counter", "Counter.2", "Checkpoints",
    ]  # fmt: skip
    resumed = trainer_of(Counter(), Counter(), Counter())
    resumed.fit(loader(), epochs=1, resume=tmp_path / "last.safetensors")
    assert [callback.count for callback in resumed.callbacks] == [2, 12, 0]
