import numpy as np
import pytest
from test_train_callbacks import loader, trainer_of
from test_train_encoding import assert_same

import minigrad.functional as F
from minigrad import nn, optim
from minigrad.optim.schedules import Constant, ReduceOnPlateau, Warmup
from minigrad.train import Trainer, callbacks

EPOCHS = 8


def plateau():
    return ReduceOnPlateau(0.5, factor=0.5, patience=0, threshold=0.1)


def trainer(*more, warmup=False, compile=False, seed=0):
    """Training whose rate falls whenever the loss falls by less than a tenth."""
    lr = plateau()
    model = nn.Linear(3, 1, rng=np.random.default_rng(seed))
    optimizer = optim.Momentum(model.named_parameters(), lr=Warmup(lr, 3) if warmup else lr)
    listening = [callbacks.Observe(lr, "train_loss"), *more]
    return Trainer(model, F.mse_loss, optimizer, callbacks=listening, compile=compile)


def test_the_rates_are_those_of_observing_by_hand():
    rates, lr = [], plateau()
    made = trainer(callbacks.Call(on_epoch_end=lambda session: rates.append(made.optimizer.lr)))
    for row, rate in zip(made.fit(loader(), epochs=EPOCHS), rates, strict=True):
        lr.observe(row["train_loss"])
        assert rate == lr(1)
    assert rates[-1] < 0.5


def test_scripted_values_reduce_the_rate_of_the_next_step():
    lr = ReduceOnPlateau(1.0, factor=0.5, patience=1, mode="max")
    values = [1.0, 2.0, 2.0, 2.0, 3.0]
    rates = []

    def script(session):
        session.logs["valid_accuracy"] = values[session.epoch - 1]

    watched = callbacks.Call(lambda session: rates.append(session.optimizer.lr))
    listening = [callbacks.Call(on_epoch_end=script), callbacks.Observe(lr, "valid_accuracy")]
    trainer_of(watched, *listening, lr=lr).fit(loader(), epochs=5)
    assert rates == [1.0] * 8 + [0.5] * 2  # two steps an epoch


@pytest.mark.parametrize("warmup", [False, True])
@pytest.mark.parametrize("compile", [False, True])
def test_resumed_after_any_step_is_the_unbroken_run(tmp_path, warmup, compile):
    options = {"warmup": warmup, "compile": compile}
    unbroken = trainer(**options)
    unbroken.fit(loader(), epochs=EPOCHS)
    assert unbroken.optimizer.lr < 0.5
    for step in range(1, 2 * EPOCHS):

        def cut(session, step=step):
            if session.step == step:
                session.stop.reason = "cut"

        first = trainer(callbacks.Call(cut), callbacks.Checkpoints(tmp_path), **options)
        first.fit(loader(), epochs=EPOCHS)
        second = trainer(seed=9, **options)
        second.fit(loader(), epochs=EPOCHS, resume=tmp_path / "last.safetensors")
        states = [made.session.state_dict() for made in (second, unbroken)]
        assert_same(states[0]["optimizer"], states[1]["optimizer"])
        assert_same(states[0]["model"], states[1]["model"])
        assert_same(states[0]["callbacks"]["Observe"], states[1]["callbacks"]["Observe"])


def test_what_it_cannot_observe_with():
    with pytest.raises(TypeError, match=r"expected a ReduceOnPlateau, found Constant"):
        callbacks.Observe(Constant(0.1))
    with pytest.raises(ValueError, match=r"of valid_accuracy the maximum is best: .*'max'"):
        callbacks.Observe(plateau(), "valid_accuracy")
    callbacks.Observe(plateau(), "valid_height")  # a name that says nothing
    with pytest.raises(ValueError, match=r"expected 'valid_loss' in the logs, found epoch, train_"):
        trainer_of(callbacks.Observe(plateau())).fit(loader(), epochs=1)
    with pytest.raises(ValueError, match="a run that monitored train_loss: expected valid_loss"):
        callbacks.Observe(plateau()).load_state_dict(
            callbacks.Observe(plateau(), "train_loss").state_dict()
        )
