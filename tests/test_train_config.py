import json
import os

import pytest

from minigrad import nn, optim
from minigrad.train import OPTIMIZERS, ConfigError, RunConfig
from minigrad.train.optimizers import default_of


def test_the_optimizers_are_the_classes_of_optim():
    kinds = {name.lower(): kind for name, kind in vars(optim).items() if isinstance(kind, type)}
    around = {"sam", "lookahead", "together", "optimizer"}
    rules = {name for name, kind in kinds.items() if issubclass(kind, optim.Optimizer)} - around
    assert set(OPTIMIZERS) == rules - {"muonwithadamw"}
    assert list(OPTIMIZERS) == sorted(OPTIMIZERS)
    for name, kind in OPTIMIZERS.items():
        assert kind is (optim.MuonWithAdamW if name == "muon" else kinds[name])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_learning_rate_is_the_classes_default(optimizer):
    model = nn.Linear(2, 2)
    made = OPTIMIZERS[optimizer](model.named_parameters())
    config = RunConfig(optimizer=optimizer)
    assert config.lr == default_of(optimizer, "lr") == made.lr
    assert config.weight_decay == made.defaults.get("weight_decay", 0)
    assert RunConfig(optimizer=optimizer, lr=3).lr == 3.0


def test_the_defaults():
    config = RunConfig()
    assert (config.data, config.hidden, config.optimizer) == ("digits", (128, 64), "adam")
    assert (config.lr, config.epochs, config.batch_size, config.seed) == (1e-3, 30, 64, 0)


@pytest.mark.parametrize("optimizer", ["gd", "lbfgs"])
def test_what_takes_the_whole_training_set(optimizer):
    assert RunConfig(optimizer=optimizer, batch_size=7).batch_size is None


def test_early_stopping_brings_rows_to_validate_on():
    assert RunConfig().validation == 0.0
    assert RunConfig(early_stop=5).validation == 0.2
    assert RunConfig(early_stop=5, validation=0.3).validation == 0.3
    assert RunConfig(validation=0.3).early_stop is None


@pytest.mark.parametrize(
    "config",
    [
        RunConfig(),
        RunConfig("x.csv", target="y", task="regression", hidden=(), optimizer="gd", lr=0.5),
        RunConfig("images", labels="labels", seed=2**70),
        RunConfig(compile="numpy"),
        RunConfig(early_stop=3, sam=0.1, lookahead=6, ema=0.9, weight_decay=0.1),
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
        ({"early_stop": 0}, "expected epochs of patience of at least 1, found 0"),
        ({"early_stop": True}, "found True"),
        ({"validation": 1}, "expected a validation from 0 to below 1, found 1"),
        ({"validation": -0.1}, r"found -0\.1"),
        ({"early_stop": 3, "validation": 0}, "early stopping needs rows to validate on"),
        ({"lookahead": 0}, "expected steps of lookahead of at least 1, found 0"),
        ({"sam": -1}, "expected a distance of sam of at least 0, found -1"),
        ({"ema": 1.0}, r"expected a decay of ema from 0 to below 1, found 1\.0"),
        ({"optimizer": "lbfgs", "sam": 0.1}, r"lbfgs .* expected no sam, found 0\.1"),
        ({"optimizer": "lbfgs", "lookahead": 5}, "lbfgs .* expected no lookahead, found 5"),
        ({"optimizer": "lbfgs", "clip_norm": 1}, r"lbfgs .* expected no clip norm, found 1\.0"),
        ({"optimizer": "lbfgs", "weight_decay": 1}, r"lbfgs .* no weight decay, found 1\.0"),
    ],
)
def test_settings_that_make_no_sense(settings, message):
    with pytest.raises(ConfigError, match=message):
        RunConfig(**settings)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "3", b"\xff", "[" * 10**5])
def test_json_that_is_no_configuration(text):
    with pytest.raises(ConfigError, match="^it: expected"):
        RunConfig.from_json(text, "it")


def test_a_run_from_before_there_were_such_settings_does_without():
    settings = json.loads(RunConfig(compile="numpy", optimizer="adamw", early_stop=3).to_json())
    for name in ("compile", "weight_decay", "early_stop", "validation", "sam", "ema"):
        del settings[name]
    older = RunConfig.from_json(json.dumps(settings), "it")
    assert older == RunConfig(optimizer="adamw", weight_decay=0.0)


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
