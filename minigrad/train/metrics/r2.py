"""The share of the targets' variance that predictions explain."""

from __future__ import annotations

from typing import Any

import numpy as np

from .metric import Metric, Summary


class R2(Metric):
    """The coefficient of determination R^2 over all rows; see `r2_score`.

    A batch is summarized by its rows, the mean of its targets, their squared deviations from that
    mean, the squared residuals, and the targets' extremes, so that nothing cancels when the
    targets are far from 0.

    Example:
        >>> from minigrad.train import metrics
        >>> metric = metrics.R2()
        >>> metric.update(np.array([1.0, 2.0]), np.array([1.0, 2.0]))
        >>> metric.update(np.array([2.0]), np.array([3.0]))
        >>> round(metric.compute(), 12)
        0.5

    Source: joining two summaries: Chan, Golub & LeVeque 1979, "Updating formulae and a pairwise
    algorithm for computing sample variances", equation 2.1.
    """

    def summarize(self, outputs: Any, targets: Any) -> Summary:
        """n, mean, squared deviations, squared residuals, least and greatest target."""
        p, y = outputs.astype(np.float64), targets.astype(np.float64)
        if p.shape != y.shape or y.ndim not in (1, 2) or y.size == 0:
            raise ValueError(
                "expected predictions and targets of one shape, (N, K) or (N,), with at least one"
                f" row, got {p.shape} and {y.shape}"
            )
        mean = y.mean(axis=0)
        deviation, residual = (np.square(y - of).sum(axis=0) for of in (mean, p))
        return [np.array(len(y)), mean, deviation, residual, y.min(axis=0), y.max(axis=0)]

    def join(self, one: Summary, other: Summary) -> Summary:
        """The summary of the rows of both."""
        n, mean, deviation, residual, low, high = one
        m, other_mean, other_deviation, other_residual, other_low, other_high = other
        apart = other_mean - mean
        return [
            n + m,
            mean + apart * (m / (n + m)),
            deviation + other_deviation + apart**2 * (n * m / (n + m)),
            residual + other_residual,
            np.minimum(low, other_low),
            np.maximum(high, other_high),
        ]

    def result(self, summary: Summary) -> float:
        """1 - residual / deviation, averaged over the targets."""
        _, _, deviation, residual, low, high = summary
        constant = low == high  # the mean of equal numbers may be rounded
        share = np.where(constant, residual != 0, residual / np.where(constant, 1.0, deviation))
        return float(np.mean(1.0 - share))


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
    return float(R2()(prediction, target))
