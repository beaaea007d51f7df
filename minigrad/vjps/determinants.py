"""The rules of determinants."""

from __future__ import annotations

from typing import Any

import numpy as np

from .detaching import detached
from .indexing import getitem, scatter_add
from .registry import defcomposite, defvjp, primitive


def _over_matrices(g: Any) -> Any:
    """One number for each matrix: (...) becomes (..., 1, 1)."""
    return np.expand_dims(g, (-2, -1))


@primitive
def cofactors(a: Any) -> Any:
    """The derivative of the determinant: det(a) inv(a)^T, which exists for singular a, too.

    Of singular matrices, and of a stack with one among them, it takes n^2 smaller determinants.
    """
    det = np.linalg.det(a)
    if np.all(np.not_equal(det, 0)):
        return _over_matrices(det) * np.linalg.inv(a).mT
    return _signs(a) * np.linalg.det(_minors(a))


@primitive
def cofactors_slope(h: Any, a: Any) -> Any:
    """The derivative of sum(h * cofactors(a)) with respect to a; linear in h, and symmetric."""
    det = np.linalg.det(a)
    if np.all(np.not_equal(det, 0)):
        inverse = np.linalg.inv(a).mT
        c = _over_matrices(det) * inverse
        along = np.add.reduce(h * inverse, axis=(-2, -1), keepdims=True)
        return along * c - inverse @ h.mT @ c
    return _sum_minors(_over_matrices(_signs(a) * h) * cofactors(_minors(a)), a)


def _without_one(a: Any) -> Any:
    """For row i and column j, the places of all other rows and columns: a[index] is the minors."""
    n = a.shape[-1]
    others = np.array([j for i in range(n) for j in range(n) if j != i], int)
    others = others.reshape(n, max(n - 1, 0))
    return (..., others[:, None, :, None], others[None, :, None, :])


def _minors(a: Any) -> Any:
    """The matrices without row i and column j: (..., n, n, n - 1, n - 1)."""
    return getitem(a, _without_one(a))


def _sum_minors(minors: Any, a: Any) -> Any:
    """What `_minors` took from everywhere, added up where it came from."""
    return scatter_add(minors, _without_one(a), a.shape)


def _signs(a: Any) -> Any:
    """+ - + - ... like a chessboard."""
    n = np.arange(a.shape[-1])
    return (1 - 2 * ((n[:, None] + n) % 2)).astype(a.dtype)


defvjp(np.linalg.det, lambda g, y, a: _over_matrices(g) * cofactors(a))
defvjp(cofactors, lambda g, y, a: cofactors_slope(g, a))
defvjp(
    cofactors_slope,
    lambda g, y, h, a: cofactors_slope(g, a),
    lambda g, y, h, a: _sum_minors(
        cofactors_slope(_over_matrices(_signs(a) * h) * _minors(g), _minors(a)), a
    ),
)

# `np.linalg.slogdet` gives two results, and a recorded call makes one: it is computed once, and
# `found`, and each part is a function of a which reads it from there.


@primitive
def sign_of_det(a: Any, found: Any = None) -> Any:
    """sign(det(a))."""
    return (np.linalg.slogdet(a) if found is None else found)[0]


@primitive
def log_abs_det(a: Any, found: Any = None) -> Any:
    """log |det(a)|."""
    return (np.linalg.slogdet(a) if found is None else found)[1]


defvjp(sign_of_det, lambda g, y, a, found=None: np.zeros_like(a), None)
defvjp(log_abs_det, lambda g, y, a, found=None: _over_matrices(g) * np.linalg.inv(a).mT, None)


def _slogdet(a: Any) -> Any:
    found = np.linalg.slogdet(detached(a))
    return type(found)(sign_of_det(a, found), log_abs_det(a, found))


defcomposite(np.linalg.slogdet, _slogdet)
