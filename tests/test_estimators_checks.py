"""scikit-learn's own checks of an estimator, all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from minigrad.estimators import NetClassifier, NetRegressor


@parametrize_with_checks(
    [
        NetClassifier(),
        NetRegressor(),
        NetClassifier(hidden=(), optimizer="momentum", lr=0.1, compile=True),
        NetRegressor(hidden=(16, 16), activation="tanh", compile=True),
    ]
)
def test_scikit_learn_accepts_it(
    estimator: Any, check: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")  # else one of the checks leaves itself out
    check(estimator)
