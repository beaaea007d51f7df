"""Regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score

from .estimator import NetEstimator
from .learner import Array
from .objectives import REGRESSION, weighted_targets
from .rows import Rows


@dataclass(kw_only=True, eq=False, repr=False)
class NetRegressor(RegressorMixin, NetEstimator):  # type: ignore[misc]
    """A network that predicts numbers, as a scikit-learn estimator.

    It minimises the mean of (module(x) - y)^2. Targets should be scaled to about unit variance,
    for instance by scikit-learn's `TransformedTargetRegressor`: initial outputs are of that size.

    Args:
        module: the settings and attributes are those of `NetClassifier`, save `class_weight` and
            `classes_`.

    Attributes:
        loss_curve_: the mean squared error of each epoch, over rows and targets.
        n_outputs_: the number of targets.

    Example:
        >>> import numpy as np
        >>> from minigrad.estimators import NetRegressor
        >>> X = np.linspace(-2, 2, 50)[:, None]
        >>> net = NetRegressor(lr=0.01, random_state=0).fit(X, np.sin(X[:, 0]))
        >>> bool(net.score(X, np.sin(X[:, 0])) > 0.95)
        True

    Source: scikit-learn's `MLPRegressor`. Deviation: the loss is the mean squared error, not half
    of it.
    """

    _objective = REGRESSION
    _target_checks: ClassVar = {"multi_output": True, "y_numeric": True}

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for one epoch on the rows given; the optimizer goes on where it was.

        Args:
            X: features, shape (N, n_features).
            y: targets, shape (N,) or (N, K).
            sample_weight: the weights of the rows, shape (N,), at least 0. The loss is the mean
                of w_i loss_i: unlike in `fit` it grows with the weights, for the weights in other
                calls are not known.

        Returns:
            The estimator.
        """
        return self._partial_fit(X, y, sample_weight, None)

    def predict(self, X: Any) -> Array:
        """The targets of each row.

        Args:
            X: features, shape (N, n_features).

        Returns:
            Shape (N,) or (N, K), as the targets had that were learnt; in the network's dtype.
        """
        outputs = self._outputs(X)
        return outputs.ravel() if self._one_axis else outputs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _meet(self, y: Any) -> None:
        self._one_axis = y.ndim == 1
        self.n_outputs_ = 1 if self._one_axis else y.shape[1]

    def _encoded(self, y: Array) -> Array:
        targets = y.reshape(len(y), -1).astype(np.float64, copy=False)
        if targets.shape[1] != self.n_outputs_:
            raise ValueError(f"expected {self.n_outputs_} targets a row, got y of shape {y.shape}")
        return targets

    @property
    def _n_outputs(self) -> int:
        return self.n_outputs_

    def _weighted(self, targets: Array, weights: Array) -> Array:
        return weighted_targets(targets, weights)

    def _score(self, outputs: Array, rows: Rows) -> float:
        return float(r2_score(rows.targets, outputs, sample_weight=rows.weights))
