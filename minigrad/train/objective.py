"""What a task minimises, and the score by which people judge the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .. import functional as F
from ..data.dataset import Task
from .metrics import accuracy, count_correct, r2_score


@dataclass(frozen=True)
class Objective:
    """A loss to minimise and a score to report.

    Args:
        loss: from outputs (N, C or K) and targets to the mean loss of a row, a scalar.
        score: from the same to a number of which more is better.
        score_name: what metrics and reports call the score.
        count: from the same to the number of rows that score, where the score is their share;
            such a score can be added up while an epoch runs. None where it is not.

    Example:
        >>> from minigrad.train.objective import OBJECTIVES
        >>> OBJECTIVES["regression"].score_name
        'r2'
    """

    loss: Callable[[Any, Any], Any]
    score: Callable[[Any, Any], float]
    score_name: str
    count: Callable[[Any, Any], int] | None = None


OBJECTIVES: dict[Task, Objective] = {
    "classification": Objective(F.cross_entropy, accuracy, "accuracy", count_correct),
    "regression": Objective(F.mse_loss, r2_score, "r2"),
}
