import json
import os

import pytest

from minigrad import optim
from minigrad.train import OPTIMIZERS, ConfigError, RunConfig
from minigrad.train.config import default_lr


def test_the_optimizers_are_the_classes_of_optim():
    assert {"gd", "sgd", "adam", "lion", "radam"} <= set(OPTIMIZERS)
    for name, kind in OPTIMIZERS.items():
        assert kind.__name__.lower() == name
        assert kind in vars(optim).values()
    left_out = {"muon", "sam", "lookahead", "lbfgs", "optimizer"}  # biases, wrappers, closures
    assert not left_out & set(OPTIMIZERS)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_learning_rate_is_the_classes_default(optimizer):
    assert RunConfig(optimizer=optimizer).lr == default_lr(optimizer)
    assert RunConfig(optimizer=optimizer, lr=3).lr == 3.0


def test_the_defaults():
    config = RunConfig()
    assert (config.data, config.hidden, config.optimizer) == ("digits", (128, 64), "adam")
    assert (config.lr, config.epochs, config.batch_size, config.seed) == (1e-3, 30, 64, 0)


def test_gd_takes_the_whole_training_set():
    assert RunConfig(optimizer="gd", batch_size=7).batch_size is None


@pytest.mark.parametrize(
    "config",
    [
        RunConfig(),
        RunConfig("x.csv", target="y", task="regression", hidden=(), optimizer="gd", lr=0.5),
        RunConfig("images", labels="labels", seed=2**70),
        RunConfig(compile="numpy"),
    ],
)
def test_json_round_trip(config):
    assert RunConfig.from_json(config.to_json(), "it") == config


def test_names_are_spelled_in_one_way_and_files_have_their_whole_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.csv").touch()
    assert RunConfig("breast-cancer").data == "breast_cancer"
    assert RunConfig("x.csv").data == str(tmp_path / "x.csv")
    assert RunConfig("gone.csv").data == "gone.csv"
    assert RunConfig("a", labels="x.csv").labels == os.fspath(tmp_path / "x.csv")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"optimizer": "adm"},
            r"^unknown optimizer 'adm' \(did you mean 'adam'\?\); choose one of",
        ),
        ({"optimizer": None}, "expected text for optimizer, found None"),
        ({"data": 3}, "expected text for data, found 3"),
        ({"target": 3}, "expected text for target, found 3"),
        ({"task": "clustering"}, "expected task 'classification' or 'regression'"),
        ({"lr": -1.0}, r"expected a positive, finite learning rate, found -1\.0"),
        ({"lr": 0}, "found 0"),
        ({"lr": float("nan")}, "found nan"),
        ({"lr": float("inf")}, "found inf"),
        ({"lr": "0.1"}, "found '0.1'"),
        ({"epochs": 0}, "expected epochs of at least 1, found 0"),
        ({"epochs": 1.0}, r"found 1\.0"),
        ({"epochs": True}, "found True"),
        ({"batch_size": 0}, "expected batch size of at least 1, found 0"),
        ({"seed": -1}, "expected seed of at least 0, found -1"),
        ({"hidden": (8, 0)}, "expected hidden widths from 1 to 1000000, found 0"),
        ({"hidden": (10**9,)}, "found 1000000000"),
        ({"hidden": 8}, "expected a list of widths for hidden, found 8"),
        ({"hidden": "8"}, "expected a list of widths for hidden, found '8'"),
        ({"compile": "torch"}, "expected compile to be one of numpy, numba, found 'torch'"),
        ({"compile": True}, "found True"),
    ],
)
def test_settings_that_make_no_sense(settings, message):
    with pytest.raises(ConfigError, match=message):
        RunConfig(**settings)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "3", b"\xff", "[" * 10**5])
def test_json_that_is_no_configuration(text):
    with pytest.raises(ConfigError, match="^it: expected"):
        RunConfig.from_json(text, "it")


def test_a_run_from_before_there_was_a_compiler_is_not_compiled():
    settings = json.loads(RunConfig(compile="numpy").to_json())
    del settings["compile"]
    assert RunConfig.from_json(json.dumps(settings), "it") == RunConfig()


def test_json_with_a_wrong_value():
    settings = {**json.loads(RunConfig().to_json()), "epochs": "many"}
    with pytest.raises(ConfigError, match="^it: expected epochs of at least 1, found 'many'$"):
        RunConfig.from_json(json.dumps(settings), "it")


def test_only_the_epochs_of_a_run_that_has_begun_may_differ():
    config = RunConfig("iris", lr=0.1, hidden=(8,))
    assert config.extended({"epochs": 50, "lr": 0.1, "hidden": (8,)}).epochs == 50
    for changed, message in [
        ({"lr": 0.2}, r"this run has lr 0\.1, and it cannot go on with 0\.2"),
        ({"hidden": ()}, "hidden 8, and it cannot go on with none"),
        ({"data": "wine"}, "data iris, and it cannot go on with wine"),
        ({"batch_size": 32}, "batch size 64, and it cannot go on with 32"),
        ({"seed": 1}, "seed 0, and it cannot go on with 1"),
        ({"optimizer": "gd"}, "optimizer adam, and it cannot go on with gd"),
        ({"compile": "numba"}, "compile none, and it cannot go on with numba"),
    ]:
        with pytest.raises(ConfigError, match=message):
            config.extended({"epochs": 50, **changed})
