"""Losses as modules; each is the function of the same kind in `minigrad.functional`."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from .module import Module


class _Loss(Module):
    """Holds the options of a loss function and passes them on."""

    def __init__(self, **options: Any) -> None:
        self.options = options

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in self.options.items())


class CrossEntropyLoss(_Loss):
    """See `functional.cross_entropy`; options: weight, ignore_index, reduction, label_smoothing.

    Example:
        >>> import numpy as np
        >>> from minigrad import nn
        >>> loss = nn.CrossEntropyLoss(reduction="sum")
        >>> float(loss(np.zeros((2, 4)), np.array([0, 3])).round(4))
        2.7726
    """

    def forward(self, logits: Any, labels: Any) -> Any:
        return F.cross_entropy(logits, labels, **self.options)


class NLLLoss(_Loss):
    """See `functional.nll_loss`; options: weight, ignore_index, reduction."""

    def forward(self, log_probs: Any, labels: Any) -> Any:
        return F.nll_loss(log_probs, labels, **self.options)


class MSELoss(_Loss):
    """See `functional.mse_loss`; option: reduction."""

    def forward(self, prediction: Any, target: Any) -> Any:
        return F.mse_loss(prediction, target, **self.options)


class L1Loss(_Loss):
    """See `functional.l1_loss`; option: reduction."""

    def forward(self, prediction: Any, target: Any) -> Any:
        return F.l1_loss(prediction, target, **self.options)


class HuberLoss(_Loss):
    """See `functional.huber_loss`; options: delta, reduction."""

    def forward(self, prediction: Any, target: Any) -> Any:
        return F.huber_loss(prediction, target, **self.options)


class BCEWithLogitsLoss(_Loss):
    """See `functional.binary_cross_entropy_with_logits`; options: weight, pos_weight, reduction."""

    def forward(self, logits: Any, targets: Any) -> Any:
        return F.binary_cross_entropy_with_logits(logits, targets, **self.options)


class HingeLoss(_Loss):
    """See `functional.hinge_loss`; options: margin, reduction."""

    def forward(self, scores: Any, targets: Any) -> Any:
        return F.hinge_loss(scores, targets, **self.options)


class KLDivLoss(_Loss):
    """See `functional.kl_div`; options: reduction, log_target."""

    def forward(self, log_probs: Any, target: Any) -> Any:
        return F.kl_div(log_probs, target, **self.options)


class GaussianNLLLoss(_Loss):
    """See `functional.gaussian_nll_loss`; options: full, eps, reduction."""

    def forward(self, mean: Any, target: Any, variance: Any) -> Any:
        return F.gaussian_nll_loss(mean, target, variance, **self.options)


class CosineEmbeddingLoss(_Loss):
    """See `functional.cosine_embedding_loss`; options: margin, reduction."""

    def forward(self, x1: Any, x2: Any, target: Any) -> Any:
        return F.cosine_embedding_loss(x1, x2, target, **self.options)


class TripletMarginLoss(_Loss):
    """See `functional.triplet_margin_loss`; options: margin, p, eps, swap, reduction."""

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Any:
        return F.triplet_margin_loss(anchor, positive, negative, **self.options)


class InfoNCELoss(_Loss):
    """See `functional.info_nce`; options: temperature, symmetric, reduction."""

    def forward(self, queries: Any, keys: Any) -> Any:
        return F.info_nce(queries, keys, **self.options)
