"""Which class was taken for which; and precision, recall and F1, which are read off that table."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from .accuracy import check_labels, class_scores
from .metric import Array, Metric, Summary

Average: TypeAlias = Literal["binary", "macro", "micro"] | None
_AVERAGES = (*get_args(get_args(Average)[0]), None)


class ConfusionMatrix(Metric):
    """How often class i was predicted as class j.

        M_ij = |{n : y_n = i and argmax_c z_nc = j}|

    `compute` returns integers of shape (C, C): a row for each true class, a column for each
    predicted one. Outputs and targets are as for `accuracy`.

    Raises:
        ValueError: on `update`: the shapes do not fit, or a label is no class.

    Example:
        >>> from minigrad.train import metrics
        >>> logits = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
        >>> metrics.ConfusionMatrix()(logits, np.array([0, 1, 1]))
        array([[1, 0],
               [1, 1]])
    """

    def summarize(self, outputs: Any, targets: Any) -> Summary:
        """The table of a batch."""
        scores, labels = class_scores(outputs, targets)
        n_classes = scores.shape[1]
        check_labels(labels, n_classes)
        pairs = labels.astype(np.intp) * n_classes + scores.argmax(axis=1)
        return [np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes)]

    def result(self, summary: Summary) -> Any:
        """The table itself."""
        return summary[0]


class _Averaged(ConfusionMatrix):
    """A share of each class, averaged."""

    def __init__(self, average: Average = "macro", zero_division: float = 0.0) -> None:
        super().__init__()
        if average not in _AVERAGES:
            raise ValueError(f"expected average to be one of {_AVERAGES}, found {average!r}")
        self.average, self.zero_division = average, zero_division

    def result(self, summary: Summary) -> Any:
        """The share, of class 1, over all classes, or of each class."""
        (table,) = summary
        counts = np.stack([np.diag(table), table.sum(axis=0), table.sum(axis=1)])
        if self.average == "binary":
            if len(table) != 2:
                raise ValueError(
                    f"{self.name}: average='binary' expects 2 classes, found {len(table)}: choose"
                    " 'macro', 'micro' or None"
                )
            counts = counts[:, 1]
        elif self.average == "micro":
            counts = counts.sum(axis=1)
        elif self.average == "macro":
            counts = counts[:, (counts[1] > 0) | (counts[2] > 0)]
        part, whole = self.share(*counts)
        shares = np.where(whole == 0, self.zero_division, part / np.where(whole == 0, 1, whole))
        return shares if self.average is None else float(shares.mean())

    def share(self, right: Array, predicted: Array, true: Array) -> tuple[Array, Array]:
        """Numerator and denominator, from counts of predictions of each class."""
        raise NotImplementedError


class Precision(_Averaged):
    """Of the rows that were given a class, the share to which it belongs.

        precision_c = M_cc / sum_i M_ic

    Args:
        average: "binary": of class 1, of two; "macro": the mean over the classes that occur, in
            labels or predictions; "micro": of all rows together, which is the accuracy; None: of
            each class, an array of shape (C,).
        zero_division: the value where the denominator is 0: the class was never predicted (for
            recall: it never occurs; for F1: neither).

    Raises:
        ValueError: an unknown average; on `compute`: "binary" with more than two classes.

    Example:
        >>> from minigrad.train import metrics
        >>> logits = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
        >>> metrics.Precision("binary")(logits, np.array([0, 1, 1]))
        1.0
        >>> metrics.Precision(None)(logits, np.array([0, 1, 1]))
        array([0.5, 1. ])

    Source: van Rijsbergen 1979, "Information retrieval", chapter 7; conventions as scikit-learn's.
    """

    def share(self, right: Array, predicted: Array, true: Array) -> tuple[Array, Array]:
        """Of those predicted."""
        return right, predicted


class Recall(_Averaged):
    """Of the rows that belong to a class, the share that was given it.

        recall_c = M_cc / sum_j M_cj

    Arguments, conventions and errors are those of `Precision`.

    Example:
        >>> from minigrad.train import metrics
        >>> logits = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
        >>> metrics.Recall("binary")(logits, np.array([0, 1, 1]))
        0.5
    """

    def share(self, right: Array, predicted: Array, true: Array) -> tuple[Array, Array]:
        """Of those that are the class's."""
        return right, true


class F1(_Averaged):
    """The harmonic mean of precision and recall.

        F1_c = 2 M_cc / (sum_i M_ic + sum_j M_cj)

    Arguments, conventions and errors are those of `Precision`; "macro" is the mean of the classes'
    F1, not the F1 of their mean precision and recall.

    Example:
        >>> from minigrad.train import metrics
        >>> logits = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
        >>> round(metrics.F1("macro")(logits, np.array([0, 1, 1])), 4)
        0.6667
    """

    def share(self, right: Array, predicted: Array, true: Array) -> tuple[Array, Array]:
        """Twice the right ones, of both together."""
        return 2 * right, predicted + true
