"""Losses of classifiers: from scores and labels to nats."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ...conversion import as_array
from ...vjps import defvjp, primitive
from ..activations import softplus
from ..softmax import log_softmax
from .reduction import matching, reduced, require_same_shape


def cross_entropy(
    logits: Any,
    labels: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """The negative log-likelihood of the labels under softmax(logits), in nats.

        loss = - sum_c w_c q_c log softmax(logits)_c
        q    = (1 - s) onehot(label) + s / C          (s = label_smoothing)

    Args:
        logits: shape (N, C), (C,) for one example, or (N, C, d1, ...).
        labels: class indices of shape (N,), () or (N, d1, ...); or probabilities q of the shape
            of the logits.
        weight: w, shape (C,): the weight of each class.
        ignore_index: examples with this label count for nothing.
        reduction: "mean" divides by the sum of the examples' weights w_label (for probabilities,
            by their number), "sum" and "none" do not.
        label_smoothing: s in [0, 1].

    Returns:
        A scalar; with "none" one loss an example.

    Raises:
        ValueError: the shapes do not fit, a label lies outside [0, C), or an unknown reduction.

    Example:
        >>> import minigrad.functional as F
        >>> logits = np.array([[0.0, 0.0], [1e4, -1e4]])
        >>> F.cross_entropy(logits, [0, 1], reduction="none").round(4)
        array([6.931e-01, 2.000e+04])

    Source: Goodfellow, Bengio & Courville 2016, "Deep learning", section 6.2.2; label smoothing:
    Szegedy et al. 2016, "Rethinking the inception architecture", section 7. Conventions as in
    PyTorch.
    """
    logits = _classes_last(logits)
    q, total = _targets(logits, labels, weight, ignore_index, label_smoothing, "cross_entropy")
    return reduced(expected_nll(log_softmax(logits), q), reduction, total)


@primitive
def expected_nll(log_probs: Any, q: Any) -> Any:
    """- sum_c q_c log p_c along the last axis, with 0 log 0 = 0."""
    terms = np.where(np.equal(q, 0), 0, log_probs)  # 0 * -inf would be nan
    return -np.einsum("...c,...c->...", q, terms)


defvjp(
    expected_nll,
    lambda g, y, log_probs, q: -g[..., None] * q,
    lambda g, y, log_probs, q: -g[..., None] * log_probs,
)


def nll_loss(
    log_probs: Any,
    labels: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Any:
    """The negative log-likelihood of the labels, given log-probabilities: - w_label log p_label.

    Args:
        log_probs: shape (N, C), (C,) or (N, C, d1, ...); for instance from `log_softmax`.
        labels, weight, ignore_index, reduction: as for `cross_entropy`; class indices only.

    Returns:
        A scalar (nats); with "none" one loss an example.

    Raises:
        ValueError: the shapes do not fit, a label lies outside [0, C), or an unknown reduction.

    Example:
        >>> import minigrad.functional as F
        >>> float(F.nll_loss(np.log([[0.5, 0.5], [0.25, 0.75]]), [0, 1], reduction="sum").round(4))
        0.9808
    """
    if getattr(labels, "dtype", np.dtype(int)).kind == "f":
        raise ValueError(
            f"nll_loss: labels must be class indices, got {labels.dtype}; for probabilities take "
            "cross_entropy of the logits"
        )
    log_probs = _classes_last(log_probs)
    q, total = _targets(log_probs, labels, weight, ignore_index, 0.0, "nll_loss")
    return reduced(expected_nll(log_probs, q), reduction, total)


def binary_cross_entropy_with_logits(
    logits: Any,
    targets: Any,
    weight: Any = None,
    pos_weight: Any = None,
    reduction: str = "mean",
) -> Any:
    """The negative log-likelihood of targets t in [0, 1] under sigmoid(x), in nats.

        loss = w (p t softplus(-x) + (1 - t) softplus(x))

    Args:
        logits: x, any shape.
        targets: t, the same shape.
        weight: w, a factor that broadcasts to that shape.
        pos_weight: p, a factor for the positive part.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: the shapes differ, or an unknown reduction.

    Example:
        >>> import minigrad.functional as F
        >>> x, t = np.array([0.0, 1e4]), np.array([1.0, 0.0])
        >>> F.binary_cross_entropy_with_logits(x, t, reduction="none").round(4)
        array([6.931e-01, 1.000e+04])
    """
    targets = matching("binary_cross_entropy_with_logits", logits, targets)
    positive = targets if pos_weight is None else pos_weight * targets
    losses = positive * softplus(-logits) + (1 - targets) * softplus(logits)
    return reduced(losses if weight is None else weight * losses, reduction)


def hinge_loss(scores: Any, targets: Any, margin: float = 1.0, reduction: str = "mean") -> Any:
    """max(0, margin - t s) for scores s and targets t of -1 or +1, with derivative 0 at the hinge.

    Args:
        scores, targets: the same shape.
        margin: how far on the right side a score must lie to cost nothing.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: the shapes differ, or an unknown reduction.

    Example:
        >>> import minigrad.functional as F
        >>> F.hinge_loss(np.array([2.0, 0.5, -1.0]), np.array([1.0, 1.0, 1.0]), reduction="none")
        array([0. , 0.5, 2. ])

    Source: Cortes & Vapnik 1995, "Support-vector networks".
    """
    targets = matching("hinge_loss", scores, targets)
    short = margin - targets * scores
    return reduced(np.where(np.greater(short, 0), short, 0), reduction)


# The targets of cross-entropies.


def _classes_last(logits: Any) -> Any:
    """(N, C, d1, ...) -> (N, d1, ..., C)."""
    return np.moveaxis(logits, 1, -1) if logits.ndim > 2 else logits


def _targets(
    logits: Any, labels: Any, weight: Any, ignore_index: int, smoothing: float, name: str
) -> tuple[Any, Any]:
    """The weighted target probabilities w q, of the logits' shape, and what a mean divides by."""
    if not 0 <= smoothing <= 1:
        raise ValueError(f"{name}: label_smoothing must lie in [0, 1], got {smoothing}")
    labels = labels if hasattr(labels, "dtype") else np.asarray(labels)
    n_classes = logits.shape[-1]
    if labels.dtype.kind == "f":
        labels = _classes_last(labels)
        require_same_shape(name, logits, labels)
        q = labels if smoothing == 0 else labels * (1 - smoothing) + smoothing / n_classes
        total = float(max(logits.size // n_classes, 1))
        return (q if weight is None else q * as_array(weight, logits.dtype)), total
    if labels.shape != logits.shape[:-1]:
        raise ValueError(
            f"{name}: logits of shape {logits.shape} (classes last) need labels of shape "
            f"{logits.shape[:-1]}, got {labels.shape}"
        )
    labels = as_array(labels, copy=False)
    hot = np.equal(labels[..., np.newaxis], _classes(n_classes))
    if 0 <= ignore_index < n_classes:
        hot[..., ignore_index] = False
    counted = count_labels(hot, labels, ignore_index, name)
    q = hot.astype(logits.dtype)
    scale = q if weight is None else q * as_array(weight, logits.dtype)
    total = counted if weight is None else scale.sum()
    if smoothing:
        seen = np.any(hot, axis=-1, keepdims=True)
        q = q * (1 - smoothing) + seen * (smoothing / n_classes)
        scale = q if weight is None else q * as_array(weight)
    return scale.astype(logits.dtype, copy=False), total


@lru_cache(maxsize=64)
def _classes(n: int) -> Any:
    classes = np.arange(n)
    classes.flags.writeable = False
    return classes


@primitive
def count_labels(hot: Any, labels: Any, ignore_index: int, name: str) -> int:
    """The number of labels that are not ignored; checks that all the others are classes."""
    counted = int(np.count_nonzero(hot))
    if counted != labels.size and counted + np.count_nonzero(labels == ignore_index) != labels.size:
        raise ValueError(
            f"{name}: labels must lie in [0, {hot.shape[-1]}) or be ignore_index = {ignore_index}, "
            f"got {labels.min()} to {labels.max()}"
        )
    return counted


count_labels.has_effect = True  # type: ignore[attr-defined]  # programs keep the check
