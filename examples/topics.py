"""A text that every Python has: the help topics of its reference manual, as characters.

About 465,000 characters of some hundred kinds; how many exactly varies with Python's version. The
last tenth is held out, and measured in nats per character. `char_lstm.py`, `char_transformer.py`
and `masked_lm.py` learn from it.
"""

from __future__ import annotations

from collections.abc import Callable
from pydoc_data.topics import topics
from typing import Any

import numpy as np

import minigrad as mg
import minigrad.functional as F


class Topics:
    """The text as numbers, one for each kind of character.

    Attributes:
        alphabet: the kinds, in order.
        train, test: the first nine tenths of the text, and the last, as integers.
    """

    def __init__(self) -> None:
        text = "".join(topics[name] for name in sorted(topics))
        self.alphabet = sorted(set(text))
        self._numbers = {c: k for k, c in enumerate(self.alphabet)}
        codes = self.encode(text)
        cut = len(codes) * 9 // 10
        self.train, self.test = codes[:cut], codes[cut:]

    def encode(self, text: str) -> np.ndarray:
        return np.array([self._numbers[c] for c in text])

    def decode(self, codes: np.ndarray) -> str:
        return "".join(self.alphabet[k] for k in codes)

    def batch(
        self, size: int, length: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Pieces of the text to learn from, (size, length), and the characters that come next."""
        starts = rng.integers(len(self.train) - length, size=(size, 1))
        places = starts + np.arange(length)
        return self.train[places], self.train[places + 1]

    def pieces(self, length: int) -> np.ndarray:
        """The held-out text, cut into pieces of `length + 1` characters that share their ends."""
        count = (len(self.test) - 1) // length
        return self.test[np.arange(count)[:, None] * length + np.arange(length + 1)]

    def bigrams(self) -> float:
        """Nats per character of the held-out text, by the character before it alone.

        Counts of pairs, to each of which 1 is added so that no pair is impossible.
        """
        counts = np.ones((len(self.alphabet),) * 2)
        np.add.at(counts, (self.train[:-1], self.train[1:]), 1)
        probabilities = counts / counts.sum(axis=1, keepdims=True)
        return float(-np.log(probabilities[self.test[:-1], self.test[1:]]).mean())


def held_out(model: Callable[[Any], Any], text: Topics, pieces: int | None = None) -> float:
    """Nats per character of (so many pieces of) the held-out text; the model returns logits."""
    with mg.no_grad():
        losses = [
            F.cross_entropy(model(piece[None, :-1])[0], piece[1:]).item()
            for piece in text.pieces(256)[:pieces]
        ]
    return float(np.mean(losses))


def drawn(logits: np.ndarray, rng: np.random.Generator, temperature: float = 0.8) -> np.ndarray:
    """One character of the law that a model tells by its logits; the likely ones more likely."""
    p = F.softmax(logits.astype(np.float64) / temperature)
    return rng.choice(len(p), size=1, p=p)
