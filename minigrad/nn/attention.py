"""Attention with several heads."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import numpy as np

from .. import functional as F
from ..functional.attention import (
    joined_heads,
    scores_mask,
    split_heads,
    transposed_times,
    weights_by_key,
)
from ..parameter import Parameter
from . import init
from .inputs import require_floating, wrong_shape
from .key_value_cache import KeyValueCache
from .linear import Linear
from .module import Module


class MultiheadAttention(Module):
    """Attention in several heads, each between other projections of queries, keys and values.

        head_i = softmax(Q_i K_i^T / sqrt(d) + mask) V_i
        y      = [head_1, ..., head_h] W_out^T + b_out

    where Q_i, K_i, V_i are parts of length d = embed_dim / num_heads of the projections of query,
    key and value by W_in and b_in.

    Args:
        embed_dim: the length of the last axis of query, key, value and y.
        num_heads: h, a divisor of `embed_dim`.
        dropout: the probability of dropping a weight while training.
        bias: whether there are b_in and b_out.
        batch_first: whether the inputs are (N, T, embed_dim), and not (T, N, embed_dim).
        rotary: turns queries and keys by their positions, as `RotaryPositions()` does; or None.
        rng: what the parameters and the dropout masks are drawn from; a fresh one if left out.

    Attributes:
        in_proj_weight: W_in, shape (3 embed_dim, embed_dim): for queries, keys, values;
            `init.glorot_uniform`.
        in_proj_bias: b_in, shape (3 embed_dim,), zeros at first; or None.
        out_proj: a `Linear` with W_out and b_out, which is zero at first.

    Raises:
        ValueError: `num_heads` does not divide `embed_dim`, or shapes that do not fit.
        TypeError: an input that is not floating-point, or a mask of whole numbers.

    Example:
        >>> import minigrad as mg
        >>> layer = mg.nn.MultiheadAttention(8, 2, batch_first=True)
        >>> y, weights = layer(np.zeros((3, 5, 8), np.float32), is_causal=True)
        >>> y.shape, weights.shape
        ((3, 5, 8), (3, 5, 5))

    Source: Vaswani et al. 2017, "Attention is all you need", section 3.2.2. Arguments, names and
    initialisation are PyTorch's. Deviations: `key` and `value` may be left out, `is_causal` needs
    no mask beside it, a query that sees no key gets zeros in place of nan, and the weights that are
    returned are those before dropout; keys and values have the queries' length of features.
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        *,
        batch_first: bool = False,
        rotary: Module | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        if embed_dim < 1 or num_heads < 1 or embed_dim % num_heads:
            raise ValueError(
                "MultiheadAttention shares out embed_dim among its heads: it needs a multiple of "
                f"num_heads, got {embed_dim} and {num_heads}"
            )
        if not 0 <= dropout <= 1:
            raise ValueError(f"the probability of dropping must lie in [0, 1], got {dropout}")
        self.embed_dim, self.num_heads, self.dropout = embed_dim, num_heads, dropout
        self.batch_first, self.rotary = batch_first, rotary
        self.rng = rng = rng or np.random.default_rng()
        self.in_proj_weight = Parameter(init.glorot_uniform((3 * embed_dim, embed_dim), rng))
        self.in_proj_bias = Parameter(init.zeros((3 * embed_dim,))) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias, init=init.fan_in_uniform, rng=rng)

    def forward(
        self,
        query: Any,
        key: Any = None,
        value: Any = None,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
        cache: KeyValueCache | None = None,
    ) -> tuple[Any, Any]:
        """What the queries find in the values.

        Args:
            query: shape (L, N, embed_dim), (N, L, embed_dim) if `batch_first`, or (L, embed_dim).
            key, value: the same with S in place of L; the query, and the key, if left out.
            key_padding_mask: shape (N, S), or (S,) without a batch: True for keys that nobody
                sees; or floats that are added to the scores.
            need_weights: whether the weights are returned.
            attn_mask: shape (L, S) or (N num_heads, L, S): True where a query does not see a key;
                or floats that are added to the scores.
            average_attn_weights: the mean of the heads' weights in place of each head's.
            is_causal: query i sees the keys 0 to i only; with a cache, also those before.
            cache: what keeps keys and values for the next call; S in the masks counts those too.

        Returns:
            y, of the query's shape; and the weights, of shape (N, L, S), or (N, num_heads, L, S) if
            they are not averaged; or None.
        """
        key = query if key is None else key
        value = key if value is None else value
        self._check(query, key, value)
        q, k, v, offset = self._heads(query, key, value, cache)
        mask = scores_mask(q, k, attn_mask, key_padding_mask, is_causal, offset)
        weights = weights_by_key(q, k, mask)
        dropped = F.dropout(weights, self.dropout, self.training, self.rng)
        y = self._batch_moved(self.out_proj(joined_heads(transposed_times(dropped, v))))
        if not need_weights:
            return y, None
        weights = np.swapaxes(weights, -1, -2)
        return y, weights.mean(axis=-3) if average_attn_weights else weights

    def _heads(
        self, query: Any, key: Any, value: Any, cache: KeyValueCache | None
    ) -> tuple[Any, Any, Any, int]:
        """Queries, keys, values by head, (..., num_heads, T, d); and the first one's position."""
        if key is not query and cache is not None:
            (q,) = self._projected(0, query)
            return q, *cache.once(self, lambda: self._projected(1, key, value)), 0
        q, k, v = self._projected(0, query, key, value)
        offset = 0 if cache is None else cache.length_of(self)
        if self.rotary is not None:
            q, k = self.rotary(q, offset), self.rotary(k, offset)
        return q, *((k, v) if cache is None else cache.appended(self, k, v)), offset

    def _projected(self, first: int, *inputs: Any) -> list[Any]:
        """Each input by its part of W_in, from part `first` on; equal neighbours in one product."""
        heads = []
        for _, run in groupby(enumerate(inputs, first), lambda member: id(member[1])):
            (start, x), *others = run
            count = 1 + len(others)
            weight: Any = self.in_proj_weight
            bias: Any = self.in_proj_bias
            if count < 3:
                rows = slice(start * self.embed_dim, (start + count) * self.embed_dim)
                weight, bias = weight[rows], None if bias is None else bias[rows]
            h = F.linear(self._batch_moved(x), weight, bias)
            heads += split_heads(h, count, self.num_heads)
        return heads

    def _batch_moved(self, x: Any) -> Any:
        """From the inputs' order of axes to (N, T, embed_dim), and back."""
        return x if self.batch_first or x.ndim == 2 else np.swapaxes(x, 0, 1)

    def _check(self, query: Any, key: Any, value: Any) -> None:
        order = "(N, T, {0}) or (T, {0})" if self.batch_first else "(T, N, {0}) or (T, {0})"
        for x in (query, key, value):
            require_floating(self, x)
            if x.ndim not in (2, 3) or x.shape[-1] != self.embed_dim:
                raise wrong_shape(self, order.format(self.embed_dim), x)
        batches = [self._batch_moved(x).shape[:-2] for x in (query, key, value)]
        if len(set(batches)) > 1 or key.shape != value.shape or not key.size:
            raise ValueError(
                f"{type(self).__name__}({self.extra_repr()}) takes query, key and value of one "
                "batch, with as many values as keys and at least one; got "
                f"{query.shape}, {key.shape} and {value.shape}, batch_first={self.batch_first}"
            )
        if self.rotary is not None and key is not query:
            raise ValueError(
                "rotary positions are compared within one sequence: attention to another one needs "
                "rotary=None"
            )

    def extra_repr(self) -> str:
        return f"{self.embed_dim}, {self.num_heads}"
