import numpy as np
import pytest
from test_train_callbacks import loader, trainer_of

from minigrad.train import callbacks
from minigrad.train.stop import Stop


def scripted(values, monitor, **options):
    """Early stopping in a run whose metric goes through these values."""
    early = callbacks.EarlyStopping(monitor, **options)
    weights = []

    def script(session):
        session.history[-1][monitor] = values[session.epoch - 1]
        weights.append(session.model.weight.data.copy())

    trainer = trainer_of(callbacks.Call(on_epoch_end=script), early)
    history = trainer.fit(loader(), epochs=len(values))
    return trainer, early, len(history), weights


@pytest.mark.parametrize(
    ("monitor", "values", "options", "epochs", "best"),
    [
        ("valid_loss", [3, 2, 1, 2, 2, 0], {"patience": 2}, 5, 3),
        ("valid_loss", [3, 2, 1, 2, 0, 2], {"patience": 2}, 6, 5),
        ("valid_loss", [3, 3, 3], {"patience": 1}, 2, 1),
        ("valid_accuracy", [1, 2, 3, 2, 2, 9], {"patience": 2}, 5, 3),
        ("valid_loss", [1, 2, 3, 2, 2, 9], {"patience": 2, "mode": "max"}, 5, 3),
        ("valid_loss", [3, 2.6, 2.2, 1.8], {"patience": 2, "min_delta": 0.5}, 4, 3),
        ("valid_loss", [3, 2.75, 2.5, 2], {"patience": 2, "min_delta": 0.5}, 3, 1),
        ("valid_loss", [3, np.nan, np.nan, 2], {"patience": 2}, 3, 1),
        ("valid_top_3", [1, 2, 1, 1], {"patience": 2}, 4, 2),
    ],
)
def test_early_stopping(monitor, values, options, epochs, best):
    trainer, early, made, weights = scripted(values, monitor, **options)
    assert (made, early.best_epoch) == (epochs, best)
    assert early.best_value == values[best - 1]
    np.testing.assert_array_equal(trainer.model.weight.data, weights[best - 1])
    if epochs < len(values):
        reason = f"{monitor} has not improved in {options['patience']} epochs"
        assert trainer.session.stop.reason == reason


def test_early_stopping_may_leave_the_last_weights():
    trainer, early, _, weights = scripted([1, 2, 2], "valid_loss", patience=2, restore=False)
    assert early.best_epoch == 1
    np.testing.assert_array_equal(trainer.model.weight.data, weights[-1])


def test_a_signal_leaves_the_last_weights():
    stop = Stop()

    def interrupt(session):
        if session.step == 5:
            stop.signal = 2

    model_of = {}
    for name, listening in {
        "early": [callbacks.EarlyStopping("train_loss", mode="max"), callbacks.Call(interrupt)],
        "plain": [callbacks.Call(interrupt)],
    }.items():
        stop.signal = None
        trainer = trainer_of(*listening)
        trainer.fit(loader(), epochs=9, stop=stop)
        model_of[name] = trainer.model.weight.data
    np.testing.assert_array_equal(model_of["early"], model_of["plain"])


def test_exhausted_patience_is_remembered(tmp_path):
    def trainer():
        early = callbacks.EarlyStopping("train_loss", patience=2, mode="max")
        return trainer_of(early, callbacks.Checkpoints(tmp_path))

    first, second = trainer(), trainer()
    assert len(first.fit(loader(), epochs=9)) == 3
    assert len(second.fit(loader(), epochs=9, resume=tmp_path / "last.safetensors")) == 3
    np.testing.assert_array_equal(first.model.weight.data, second.model.weight.data)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"patience": 0}, "patience of at least 1 epoch, found 0"),
        ({"min_delta": -1}, "min_delta of at least 0"),
        ({"mode": "less"}, "mode 'min' or 'max', found 'less'"),
        ({"monitor": "valid_confusion_0"}, "pass mode='max' or mode='min'"),
    ],
)
def test_early_stopping_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        callbacks.EarlyStopping(**options)


def test_a_metric_that_is_not_measured():
    trainer = trainer_of(callbacks.EarlyStopping())
    with pytest.raises(ValueError, match="'valid_loss' in the logs, found epoch, train_loss"):
        trainer.fit(loader(), epochs=1)
