import numpy as np
from test_train_callbacks import loader, trainer_of

from minigrad.train import callbacks


def test_seconds_add_up(monkeypatch):
    now = iter(np.arange(100.0))
    monkeypatch.setattr("minigrad.train.callbacks.timer.perf_counter", lambda: next(now))
    timer = callbacks.Timer()
    trainer = trainer_of(timer)
    trainer.fit(loader(), epochs=2)  # begin, 4 steps, 2 epochs, end
    assert (timer.steps, timer.seconds, trainer.session.seconds) == (4, 7.0, 7.0)
    assert str(timer) == "4 steps in 7.000 s: 1 steps a second"
    trainer.fit(loader(), epochs=3)
    assert (timer.steps, timer.seconds, trainer.session.seconds) == (2, 4.0, 11.0)
