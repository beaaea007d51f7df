"""The share of right labels: of the most probable label, or of the k most probable."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...tensor import plain
from .metric import Array, Metric, Summary


def class_scores(logits: Any, labels: Any) -> tuple[Array, Array]:
    """Logits and labels as one row for each label.

    Args:
        logits: shape (N, C) or (N, C, d1, ...), as `cross_entropy` takes them; or, of two
            classes, of the labels' shape: the logits of class 1, as
            `binary_cross_entropy_with_logits` takes them.
        labels: integers of shape (N,) or (N, d1, ...).

    Returns:
        Arrays of shapes (M, C) and (M,), M the number of labels; C is 2 for logits of class 1.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> from minigrad.train.metrics.accuracy import class_scores
        >>> scores, labels = class_scores(np.array([[0.5], [-0.5]]), np.array([[1], [1]]))
        >>> scores.argmax(axis=1)
        array([1, 0])
    """
    logits, labels = np.asarray(plain(logits)), np.asarray(plain(labels))
    if logits.ndim > 0 and logits.shape == labels.shape and logits.dtype.kind == "f":
        of_class_1 = logits.reshape(-1)
        return np.stack([np.zeros_like(of_class_1), of_class_1], axis=1), labels.reshape(-1)
    if logits.ndim < 2 or labels.shape != logits.shape[:1] + logits.shape[2:]:
        raise ValueError(
            "expected logits of shape (N, C) and labels of shape (N,), or logits of the"
            f" labels' shape for two classes, got {logits.dtype} {logits.shape} and"
            f" {labels.shape}"
        )
    if logits.ndim > 2:
        logits = np.moveaxis(logits, 1, -1).reshape(-1, logits.shape[1])
    return logits, labels.reshape(-1)


def count_correct(logits: Any, labels: Any) -> int:
    """The number of rows in which the largest logit is the label's: |{i : argmax_c z_ic = y_i}|.

    Args:
        logits: z, shape (N, C); or as for `class_scores`.
        labels: y, integers of shape (N,).

    Returns:
        An integer from 0 to N; of equal logits the first counts.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> from minigrad.train.metrics import count_correct
        >>> count_correct(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
        1
    """
    scores, labels = class_scores(logits, labels)
    return int(np.count_nonzero(scores.argmax(axis=1) == labels))


def accuracy(logits: Any, labels: Any) -> float:
    """The share of rows in which the largest logit is the label's.

        accuracy = |{i : argmax_c z_ic = y_i}| / N

    Args:
        logits: z, shape (N, C), N >= 1; an array or a tensor; or as for `class_scores`.
        labels: y, integers of shape (N,).

    Returns:
        A number from 0 to 1.

    Raises:
        ValueError: the shapes do not fit, or there are no rows.

    Example:
        >>> from minigrad.train import accuracy
        >>> accuracy(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
        0.5
    """
    return float(Accuracy()(logits, labels))


class Accuracy(Metric):
    """The share of labels that have the largest logit; see `accuracy`.

    Example:
        >>> from minigrad.train import metrics
        >>> metric = metrics.Accuracy()
        >>> metric.update(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
        >>> metric.update(np.array([[0.3, 0.7]]), np.array([1]))
        >>> round(metric.compute(), 4)
        0.6667
    """

    def summarize(self, outputs: Any, targets: Any) -> Summary:
        """The labels that are met, and all labels."""
        return [np.array(count_correct(outputs, targets)), np.array(targets.size)]

    def result(self, summary: Summary) -> float:
        """The quotient of the two."""
        return _share(self.name, *summary)


class TopK(Metric):
    """The share of labels whose logit is among the k largest.

        top-k = |{i : fewer than k of the z_ic exceed z_iy_i}| / N

    A label that ties with others gets the best of their places.

    Args:
        k: at least 1; for k = C every label counts.

    Raises:
        ValueError: k is no positive integer; on `update`: a label is no class.

    Example:
        >>> from minigrad.train import metrics
        >>> logits = np.array([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2], [0.5, 0.3, 0.2]])
        >>> round(metrics.TopK(2)(logits, np.array([0, 1, 2])), 4)
        0.6667

    Deviation: scikit-learn's `top_k_accuracy_score` breaks ties by the classes' order.
    """

    def __init__(self, k: int = 5) -> None:
        if type(k) is not int or k < 1:
            raise ValueError(f"expected a positive integer k, found {k!r}")
        self.k = k
        self.name = f"top_{k}"

    def summarize(self, outputs: Any, targets: Any) -> Summary:
        """The labels that are among the k best, and all labels."""
        scores, labels = class_scores(outputs, targets)
        check_labels(labels, scores.shape[1])
        own = np.take_along_axis(scores, labels[:, np.newaxis].astype(np.intp), axis=1)
        place = np.count_nonzero(scores > own, axis=1)
        return [np.array(np.count_nonzero(place < self.k)), np.array(labels.size)]

    def result(self, summary: Summary) -> float:
        """The quotient of the two."""
        return _share(self.name, *summary)


def check_labels(labels: Array, n_classes: int) -> None:
    """Require labels from 0 to C - 1.

    Raises:
        ValueError: names the first that is none.
    """
    outside = labels[(labels < 0) | (labels >= n_classes) | (labels != np.floor(labels))]
    if outside.size:
        raise ValueError(f"expected labels 0 to {n_classes - 1}, found {outside[0]}")


def _share(name: str, part: Array, whole: Array) -> float:
    if whole == 0:
        raise ValueError(f"{name} needs at least one row")
    return float(part / whole)
