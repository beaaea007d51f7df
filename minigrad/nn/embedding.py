"""The table of learnt vectors, one for each word or class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import functional as F
from ..conversion import get_default_dtype
from ..functional.embedding import row_number
from ..parameter import Parameter
from ..tensor import Array
from .module import Module


class Embedding(Module):
    """A table of learnt vectors, which are found by their numbers: y = weight[indices].

    Args:
        num_embeddings: how many vectors there are.
        embedding_dim: their length.
        padding_idx: the vector that stands for nothing; it begins as zeros and gets no gradient.
        init: draws the table, as `init(shape, rng)`; N(0, 1) if left out.
        rng: the generator that the table is drawn from; a fresh one if left out.

    Attributes:
        weight: the table, shape (num_embeddings, embedding_dim).

    Raises:
        ValueError: a size below 1, or `padding_idx` lies outside the table.
        TypeError: the indices are not integers.
        IndexError: an index lies outside the table.

    Example:
        >>> import minigrad as mg
        >>> layer = mg.nn.Embedding(10, 4, rng=np.random.default_rng(0))
        >>> layer(np.array([[1, 2, 3], [4, 5, 9]])).shape
        (2, 3, 4)

    Source: Bengio et al. 2003, "A neural probabilistic language model", section 2, the matrix C.
    The default initialisation is PyTorch's.
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        init: Callable[..., Array] | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        if num_embeddings < 1 or embedding_dim < 1:
            raise ValueError(
                "Embedding needs at least one vector of at least one number, got "
                f"{num_embeddings}, {embedding_dim}"
            )
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = None
        rng = rng or np.random.default_rng()
        shape = (num_embeddings, embedding_dim)
        table = rng.standard_normal(shape) if init is None else init(shape, rng)
        table = np.array(table, get_default_dtype() if init is None else None)
        if padding_idx is not None:
            self.padding_idx = row_number(padding_idx, num_embeddings)
            table[self.padding_idx] = 0
        self.weight = Parameter(table)

    def forward(self, indices: Any) -> Any:
        return F.embedding(indices, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"
