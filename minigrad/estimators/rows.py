"""Rows to learn from: features, targets and weights."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils import check_array

from .learner import Array


class Rows(NamedTuple):
    """N rows in the dtypes that a network takes.

    Args:
        x: features, shape (N, n_features).
        targets: labels of shape (N,), or numbers of shape (N, K).
        weights: shape (N,), or None if all weigh the same.
    """

    x: Array
    targets: Array
    weights: Array | None

    def split(self, fraction: float, seed: int, strata: Array | None) -> tuple[Rows, Rows]:
        """Hold out a share of the rows.

        Args:
            fraction: the share, between 0 and 1.
            seed: of the order in which rows are drawn.
            strata: labels of shape (N,), of which both parts shall have the same shares, or None.

        Returns:
            The rows to learn from, and those held out.
        """
        places = train_test_split(
            np.arange(len(self.x)), test_size=fraction, random_state=seed, stratify=strata
        )
        return self._take(places[0]), self._take(places[1])

    def _take(self, places: Array) -> Rows:
        weights = None if self.weights is None else self.weights[places]
        return Rows(self.x[places], self.targets[places], weights)


def checked_weights(sample_weight: Any, n_rows: int) -> Array | None:
    """The weights of rows in float64, or None if there are none.

    Raises:
        ValueError: they are not n_rows numbers, each at least 0.
    """
    if sample_weight is None:
        return None
    weights: Array = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if weights.shape != (n_rows,) or (weights < 0).any():
        raise ValueError(
            f"expected sample_weight of shape ({n_rows},), each at least 0, got shape "
            f"{weights.shape} and values from {weights.min():g} to {weights.max():g}"
        )
    return weights
