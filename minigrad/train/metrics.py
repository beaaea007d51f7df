"""How good predictions are: the share of right labels, the share of explained variance."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import plain


def count_correct(logits: Any, labels: Any) -> int:
    """The number of rows in which the largest logit is the label's: |{i : argmax_c z_ic = y_i}|.

    Args:
        logits: shape (N, C); an array or a tensor.
        labels: integers of shape (N,).

    Returns:
        An integer from 0 to N; of equal logits the first counts.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> from minigrad.train.metrics import count_correct
        >>> count_correct(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
        1
    """
    logits, labels = np.asarray(plain(logits)), np.asarray(plain(labels))
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ValueError(
            f"expected logits of shape (N, C) and labels of shape (N,), got {logits.shape}"
            f" and {labels.shape}"
        )
    return int(np.count_nonzero(logits.argmax(axis=1) == labels))


def accuracy(logits: Any, labels: Any) -> float:
    """The share of rows in which the largest logit is the label's.

        accuracy = |{i : argmax_c z_ic = y_i}| / N

    Args:
        logits: z, shape (N, C), N >= 1; an array or a tensor.
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
    correct = count_correct(logits, labels)
    if len(labels) == 0:
        raise ValueError("accuracy needs at least one row")
    return correct / len(labels)


def r2_score(prediction: Any, target: Any) -> float:
    """The coefficient of determination R^2, the share of the targets' variance that is explained.

        R^2 = 1 - sum_i (y_i - p_i)^2 / sum_i (y_i - mean(y))^2

    With several targets (K > 1) it is the mean of each target's R^2. A target that never changes
    has no variance to explain: it counts as 1 where it is met exactly, else as 0.

    Args:
        prediction: p, shape (N, K) or (N,), N >= 1; an array or a tensor.
        target: y, the same shape.

    Returns:
        A number up to 1; 0 for what predicting the mean achieves, below 0 for worse. All sums
        are in float64.

    Raises:
        ValueError: the shapes differ, or there are no rows.

    Example:
        >>> from minigrad.train import r2_score
        >>> r2_score(np.array([1.0, 2.0, 2.0]), np.array([1.0, 2.0, 3.0]))
        0.5

    Source: as scikit-learn's `r2_score`. Deviation: a target never changes if all its values are
    equal, also if rounding makes their mean another number, and if there is a single row.
    """
    p, y = (np.asarray(plain(a), dtype=np.float64) for a in (prediction, target))
    if p.shape != y.shape or y.ndim not in (1, 2) or y.size == 0:
        raise ValueError(
            "expected predictions and targets of one shape, (N, K) or (N,), with at least one"
            f" row, got {p.shape} and {y.shape}"
        )
    residual = np.square(y - p).sum(axis=0)
    total = np.square(y - y.mean(axis=0)).sum(axis=0)
    constant = y.max(axis=0) == y.min(axis=0)  # the mean of equal numbers may be rounded
    share = np.where(constant, residual != 0, residual / np.where(constant, 1.0, total))
    return float(np.mean(1.0 - share))
