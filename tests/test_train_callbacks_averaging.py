import numpy as np
import pytest
from test_train_callbacks import X, Y, loader
from test_train_encoding import assert_same

import minigrad.functional as F
from minigrad import nn, optim
from minigrad.train import Trainer, callbacks, load_checkpoint
from minigrad.train.stop import Stop

EPOCHS = 6
VALID = X[:4], Y[:4]


def trainer_of(*around, keep=True, compile=False, seed=0, before=()):
    """Training with an average; `around` comes behind it, and `before` before."""
    model = nn.Linear(3, 1, rng=np.random.default_rng(seed))
    optimizer = optim.Adam(model.named_parameters(), lr=0.1)
    average = callbacks.Averaging(optim.EMA(model, optim.bias_corrected(0.8)), keep=keep)
    listening = [*before, average, *around]
    return Trainer(model, F.mse_loss, optimizer, callbacks=listening, compile=compile)


def averaging_of(trainer):
    return next(c for c in trainer.callbacks if isinstance(c, callbacks.Averaging))


def test_the_model_is_measured_with_the_average_and_trained_without_it():
    """Against a hand-written loop with an EMA beside it."""
    trainer = trainer_of(keep=False)
    history = trainer.fit(loader(), VALID, epochs=EPOCHS)
    model = nn.Linear(3, 1, rng=np.random.default_rng(0))
    optimizer = optim.Adam(model.named_parameters(), lr=0.1)
    ema = optim.EMA(model, optim.bias_corrected(0.8))
    for row in history:
        for x, y in loader():
            optimizer.zero_grad()
            F.mse_loss(model(x), y).backward()
            optimizer.step()
            ema.update()
        with ema.weights():
            outputs = model(VALID[0]).data.astype(np.float64)
        assert row["valid_loss"] == float(F.mse_loss(outputs, VALID[1]))
    assert_same(trainer.model.state_dict(), model.state_dict())
    assert_same(averaging_of(trainer).state_dict(), ema.state_dict())


@pytest.mark.parametrize("compile", [False, True])
def test_the_trained_model_has_the_averages_and_a_second_fit_the_weights(compile):
    trainer, whole = (trainer_of(compile=compile) for _ in range(2))
    trainer.fit(loader(), VALID, epochs=2)
    average = averaging_of(trainer).state_dict()["average"]
    assert_same(trainer.model.state_dict(), average)
    assert trainer.evaluate(VALID)["loss"] == trainer.session.logs["valid_loss"]
    trainer.fit(loader(), VALID, epochs=EPOCHS)
    whole.fit(loader(), VALID, epochs=EPOCHS)
    assert_same(trainer.model.state_dict(), whole.model.state_dict())
    assert trainer.session.history == whole.session.history


@pytest.mark.parametrize("compile", [False, True])
def test_resumed_after_any_step_is_the_unbroken_run(tmp_path, compile):
    unbroken = trainer_of(compile=compile)
    unbroken.fit(loader(), VALID, epochs=EPOCHS)
    for step in range(1, 2 * EPOCHS):

        def cut(session, step=step):
            if session.step == step:
                session.stop.reason = "cut"

        listening = callbacks.Call(cut), callbacks.Checkpoints(tmp_path)
        trainer_of(*listening, compile=compile).fit(loader(), VALID, epochs=EPOCHS)
        resumed = trainer_of(compile=compile, seed=9)
        path = tmp_path / "last.safetensors"
        resumed.fit(loader(), VALID, epochs=EPOCHS, resume=path)
        assert_same(resumed.model.state_dict(), unbroken.model.state_dict())
        assert_same(averaging_of(resumed).state_dict(), averaging_of(unbroken).state_dict())
        assert resumed.session.history == unbroken.session.history


def test_checkpoints_hold_the_weights_themselves(tmp_path):
    trainer = trainer_of(callbacks.Checkpoints(tmp_path))
    trainer.fit(loader(), VALID, epochs=EPOCHS)
    plain = trainer_of(keep=False)
    plain.fit(loader(), epochs=EPOCHS)
    state = load_checkpoint(tmp_path / "last.safetensors")
    assert_same(state["model"], plain.model.state_dict())
    assert_same(state["callbacks"]["Averaging"]["average"], trainer.model.state_dict())


def test_a_trained_model_is_resumed_from_a_checkpoint(tmp_path):
    """The weights that it was trained with are forgotten then."""
    trainer, unbroken = trainer_of(callbacks.Checkpoints(tmp_path, every=2)), trainer_of()
    trainer.fit(loader(), VALID, epochs=4)
    trainer.fit(loader(), VALID, epochs=EPOCHS, resume=tmp_path / "epoch-0002.safetensors")
    unbroken.fit(loader(), VALID, epochs=EPOCHS)
    assert_same(trainer.model.state_dict(), unbroken.model.state_dict())
    assert trainer.session.history == unbroken.session.history


def test_an_average_of_something_else_is_refused():
    trainer = trainer_of()
    trainer.callbacks[0].ema = optim.EMA(nn.Sequential(nn.Linear(3, 1)))
    with pytest.raises(ValueError, match=r"average is of 0\.bias, 0\.weight, which the model does"):
        trainer.fit(loader(), epochs=1)


def test_early_stopping_keeps_the_averages_of_the_best_epoch():
    best = {}

    def script(session):
        session.logs["valid_loss"] = abs(session.epoch - 2)
        if session.epoch == 2:
            best.update(session.model.state_dict())

    early = callbacks.EarlyStopping("valid_loss", patience=2)
    trainer = trainer_of(before=[callbacks.Call(on_epoch_end=script), early])
    assert len(trainer.fit(loader(), VALID, epochs=9)) == 4
    plain = trainer_of(keep=False)
    plain.fit(loader(), epochs=2)
    assert_same(best, averaging_of(plain).state_dict()["average"])
    assert_same(trainer.model.state_dict(), best)


def test_the_other_order_is_refused():
    early = callbacks.EarlyStopping("train_loss")
    with pytest.raises(ValueError, match="EarlyStopping behind Averaging"):
        trainer_of(early).fit(loader(), epochs=1)
    assert trainer_of(early, keep=False).fit(loader(), epochs=1)
    last = callbacks.EarlyStopping("train_loss", restore=False)
    assert trainer_of(last).fit(loader(), epochs=1)


def test_what_interrupts_training_leaves_the_weights_themselves():
    stop = Stop()
    plain = trainer_of(keep=False)
    plain.fit(loader(), epochs=1)

    def interrupt(session):
        stop.signal = 2

    trainer = trainer_of(callbacks.Call(on_epoch_end=interrupt))
    trainer.fit(loader(), epochs=EPOCHS, stop=stop)
    assert_same(trainer.model.state_dict(), plain.model.state_dict())

    def fail(session):
        raise OSError("full")

    trainer = trainer_of(callbacks.Call(on_epoch_end=fail))
    with pytest.raises(OSError, match="full"):
        trainer.fit(loader(), epochs=EPOCHS)
    assert_same(trainer.model.state_dict(), plain.model.state_dict())
