"""What a task minimises, and the metrics by which people judge the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import functional as F
from ..data.dataset import Task
from .metrics import R2, Accuracy, Metric


@dataclass(frozen=True)
class Objective:
    """A loss to minimise and metrics to report.

    Args:
        loss: from outputs (N, C or K) and targets to the mean loss of a row, a scalar.
        metrics: by the names that logs and reports use.

    Example:
        >>> from minigrad.train.objective import OBJECTIVES
        >>> list(OBJECTIVES["regression"].metrics)
        ['r2']
    """

    loss: Callable[[Any, Any], Any]
    metrics: Mapping[str, Metric] = field(default_factory=dict)


OBJECTIVES: dict[Task, Objective] = {
    "classification": Objective(F.cross_entropy, {"accuracy": Accuracy()}),
    "regression": Objective(F.mse_loss, {"r2": R2()}),
}
