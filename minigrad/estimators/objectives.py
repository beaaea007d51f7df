"""Losses of rows which may have weights, packed into one array of targets.

The training loop knows batches of features and targets, (x, y). So weights travel within y.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from .. import functional as F
from ..train import Objective

Array: TypeAlias = np.ndarray[Any, Any]


def weighted_labels(labels: Array, weights: Array, n_classes: int) -> Array:
    """Rows w_i onehot(y_i), under which `F.cross_entropy` is mean_i w_i (- log p_i[y_i]).

    Args:
        labels: y, integers of shape (N,).
        weights: w, shape (N,).
        n_classes: C.

    Returns:
        Shape (N, C), of the weights' dtype.

    Example:
        >>> import numpy as np
        >>> from minigrad.estimators.objectives import weighted_labels
        >>> weighted_labels(np.array([1, 0]), np.array([0.5, 2.0]), 2)
        array([[0. , 0.5],
               [2. , 0. ]])
    """
    hot = labels[:, np.newaxis] == np.arange(n_classes)
    rows: Array = hot * weights[:, np.newaxis]
    return rows


def weighted_targets(targets: Array, weights: Array) -> Array:
    """Targets, shape (N, K), with their weights, shape (N,), in one more column: (N, K + 1)."""
    return np.column_stack([targets, weights])


def weighted_mse_loss(prediction: Any, y: Any) -> Any:
    """The mean over rows and targets of w_i (prediction_ik - y_ik)^2.

    Args:
        prediction: shape (N, K).
        y: targets of shape (N, K), which all weigh 1; or what `weighted_targets` made of them.

    Example:
        >>> import numpy as np
        >>> from minigrad.estimators.objectives import weighted_mse_loss, weighted_targets
        >>> y = weighted_targets(np.array([[1.0], [3.0]]), np.array([0.5, 1.5]))
        >>> float(weighted_mse_loss(np.zeros((2, 1)), y))
        7.0
    """
    n_targets = prediction.shape[1]
    if y.shape[1] == n_targets:
        return F.mse_loss(prediction, y)
    targets, weights = y[:, :n_targets], y[:, n_targets:]
    return (F.mse_loss(prediction, targets, reduction="none") * weights).mean()


CLASSIFICATION = Objective(F.cross_entropy)
REGRESSION = Objective(weighted_mse_loss)
