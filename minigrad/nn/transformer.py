"""Stacks of transformer blocks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .containers import ModuleList
from .module import Module


class _Stack(Module):
    """Blocks one after the other, and a last normalisation. Names are PyTorch's."""

    def __init__(self, layers: Iterable[Module], norm: Module | None = None) -> None:
        if isinstance(layers, Module):
            raise TypeError(
                f"{type(self).__name__} takes all of its layers, each made for itself: "
                f"[{type(layers).__name__}(...) for _ in range(n)]"
            )
        self.layers = ModuleList(layers)
        if not len(self.layers):
            raise ValueError(f"{type(self).__name__} needs at least one layer")
        self.norm = norm


class TransformerEncoder(_Stack):
    """Encoder blocks one after the other; with `is_causal=True` a language model's body.

    Args:
        layers: `TransformerEncoderLayer`s, each of them made for itself. Deviation: PyTorch copies
            one, so that all layers begin with the same weights.
        norm: what normalises the last block's result, as pre-LN blocks want it; or None.

    Attributes:
        layers: the blocks, named "0", "1", ...
        norm: the last normalisation, or None.

    Raises:
        TypeError: a single layer in place of several.
        ValueError: no layer.

    Example:
        >>> import numpy as np
        >>> from minigrad import nn
        >>> rng = np.random.default_rng(0)
        >>> blocks = [nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, rng=rng) for _ in "ab"]
        >>> nn.TransformerEncoder(blocks, nn.LayerNorm(8))(np.zeros((3, 5, 8), np.float32)).shape
        (3, 5, 8)

    Source: Vaswani et al. 2017, "Attention is all you need", section 3.1.
    """

    def forward(self, src: Any, *masks: Any, **options: Any) -> Any:
        """What the stack makes of src.

        Args:
            src: shape (T, N, d_model), (N, T, d_model) if the blocks are `batch_first`, or
                (T, d_model).
            masks, options: what each block's `forward` receives, too.

        Returns:
            The same shape.
        """
        for layer in self.layers:
            src = layer(src, *masks, **options)
        return src if self.norm is None else self.norm(src)


class TransformerDecoder(_Stack):
    """Decoder blocks one after the other, all of which look at the same memory.

    Args:
        layers: `TransformerDecoderLayer`s, each of them made for itself. Deviation: PyTorch copies
            one, so that all layers begin with the same weights.
        norm: what normalises the last block's result, as pre-LN blocks want it; or None.

    Attributes:
        layers: the blocks, named "0", "1", ...
        norm: the last normalisation, or None.

    Raises:
        TypeError: a single layer in place of several.
        ValueError: no layer.

    Example:
        >>> import numpy as np
        >>> from minigrad import nn
        >>> rng = np.random.default_rng(0)
        >>> blocks = [nn.TransformerDecoderLayer(8, 2, 16, batch_first=True, rng=rng) for _ in "ab"]
        >>> x, memory = np.zeros((3, 5, 8), np.float32), np.zeros((3, 7, 8), np.float32)
        >>> nn.TransformerDecoder(blocks)(x, memory, tgt_is_causal=True).shape
        (3, 5, 8)

    Source: Vaswani et al. 2017, "Attention is all you need", section 3.1.
    """

    def forward(self, tgt: Any, memory: Any, *masks: Any, **options: Any) -> Any:
        """What the stack makes of tgt and memory.

        Args:
            tgt: shape (T, N, d_model), (N, T, d_model) if the blocks are `batch_first`, or
                (T, d_model).
            memory: the same with another length.
            masks, options: what each block's `forward` receives, too.

        Returns:
            The shape of tgt.
        """
        for layer in self.layers:
            tgt = layer(tgt, memory, *masks, **options)
        return tgt if self.norm is None else self.norm(tgt)
