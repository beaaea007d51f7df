"""The rules of decompositions of a matrix.

A decomposition has several results, and a recorded call makes one. So each result is a function of
the matrix: `eigenvectors(a)`. The decomposition itself is computed once, on arrays, and handed to
each of them as `found`; the rules hand it on, so that a backward pass decomposes nothing anew.

Results that are not continuous have no derivative: vectors of repeated eigenvalues or singular
values, and the factors of a matrix that lacks rank. The formulas divide by the gap, or by the
value, that is zero there, and so give inf or nan.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .detaching import detached
from .registry import defcomposite, defvjp, primitive

# Symmetric matrices. NumPy reads one triangle, and the gradient stands there too: it is the one of
# the function as it is, in which the elements of the other triangle play no part. The symmetric
# gradient of other libraries, s, has each pair's sum in the two halves.


def _in_triangle(s: Any, upper: bool) -> Any:
    """The gradient s of all elements, gathered in the triangle that was read."""
    lower = np.tril(s) + np.tril(s.mT, -1)
    return lower.mT if upper else lower


def _cholesky_rule(g: Any, y: Any, a: Any, *, upper: bool = False) -> Any:
    """L^-T phi(L^T g) L^-1, where phi takes the lower triangle and half of the diagonal.

    Murray 2016, "Differentiation of the Cholesky decomposition".
    """
    g, factor = (g.mT, y.mT) if upper else (g, y)
    inverse = np.linalg.inv(factor)
    product = factor.mT @ np.tril(g)
    half = (np.tril(product) + np.tril(product, -1)) / 2
    return _in_triangle(inverse.mT @ half @ inverse, upper)


defvjp(np.linalg.cholesky, _cholesky_rule)


def _eigh_of(a: Any, found: Any, upper: bool) -> Any:
    return np.linalg.eigh(a, "U" if upper else "L") if found is None else found


@primitive
def eigenvalues(a: Any, found: Any = None, *, upper: bool = False) -> Any:
    """The eigenvalues of a symmetric matrix, ascending: (..., n)."""
    return _eigh_of(a, found, upper)[0]


@primitive
def eigenvectors(a: Any, found: Any = None, *, upper: bool = False) -> Any:
    """Its orthonormal eigenvectors, in the columns: (..., n, n)."""
    return _eigh_of(a, found, upper)[1]


def _gaps(w: Any) -> Any:
    """w_j - w_i in row i and column j; infinite on the diagonal, so that nothing comes of it."""
    gaps = np.expand_dims(w, -2) - np.expand_dims(w, -1)
    return np.where(np.eye(w.shape[-1], dtype=bool), math.inf, gaps)


def _eigenvalues_rule(g: Any, y: Any, a: Any, found: Any = None, *, upper: bool = False) -> Any:
    """V diag(g) V^T."""
    v = eigenvectors(a, found, upper=upper)
    return _in_triangle((v * np.expand_dims(g, -2)) @ v.mT, upper)


def _eigenvectors_rule(g: Any, y: Any, a: Any, found: Any = None, *, upper: bool = False) -> Any:
    """V (V^T g / gaps) V^T.

    Giles 2008, "Collected matrix derivative results for forward and reverse mode algorithmic
    differentiation", section 3.1.
    """
    w = eigenvalues(a, found, upper=upper)
    return _in_triangle(y @ (y.mT @ g / _gaps(w)) @ y.mT, upper)


defvjp(eigenvalues, _eigenvalues_rule, None)
defvjp(eigenvectors, _eigenvectors_rule, None)
# Values alone are found more quickly; the vectors then wait for the backward pass.
defvjp(
    np.linalg.eigvalsh,
    lambda g, y, a, UPLO="L": _eigenvalues_rule(g, y, a, upper=UPLO in "Uu"),  # noqa: N803
)


def _eigh(a: Any, UPLO: Any = "L") -> Any:  # noqa: N803, NumPy's name
    found = np.linalg.eigh(detached(a), UPLO)
    upper = UPLO in "Uu"
    return type(found)(eigenvalues(a, found, upper=upper), eigenvectors(a, found, upper=upper))


defcomposite(np.linalg.eigh, _eigh)

# Singular values: a = U diag(s) V^T, with as many columns in U and V as there are values, k.


def _svd_of(a: Any, found: Any) -> Any:
    return np.linalg.svd(a, full_matrices=False) if found is None else found


@primitive
def left_vectors(a: Any, found: Any = None) -> Any:
    """U, the left singular vectors in its columns: (..., m, k)."""
    return _svd_of(a, found)[0]


@primitive
def singular_values(a: Any, found: Any = None) -> Any:
    """s, descending: (..., k)."""
    return _svd_of(a, found)[1]


@primitive
def right_vectors(a: Any, found: Any = None) -> Any:
    """V^T, the right singular vectors in its rows: (..., k, n)."""
    return _svd_of(a, found)[2]


def _singular_values_rule(g: Any, y: Any, a: Any, found: Any = None) -> Any:
    """U diag(g) V^T."""
    return (left_vectors(a, found) * np.expand_dims(g, -2)) @ right_vectors(a, found)


def _vectors_rule(g: Any, u: Any, s: Any, vt: Any) -> Any:
    """The gradient through U: its turns in its own plane, and, if it is not square, out of it.

    Townsend 2016, "Differentiating the singular value decomposition".
    """
    row = np.expand_dims(s, -2)
    turns = u.mT @ g
    inside = (u @ ((turns - turns.mT) / _gaps(s * s) * row)) @ vt
    if u.shape[-2] == u.shape[-1]:
        return inside
    return inside + ((g - u @ turns) / row) @ vt


def _left_vectors_rule(g: Any, y: Any, a: Any, found: Any = None) -> Any:
    return _vectors_rule(g, y, singular_values(a, found), right_vectors(a, found))


def _right_vectors_rule(g: Any, y: Any, a: Any, found: Any = None) -> Any:
    """V is the U of the transposed matrix."""
    u, s = left_vectors(a, found), singular_values(a, found)
    return _vectors_rule(g.mT, y.mT, s, u.mT).mT


defvjp(left_vectors, _left_vectors_rule, None)
defvjp(singular_values, _singular_values_rule, None)
defvjp(right_vectors, _right_vectors_rule, None)
defvjp(np.linalg.svdvals, lambda g, y, a: _singular_values_rule(g, y, a))


def _svd(a: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    if not compute_uv:
        return np.linalg.svdvals(a)
    found = np.linalg.svd(detached(a), full_matrices=full_matrices)
    if full_matrices and a.shape[-2] != a.shape[-1]:
        raise TypeError(
            f"svd of shape {a.shape} on tensors: the vectors that full_matrices=True adds are "
            "arbitrary and have no derivative; pass full_matrices=False"
        )
    parts = left_vectors(a, found), singular_values(a, found), right_vectors(a, found)
    return type(found)(*parts)


defcomposite(np.linalg.svd, _svd)

# a = Q R. The first k columns of a, k = min(m, n), make Q and the square block of R; the other
# columns are only seen from Q.


@primitive
def orthogonal_factor(a: Any, found: Any = None) -> Any:
    """Q, with orthonormal columns: (..., m, k)."""
    return (np.linalg.qr(a) if found is None else found)[0]


@primitive
def triangular_factor(a: Any, found: Any = None) -> Any:
    """R, upper triangular: (..., k, n)."""
    return (np.linalg.qr(a) if found is None else found)[1]


def _mirrored(m: Any) -> Any:
    """The lower triangle, and its image above the diagonal."""
    return np.tril(m) + np.tril(m, -1).mT


def _leading_columns(g: Any, h: Any, q: Any, r: Any) -> Any:
    """(g + Q mirrored(h - g^T Q)) R^-T: g is the cotangent of Q, and h is R (that of R)^T.

    Walter, Lehmann & Lamour 2012, "On evaluating higher-order derivatives of the QR decomposition
    of tall matrices with full column rank in forward and reverse mode algorithmic differentiation".
    """
    inner = g + q @ _mirrored(h - g.mT @ q)
    return np.linalg.solve(r[..., : r.shape[-2]], inner.mT).mT


def _orthogonal_factor_rule(g: Any, y: Any, a: Any, found: Any = None) -> Any:
    leading = _leading_columns(g, 0, y, triangular_factor(a, found))
    others = np.zeros_like(a[..., y.shape[-1] :])
    return np.concatenate([leading, others], axis=-1)


def _triangular_factor_rule(g: Any, y: Any, a: Any, found: Any = None) -> Any:
    q, k = orthogonal_factor(a, found), y.shape[-2]
    square, others = g[..., :k], g[..., k:]
    seen = a[..., k:] @ others.mT
    leading = _leading_columns(seen, y[..., :k] @ square.mT, q, y)
    return np.concatenate([leading, q @ others], axis=-1)


defvjp(orthogonal_factor, _orthogonal_factor_rule, None)
defvjp(triangular_factor, _triangular_factor_rule, None)


def _qr(a: Any, mode: str = "reduced") -> Any:
    found = np.linalg.qr(detached(a))
    tall = a.shape[-2] > a.shape[-1]
    if mode not in ("reduced", "r", "complete") or (mode == "complete" and tall):
        raise TypeError(
            f"qr of shape {a.shape} on tensors with mode={mode!r}: only 'reduced' and 'r' have a "
            "derivative, and 'complete' where it adds no columns"
        )
    if mode == "r":
        return triangular_factor(a, found)
    return type(found)(orthogonal_factor(a, found), triangular_factor(a, found))


defcomposite(np.linalg.qr, _qr)
