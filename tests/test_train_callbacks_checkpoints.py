"""Checkpoints: which there are, and that neither kill -9 nor a full disk spoils one."""

import errno
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import minigrad.functional as F
from minigrad import nn, optim
from minigrad.data import DataLoader
from minigrad.train import Trainer, callbacks, load_checkpoint
from minigrad.train.stop import Stop

X = np.random.default_rng(0).standard_normal((10, 3)).astype(np.float32)
Y = X[:, :1]


def train(folder, epochs, *listening, resume=None, stop=None, **options):
    model = nn.Linear(3, 1, rng=np.random.default_rng(0))
    optimizer = optim.SGD(model.named_parameters())
    save = callbacks.Checkpoints(folder, **options)
    trainer = Trainer(model, F.mse_loss, optimizer, callbacks=[*listening, save])
    trainer.fit(DataLoader((X, Y), 5), epochs=epochs, resume=resume, stop=stop)
    return trainer


def epoch_of(path):
    return load_checkpoint(path)["epoch"]


def names(folder):
    return sorted(os.listdir(folder))


def test_last(tmp_path):
    train(tmp_path / "a" / "b", 3)
    assert names(tmp_path / "a" / "b") == ["last.safetensors"]
    assert epoch_of(tmp_path / "a" / "b" / "last.safetensors") == 3


@pytest.mark.parametrize(
    ("keep", "kept"), [(1, [8]), (2, [6, 8]), (9, [2, 4, 6, 8]), (None, [2, 4, 6, 8])]
)
def test_every_nth_are_rotated(tmp_path, keep, kept):
    train(tmp_path, 9, every=2, keep=keep)
    assert names(tmp_path) == [*(f"epoch-{n:04d}.safetensors" for n in kept), "last.safetensors"]
    assert [epoch_of(tmp_path / f"epoch-{n:04d}.safetensors") for n in kept] == kept


def test_a_resumed_run_rotates_on_and_leaves_other_files_alone(tmp_path):
    (tmp_path / "epoch-0001.safetensors").write_bytes(b"another's")
    train(tmp_path, 4, every=2, keep=2)
    train(tmp_path, 7, every=2, keep=2, resume=tmp_path / "last.safetensors")
    assert names(tmp_path) == [
        *(f"epoch-{n:04d}.safetensors" for n in (1, 4, 6)), "last.safetensors"
    ]  # fmt: skip


def test_best(tmp_path):
    losses = [3.0, 1.0, 2.0, 0.5, 4.0]

    def script(session):
        session.history[-1]["valid_loss"] = losses[session.epoch - 1]

    call = callbacks.Call(on_epoch_end=script)
    train(tmp_path, 3, call, best="valid_loss")
    assert epoch_of(tmp_path / "best.safetensors") == 2
    train(tmp_path, 5, call, best="valid_loss", resume=tmp_path / "last.safetensors")
    assert epoch_of(tmp_path / "best.safetensors") == 4
    assert names(tmp_path) == ["best.safetensors", "last.safetensors"]


def test_in_the_midst_of_epochs(tmp_path):
    steps = []

    def look(session):
        if (tmp_path / "last.safetensors").exists():
            steps.append(load_checkpoint(tmp_path / "last.safetensors")["step"])

    train(tmp_path, 3, callbacks.Call(look), steps=3)  # an epoch has 2 steps
    assert steps == [2, 3, 4, 4]


@pytest.mark.parametrize("step", [1, 2, 3, 4])
def test_a_stopped_run_is_saved_where_it_stops(tmp_path, step):
    stop = Stop()

    def interrupt(session):
        if session.step == step:
            stop.signal = 2

    train(tmp_path, 9, callbacks.Call(interrupt), stop=stop, seconds=1e9)
    assert load_checkpoint(tmp_path / "last.safetensors")["step"] == step


def test_seldom(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("minigrad.train.callbacks.checkpoints.perf_counter", lambda: now[0])
    saved = []

    def tick(session):
        now[0] += 1
        path = tmp_path / "last.safetensors"
        saved.append(epoch_of(path) if path.exists() else 0)

    train(tmp_path, 6, callbacks.Call(on_epoch_end=tick), seconds=2)
    assert saved == [0, 0, 2, 2, 4, 4]
    assert epoch_of(tmp_path / "last.safetensors") == 6


@pytest.mark.parametrize("name", ["every", "keep", "steps"])
def test_arguments(tmp_path, name):
    with pytest.raises(ValueError, match=f"expected {name} to be None or at least 1, found 0"):
        callbacks.Checkpoints(tmp_path, **{name: 0})


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_full_disk_leaves_the_old_checkpoint(tmp_path, monkeypatch, call, number):
    real = getattr(os, call)

    def fill(session):
        def fail(*args):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, call, fail if session.epoch == 2 else real)

    with pytest.raises(OSError, match=r"could not be written .*last\.safetensors") as caught:
        train(tmp_path, 9, callbacks.Call(on_epoch_end=fill))
    monkeypatch.undo()
    assert caught.value.errno == number
    assert names(tmp_path) == ["last.safetensors"]
    assert epoch_of(tmp_path / "last.safetensors") == 1
    trainer = train(tmp_path, 3, resume=tmp_path / "last.safetensors")
    unbroken = train(tmp_path, 3)
    np.testing.assert_array_equal(trainer.model.weight.data, unbroken.model.weight.data)


KILLS = 200
KILLER = """
    import os, random, select, signal, sys, time
    from pathlib import Path
    import numpy as np
    from minigrad.train import load_checkpoint, save_checkpoint

    kills, path = int(sys.argv[1]), Path(sys.argv[2])
    random.seed(0)
    last, torn = 0, 0  # the last save that was told of; temporary files left behind
    began = time.perf_counter()
    for _ in range(5):
        save_checkpoint(path, {"step": 0, "w": np.zeros(20_000)})
    one_save = (time.perf_counter() - began) / 5

    def save_for_ever(begin, told):
        for step in range(begin + 1, begin + 10**6):
            save_checkpoint(path, {"step": step, "w": np.full(20_000, float(step))})
            os.write(told, b"%d\\n" % step)

    for _ in range(kills):
        told, tell = os.pipe()
        child = os.fork()
        if child == 0:
            save_for_ever(last, tell)
        os.close(tell)
        time.sleep(random.uniform(0, 5 * one_save))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with open(told) as lines:
            told_last = max([last, *map(int, lines)])
        found = load_checkpoint(path)
        assert (found["w"] == found["step"]).all(), found
        # Between taking the name and being told of there is a moment.
        assert found["step"] in (told_last, told_last + 1), (found["step"], told_last)
        last = found["step"]
        for unfinished in path.parent.glob(".*.tmp"):
            torn += 1
            unfinished.unlink()
    assert os.listdir(path.parent) == [path.name]
    print(last, torn)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_kill_9_during_a_save_never_costs_more_than_that_save(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLER), str(KILLS), str(tmp_path / "a")],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    saves, torn = map(int, done.stdout.split())
    assert saves > KILLS / 4
    assert torn > KILLS / 10  # else it was hardly ever killed in the midst of a save
