"""Digits with one hidden layer of 64: the accuracies of scikit-learn's `MLPClassifier`, and ours.

All on one split: pixels / 16, a quarter to test on (450 rows), stratified, drawn by seed 0. The
settings are scikit-learn's defaults: batches of 200 rows, 200 epochs, L2 of alpha / 2 |W|^2 a batch
with alpha = 1e-4; for gradient descent a rate of 0.1 and Nesterov's momentum of 0.9.

How near is near enough? Over 20 seeds on this split, accuracies had the means and deviations

                Adam              gradient descent
    sklearn     .9784 +- .0024    .9689 +- .0038
    minigrad    .9779 +- .0032    .9690 +- .0039

so with another first weight and another order of the rows a run differs by about SEED. Two means
of three runs each differ by SEED sqrt(1/3 + 1/3), and hardly ever by three times as much.
"""

import json
import math
import warnings

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

import minigrad.functional as F
from minigrad import optim
from minigrad.__main__ import main
from minigrad.data import DataLoader
from minigrad.estimators import NetClassifier
from minigrad.train import Trainer, metrics, mlp
from minigrad.train.generators import Generators
from minigrad.train.threads import blas_threads_for

SEEDS = range(3)
GOLDEN = {"adam": (0.9756, 0.9822, 0.9778), "sgd": (0.9733, 0.9711, 0.9733)}
ROW = 1 / 450
SEED = 0.0035
NEAR = 3 * SEED * math.sqrt(2 / 3)
rules = pytest.mark.parametrize("rule", GOLDEN)


@pytest.fixture(autouse=True)
def one_thread():
    with blas_threads_for(1):
        yield


@pytest.fixture(scope="module")
def split():
    x, y = load_digits(return_X_y=True)
    parts = train_test_split(x / 16, y, test_size=0.25, stratify=y, random_state=0)
    assert [len(part) for part in parts] == [1347, 450, 1347, 450]
    return parts


def optimizer_of(rule):
    """The class, and its arguments: alpha is divided by the rows of a batch there."""
    kind, lr = {"adam": (optim.Adam, 1e-3), "sgd": (optim.Nesterov, 0.1)}[rule]
    return kind, {"lr": lr, "weight_decay": 1e-4 / 200, "no_decay": "*bias"}


@rules
def test_the_golden_numbers_are_scikit_learns(split, rule):
    """Exactly, but for a row that another BLAS may round to the other side."""
    x, x_test, y, y_test = split
    settings = {"adam": {}, "sgd": {"solver": "sgd", "learning_rate_init": 0.1}}[rule]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # Adam goes on to the last epoch
        found = [
            MLPClassifier((64,), random_state=seed, **settings).fit(x, y).score(x_test, y_test)
            for seed in SEEDS
        ]
    assert found == pytest.approx(GOLDEN[rule], abs=ROW + 5e-5)


@rules
def test_the_estimator_is_as_accurate(split, rule):
    x, x_test, y, y_test = split
    kind, options = optimizer_of(rule)
    lr = options.pop("lr")
    found = [
        NetClassifier(
            hidden=(64,), optimizer=kind, lr=lr, optimizer_options=options, batch_size=200,
            epochs=200, compile=True, random_state=seed,
        ).fit(x, y).score(x_test, y_test)
        for seed in SEEDS
    ]  # fmt: skip
    assert np.mean(found) == pytest.approx(np.mean(GOLDEN[rule]), abs=NEAR)


@rules
def test_the_trainer_is_as_accurate(split, rule):
    x, x_test, y, y_test = split
    kind, options = optimizer_of(rule)

    def accuracy(seed):
        rng = Generators.from_seed(seed)
        model = mlp([64, 64, 10], rng.init)
        trainer = Trainer(
            model, F.cross_entropy, kind(model.named_parameters(), **options),
            metrics=[metrics.Accuracy()], compile=True,
        )  # fmt: skip
        rows = x.astype(np.float32), y
        trainer.fit(DataLoader(rows, 200, shuffle=True, rng=rng.shuffle), epochs=200)
        return trainer.evaluate((x_test.astype(np.float32), y_test))["accuracy"]

    found = [accuracy(seed) for seed in SEEDS]
    assert np.mean(found) == pytest.approx(np.mean(GOLDEN[rule]), abs=NEAR)


@rules
def test_the_command_line_is_as_accurate(rule, tmp_path, capsys):
    """On a split of its own for each seed, so the rows to test on are a sample as well: the mean of
    three such shares has the deviation sqrt(p (1 - p) / 450 / 3), and the golden split that of one.
    """
    kind, options = optimizer_of(rule)
    found = []
    for seed in SEEDS:
        run = [
            "train", "digits", "--hidden", "64", "--epochs", "200", "--batch-size", "200",
            "--optimizer", kind.__name__.lower(), "--lr", str(options["lr"]),
            "--weight-decay", str(options["weight_decay"]), "--seed", str(seed), "--compile",
            "--json", "--out", str(tmp_path / str(seed)),
        ]  # fmt: skip
        assert main(run) == 0
        found.append(json.loads(capsys.readouterr().out)["test_accuracy"])
    golden = np.mean(GOLDEN[rule])
    of_the_split = math.sqrt(golden * (1 - golden) * ROW * (1 + 1 / 3))
    near = 3 * math.hypot(SEED * math.sqrt(2 / 3), of_the_split)
    assert np.mean(found) == pytest.approx(golden, abs=near)
