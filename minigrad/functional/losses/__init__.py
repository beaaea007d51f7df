"""Loss functions: from predictions and targets to a number to be minimised.

Every loss takes `reduction`: "mean" (the default), "sum", or "none" for one loss an example.
"""

from .classification import (
    binary_cross_entropy_with_logits,
    cross_entropy,
    expected_nll,
    hinge_loss,
    nll_loss,
)
from .divergence import kl_div
from .regression import gaussian_nll_loss, huber_loss, l1_loss, mse_loss, squared_error
from .similarity import cosine_embedding_loss, cosine_similarity, info_nce, triplet_margin_loss

__all__ = [
    "binary_cross_entropy_with_logits",
    "cosine_embedding_loss",
    "cosine_similarity",
    "cross_entropy",
    "expected_nll",
    "gaussian_nll_loss",
    "hinge_loss",
    "huber_loss",
    "info_nce",
    "kl_div",
    "l1_loss",
    "mse_loss",
    "nll_loss",
    "squared_error",
    "triplet_margin_loss",
]
