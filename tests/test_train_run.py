import errno
import io
import json
import os
import shutil
import signal
import sys
from dataclasses import replace

import numpy as np
import pytest
import safetensors.numpy

from minigrad.optim import Optimizer
from minigrad.train import (
    CheckpointError,
    ConfigError,
    DivergedError,
    Progress,
    RunConfig,
    evaluate,
    load_checkpoint,
    load_model,
    mlp,
    resume,
    run,
    train,
)
from minigrad.train.experiment import Experiment

SMALL = RunConfig("iris", hidden=(8,), epochs=4, batch_size=32)  # 4 steps an epoch
FILES = [
    "checkpoint.safetensors",
    "config.json",
    "curves.svg",
    "graph.svg",
    "metrics.jsonl",
    "model.safetensors",
]


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken") / "run"
    train(SMALL, folder, lines=io.StringIO())
    return folder


def quiet(function, *args, **options):
    return function(*args, lines=io.StringIO(), **options)


def stop_after(monkeypatch, step, number=signal.SIGINT):
    """Send a signal right after an optimizer step, as Ctrl-C would."""
    real_step, made = Optimizer.step, [0]

    def counted(self):
        real_step(self)
        made[0] += 1
        if made[0] == step:
            signal.raise_signal(number)

    monkeypatch.setattr(Optimizer, "step", counted)


def state_of(folder):
    """All of a checkpoint but the time it took, as bytes."""
    checkpoint = load_checkpoint(folder / "checkpoint.safetensors")
    checkpoint["session"].pop("seconds")
    tensors = safetensors.numpy.load_file(folder / "checkpoint.safetensors")
    arrays = {name: (a.dtype, a.shape, a.tobytes()) for name, a in tensors.items()}
    return repr(checkpoint), arrays


def assert_same_run(folder, other):
    for name in FILES:
        if name != "checkpoint.safetensors":
            assert (folder / name).read_bytes() == (other / name).read_bytes(), name
    assert state_of(folder) == state_of(other)


def test_the_folder(unbroken):
    assert sorted(os.listdir(unbroken)) == FILES
    assert RunConfig.from_json((unbroken / "config.json").read_text(), "it") == SMALL
    rows = [json.loads(line) for line in (unbroken / "metrics.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4]
    assert all(0 <= row["test_accuracy"] <= 1 and row["train_loss"] > 0 for row in rows)
    assert (unbroken / "curves.svg").read_bytes().startswith(b"<?xml")
    assert b"log_softmax" in (unbroken / "graph.svg").read_bytes()
    model = mlp([4, 8, 3], np.random.default_rng(0))
    load_model(model, unbroken / "model.safetensors")
    assert len(load_checkpoint(unbroken / "checkpoint.safetensors")["session"]["history"]) == 4


def test_the_same_configuration_gives_the_same_run(tmp_path, unbroken):
    quiet(train, SMALL, tmp_path / "again")
    assert_same_run(tmp_path / "again", unbroken)


@pytest.mark.parametrize("step", [1, 2, 4, 5, 7, 12, 15, 16])
def test_a_run_stopped_after_any_step_resumes_to_the_same_bytes(
    tmp_path, monkeypatch, unbroken, step
):
    folder = tmp_path / "run"
    with monkeypatch.context() as patch:
        stop_after(patch, step)
        stopped = quiet(train, SMALL, folder)
    assert stopped.signal == signal.SIGINT
    assert stopped.epochs == (step - 1) // 4
    assert set(os.listdir(folder)) == set(FILES) - {"curves.svg", "graph.svg"}
    load_model(mlp([4, 8, 3], np.random.default_rng(0)), folder / "model.safetensors")
    resumed = quiet(resume, folder)
    assert (resumed.signal, resumed.epochs) == (None, 4)
    assert resumed.seconds > stopped.seconds
    assert_same_run(folder, unbroken)


# A validation set, early stopping, an average of the weights.

EARLY = RunConfig(
    "iris", hidden=(8,), epochs=40, batch_size=32, lr=0.05, early_stop=2, ema=0.8, lookahead=3,
    sam=0.05,
)  # fmt: skip


@pytest.fixture(scope="module")
def early(tmp_path_factory):
    folder = tmp_path_factory.mktemp("early") / "run"
    return train(EARLY, folder, lines=io.StringIO())


def test_the_best_epoch_is_kept(early):
    folder = early.run_dir
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    losses = [row["valid_loss"] for row in rows]
    best = int(np.argmin(losses)) + 1
    assert early.epochs == len(rows) == best + 2 < EARLY.epochs
    assert (early.best_epoch, early.metrics) == (best, rows[best - 1])
    told = json.loads(early.to_json())
    assert [key for key in told if "loss" in key or "best" in key] == [
        "valid_loss", "test_loss", "best_epoch",
    ]  # fmt: skip
    assert told["valid_loss"] == min(losses) and told["best_epoch"] == best
    experiment = Experiment(EARLY)
    model = experiment.session.model
    load_model(model, folder / "model.safetensors")
    for name, rows in experiment.held_out.items():
        measured = evaluate(model, experiment.objective, rows)
        assert measured["loss"] == early.metrics[f"{name}_loss"]
        assert measured["accuracy"] == early.metrics[f"{name}_accuracy"]


def test_the_checkpoint_has_the_weights_that_training_goes_on_from(early):
    state = load_checkpoint(early.run_dir / "checkpoint.safetensors")["session"]
    kept = safetensors.numpy.load_file(early.run_dir / "model.safetensors")
    average = state["callbacks"]["Averaging"]["average"]
    best = state["callbacks"]["EarlyStopping"]["weights"]
    for name, array in kept.items():
        np.testing.assert_array_equal(best[name], array)
        assert not np.array_equal(average[name], array)  # two epochs later
        assert not np.array_equal(state["model"][name], average[name])


@pytest.mark.parametrize("step", [1, 3, 4, 6, 9])
def test_an_early_stopped_run_resumes_to_the_same_bytes(tmp_path, monkeypatch, early, step):
    folder = tmp_path / "run"
    for made in range(2):
        with monkeypatch.context() as patch:
            stop_after(patch, step)
            stopped = quiet(resume, folder) if made else quiet(train, EARLY, folder)
        assert stopped.signal == signal.SIGINT
        assert stopped.best_epoch is None
    resumed = quiet(resume, folder)
    assert (resumed.signal, resumed.best_epoch) == (None, early.best_epoch)
    assert_same_run(folder, early.run_dir)


def test_an_early_stopped_run_is_over(tmp_path, early):
    shutil.copytree(early.run_dir, tmp_path / "run")
    lines = io.StringIO()
    result = resume(tmp_path / "run", lines=lines)
    assert (result.epochs, result.metrics) == (early.epochs, early.metrics)
    assert_same_run(tmp_path / "run", early.run_dir)
    told = lines.getvalue().splitlines()
    assert told[1] == (
        f"valid loss has not improved in 2 epochs: the model is that of epoch {early.best_epoch}"
    )
    assert quiet(resume, tmp_path / "run", {"epochs": 99}).epochs == early.epochs


def test_validation_without_early_stopping(tmp_path):
    lines = io.StringIO()
    result = train(replace(SMALL, validation=0.25), tmp_path / "run", lines=lines)
    assert lines.getvalue().startswith("iris: 84 rows to train on, 28 to validate on, 38 to test")
    assert result.best_epoch is None and result.metrics["epoch"] == 4
    assert list(result.held_out_metrics()) == [
        "valid_loss", "valid_accuracy", "test_loss", "test_accuracy",
    ]  # fmt: skip


def test_stopped_again_and_again(tmp_path, monkeypatch, unbroken):
    folder = tmp_path / "run"
    action, first = (lambda: quiet(train, SMALL, folder)), True
    for steps in (3, 3, 1, 5):
        with monkeypatch.context() as patch:
            stop_after(patch, steps, signal.SIGTERM)
            assert action().signal == signal.SIGTERM
        if first:
            action, first = (lambda: quiet(resume, folder)), False
    quiet(resume, folder)
    assert_same_run(folder, unbroken)


@pytest.mark.parametrize(
    "config",
    [
        RunConfig("diabetes", hidden=(), optimizer="gd", epochs=5),
        RunConfig("moons", hidden=(6, 5), optimizer="nesterov", epochs=3, seed=11),
    ],
)
def test_other_kinds_of_runs_resume_too(tmp_path, monkeypatch, config):
    quiet(train, config, tmp_path / "unbroken")
    with monkeypatch.context() as patch:
        stop_after(patch, 2)
        quiet(train, config, tmp_path / "run")
    quiet(resume, tmp_path / "run")
    assert_same_run(tmp_path / "run", tmp_path / "unbroken")


def test_a_compiled_run_is_the_same_run(tmp_path, monkeypatch, unbroken):
    """But for its setting; and it resumes as any other."""
    compiled = replace(SMALL, compile="numpy")
    quiet(train, compiled, tmp_path / "compiled")
    for name in ("metrics.jsonl", "model.safetensors", "curves.svg", "graph.svg"):
        assert (tmp_path / "compiled" / name).read_bytes() == (unbroken / name).read_bytes(), name
    real_on_step_end = Progress.on_step_end

    def interrupt(self, session):
        real_on_step_end(self, session)
        if session.step in (3, 9):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Progress, "on_step_end", interrupt)
    assert quiet(train, compiled, tmp_path / "run").signal == signal.SIGINT
    assert quiet(resume, tmp_path / "run").signal == signal.SIGINT
    assert quiet(resume, tmp_path / "run").signal is None
    assert_same_run(tmp_path / "run", tmp_path / "compiled")
    assert json.loads((tmp_path / "run" / "config.json").read_text())["compile"] == "numpy"


def test_a_run_compiled_by_numba_is_nearly_the_same_run(tmp_path, monkeypatch):
    pytest.importorskip("numba")
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path / "cache"))
    config = RunConfig("iris", hidden=(8,), epochs=3, batch_size=56)
    expected = quiet(train, config, tmp_path / "plain").metrics
    found = quiet(train, replace(config, compile="numba"), tmp_path / "compiled").metrics
    assert found == pytest.approx(expected, rel=1e-4)


def test_numba_is_asked_for_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(ImportError, match=r'needs numba: pip install "minigrad\[jit\]"$'):
        quiet(train, replace(SMALL, compile="numba"), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_more_epochs_are_the_longer_run(tmp_path, unbroken):
    short = RunConfig("iris", hidden=(8,), epochs=2, batch_size=32)
    quiet(train, short, tmp_path / "run")
    assert quiet(resume, tmp_path / "run", {"epochs": 4}).epochs == 4
    assert_same_run(tmp_path / "run", unbroken)


def test_a_complete_run_is_only_reported(tmp_path, unbroken):
    lines = io.StringIO()
    shutil.copytree(unbroken, tmp_path / "run")
    result = resume(tmp_path / "run", {"epochs": 4}, lines=lines)
    assert result.epochs == 4
    assert "epoch" not in lines.getvalue()
    assert_same_run(tmp_path / "run", unbroken)


def test_a_run_can_go_on_in_another_folder(tmp_path, unbroken):
    before = {name: (unbroken / name).read_bytes() for name in FILES}
    assert quiet(resume, unbroken, {"epochs": 5}, tmp_path / "a" / "b").epochs == 5
    assert {name: (unbroken / name).read_bytes() for name in FILES} == before
    with pytest.raises(ConfigError, match="there is a run in this folder already"):
        quiet(resume, unbroken, {"epochs": 5}, tmp_path / "a" / "b")


def test_a_used_folder_is_refused_before_anything_is_touched(unbroken):
    before = (unbroken / "config.json").read_bytes()
    with pytest.raises(ConfigError, match=r"there is a run .* minigrad train --resume"):
        quiet(train, RunConfig("no such data"), unbroken)
    assert (unbroken / "config.json").read_bytes() == before


def test_other_files_in_the_folder_are_left_alone(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "notes.txt").write_text("mine")
    quiet(train, SMALL, tmp_path / "run")
    assert (tmp_path / "run" / "notes.txt").read_text() == "mine"


def test_the_first_free_number(tmp_path):
    (tmp_path / "runs" / "iris-2").mkdir(parents=True)
    found = [quiet(train, SMALL).run_dir for _ in range(2)]
    assert [str(folder) for folder in found] == ["runs/iris-1", "runs/iris-3"]
    (tmp_path / "flowers.v2.csv").write_text("a,y\n" + "".join(f"{i},{i % 2}\n" for i in range(9)))
    config = RunConfig("flowers.v2.csv", target="y", epochs=1)
    assert str(quiet(train, config).run_dir) == "runs/flowers.v2-1"


def test_runs_is_a_file(tmp_path):
    (tmp_path / "runs").touch()
    with pytest.raises(OSError, match="runs"):
        quiet(train, SMALL)


@pytest.mark.parametrize("epochs", [1, 2])
def test_the_epochs_that_have_begun_must_be_asked_for(tmp_path, monkeypatch, epochs):
    with monkeypatch.context() as patch:
        stop_after(patch, 9)  # the third epoch has begun
        quiet(train, SMALL, tmp_path / "run")
    with pytest.raises(ConfigError, match=f"epoch 3 has begun: .* found {epochs}$"):
        quiet(resume, tmp_path / "run", {"epochs": epochs})
    assert quiet(resume, tmp_path / "run", {"epochs": 3}).epochs == 3


def test_data_that_have_changed_are_noticed(tmp_path):
    table = "a,b,y\n" + "".join(f"{i},{i % 3},{i % 2}\n" for i in range(20))
    (tmp_path / "a.csv").write_text(table)
    quiet(train, RunConfig("a.csv", target="y", epochs=1), tmp_path / "run")
    assert quiet(resume, tmp_path / "run", {"epochs": 2}).epochs == 2
    for changed in (table.replace("7,1,1", "7,2,1"), table + "20,0,0\n"):
        (tmp_path / "a.csv").write_text(changed)
        with pytest.raises(CheckpointError, match=r"a\.csv has changed since$"):
            quiet(resume, tmp_path / "run", {"epochs": 3})


def test_metrics_are_those_of_the_checkpoint(tmp_path, unbroken):
    folder = tmp_path / "run"
    quiet(train, RunConfig("iris", hidden=(8,), epochs=2, batch_size=32), folder)
    with open(folder / "metrics.jsonl", "a") as file:
        file.write('{"epoch": 3, "train_loss": 7}\n{"epo')  # a crash after the checkpoint
    quiet(resume, folder, {"epochs": 4})
    assert_same_run(folder, unbroken)


def test_damaged_folders(tmp_path, unbroken):
    folder = tmp_path / "run"
    with pytest.raises(ConfigError, match=r"expected the folder of a run, found no config\.json"):
        quiet(resume, folder)
    folder.mkdir()
    (folder / "config.json").write_bytes((unbroken / "config.json").read_bytes())
    with pytest.raises(FileNotFoundError):
        quiet(resume, folder)
    (folder / "checkpoint.safetensors").write_bytes(b"junk")
    with pytest.raises(CheckpointError, match="expected a safetensors file"):
        quiet(resume, folder)
    (folder / "checkpoint.safetensors").write_bytes((unbroken / "model.safetensors").read_bytes())
    with pytest.raises(CheckpointError, match="found safetensors of something else"):
        quiet(resume, folder)
    (folder / "checkpoint.safetensors").write_bytes(
        (unbroken / "checkpoint.safetensors").read_bytes()
    )
    settings = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**settings, "hidden": [9]}))
    with pytest.raises(CheckpointError, match="this run: .*0.weight: expected"):
        quiet(resume, folder)


def test_a_loss_that_is_no_number_keeps_the_last_checkpoint(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "_CHECKPOINT_SECONDS", 0.0)
    real_step, made = Optimizer.step, [0]

    def spoilt(self):
        real_step(self)
        made[0] += 1
        if made[0] == 10:
            self.groups[0].parameters[0].data[0, 0] = np.nan

    monkeypatch.setattr(Optimizer, "step", spoilt)
    with pytest.raises(DivergedError, match="the loss is nan in epoch 3, after step 10"):
        quiet(train, SMALL, tmp_path / "run")
    session = load_checkpoint(tmp_path / "run" / "checkpoint.safetensors")["session"]
    assert session["epoch"] == 2
    assert all(np.isfinite(array).all() for array in session["model"].values())


def test_a_checkpoint_from_the_start_and_then_every_second(tmp_path, monkeypatch):
    seen = []
    real_step = Optimizer.step

    def look(self):
        real_step(self)
        path = tmp_path / "run" / "checkpoint.safetensors"
        seen.append(load_checkpoint(path)["session"]["epoch"])

    monkeypatch.setattr(Optimizer, "step", look)
    monkeypatch.setattr(run, "_CHECKPOINT_SECONDS", 0.0)
    quiet(train, SMALL, tmp_path / "run")
    assert seen == [0] * 4 + [1] * 4 + [2] * 4 + [3] * 4


def test_a_full_disk_keeps_the_last_checkpoint(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "_CHECKPOINT_SECONDS", 0.0)
    real_fsync, calls = os.fsync, [0]

    def full(descriptor):
        calls[0] += 1
        if calls[0] > 12:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real_fsync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"could not be written \(No space left on device\)"):
        quiet(train, SMALL, tmp_path / "run")
    session = load_checkpoint(tmp_path / "run" / "checkpoint.safetensors")["session"]
    assert 0 < session["epoch"] < 4
    assert not [name for name in os.listdir(tmp_path / "run") if name.endswith(".tmp")]


@pytest.mark.parametrize(("package", "missing"), [("matplotlib", "curves"), ("wasmtime", "graph")])
def test_without_the_packages_for_pictures_the_rest_is_there(
    tmp_path, monkeypatch, package, missing
):
    for module in [package, *(m for m in sys.modules if m.startswith(f"{package}."))]:
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setenv("PATH", "")  # no Graphviz either
    lines = io.StringIO()
    train(SMALL, tmp_path / "run", lines=lines)
    assert sorted(os.listdir(tmp_path / "run")) == [f for f in FILES if f != f"{missing}.svg"]
    note = lines.getvalue().splitlines()[-1]
    assert note.startswith(f"note: {missing}.svg was not written: ")
    assert package in note
    assert "pip install" in note


def test_the_lines(tmp_path):
    lines = io.StringIO()
    result = train(SMALL, tmp_path / "run", lines=lines)
    headline, *epochs, report = lines.getvalue().splitlines()
    assert headline == (
        "iris: 112 rows to train on, 38 to test on; 67 parameters; adam, lr 0.001, batches of 32"
    )
    assert [line.split(":")[0] for line in epochs] == [f"epoch {i}/4" for i in range(1, 5)]
    assert report.startswith(f"test loss {result.metrics['test_loss']:.4f}, test accuracy 0.")
    assert report.endswith(f": {tmp_path / 'run'}")


def test_the_line_of_a_stopped_run(tmp_path, monkeypatch):
    stop_after(monkeypatch, 3)
    lines = io.StringIO()
    train(SMALL, tmp_path / "a run", lines=lines)
    assert lines.getvalue().splitlines()[-1] == (
        f"stopped after step 3; go on with: minigrad train --resume '{tmp_path / 'a run'}'"
    )
