"""Matrices for the samples of linear algebra."""

from __future__ import annotations

import numpy as np

from .draws import between, normal


def regular(*shape: int) -> np.ndarray:
    """Well-conditioned square matrices: their diagonals dominate."""
    n = shape[-1]
    return between(-0.4, 0.4, *shape) + np.diag(np.linspace(1.5, 2.5, n))


def singular() -> np.ndarray:
    """A matrix of small whole numbers with determinant 0, to the last bit and in any precision."""
    return np.array([[1.0, 2.0, 0.0], [2.0, 4.0, 0.0], [0.5, 1.0, 1.0]])


def distant(*shape: int) -> np.ndarray:
    """Square matrices whose symmetric parts have positive eigenvalues that lie far apart."""
    return between(-0.3, 0.3, *shape) + np.diag(np.arange(1.0, shape[-1] + 1))


def separated(*shape: int) -> np.ndarray:
    """Matrices whose singular values lie far apart, of either sign and in no special basis."""
    u, _, vt = np.linalg.svd(normal(*shape), full_matrices=False)
    values = np.arange(1.0, min(shape[-2:]) + 1)[::-1]
    return np.asarray(u * values @ vt)


# Positive definite, of which only one triangle is read; and still so when all elements have moved
# on by one place, as the tests of the compiler call it.
LOWER = np.array([[3.0, 0.4, 0.1], [0.9, 3.2, 0.2], [0.2, 0.8, 2.9]])
UPPER = np.array([[1.0, 0.2, 0.1], [2.0, 1.5, 0.3], [0.4, 2.1, 5.0]])
PAIR = np.array([[[2.0, 0.3], [0.8, 3.0]], [[2.5, 0.2], [0.7, 2.8]]])
