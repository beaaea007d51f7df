"""The dense layer, dropout and one-hot vectors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from ..conversion import as_array, get_default_dtype
from ..modes import active_recorder
from ..vjps import defvjp, primitive
from .sums import sum_to


@primitive
def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """x W^T + b, the dense layer.

    Args:
        x: shape (..., in_features).
        weight: W, shape (out_features, in_features).
        bias: b, shape (out_features,); or None.

    Returns:
        Shape (..., out_features).

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> import minigrad.functional as F
        >>> F.linear(np.ones((1, 2)), np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([0.5, 0.0]))
        array([[3.5, 7. ]])
    """
    if x.ndim == 0:
        raise ValueError("linear needs an input of at least one axis, got a scalar")
    h = _product(x, weight.T)
    if bias is None:
        return h
    if bias.dtype != h.dtype:
        return h + bias  # in the wider of the two types
    h += bias
    return h


def _product(x: Any, matrix: Any) -> Any:
    """x matrix, as one product: of more than two axes, NumPy would make one for each row."""
    if x.ndim <= 2:
        return x.dot(matrix)
    return _rows(x).dot(matrix).reshape(*x.shape[:-1], matrix.shape[1])


def _rows(t: Any) -> Any:
    """All axes but the last as one: (..., n) -> (rows, n)."""
    return t if t.ndim == 2 else t.reshape(math.prod(t.shape[:-1]), t.shape[-1])


defvjp(
    linear,
    lambda g, y, x, weight, bias=None: _product(g, weight),
    lambda g, y, x, weight, bias=None: _rows(g).T.dot(_rows(x)),
    lambda g, y, x, weight, bias=None: sum_to(g, bias.shape),
)


def one_hot(
    labels: Any, num_classes: int | None = None, dtype: npt.DTypeLike | None = None
) -> np.ndarray[Any, Any]:
    """Vectors that are 1 at the label and 0 elsewhere.

    Args:
        labels: integers in [0, num_classes), any shape.
        num_classes: C; the largest label + 1 if left out.
        dtype: of the result; the default dtype if left out.

    Returns:
        An array of shape (..., C): labels have no derivative.

    Raises:
        TypeError: the labels are not integers.
        ValueError: a label lies outside [0, C).

    Example:
        >>> import minigrad.functional as F
        >>> F.one_hot([0, 2], 3)
        array([[1., 0., 0.],
               [0., 0., 1.]], dtype=float32)
    """
    labels = as_array(labels, copy=False) if hasattr(labels, "dtype") else np.asarray(labels)
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels must be integers, got {labels.dtype}")
    if num_classes is None:
        num_classes = int(np.max(labels, initial=-1)) + 1
    hot = np.equal(labels[..., np.newaxis], np.arange(num_classes))
    _check_labels(hot, labels)
    vectors: np.ndarray[Any, Any] = hot.astype(dtype or get_default_dtype())
    return vectors


@primitive
def _check_labels(hot: Any, labels: Any) -> int:
    """The number of labels; all of them are classes."""
    if np.count_nonzero(hot) != labels.size:
        raise ValueError(
            f"labels must lie in [0, {hot.shape[-1]}), got {labels.min()} to {labels.max()}"
        )
    return int(labels.size)


_check_labels.has_effect = True  # type: ignore[attr-defined]  # programs keep the check


def dropout(
    x: Any, p: float = 0.5, training: bool = True, rng: np.random.Generator | None = None
) -> Any:
    """Zero each element with probability p, and scale the others by 1 / (1 - p).

    Args:
        x: any shape, floating-point.
        p: the probability of dropping, in [0, 1].
        training: False returns x as it is.
        rng: the generator that the mask is drawn from; a fresh one if left out.

    Returns:
        The same shape and dtype.

    Raises:
        ValueError: p lies outside [0, 1].

    Example:
        >>> import minigrad.functional as F
        >>> F.dropout(np.ones(6), 0.5, rng=np.random.default_rng(0))
        array([2., 2., 2., 0., 0., 0.])

    Source: Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from
    overfitting". Deviation: scaled while training ("inverted"), not while testing.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"the probability p of dropping must lie in [0, 1], got {p}")
    if not training or p == 0:
        return x
    kept = (rng or _fresh_generator()).random(np.shape(x), dtype=np.float32) >= p
    return x * (kept.astype(x.dtype) / (1 - p) if p < 1 else kept.astype(x.dtype))


def _fresh_generator() -> Any:
    """A new generator; while a function is recorded, one that belongs to its program."""
    rng = np.random.default_rng()
    recorder = active_recorder()
    return rng if recorder is None else recorder.generator(rng, "rng")
