import gzip
import json
import os
import re
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

import minigrad
from minigrad.__main__ import main
from minigrad.data import datasets
from minigrad.optim import schedules
from minigrad.train import OPTIMIZERS, load_checkpoint, load_model, mlp

COMMAND = [sys.executable, "-W", "error", "-m", "minigrad"]
LONG = ["train", "digits", "--hidden", "256,256", "--epochs", "100000", "--json"]


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    root = os.path.dirname(os.path.dirname(minigrad.__file__))
    monkeypatch.setenv("PYTHONPATH", root)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def call(capsys):
    """Run a command in this process; gives (exit code, standard output, standard error)."""

    def run(*arguments):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = end.code
        return code, *capsys.readouterr()

    return run


# Whole programs.


def test_the_default_run_reaches_97_percent_in_10_seconds(tmp_path):
    began = time.perf_counter()
    done = subprocess.run([*COMMAND, "train", "--json"], capture_output=True, text=True)
    seconds = time.perf_counter() - began
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["test_accuracy"] >= 0.97
    assert result["seconds"] < seconds < 10
    assert sorted(result) == [
        "epochs",
        "parameters",
        "run_dir",
        "seconds",
        "test_accuracy",
        "test_loss",
    ]
    assert (result["epochs"], result["parameters"]) == (30, 17226)
    assert result["run_dir"] == "runs/digits-1"
    assert (tmp_path / "runs" / "digits-1" / "curves.svg").exists()
    assert done.stderr.count("epoch ") == 30


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_other_seeds_reach_97_percent_too(call, seed):
    code, out, _ = call("train", "--seed", seed, "--json")
    assert code == 0
    assert json.loads(out)["test_accuracy"] >= 0.97


def test_plain_output_goes_to_standard_output():
    done = subprocess.run(
        [*COMMAND, "train", "iris", "--epochs", "2"], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("epoch ") == 2
    assert "test accuracy" in done.stdout.splitlines()[-1]


def begin(folder, *more):
    """Start a long run and wait for its first epochs."""
    process = subprocess.Popen(
        [*COMMAND, *LONG, "--out", str(folder), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    metrics, deadline = folder / "metrics.jsonl", time.monotonic() + 30
    while not (metrics.exists() and metrics.stat().st_size > 500):
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    return process


def resume_to_the_unbroken_run(tmp_path, folder, epochs):
    """Both in this process; the weights and metrics must be the same bytes."""
    epochs = ["--epochs", str(epochs)]
    assert main(["train", "--resume", str(folder), *epochs]) == 0
    assert main([*LONG, *epochs, "--out", str(tmp_path / "unbroken")]) == 0
    for name in ("model.safetensors", "metrics.jsonl", "config.json", "curves.svg"):
        assert (folder / name).read_bytes() == (tmp_path / "unbroken" / name).read_bytes(), name


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_a_run_that_resumes_bit_for_bit(tmp_path, number, code):
    folder = tmp_path / "run"
    process = begin(folder)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert "Traceback" not in err
    assert err.splitlines()[-1].endswith(f"go on with: minigrad train --resume {folder}")
    assert json.loads(out)["epochs"] >= 1
    session = load_checkpoint(folder / "checkpoint.safetensors")["session"]
    load_model(mlp([64, 256, 256, 10], np.random.default_rng(0)), folder / "model.safetensors")
    resume_to_the_unbroken_run(tmp_path, folder, session["epoch"] + 2)


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_killed_run_leaves_a_checkpoint_that_resumes_bit_for_bit(tmp_path):
    folder = tmp_path / "run"
    process = begin(folder)
    process.kill()
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    rows = (folder / "metrics.jsonl").read_text().count("\n")
    assert load_checkpoint(folder / "checkpoint.safetensors")["session"]["epoch"] <= rows
    resume_to_the_unbroken_run(tmp_path, folder, rows + 1)


@pytest.mark.skipif(os.name != "posix", reason="pipes")
def test_a_reader_that_leaves_is_no_error():
    process = subprocess.Popen(
        [*COMMAND, "train", "iris", "--epochs", "2000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=30) == 141


@pytest.mark.skipif(os.name != "posix", reason="terminals")
def test_a_bar_on_a_terminal(tmp_path):
    import pty

    ours, theirs = pty.openpty()
    done = subprocess.run(
        [*COMMAND, "train", "iris", "--epochs", "5"], stdout=subprocess.PIPE, stderr=theirs
    )
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert done.returncode == 0
    assert "10/10" in shown
    assert "epoch 5/5: loss" in shown
    assert "accuracy" in shown
    assert b"epoch" not in done.stdout


def test_importing_minigrad_loads_none_of_the_packages_for_training():
    program = """
import sys, minigrad, minigrad.train, minigrad.__main__
heavy = {"tqdm", "safetensors", "graphviz", "matplotlib", "sklearn"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", program], check=True)


# Options.


def test_version_and_help(call):
    assert call("--version") == (0, f"minigrad {minigrad.__version__}\n", "")
    code, out, _ = call("train", "--help")
    assert code == 0
    for word in ("digits", "nesterov", "128,64", "default: 30", "--resume", "130"):
        assert word in out


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_learns(call, optimizer):
    lr = {"lbfgs": "1", "lamb": "0.001"}.get(optimizer, "0.05")
    code, out, _ = call(
        *("train", "iris", "--optimizer", optimizer, "--lr", lr, "--epochs", "60"),
        *("--batch-size", "16", "--hidden", "16", "--json"),
    )
    assert code == 0
    assert json.loads(out)["test_accuracy"] > 0.85


AROUND = ["--sam", "--lookahead", "3", "--ema", "0.9"]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_stops_early_and_goes_on_bit_for_bit_also_compiled(call, optimizer):
    """With everything around it that it takes; cut into runs of 2 epochs and the rest."""
    more = ["--ema", "0.9"] if optimizer == "lbfgs" else AROUND
    run = ["train", "iris", "--optimizer", optimizer, "--hidden", "8", "--early-stop", "2", *more]
    assert call(*run, "--epochs", 5, "--out", "whole")[0] == 0
    assert call(*run, "--epochs", 2, "--out", "parts", "--compile")[0] == 0
    assert call("train", "--resume", "parts", "--epochs", 5)[0] == 0
    for name in ("model.safetensors", "metrics.jsonl", "curves.svg"):
        assert Path("whole", name).read_bytes() == Path("parts", name).read_bytes(), name


def test_early_stopping_tells_the_best_epoch(call):
    run = ["train", "iris", "--epochs", 200, "--lr", "0.05", "--early-stop", 3]
    code, out, err = call(*run, "--json", "--out", "one")
    result = json.loads(out)
    assert code == 0
    assert list(result)[:5] == [
        "valid_loss", "valid_accuracy", "test_loss", "test_accuracy", "best_epoch",
    ]  # fmt: skip
    assert result["epochs"] == result["best_epoch"] + 3
    assert "iris: 90 rows to train on, 22 to validate on, 38 to test on" in err
    assert "patience of 3 epochs" in err
    rows = [json.loads(line) for line in Path("one/metrics.jsonl").read_text().splitlines()]
    assert rows[result["best_epoch"] - 1]["test_accuracy"] == result["test_accuracy"]
    last = f"valid loss has not improved in 3 epochs: the model is that of epoch {len(rows) - 3}"
    assert last in err.splitlines()
    Path("same.toml").write_text('data = "iris"\nepochs = 200\nlr = 0.05\nearly-stop = 3\n')
    assert call("train", "--config", "same.toml", "--out", "two")[0] == 0
    for name in ("model.safetensors", "metrics.jsonl", "config.json"):
        assert Path("one", name).read_bytes() == Path("two", name).read_bytes(), name


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--optimizer", "lbfgs", "--sam"], "lbfgs searches along lines of the loss as it is"),
        (["--optimizer", "lbfgs", "--weight-decay", "0.1"], "expected no weight decay, found 0.1"),
        (["--optimizer", "hypergradientsgd", "--schedule", "cosine"], "HypergradientSGD"),
        (["--early-stop", "0"], "expected epochs of patience of at least 1, found 0"),
        (["--early-stop", "--validation", "0"], "early stopping needs rows to validate on"),
        (["--validation", "1.5"], "expected a validation from 0 to below 1, found 1.5"),
        (["--early-stop", "soon"], "argument --early-stop: invalid int value: 'soon'"),
        (["--ema", "2"], "expected a decay of ema from 0 to below 1, found 2.0"),
    ],
)
def test_settings_that_do_not_go_together(call, options, told):
    code, out, error = call("train", "iris", *options)
    assert (code, out) == (2, "")
    assert told in error and error.count("\n") == 1
    assert not Path("runs").exists()


@pytest.mark.parametrize("name", datasets.names())
def test_every_data_set_runs(call, name):
    code, out, _ = call("train", name, "--epochs", "20", "--lr", "0.01", "--json")
    result = json.loads(out)
    assert code == 0
    score = result["test_r2"] if name == "diabetes" else result["test_accuracy"]
    assert score > (0.1 if name == "diabetes" else 0.8)


def test_the_tables_of_optimizers_and_schedules(call):
    code, out, _ = call("optimizers")
    assert code == 0
    for name in OPTIMIZERS:
        assert re.search(rf"^{name}$", out, re.M)
    assert "    theta <- theta - lr m_hat / (sqrt(v_hat) + eps)" in out
    assert "    lr=0.001, betas=(0.9, 0.999), eps=1e-08" in out
    assert "Kingma & Ba 2015" in out
    for name in ("lookahead K", "sam RHO", "ema DECAY"):
        assert re.search(rf"^--{name}$", out, re.M)
    rows = out.split("\n\n")
    assert len(rows) == len(OPTIMIZERS) + 3
    for row in rows:  # a summary, a formula, defaults, a source
        assert len(row.splitlines()) >= (4 if "stochastic gradient" not in row.lower() else 3), row
    code, out, _ = call("schedules")
    assert code == 0
    for name in schedules.SCHEDULES:
        assert re.search(rf"^{name}$", out, re.M)
    assert "    lr(t) = start factor^(t - 1)" in out


STRENGTHENED = [
    "--optimizer", "adamw", "--schedule", "cosine", "--warmup", "10", "--weight-decay", "0.01",
    "--clip-norm", "1",
]  # fmt: skip


def test_schedule_warm_up_decay_and_clipping(call, tmp_path):
    code, out, _ = call("train", "iris", "--epochs", "20", "--out", "run", *STRENGTHENED)
    assert code == 0
    assert "cosine schedule, warm-up of 10 steps, weight decay 0.01, gradients of norm 1" in out
    config = json.loads(Path("run/config.json").read_text())
    assert (config["schedule"], config["warmup"], config["clip_norm"]) == ("cosine", 10, 1.0)
    again = call("train", "iris", "--epochs", "20", "--out", "again", "--compile", *STRENGTHENED)
    assert again[0] == 0
    one, two = (load_file(f"{folder}/model.safetensors") for folder in ("run", "again"))
    plain = call("train", "iris", "--epochs", "20", "--out", "plain", "--optimizer", "adamw")
    assert plain[0] == 0
    other = load_file("plain/model.safetensors")
    for name in one:
        np.testing.assert_array_equal(one[name], two[name])
    assert any(not np.array_equal(one[name], other[name]) for name in one)


def test_a_scheduled_run_keeps_its_length(call):
    assert call("train", "iris", "--epochs", "2", "--out", "run", "--schedule", "linear")[0] == 0
    code, _, error = call("train", "--resume", "run", "--epochs", "4")
    assert code == 2 and "this run's schedule spans its 2 epochs" in error


def test_options_from_a_file(call):
    Path("run.toml").write_text(
        'data = "iris"\nhidden = [8]\nepochs = 3\noptimizer = "nadam"\nweight-decay = 0.1\n'
    )
    assert call("train", "--config", "run.toml", "--epochs", "2", "--out", "one")[0] == 0
    config = json.loads(Path("one/config.json").read_text())
    assert (config["data"], config["hidden"], config["epochs"]) == ("iris", [8], 2)
    assert (config["optimizer"], config["weight_decay"]) == ("nadam", 0.1)
    assert call("train", "--config", "one/config.json", "--out", "two")[0] == 0
    assert json.loads(Path("two/config.json").read_text()) == config
    for name, array in load_file("one/model.safetensors").items():
        np.testing.assert_array_equal(array, load_file("two/model.safetensors")[name])


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.toml", "epocs = 3", "a.toml: unknown setting 'epocs' (did you mean 'epochs'?)"),
        ("a.toml", "epochs = ", "a.toml: Invalid value"),
        ("a.json", "[1]", "a.json: expected settings by name, found list"),
        ("a.json", "{", "a.json: Expecting property name"),
        ("a.toml", "epochs = 1.5", "expected epochs of at least 1, found 1.5"),
        ("a.toml", 'hidden = "8"', "expected a list of widths for hidden"),
        ("missing.toml", None, "missing.toml: No such file"),
    ],
)
def test_files_of_options_that_are_no_such(call, name, text, told):
    if text is not None:
        Path(name).write_text(text)
    code, _, error = call("train", "--config", name)
    assert code == 2 and told in error


@pytest.mark.parametrize("hidden", ["none", "", "None"])
def test_a_linear_model(call, hidden):
    code, out, _ = call("train", "iris", "--hidden", hidden, "--epochs", "1", "--json")
    assert code == 0
    assert json.loads(out)["parameters"] == 15
    config = json.loads(Path("runs/iris-1/config.json").read_bytes())
    assert config["hidden"] == []


def test_files_of_all_kinds(call, tmp_path):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (200, 3, 3), dtype=np.uint8)
    y = (x[:, 2, 2] > 127).astype(np.uint8)
    datasets.write_idx(tmp_path / "images-idx3-ubyte.gz", x)
    datasets.write_idx(tmp_path / "labels-idx1-ubyte", y)
    np.savez(tmp_path / "a.npz", x=x, y=x[:, 1, 1] / 7)
    lines = [f"{a},{b},{2 * a - b}" for a, b in rng.standard_normal((60, 2))]
    (tmp_path / "a.csv").write_text("a,b,y\n" + "\n".join(lines))
    few = ("--epochs", 20, "--lr", 0.01, "--json")
    for paths, score in [
        (("images-idx3-ubyte.gz", "labels-idx1-ubyte"), "test_accuracy"),
        (("a.npz",), "test_r2"),
        (("a.csv", "--target", "y"), "test_r2"),
        (("a.csv", "--target", "-1", "--task", "regression"), "test_r2"),
    ]:
        code, out, err = call("train", *paths, *few)
        assert code == 0, err
        assert json.loads(out)[score] > 0.5


def test_only_the_epochs_may_change_when_a_run_is_resumed(call):
    assert call("train", "iris", "--epochs", 1, "--out", "a")[0] == 0
    assert call("train", "iris", "--resume", "a", "--epochs", 2, "--hidden", "128,64")[0] == 0
    code, out, err = call("train", "--resume", "a", "--lr", "0.5")
    assert (code, out) == (2, "")
    assert err == (
        "minigrad: error: this run has lr 0.001, and it cannot go on with 0.5: leave the option"
        " out, or start a new run\n"
    )


def test_a_compiled_run_on_the_digits_is_the_same_run(call, tmp_path):
    for folder, more in (("plain", ()), ("compiled", ("--compile",))):
        assert call("train", "digits", "--epochs", 2, "--out", folder, *more)[0] == 0
    for name in ("metrics.jsonl", "model.safetensors"):
        files = [(tmp_path / folder / name).read_bytes() for folder in ("plain", "compiled")]
        assert files[0] == files[1], name
    code, out, _ = call("train", "--resume", "compiled", "--epochs", 3)
    assert code == 0
    assert "; compiled (numpy)" in out
    assert call("train", "--resume", "plain", "--epochs", 3)[0] == 0
    assert len(Path("plain/metrics.jsonl").read_text().splitlines()) == 3
    for name in ("metrics.jsonl", "model.safetensors"):
        assert Path("plain", name).read_bytes() == Path("compiled", name).read_bytes(), name


def test_a_compiled_loss_that_is_no_number(call):
    options = ("--optimizer", "sgd", "--lr", "1e300", "--json")
    outcomes = [call("train", "iris", *options, *more) for more in ((), ("--compile",))]
    assert [code for code, _, _ in outcomes] == [1, 1]
    assert outcomes[0][2].splitlines()[-1] == outcomes[1][2].splitlines()[-1]


def test_a_loss_that_is_no_number(call):
    code, _, err = call("train", "iris", "--optimizer", "sgd", "--lr", "1e300", "--json")
    assert code == 1
    assert err.splitlines()[-1].startswith("minigrad: error: training diverged: the loss is nan")


def test_a_second_ctrl_c_leaves_at_once(call, monkeypatch):
    from minigrad.optim import Optimizer

    def interrupt_twice(self):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Optimizer, "step", interrupt_twice)
    code, _, err = call("train", "iris", "--out", "a")
    assert (code, err) == (130, "minigrad: error: interrupted\n")
    load_checkpoint("a/checkpoint.safetensors")


# Bad input: one line, exit code 2, no traceback, no run folder.

TABLE = "a,b,y\n1,2,x\n3,4,z\n5,6,x\n7,8,z\n"
BAD_TABLES = {
    "empty": "",
    "only a header": "a,b,y\n",
    "only blank lines": "\n\n",
    "ragged": TABLE + "1,2\n",
    "too long a row": TABLE + "1,2,x,4\n",
    "NaN": TABLE + "nan,2,x\n",
    "infinite": TABLE + "inf,2,x\n",
    "an empty cell": TABLE + ",2,x\n",
    "text in a number column": TABLE + "one,2,x\n",
    "a single class": "a,b,y\n1,2,x\n3,4,x\n",
    "one row a class": "a,b,y\n1,2,x\n3,4,z\n",
    "no header": "1,2,3\n4,5,6\n",
    "a column twice": "a,a,y\n1,2,x\n3,4,z\n",
    "text and numbers": TABLE + "1,2,3\n",
    "NUL": TABLE + "1,\0,x\n",
}


def refused(outcome):
    code, out, err = outcome
    assert (code, out) == (2, ""), (out, err)
    assert err.startswith("minigrad: error: ")
    assert err.count("\n") == 1, err
    assert "Traceback" not in err
    assert not os.path.exists("runs")
    return err


@pytest.mark.parametrize("text", BAD_TABLES.values(), ids=BAD_TABLES)
def test_bad_tables(call, tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    assert "a.csv" in refused(call("train", "a.csv", "--target", "y"))


def test_bad_columns(call, tmp_path):
    (tmp_path / "a.csv").write_text(TABLE)
    assert "did you mean 'y'" in refused(call("train", "a.csv", "--target", "yy"))
    assert "the columns are a, b, y" in refused(call("train", "a.csv", "--target", "7"))
    assert "the columns are a, b, y" in refused(call("train", "a.csv"))
    assert "finite number" in refused(
        call("train", "a.csv", "--target", "y", "--task", "regression")
    )
    (tmp_path / "b.csv").write_bytes(b"a,y\n\xff\xfe,1\n")
    assert "UTF-8" in refused(call("train", "b.csv", "--target", "y"))


def test_bad_idx_files(call, tmp_path):
    images = np.zeros((8, 2, 2), np.uint8)
    datasets.write_idx(tmp_path / "x", images)
    datasets.write_idx(tmp_path / "y", np.arange(8, dtype=np.uint8) % 2)
    whole, labels = (tmp_path / "x").read_bytes(), (tmp_path / "y").read_bytes()
    for content in (
        b"",
        b"junk",
        whole[:3],
        whole[:10],
        whole[:-1],
        whole + b"\0",
        b"\0\0\x07\x01" + bytes(8),
        b"\0\0\x08\x01" + struct.pack(">I", 2**31),
        gzip.compress(whole)[:-9],
        labels,
    ):
        (tmp_path / "x").write_bytes(content)
        refused(call("train", "x", "y"))
    (tmp_path / "x").write_bytes(whole)
    datasets.write_idx(tmp_path / "y", np.zeros(8, np.uint8))
    assert "at least two classes" in refused(call("train", "x", "y"))
    datasets.write_idx(tmp_path / "y", np.zeros(7, np.uint8))
    assert "a label for each" in refused(call("train", "x", "y"))
    refused(call("train", "x", "missing"))
    refused(call("train", "x", "y", "z"))


def test_bad_archives(call, tmp_path):
    np.savez(tmp_path / "a.npz", x=np.eye(4), z=np.arange(4))
    assert "expected arrays x and y" in refused(call("train", "a.npz"))
    np.savez(tmp_path / "a.npz", x=np.array([[np.nan], [1]]), y=np.arange(2))
    assert "finite" in refused(call("train", "a.npz"))
    (tmp_path / "a.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:50])
    refused(call("train", "a.npz"))
    np.savez(tmp_path / "a.npz", x=np.array([object()]), y=np.arange(1))
    refused(call("train", "a.npz"))


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["digit"], "did you mean 'digits'"),
        (["none.csv", "--target", "y"], "found nothing there"),
        (["."], "no data set"),
        ([""], "no data set"),
        (["a\nb"], "no data set"),
        (["x" * 5000], "File name too long"),
        (["iris", "--target", "y"], "no meaning"),
        (["iris", "--task", "regression"], "no meaning"),
        (["iris", "--task", "sorting"], "expected task"),
        (["--hidden", "128,x"], "expected widths such as 128,64, or none, found '128,x'"),
        (["--hidden", "8,0"], "from 1 to"),
        (["--hidden", "-8"], "from 1 to"),
        (["--hidden", "8,,8"], "expected widths"),
        (["iris", "--hidden", "1000000,1000000"], "allocate"),
        (["--optimizer", "adem"], "did you mean 'adam'"),
        (["--schedule", "cosin"], "did you mean 'cosine'"),
        (["--warmup", "-1"], "expected steps of warm-up of at least 0, found -1"),
        (["--warmup", "100000"], "a warm-up is shorter than the run"),
        (["--weight-decay", "-1"], "expected a weight decay of at least 0, found -1.0"),
        (["--clip-norm", "-1"], "expected a norm to clip to of at least 0, found -1.0"),
        (["--optimizer", ""], "choose one of"),
        (["--lr", "-1"], "positive, finite learning rate"),
        (["--lr", "0"], "positive, finite learning rate"),
        (["--lr", "nan"], "positive, finite learning rate"),
        (["--lr", "fast"], "invalid float value"),
        (["--epochs", "0"], "epochs of at least 1"),
        (["--epochs", "1.5"], "invalid int value"),
        (["--batch-size", "0"], "batch size of at least 1"),
        (["--batch-size", "-3"], "batch size of at least 1"),
        (["--seed", "-1"], "seed of at least 0"),
        (["iris", "--compile", "torch"], "one of numpy, numba, found 'torch'"),
        (["--compile", "iris"], "one of numpy, numba, found 'iris'"),
        (["--epoch", "3"], "unrecognized arguments"),
        (["--lr"], "expected one argument"),
        (["--out", "file"], "file"),
        (["--out", "file/below"], "file"),
        (["--resume", "nowhere"], "expected the folder of a run"),
        (["--resume", "file"], "expected the folder of a run"),
    ],
)
def test_bad_options(call, tmp_path, arguments, word):
    (tmp_path / "file").touch()
    assert word in refused(call("train", *arguments))


@pytest.mark.parametrize("arguments", [[], ["trian"], ["--epochs", "3"]])
def test_bad_commands(call, arguments):
    refused(call(*arguments))


def test_a_missing_package_is_named(call, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    for module in [name for name in sys.modules if name.startswith("sklearn.")]:
        monkeypatch.setitem(sys.modules, module, None)
    assert 'scikit-learn: pip install "minigrad[data]"' in refused(call("train"))


def test_a_missing_compiler_is_named(call, monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    error = refused(call("train", "iris", "--compile", "numba"))
    assert 'numba: pip install "minigrad[jit]"' in error


# minigrad graph.


NEURON = ("tanh(x*w + b)", "--at", "x=2,w=-3,b=6.88")


def test_the_trace_of_an_expression(call):
    code, out, err = call("graph", *NEURON, "--trace")
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["step", "from", "to", "g", "rule", "contribution", "total", "left"]
    assert lines[5] == [
        "4",
        "multiply_4",
        "x",
        "0.501",
        *["0.501", "*", "(-3)"],
        *["-1.503"] * 2,
        "0",
    ]
    assert len(lines) == 10


def test_a_trace_in_a_file(call, tmp_path):
    assert call("graph", *NEURON, "--trace", "-o", "t.json") == (0, "t.json\n", "")
    assert json.loads((tmp_path / "t.json").read_text())["format"] == "minigrad-trace"
    assert call("graph", *NEURON, "--trace", "-o", "t.txt")[0] == 0
    assert (tmp_path / "t.txt").read_text().startswith("step  from")


def test_the_page_of_an_expression(call, tmp_path):
    assert call("graph", *NEURON, "--step") == (0, "backward.html\n", "")
    assert "<!doctype html>" in (tmp_path / "backward.html").read_text()
    assert call("graph", *NEURON, "--step", "-o", "my page.html")[1] == "my page.html\n"


def test_the_drawing_of_an_expression(call, tmp_path):
    assert call("graph", *NEURON) == (0, "graph.svg\n", "")
    assert "tanh" in (tmp_path / "graph.svg").read_text()
    assert call("graph", *NEURON, "--out", "g.dot") == (0, "g.dot\n", "")
    assert call("graph", *NEURON, "-o", "g.txt")[0] == 0
    assert (tmp_path / "g.txt").read_text().splitlines() == [
        "1  x         parameter, leaf  2  grad -1.503",
        "2  w         parameter, leaf  -3  grad 1.002",
        "3  multiply  operation        -6  grad 0.501  <- 1, 2",
        "4  b         parameter, leaf  6.88  grad 0.501",
        "5  add       operation        0.88  grad 0.501  <- 3, 4",
        "6  tanh      output           0.7064  grad 1  <- 5",
    ]


def test_a_drawing_of_another_kind(call, tmp_path):
    assert call("graph", *NEURON, "--kind", "backward", "--no-values", "-o", "g.txt")[0] == 0
    lines = (tmp_path / "g.txt").read_text().splitlines()
    assert lines[1] == "2   g * (1 - y * y)  derivative rule  scalar  tanh, ∂/∂x  <- 1".replace(
        "2 ", " 2", 1
    )


def test_a_step_and_a_depth_of_a_script(call, tmp_path):
    (tmp_path / "net.py").write_text(
        "import numpy as np\nimport minigrad as mg\n\n"
        "def loss():\n"
        "    net = mg.nn.Sequential(mg.nn.Linear(2, 3), mg.nn.Tanh())\n"
        "    optimizer = mg.optim.SGD(net.named_parameters(), lr=0.1)\n"
        "    return net(np.ones((4, 2), np.float32)).sum(), optimizer\n"
    )
    assert call("graph", "net.py:loss", "--kind", "step", "-o", "s.txt")[0] == 0
    assert "update of θ: SGD" in (tmp_path / "s.txt").read_text()
    assert call("graph", "net.py:loss", "--depth", "1", "--rankdir", "TB", "-o", "d.txt")[0] == 0
    assert "0: Linear(2, 3)  module" in (tmp_path / "d.txt").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x*w", "--at", "x=1"), "the expression needs a value for w: give it with --at w=..."),
        (("nowhere.py:loss",), "nowhere.py: there is no such script"),
        (("x*x", "--at", "x=1", "--step", "-o", "p.svg"), "p.svg: the suffix of a stepper's page"),
        (("x*x", "--at", "x=1", "-o", "p.bmp"), "p.bmp: a drawing's suffix must be one of"),
        (("x*x", "--at", "x=1", "--step", "--trace"), "not allowed with argument"),
        (("x*x", "--at", "x=1", "--step", "-o", "no/p.html"), "No such file or directory"),
        (("x*x", "--at", "x=1", "--trace", "-o", "no/t.json"), "No such file or directory"),
        ((".",), "expected the folder of a run, found no config.json in it"),
        ((), "the following arguments are required: SUBJECT"),
        (("x*x", "--at", "x=1", "--kind", "step"), "--kind step shows an update: give a run, or a"),
        (("x*x", "--at", "x=1", "--kind", "up"), "invalid choice: 'up'"),
        (("x*x", "--at", "x=1", "--kind", "backward", "--step"), "not allowed with argument"),
        (("x*x", "--at", "x=1", "--depth", "-1"), "--depth: expected"),
    ],
)
def test_what_graph_cannot_do(call, arguments, message):
    code, out, err = call("graph", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("minigrad: error: ") and message in err and err.count("\n") == 1
