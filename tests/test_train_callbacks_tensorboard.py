import sys

import pytest
from test_train_callbacks import X, Y, loader, trainer_of

from minigrad.train import callbacks, metrics


def scalars(folder):
    """What TensorBoard itself reads: {tag: [(step, value), ...]}."""
    event_accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator"
    )
    events = event_accumulator.EventAccumulator(str(folder))
    events.Reload()
    return {
        tag: [(event.step, event.value) for event in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    }


def test_the_files_hold_the_history(tmp_path):
    board = callbacks.TensorBoard(tmp_path / "a", steps=2)
    pytest.importorskip("tensorboard")
    trainer = trainer_of(board, metrics=[metrics.R2()])
    history = trainer.fit(loader(), (X, Y), epochs=3)
    found = scalars(tmp_path / "a")
    assert found.keys() == {
        "train_loss", "train_r2", "valid_loss", "valid_r2", "lr", "step/loss", "step/r2",
    }  # fmt: skip
    for name in ("train_loss", "valid_r2"):
        expected = [(row["epoch"], pytest.approx(row[name], rel=1e-6)) for row in history]
        assert found[name] == expected
    assert found["lr"] == [(n, pytest.approx(0.1)) for n in (1, 2, 3)]
    assert [step for step, _ in found["step/loss"]] == [2, 4, 6]
    assert found["step/loss"][0][1] == pytest.approx(history[0]["train_loss"])


def test_a_second_fit_adds_to_it(tmp_path):
    pytest.importorskip("tensorboard")
    trainer = trainer_of(callbacks.TensorBoard(tmp_path))
    trainer.fit(loader(), epochs=1)
    trainer.fit(loader(), epochs=2)
    assert [step for step, _ in scalars(tmp_path)["train_loss"]] == [1, 2]


def test_without_the_package(tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("tensorboard")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(
        ImportError, match=r"event files needs tensorboard: pip install \"minigrad\[tensorboard\]\""
    ):
        trainer_of(callbacks.TensorBoard(tmp_path)).fit(loader())


def test_arguments(tmp_path):
    with pytest.raises(ValueError, match="steps to be None or at least 1, found 0"):
        callbacks.TensorBoard(tmp_path, steps=0)
