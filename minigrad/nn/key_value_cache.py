"""What attention keeps of the past while a model generates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .module import Module

Pair = tuple[Any, Any]


class KeyValueCache:
    """The keys and values of all attention layers of a model, kept from call to call.

    Pass one to each call of a model that generates: self-attention appends the new positions to
    the old ones, and attention to something else computes that one's keys and values only once.
    One cache belongs to one run: take a new one for another text.

    Attributes:
        length: how many positions self-attention has seen: the offset of the next one.

    Example:
        >>> import minigrad as mg
        >>> layer = mg.nn.MultiheadAttention(4, 2, batch_first=True, rng=np.random.default_rng(0))
        >>> x = np.random.default_rng(1).standard_normal((1, 3, 4)).astype(np.float32)
        >>> cache = mg.nn.KeyValueCache()
        >>> with mg.no_grad():
        ...     whole, _ = layer(x, is_causal=True)
        ...     steps = [layer(x[:, [t]], is_causal=True, cache=cache)[0] for t in range(3)]
        >>> np.allclose(np.concatenate(steps, axis=1), whole, atol=1e-6), cache.length
        (True, 3)
    """

    def __init__(self) -> None:
        self._growing: dict[Module, Pair] = {}
        self._fixed: dict[Module, Pair] = {}

    @property
    def length(self) -> int:
        return max(map(self.length_of, self._growing), default=0)

    def length_of(self, layer: Module) -> int:
        """How many positions one layer of self-attention has seen."""
        return int(self._growing[layer][0].shape[-2]) if layer in self._growing else 0

    def appended(self, layer: Module, key: Any, value: Any) -> Pair:
        """All keys and values that a layer has seen; these, of shape (..., T, d), come last."""
        if layer in self._growing:
            keys, values = self._growing[layer]
            key = np.concatenate([keys, key], axis=-2)
            value = np.concatenate([values, value], axis=-2)
        self._growing[layer] = key, value
        return key, value

    def once(self, layer: Module, compute: Callable[[], Any]) -> Pair:
        """The keys and values of what does not change, computed at the first call."""
        if layer not in self._fixed:
            key, value = compute()
            self._fixed[layer] = key, value
        return self._fixed[layer]
