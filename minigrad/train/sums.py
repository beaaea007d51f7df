"""What a pass over some rows has added up so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .metrics import Metric
from .metrics.metric import Summary, as_numbers

Row = dict[str, float]


@dataclass
class RunningSums:
    """The rows seen, their loss and their metrics: exact means over uneven batches.

    Args:
        rows: the rows seen.
        loss: the sum over rows of the loss, in float64.
        summaries: what each metric has summed up, by its name.

    Example:
        >>> import numpy as np
        >>> from minigrad.train import metrics
        >>> from minigrad.train.sums import RunningSums
        >>> scores = {"accuracy": metrics.Accuracy()}
        >>> sums = RunningSums()
        >>> sums.add(1.0, np.eye(3), np.array([0, 1, 0]), scores)
        >>> sums.add(2.0, np.eye(1, 3), np.array([0]), scores)
        >>> sums.values(scores)
        {'loss': 1.25, 'accuracy': 0.75}
    """

    rows: int = 0
    loss: float = 0.0
    summaries: dict[str, Summary] = field(default_factory=dict)

    def add(
        self, mean_loss: float, outputs: Any, targets: Any, metrics: Mapping[str, Metric]
    ) -> None:
        """Add a batch: the mean loss of its rows, and what the metrics make of it."""
        rows = len(targets)
        self.rows += rows
        self.loss += mean_loss * rows
        for name, metric in metrics.items():
            self.summaries[name] = metric.joined(self.summaries.get(name), outputs, targets)

    def values(self, metrics: Mapping[str, Metric], prefix: str = "") -> Row:
        """The mean loss, and the metrics, of the rows seen so far; there is at least one.

        Args:
            metrics: those that `add` was called with.
            prefix: put before each name.
        """
        row = {f"{prefix}loss": self.loss / self.rows}
        for name, metric in metrics.items():
            row |= as_numbers(f"{prefix}{name}", metric.result(self.summaries[name]))
        return row
