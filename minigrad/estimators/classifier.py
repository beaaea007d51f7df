"""Classification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, unique_labels

from .. import functional as F
from .estimator import NetEstimator
from .learner import Array
from .objectives import CLASSIFICATION, weighted_labels
from .rows import Rows


@dataclass(kw_only=True, eq=False, repr=False)
class NetClassifier(ClassifierMixin, NetEstimator):  # type: ignore[misc]
    """A network that classifies, as a scikit-learn estimator.

    It minimises the mean cross-entropy of softmax(module(x)), which has one logit a class.

    Args:
        module: makes the network: a function of the number of features, the number of classes (in
            regression, of targets) and a generator to draw weights from. A row is a vector; what
            takes images reshapes it. None is a multilayer perceptron.
        hidden: that perceptron's hidden widths; () is a linear model.
        activation: what stands between its layers: "relu", "leaky_relu", "gelu", "silu",
            "softplus", "sigmoid", "tanh" or "identity".
        optimizer: a class of `minigrad.optim`, or its name in lower case.
        lr: the learning rate, or what else the optimizer takes as such; None is its own default.
        optimizer_options: its other arguments, such as `{"betas": (0.9, 0.99)}`.
        batch_size: rows in a batch.
        epochs: how many epochs a call of `fit` trains for at most.
        early_stopping: whether to hold out rows, stop when their score grows no more, and return
            to the weights that did best. Otherwise training ends when its loss falls no more.
        validation_fraction: the share of rows held out, between 0 and 1.
        n_iter_no_change: after how many epochs in a row without progress training ends.
        tol: progress is a score, or a loss, better by more than this than at the last progress.
        shuffle: whether the rows come in a new order in each epoch.
        random_state: an integer for the same results in each call, a `RandomState`, or None.
        warm_start: whether `fit` goes on with the network and the optimizer there are.
        verbose: whether to show each epoch's loss and score, by `minigrad.train.Progress`.
        dtype: "float32" or "float64"; None leaves float32 as it is and makes all else float64, as
            scikit-learn does. float32 is faster; weights of rows and repeated rows then agree to
            about six digits only.
        compile: True, or a backend's name, to replay the training step by `mg.compile`.
        class_weight: weights of the classes by label, or "balanced" for N / (C N_c).

    Attributes:
        classes_: the labels, sorted.
        module_, optimizer_: the trained `nn.Module`, and its optimizer with its state.
        loss_curve_: the mean loss of each epoch, in nats.
        validation_scores_: the score on the rows held out, after each epoch with early stopping.
        n_iter_: the number of epochs, those of earlier calls with `warm_start` or `partial_fit`
            included.
        n_features_in_, feature_names_in_: as in all of scikit-learn.

    Example:
        >>> from sklearn.datasets import load_iris
        >>> from sklearn.model_selection import cross_val_score
        >>> from sklearn.pipeline import make_pipeline
        >>> from sklearn.preprocessing import StandardScaler
        >>> from minigrad.estimators import NetClassifier
        >>> net = make_pipeline(StandardScaler(), NetClassifier(lr=0.01, random_state=0))
        >>> bool(cross_val_score(net, *load_iris(return_X_y=True)).mean() > 0.9)
        True

    Source: scikit-learn's `MLPClassifier`, with `epochs` for its `max_iter`. Deviations: two
    classes have two logits; there is no L2 penalty unless the optimizer is given one; rows are
    weighted by their share of all rows' weight, not of their batch's; progress is counted by
    `minigrad.train.callbacks.EarlyStopping`.
    """

    class_weight: Mapping[Any, float] | str | None = None

    _objective = CLASSIFICATION

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train for one epoch on the rows given; the optimizer goes on where it was.

        Args:
            X: features, shape (N, n_features).
            y: labels, shape (N,).
            classes: all labels that will ever occur; needed in the first call.
            sample_weight: the weights of the rows, shape (N,), at least 0. The loss is the mean
                of w_i loss_i: unlike in `fit` it grows with the weights, for the weights in other
                calls are not known.

        Returns:
            The estimator.
        """
        if isinstance(self.class_weight, str):
            raise ValueError(
                f"class_weight={self.class_weight!r} needs all rows at once: call fit, or give "
                "class_weight as a dict"
            )
        if self.__sklearn_is_fitted__():
            if classes is not None and not np.array_equal(self.classes_, unique_labels(classes)):
                raise ValueError(f"expected classes {self.classes_} as before, got {classes}")
        elif classes is None:
            raise ValueError("the first call of partial_fit needs classes: all labels there are")
        return self._partial_fit(X, y, sample_weight, classes)

    def predict(self, X: Any) -> Array:
        """The most probable label of each row.

        Args:
            X: features, shape (N, n_features).

        Returns:
            Labels, shape (N,), of `classes_`.
        """
        best = self._outputs(X).argmax(axis=1)  # first, for it says so if nothing was learnt
        labels: Array = self.classes_[best]
        return labels

    def predict_proba(self, X: Any) -> Array:
        """The probability of each class, softmax(logits), in float64.

        Args:
            X: features, shape (N, n_features).

        Returns:
            Shape (N, C), columns in the order of `classes_`; rows add up to 1.
        """
        probabilities: Array = F.softmax(self._outputs(X).astype(np.float64), axis=1)
        return probabilities

    def _meet(self, y: Any) -> None:
        check_classification_targets(y)
        self.classes_ = unique_labels(y)

    def _encoded(self, y: Array) -> Array:
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(f"expected labels among classes {self.classes_}, got {unknown}")
        return np.searchsorted(self.classes_, y)

    @property
    def _n_outputs(self) -> int:
        return len(self.classes_)

    def _weighted(self, targets: Array, weights: Array) -> Array:
        return weighted_labels(targets, weights, self._n_outputs)

    def _score(self, outputs: Array, rows: Rows) -> float:
        best = outputs.argmax(axis=1)
        return float(accuracy_score(rows.targets, best, sample_weight=rows.weights))

    def _balance(self, y: Array) -> Array | None:
        if self.class_weight is None:
            return None
        weights: Array = compute_sample_weight(self.class_weight, y)
        return weights

    def _strata(self, rows: Rows) -> Array:
        return rows.targets
