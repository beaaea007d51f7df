import numpy as np
import pytest
from test_train_callbacks import Diary, loader, trainer_of

from minigrad.train import DivergedError, callbacks


def spoil(step):
    """Make a weight NaN right after a step."""

    def on_step_end(session):
        if session.step == step:
            session.model.weight.data = np.full((1, 3), np.nan, np.float32)

    return callbacks.Call(on_step_end)


def test_nan_stop_puts_back_the_epochs_beginning():
    diary = []
    trainer = trainer_of(spoil(5), callbacks.NaNStop(), Diary("a", diary), lr=0.1)
    twin = trainer_of()
    history = trainer.fit(loader(), epochs=9)
    twin.fit(loader(), epochs=2)
    assert len(history) == 2
    assert trainer.session.stop.reason == (
        "training diverged: the loss is nan in epoch 3, after step 5; a learning rate below 0.1"
        " may help; the weight weight is not finite"
    )
    np.testing.assert_array_equal(trainer.model.weight.data, twin.model.weight.data)
    assert trainer.optimizer.state_dict()["state"]["weight"]["t"] == 4
    assert [event for _, event, *_ in diary][-2:] == ["on_diverged", "on_fit_end"]


def test_without_nan_stop_the_error_is_raised():
    with pytest.raises(DivergedError, match="after step 5"):
        trainer_of(spoil(5)).fit(loader(), epochs=9)


def test_nan_stop_never_keeps_weights_that_are_spoilt():
    trainer = trainer_of(spoil(4), callbacks.NaNStop())
    twin = trainer_of()
    trainer.fit(loader(), epochs=9)  # spoilt in the last step of epoch 2: epoch 3 begins spoilt
    twin.fit(loader(), epochs=1)
    np.testing.assert_array_equal(trainer.model.weight.data, twin.model.weight.data)
