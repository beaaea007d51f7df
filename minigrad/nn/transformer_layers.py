"""The blocks of transformers: attention, and a network for each position, beside the input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from .. import functional as F
from .attention import MultiheadAttention
from .dropout import Dropout
from .key_value_cache import KeyValueCache
from .layer_norm import LayerNorm
from .linear import Linear
from .module import Module

Function = Callable[[Any], Any]
_ACTIVATIONS: dict[Any, Function] = {"relu": F.relu, "gelu": F.gelu}


class _TransformerLayer(Module):
    """Attentions, then the network; part k has norm k and dropout k. Names are PyTorch's."""

    _attentions: ClassVar[tuple[str, ...]]
    self_attn: MultiheadAttention
    multihead_attn: MultiheadAttention

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Function = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        *,
        rotary: Module | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        if not callable(activation) and activation not in _ACTIVATIONS:
            raise ValueError(f'activation must be "relu", "gelu" or a function, got {activation!r}')
        rng = rng or np.random.default_rng()
        for name in self._attentions:
            attention = MultiheadAttention(
                d_model, nhead, dropout, bias, batch_first=batch_first, rng=rng
            )
            setattr(self, name, attention)
        self.self_attn.rotary = rotary
        self.linear1 = Linear(d_model, dim_feedforward, bias, rng=rng)
        self.dropout = Dropout(dropout, rng=rng)
        self.linear2 = Linear(dim_feedforward, d_model, bias, rng=rng)
        parts = range(1, len(self._attentions) + 2)
        for k in parts:
            setattr(self, f"norm{k}", LayerNorm(d_model, layer_norm_eps, bias=bias))
        for k in parts:
            setattr(self, f"dropout{k}", Dropout(dropout, rng=rng))
        self.activation = _ACTIVATIONS.get(activation, activation)
        self.norm_first = norm_first

    def _part(self, k: int, part: Function, x: Any) -> Any:
        """x and part k of it added up, with the normalisation before that part or after the sum."""
        norm, dropout = getattr(self, f"norm{k}"), getattr(self, f"dropout{k}")
        if self.norm_first:
            return x + dropout(part(norm(x)))
        return norm(x + dropout(part(x)))

    def _network(self, x: Any) -> Any:
        activation: Any = self.activation
        return self.linear2(self.dropout(activation(self.linear1(x))))


class TransformerEncoderLayer(_TransformerLayer):
    """Self-attention, and a network of two dense layers for each position.

        x          = norm1(x + dropout(attention(x)))
        y          = norm2(x + dropout(network(x)))
        network(x) = W2 dropout(activation(W1 x + b1)) + b2

    or with `norm_first` x + dropout(part(norm(x))) for each of the two parts. With
    `is_causal=True` it is the block of a decoder without an encoder, such as GPT's.

    Args:
        d_model: the length of x's last axis.
        nhead: the number of heads.
        dim_feedforward: the length between the two dense layers.
        dropout: the probability of dropping: weights of attention, results of both parts, and
            within the network.
        activation: "relu", "gelu", or a function.
        layer_norm_eps: what the normalisations add to the variance.
        batch_first: whether inputs are (N, T, d_model), and not (T, N, d_model).
        norm_first: normalise what goes into both parts, and not the sums ("pre-LN").
        bias: whether the layers have biases.
        rotary: turns queries and keys by their positions, as `RotaryPositions()` does; or None.
        rng: what the parameters and the dropout masks are drawn from; a fresh one if left out.

    Attributes:
        self_attn: a `MultiheadAttention`.
        linear1, linear2: the dense layers.
        norm1, norm2: the normalisations.
        dropout, dropout1, dropout2: within the network, after attention, after the network.

    Raises:
        ValueError: sizes or shapes that do not fit, or an unknown activation.
        TypeError: an input that is not floating-point.

    Example:
        >>> import minigrad as mg
        >>> layer = mg.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        >>> layer(np.zeros((3, 5, 8), np.float32)).shape
        (3, 5, 8)

    Source: Vaswani et al. 2017, "Attention is all you need", section 3.1; pre-LN: Xiong et al.
    2020, "On layer normalization in the transformer architecture", figure 1. Names, defaults and
    initialisation are PyTorch's.
    """

    _attentions = ("self_attn",)

    def forward(
        self,
        src: Any,
        src_mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool = False,
        cache: KeyValueCache | None = None,
    ) -> Any:
        """What the block makes of x = src.

        Args:
            src: shape (T, N, d_model), (N, T, d_model) if `batch_first`, or (T, d_model).
            src_mask: self-attention's `attn_mask`; see `MultiheadAttention.forward`.
            src_key_padding_mask, is_causal, cache: see there, too.

        Returns:
            The same shape.
        """

        def attention(x: Any) -> Any:
            padding = src_key_padding_mask
            return self.self_attn(
                x, None, None, padding, False, src_mask, is_causal=is_causal, cache=cache
            )[0]

        return self._part(2, self._network, self._part(1, attention, src))


class TransformerDecoderLayer(_TransformerLayer):
    """Self-attention, attention to what an encoder made, and a network for each position.

        x = norm1(x + dropout(attention(x)))
        x = norm2(x + dropout(attention(x, memory)))
        y = norm3(x + dropout(network(x)))

    or with `norm_first` x + dropout(part(norm(x))) for each of the three parts.

    Args:
        d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps: as for
            `TransformerEncoderLayer`.
        batch_first, norm_first, bias, rng: as there.
        rotary: the same, for self-attention.

    Attributes:
        self_attn, multihead_attn: a `MultiheadAttention` each; the second looks at the memory.
        linear1, linear2: the dense layers.
        norm1, norm2, norm3: the normalisations.
        dropout, dropout1, dropout2, dropout3: within the network, and after each part.

    Raises:
        ValueError: sizes or shapes that do not fit, or an unknown activation.
        TypeError: an input that is not floating-point.

    Example:
        >>> import minigrad as mg
        >>> layer = mg.nn.TransformerDecoderLayer(8, 2, 16, batch_first=True)
        >>> memory = np.zeros((3, 7, 8), np.float32)
        >>> layer(np.zeros((3, 5, 8), np.float32), memory, tgt_is_causal=True).shape
        (3, 5, 8)

    Source: Vaswani et al. 2017, "Attention is all you need", section 3.1; pre-LN: Xiong et al.
    2020, "On layer normalization in the transformer architecture", figure 1. Names, defaults and
    initialisation are PyTorch's.
    """

    _attentions = ("self_attn", "multihead_attn")

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
        cache: KeyValueCache | None = None,
    ) -> Any:
        """What the block makes of x = tgt.

        Args:
            tgt: shape (T, N, d_model), (N, T, d_model) if `batch_first`, or (T, d_model).
            memory: the same with another length.
            tgt_mask, memory_mask: the `attn_mask` of either attention; see
                `MultiheadAttention.forward`.
            tgt_key_padding_mask, memory_key_padding_mask, tgt_is_causal, memory_is_causal: see
                there, too.
            cache: see there; of the memory, keys and values are computed once.

        Returns:
            The shape of tgt.
        """

        def to_itself(x: Any) -> Any:
            padding = tgt_key_padding_mask
            return self.self_attn(
                x, None, None, padding, False, tgt_mask, is_causal=tgt_is_causal, cache=cache
            )[0]

        def to_memory(x: Any) -> Any:
            padding, causal = memory_key_padding_mask, memory_is_causal
            return self.multihead_attn(
                x, memory, None, padding, False, memory_mask, is_causal=causal, cache=cache
            )[0]

        x = self._part(2, to_memory, self._part(1, to_itself, tgt))
        return self._part(3, self._network, x)
