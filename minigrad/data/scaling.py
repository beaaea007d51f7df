"""Standardization: the training set's mean and deviation, applied to every set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.data.dataset import Dataset


@dataclass(frozen=True, eq=False)
class Standardizer:
    """The map x -> (x - mean) / std, kept so that later inputs can go through it too.

    Args:
        mean: float64, the shape of one row of features.
        std: float64, the same shape, positive.

    Example:
        >>> import numpy as np
        >>> from minigrad.data.datasets import Standardizer
        >>> scale = Standardizer(mean=np.array([1.0, 10.0]), std=np.array([0.5, 5.0]))
        >>> scale(np.array([[2.0, 0.0]]))
        array([[ 2., -2.]], dtype=float32)
    """

    mean: NDArray[np.float64]
    std: NDArray[np.float64]

    def __call__(self, x: NDArray[Any]) -> NDArray[np.float32]:
        """Standardize features.

        Args:
            x: rows of shape (N, ...) or a single row, with as many features as were fitted.

        Returns:
            float32 of the same shape.

        Raises:
            ValueError: the rows have another shape than the ones that were fitted.
        """
        if np.shape(x)[-self.mean.ndim :] != self.mean.shape:
            raise ValueError(f"expected rows of shape {self.mean.shape}, found x {np.shape(x)}")
        return ((x - self.mean) / self.std).astype(np.float32)


def standardize(train: Dataset, *others: Dataset) -> tuple[list[Dataset], Standardizer]:
    """Give every feature mean 0 and deviation 1 over the training set, and map the others alike.

    x -> (x - mean) / std, with mean and std (ddof 0) over the rows of `train` alone, so that
    nothing about the test set leaks into training. A feature that is constant in `train` has
    no scale and is divided by 1. Targets stay as they are.

    Args:
        train: the set whose mean and deviation are taken.
        others: further sets with the same features, such as the test set.

    Returns:
        The sets, in the order given, and the map that was applied.

    Raises:
        ValueError: another set's features have another shape.

    Example:
        >>> import numpy as np
        >>> from minigrad.data import Dataset, datasets
        >>> train = Dataset(np.array([[0.0, 7.0], [2.0, 7.0]]), np.ones(2), "a", "regression")
        >>> test = Dataset(np.array([[4.0, 7.0]]), np.ones(1), "b", "regression")
        >>> (train, test), scale = datasets.standardize(train, test)
        >>> train.x
        array([[-1.,  0.],
               [ 1.,  0.]], dtype=float32)
        >>> test.x, scale.std
        (array([[3., 0.]], dtype=float32), array([1., 1.]))
    """
    x = train.x.astype(np.float64)
    # Not std == 0: the mean of equal numbers is rounded, and may leave a tiny deviation.
    constant = x.max(axis=0) == x.min(axis=0)
    scale = Standardizer(x.mean(axis=0), np.where(constant, 1.0, x.std(axis=0)))
    return [replace(data, x=scale(data.x)) for data in (train, *others)], scale
