"""Losses of vectors that shall lie near each other, or far apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from .classification import cross_entropy
from .reduction import matching, reduced, require_all, require_same_shape


def cosine_similarity(x1: Any, x2: Any, axis: int = 1, eps: float = 1e-8) -> Any:
    """The cosine of the angle between vectors along an axis: x1 . x2 / (||x1|| ||x2||).

    Args:
        x1, x2: shapes that broadcast.
        axis: the axis of the vectors.
        eps: norms count as at least this, so that vectors of zeros have the cosine 0.

    Returns:
        The broadcast shape without `axis`.

    Raises:
        ValueError: the shapes do not broadcast, or have no such axis.

    Example:
        >>> import minigrad.functional as F
        >>> F.cosine_similarity(np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([[1.0, 1.0]])).round(4)
        array([0.7071, 0.    ])

    Conventions as in PyTorch.
    """
    try:
        shape = np.broadcast_shapes(x1.shape, x2.shape)
    except ValueError:
        raise ValueError(
            f"cosine_similarity: shapes {x1.shape} and {x2.shape} do not broadcast"
        ) from None
    if not -len(shape) <= axis < len(shape):
        raise ValueError(
            f"cosine_similarity: vectors along axis {axis} need as many axes, got {x1.shape} and "
            f"{x2.shape}"
        )
    axis %= len(shape)
    u1, u2 = (_unit(_stretched(x, shape, axis), axis, eps) for x in (x1, x2))
    return (u1 * u2).sum(axis=axis)


def _stretched(x: Any, shape: tuple[int, ...], axis: int) -> Any:
    """x with as many axes as `shape`, and with the length that it has along `axis`."""
    own = (1,) * (len(shape) - x.ndim) + x.shape
    stretched = (*own[:axis], shape[axis], *own[axis + 1 :])
    return x if x.shape == stretched else np.broadcast_to(x, stretched)


def _unit(x: Any, axis: int, eps: float = 1e-8) -> Any:
    """Vectors of length 1; those shorter than eps are divided by eps."""
    return x / np.maximum(np.linalg.norm(x, axis=axis, keepdims=True), eps)


def cosine_embedding_loss(
    x1: Any, x2: Any, target: Any, margin: float = 0.0, reduction: str = "mean"
) -> Any:
    """Pairs of vectors that shall point the same way (target 1), or not (target -1).

        1 - cos(x1, x2)               where target is 1
        max(0, cos(x1, x2) - margin)  where target is -1

    Args:
        x1, x2: shape (N, D), or (D,).
        target: 1 or -1, shape (N,), or ().
        margin: the cosine below which a pair with target -1 costs nothing, in [-1, 1].
        reduction: "mean", "sum" or "none".

    Returns:
        A scalar; with "none" one loss a pair.

    Raises:
        ValueError: the shapes do not fit, a target is neither 1 nor -1, a margin outside [-1, 1],
            or an unknown reduction.

    Example:
        >>> import minigrad.functional as F
        >>> x1, x2 = np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[0.0, 2.0], [3.0, 0.0]])
        >>> F.cosine_embedding_loss(x1, x2, np.array([1, -1]), reduction="none")
        array([1., 1.])

    Source: Hadsell, Chopra & LeCun 2006, "Dimensionality reduction by learning an invariant
    mapping", section 2.1, with cosines for distances. Conventions as in PyTorch.
    """
    name = "cosine_embedding_loss"
    _require_vectors(name, x1, x2)
    if not -1 <= margin <= 1:
        raise ValueError(f"{name}: the margin must lie in [-1, 1], got {margin}")
    cosine = cosine_similarity(x1, x2, axis=-1)
    target = matching(name, cosine, target)
    require_all(np.equal(np.abs(target), 1), f"{name}: targets must be 1 or -1")
    far = np.where(np.greater(cosine, margin), cosine - margin, 0)
    return reduced(np.where(np.greater(target, 0), 1 - cosine, far), reduction)


def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Any:
    """An anchor that shall lie nearer to a positive than to a negative, by a margin.

        loss = max(0, d(anchor, positive) - d(anchor, negative) + margin)
        d(x, y) = ||x - y + eps||_p

    Args:
        anchor, positive, negative: shape (N, D), or (D,).
        margin: by how much the distances shall differ, > 0.
        p: the order of the norm.
        eps: is added to differences.
        swap: whether d(positive, negative) counts, too, where it is the smaller distance.
        reduction: "mean", "sum" or "none".

    Returns:
        A scalar; with "none" one loss a triplet.

    Raises:
        ValueError: the shapes differ, margin <= 0, or an unknown reduction.

    Example:
        >>> import minigrad.functional as F
        >>> anchor, positive, negative = np.zeros((1, 2)), np.ones((1, 2)), np.array([[0.0, 2.0]])
        >>> float(F.triplet_margin_loss(anchor, positive, negative).round(4))
        0.4142

    Source: Schroff, Kalenichenko & Philbin 2015, "FaceNet", equation 3; swap: Balntas et al. 2016,
    "Learning local feature descriptors with triplets and shallow convolutional neural networks",
    section 3.3. Deviation: distances and not their squares, and conventions, as in PyTorch.
    """
    name = "triplet_margin_loss"
    _require_vectors(name, anchor, positive)
    _require_vectors(name, anchor, negative)
    if margin <= 0:
        raise ValueError(f"{name}: the margin must be positive, got {margin}")

    def distance(x: Any, y: Any) -> Any:
        return np.linalg.norm(x - y + eps, p, -1)

    far = distance(anchor, negative)
    if swap:
        far = np.minimum(far, distance(positive, negative))
    short = distance(anchor, positive) - far + margin
    return reduced(np.where(np.greater(short, 0), short, 0), reduction)


def info_nce(
    queries: Any,
    keys: Any,
    temperature: float = 0.1,
    symmetric: bool = False,
    reduction: str = "mean",
) -> Any:
    """Each query shall find its own key among all keys: a cross-entropy over cosines, in nats.

        loss_i = - log (exp(cos(q_i, k_i) / t) / sum_j exp(cos(q_i, k_j) / t))

    Args:
        queries: q, shape (N, D), N >= 2.
        keys: k, the same shape; key i belongs to query i, and all others are its negatives.
        temperature: t > 0.
        symmetric: whether keys shall find their queries, too: the mean of both losses.
        reduction: "mean", "sum" or "none".

    Returns:
        A scalar; with "none" one loss a pair.

    Raises:
        ValueError: the shapes do not fit, t <= 0, or an unknown reduction.

    Example:
        >>> import minigrad.functional as F
        >>> x = np.eye(4)
        >>> float(F.info_nce(x, x, temperature=0.1).round(6)), float(F.info_nce(x, 0 * x).round(4))
        (0.000136, 1.3863)

    Source: van den Oord, Li & Vinyals 2018, "Representation learning with contrastive predictive
    coding", equation 4; cosines and a temperature: Chen et al. 2020, "A simple framework for
    contrastive learning of visual representations", equation 1; symmetric: Radford et al. 2021,
    "Learning transferable visual models from natural language supervision", figure 3.
    """
    require_same_shape("info_nce", queries, keys)
    if queries.ndim != 2 or len(queries) < 2:
        raise ValueError(
            f"info_nce needs queries of shape (N, D) with N >= 2, as the others are the negatives; "
            f"got {queries.shape}"
        )
    if temperature <= 0:
        raise ValueError(f"info_nce: the temperature must be positive, got {temperature}")
    logits = np.matmul(_unit(queries, -1), _unit(keys, -1).T) * (1 / temperature)
    own = np.arange(len(queries))
    losses = cross_entropy(logits, own, reduction="none")
    if symmetric:
        losses = 0.5 * (losses + cross_entropy(logits.T, own, reduction="none"))
    return reduced(losses, reduction)


def _require_vectors(name: str, a: Any, b: Any) -> None:
    require_same_shape(name, a, b)
    if a.ndim not in (1, 2):
        raise ValueError(f"{name}: expected vectors of shape (N, D) or (D,), got {a.shape}")
