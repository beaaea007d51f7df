"""What the estimators refuse, and in which words."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from minigrad import nn
from minigrad.estimators import NetClassifier, NetRegressor

X = np.arange(12.0).reshape(6, 2)
LABELS = np.array([0, 1, 0, 1, 0, 1])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"optimizer": "adm"}, r"optimizer must be one of .*, got 'adm' \(did you mean 'adam'\?\)"),
        ({"optimizer": nn.Linear}, "optimizer must be one of"),
        ({"activation": "rleu"}, r"activation must be one of .* \(did you mean 'relu'\?\)"),
        ({"compile": "nump"}, r"compile must be one of .* \(did you mean 'numpy'\?\)"),
        ({"dtype": "float16"}, 'dtype must be "float32", "float64" or None'),
        ({"hidden": (8, 0)}, "hidden must be a whole number of at least 1, got 0"),
        ({"epochs": 0}, "epochs must be a whole number of at least 1, got 0"),
        ({"batch_size": 1.5}, "batch_size must be a whole number of at least 1, got 1.5"),
        ({"tol": -1.0}, "tol must be at least 0, got -1.0"),
        ({"n_iter_no_change": True}, "n_iter_no_change must be a whole number"),
        (
            {"early_stopping": True, "validation_fraction": 1.0},
            "validation_fraction must lie between 0 and 1, got 1.0",
        ),
        (
            {"module": lambda n_in, n_out, rng: nn.Linear(n_in, n_out + 1)},
            r"outputs of shape \(N, 2\); it made shape \(1, 3\) of one row",
        ),
    ],
)
def test_settings_are_checked_by_fit(settings: dict[str, Any], message: str) -> None:
    net = NetClassifier(**settings)
    with pytest.raises(ValueError, match=message):
        net.fit(X, LABELS)


def test_a_module_is_made_by_a_function() -> None:
    with pytest.raises(TypeError, match="module must be a function of n_features, n_outputs"):
        NetClassifier(module=3).fit(X, LABELS)
    with pytest.raises(TypeError, match="module must return an nn.Module, got int"):
        NetClassifier(module=lambda n_in, n_out, rng: 3).fit(X, LABELS)


def test_weights_are_checked() -> None:
    for weights in (np.ones(5), np.ones((6, 1)), -np.ones(6)):
        with pytest.raises(ValueError, match=r"expected sample_weight of shape \(6,\)"):
            NetRegressor().fit(X, X[:, 0], sample_weight=weights)
    with pytest.raises(ValueError, match="the weights of all rows are zero"):
        NetRegressor().fit(X, X[:, 0], sample_weight=np.zeros(6))


def test_classes_are_told_once() -> None:
    net = NetClassifier()
    with pytest.raises(ValueError, match="needs classes"):
        net.partial_fit(X, LABELS)
    net.partial_fit(X, LABELS, classes=[0, 1])
    net.partial_fit(X, LABELS).partial_fit(X, LABELS, classes=[1, 0])
    with pytest.raises(ValueError, match=r"expected classes \[0 1\] as before"):
        net.partial_fit(X, LABELS, classes=[0, 1, 2])
    with pytest.raises(ValueError, match=r"expected labels among classes \[0 1\], got \[2\]"):
        net.partial_fit(X, LABELS + 1)


def test_balance_needs_all_rows() -> None:
    with pytest.raises(ValueError, match="needs all rows at once"):
        NetClassifier(class_weight="balanced").partial_fit(X, LABELS, classes=[0, 1])


def test_nothing_is_known_before_fit() -> None:
    net = NetRegressor()
    for ask in (lambda: net.predict(X), lambda: net.module_, lambda: net.optimizer_):
        with pytest.raises(NotFittedError):
            ask()


def test_a_missing_scikit_learn_is_named() -> None:
    code = "import sys; sys.modules['sklearn'] = None; import minigrad.estimators"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == (
        'ImportError: minigrad.estimators needs scikit-learn: pip install "minigrad[data]"'
    )
