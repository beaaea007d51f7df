"""Similarity of vectors."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from .module import Module


class CosineSimilarity(Module):
    """x1 . x2 / (||x1|| ||x2||) along `axis`; see `functional.cosine_similarity`."""

    def __init__(self, axis: int = 1, eps: float = 1e-8) -> None:
        self.axis, self.eps = axis, eps

    def forward(self, x1: Any, x2: Any) -> Any:
        return F.cosine_similarity(x1, x2, self.axis, self.eps)

    def extra_repr(self) -> str:
        return f"{self.axis}"
