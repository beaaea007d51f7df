"""Scaled dot-product attention.

Scores lie in memory with the keys before the queries, (..., S, L). So sums and maxima over the keys
run along whole rows, which NumPy does several times as fast as within rows.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ..conversion import get_default_dtype
from ..vjps import astype, defvjp, primitive
from .dense import dropout


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    *,
    rng: np.random.Generator | None = None,
) -> Any:
    """For each query a mean of the values, weighted by how well their keys fit the query.

        softmax(scale Q K^T + mask) V

    Args:
        query: Q, shape (..., L, d).
        key: K, shape (..., S, d).
        value: V, shape (..., S, dv).
        attn_mask: broadcasts to (..., L, S). Booleans: True where a query may see a key. Floats are
            added to the scores; -inf hides a key.
        dropout_p: the probability of dropping a weight. Deviation from modules: it counts always.
        is_causal: query i sees the keys 0 to i only.
        scale: 1 / sqrt(d) if left out.
        rng: the generator for dropout; a fresh one if left out.

    Returns:
        Shape (..., L, dv). A query that sees no key at all gets zeros; in PyTorch nan.

    Raises:
        ValueError: the shapes do not fit.
        TypeError: a mask that is neither boolean nor floating-point.

    Example:
        >>> import minigrad.functional as F
        >>> q, k = np.zeros((2, 4)), np.ones((2, 4))
        >>> F.scaled_dot_product_attention(q, k, np.array([[1.0], [3.0]]), is_causal=True)
        array([[1.],
               [2.]])

    Source: Vaswani et al. 2017, "Attention is all you need", equation 1.
    """
    _check_shapes(query, key, value)
    mask = _combined(attn_mask, is_causal, query, key)
    weights = weights_by_key(query, key, mask, scale)
    return transposed_times(dropout(weights, dropout_p, rng=rng), value)


def attention_weights(
    query: Any,
    key: Any,
    attn_mask: Any = None,
    is_causal: bool = False,
    scale: float | None = None,
) -> Any:
    """The weights that attention gives to each key: softmax(scale Q K^T + mask).

    Args:
        query, key, attn_mask, is_causal, scale: as for `scaled_dot_product_attention`.

    Returns:
        Shape (..., L, S). Each row sums to 1; that of a query which sees no key is zero.

    Raises:
        ValueError: the shapes do not fit.
        TypeError: a mask that is neither boolean nor floating-point.

    Example:
        >>> import minigrad.functional as F
        >>> F.attention_weights(np.zeros((2, 4)), np.ones((2, 4)), is_causal=True)
        array([[1. , 0. ],
               [0.5, 0.5]])

    Source: Vaswani et al. 2017, "Attention is all you need", equation 1.
    """
    _check_shapes(query, key, key)
    mask = _combined(attn_mask, is_causal, query, key)
    return np.swapaxes(weights_by_key(query, key, mask, scale), -1, -2)


def causal_mask(
    queries: int, keys: int | None = None, offset: int = 0, dtype: npt.DTypeLike | None = None
) -> np.ndarray[Any, Any]:
    """What is added to scores, so that query i sees the keys 0 to i + offset only: 0 or -inf.

    Args:
        queries: L.
        keys: S; L + offset if left out.
        offset: the place of the first query among the keys.
        dtype: of the result; the default dtype if left out.

    Returns:
        Shape (L, S); one array for all calls of the same arguments, which is read-only.

    Raises:
        ValueError: a negative number.

    Example:
        >>> import minigrad.functional as F
        >>> F.causal_mask(2, offset=1)
        array([[  0.,   0., -inf],
               [  0.,   0.,   0.]], dtype=float32)
    """
    keys = queries + offset if keys is None else keys
    if min(queries, keys, offset) < 0:
        raise ValueError(
            f"causal_mask needs numbers of at least 0, got {queries} queries, {keys} keys and an "
            f"offset of {offset}"
        )
    mask: np.ndarray[Any, Any] = _causal(
        queries, keys, offset, np.dtype(dtype or get_default_dtype())
    )
    return mask


@lru_cache(maxsize=64)
def _causal(queries: int, keys: int, offset: int, dtype: Any) -> Any:
    seen = np.arange(keys)[:, None] <= np.arange(queries) + offset  # (S, L), as scores lie
    mask = np.where(seen, 0, -np.inf).astype(dtype)
    mask.flags.writeable = False
    return mask.T


def as_additive(mask: Any, dtype: Any, hidden: bool = False) -> Any:
    """A mask as what is added to scores; of booleans, `hidden` is the one that hides a key."""
    mask = mask if hasattr(mask, "dtype") else np.asarray(mask)
    if mask.dtype == bool:
        return np.where(np.equal(mask, hidden), -np.inf, 0).astype(dtype)
    if mask.dtype.kind != "f":
        raise TypeError(
            f"a mask holds booleans, or floats that are added to the scores; got {mask.dtype} of "
            f"shape {mask.shape}; convert it: mask.astype(bool)"
        )
    return mask if mask.dtype == dtype else astype(mask, dtype)


def _combined(attn_mask: Any, is_causal: bool, query: Any, key: Any) -> Any:
    """The sum of both masks, which fits the scores; None if there is none."""
    queries, keys = query.shape[-2], key.shape[-2]
    causal = causal_mask(queries, keys, dtype=query.dtype) if is_causal else None
    if attn_mask is None:
        return causal
    mask = as_additive(attn_mask, query.dtype)
    if mask.ndim < 2 or any(
        n not in (1, m) for n, m in zip(mask.shape[-2:], (queries, keys), strict=True)
    ):
        raise ValueError(
            f"attn_mask must broadcast to {queries} queries and {keys} keys, shape "
            f"(..., {queries}, {keys}); got {mask.shape}"
        )
    return mask if causal is None else mask + causal


def scores_mask(
    q: Any, k: Any, attn_mask: Any, key_padding_mask: Any, is_causal: bool, offset: int
) -> Any:
    """The sum of the masks of heads (..., h, L, d) and (..., h, S, d); None if there is none.

    True hides a key here, and the first query stands at place `offset` among the keys.
    """
    *batch, heads, queries, _ = q.shape
    keys = k.shape[-2]
    masks = [causal_mask(queries, keys, offset, q.dtype)] if is_causal else []
    if attn_mask is not None:
        mask = as_additive(attn_mask, q.dtype, hidden=True)
        if mask.shape == (math.prod(batch) * heads, queries, keys):
            mask = mask.reshape(*batch, heads, queries, keys)
        elif mask.shape != (queries, keys):
            raise ValueError(
                f"attn_mask must have shape {(queries, keys)}, or "
                f"{(math.prod(batch) * heads, queries, keys)} for each head; got {mask.shape}"
            )
        masks.append(mask)
    if key_padding_mask is not None:
        mask = as_additive(key_padding_mask, q.dtype, hidden=True)
        if mask.shape != (*batch, keys):
            raise ValueError(
                f"key_padding_mask must have shape {(*batch, keys)}, one value for each key; got "
                f"{mask.shape}"
            )
        masks.append(mask[..., None, None, :])
    return sum(masks[1:], masks[0]) if masks else None


def split_heads(h: Any, parts: int, heads: int) -> list[Any]:
    """(..., T, parts heads d) as so many parts, each of shape (..., heads, T, d)."""
    d = h.shape[-1] // (parts * heads)
    h = h.reshape(*h.shape[:-1], parts, heads, d)
    return [np.swapaxes(h[..., i, :, :], -3, -2) for i in range(parts)]


def joined_heads(h: Any) -> Any:
    """(..., heads, T, d) as (..., T, heads d)."""
    *batch, heads, length, d = h.shape
    return np.swapaxes(h, -3, -2).reshape(*batch, length, heads * d)


def _check_shapes(query: Any, key: Any, value: Any) -> None:
    for name, a in (("query", query), ("key", key), ("value", value)):
        if not hasattr(a, "dtype") or a.dtype.kind != "f" or a.ndim < 2:
            raise ValueError(
                f"attention takes a {name} of shape (..., length, features), floating-point; got "
                f"{getattr(a, 'dtype', type(a).__name__)} of shape {np.shape(a)}"
            )
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2] or not key.shape[-2]:
        raise ValueError(
            "attention takes queries (..., L, d), keys (..., S, d) and values (..., S, dv), with "
            f"at least one key; got {query.shape}, {key.shape} and {value.shape}"
        )


def weights_by_key(query: Any, key: Any, mask: Any = None, scale: float | None = None) -> Any:
    """The weights with the axes of keys and queries swapped: shape (..., S, L)."""
    if scale is None:
        scale = 1 / math.sqrt(query.shape[-1])
    scores = times_transposed(key, query * scale)
    return masked_softmax(scores, None if mask is None else np.swapaxes(mask, -1, -2))


@primitive
def times_transposed(a: Any, b: Any) -> Any:
    """a b^T, of stacks of matrices."""
    return a @ b.mT


@primitive
def transposed_times(a: Any, b: Any) -> Any:
    """a^T b, of stacks of matrices."""
    return a.mT @ b


defvjp(
    times_transposed,
    lambda g, y, a, b: g @ b,
    lambda g, y, a, b: transposed_times(g, a),
)
defvjp(
    transposed_times,
    lambda g, y, a, b: times_transposed(b, g),
    lambda g, y, a, b: a @ g,
)


@primitive
def masked_softmax(scores: Any, mask: Any = None) -> Any:
    """The softmax of scores + mask over the last axis but one; zeros where all of it is -inf."""
    if mask is not None:
        scores = scores + mask
    highest = np.maximum.reduce(scores, axis=-2, keepdims=True)
    e = np.exp(scores - np.where(np.isfinite(highest), highest, 0))  # -inf + inf would be nan
    total = np.add.reduce(e, axis=-2, keepdims=True)
    e /= np.where(np.equal(total, 0), 1, total)
    return e


def _masked_softmax_rule(g: Any, y: Any, scores: Any, mask: Any = None) -> Any:
    """y (g - sum(g y)), as for every softmax; where y is zero the derivative is."""
    return y * (g - np.add.reduce(g * y, axis=-2, keepdims=True))


defvjp(masked_softmax, _masked_softmax_rule, _masked_softmax_rule)
