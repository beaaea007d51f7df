"""The mean of any loss over rows, and the perplexity, which is one loss in other units."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import functional as F
from ...tensor import plain
from .metric import Metric, Summary


class MeanLoss(Metric):
    """The mean over rows of a loss that is itself the mean over a batch's rows.

        sum_b N_b loss(batch b) / sum_b N_b

    Args:
        loss: from outputs and targets to a number, the mean over the rows.
        name: what logs call it; the loss's own name if left out.

    Example:
        >>> import minigrad.functional as F
        >>> from minigrad.train import metrics
        >>> metric = metrics.MeanLoss(F.l1_loss)
        >>> metric.update(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 6.0]))
        >>> metric.update(np.array([1.0]), np.array([2.0]))
        >>> metric.name, metric.compute()
        ('l1_loss', 1.0)
    """

    def __init__(self, loss: Callable[[Any, Any], Any], name: str | None = None) -> None:
        self.loss = loss
        self.name = name or str(getattr(loss, "__name__", type(loss).__name__))

    def summarize(self, outputs: Any, targets: Any) -> Summary:
        """The sum over rows of the loss, and the rows."""
        rows = len(targets)
        return [np.array(float(plain(self.loss(outputs, targets))) * rows), np.array(rows)]

    def result(self, summary: Summary) -> float:
        """Their quotient."""
        total, rows = summary
        return float(total / rows)


class Perplexity(Metric):
    """How many equally likely labels would be as hard to predict.

        perplexity = exp(- sum_i log softmax(z_i)_{y_i} / N)

    1 for predictions that are certain and right, C for uniform ones.

    Args:
        ignore_index: labels that count for nothing, such as padding.

    Raises:
        ValueError: on `update`: the shapes do not fit, or a label is no class; on `compute`:
            every label was ignored.

    Example:
        >>> from minigrad.train import metrics
        >>> round(metrics.Perplexity()(np.zeros((3, 4)), np.array([0, 1, 3])), 12)
        4.0

    Source: Jelinek et al. 1977, "Perplexity: a measure of the difficulty of speech recognition
    tasks". Logarithms are natural and sums in float64; infinite where exp overflows.
    """

    def __init__(self, ignore_index: int = -100) -> None:
        super().__init__()
        self.ignore_index = ignore_index

    def summarize(self, outputs: Any, targets: Any) -> Summary:
        """The sum of the negative log-likelihoods, in nats, and the number of labels."""
        nats = F.cross_entropy(
            outputs.astype(np.float64), targets, ignore_index=self.ignore_index, reduction="sum"
        )
        return [np.asarray(nats), np.array(np.count_nonzero(targets != self.ignore_index))]

    def result(self, summary: Summary) -> float:
        """The exponential of the mean."""
        nats, labels = summary
        if labels == 0:
            raise ValueError("perplexity needs at least one label that is not ignored")
        try:
            return math.exp(nats / labels)
        except OverflowError:
            return math.inf
