"""What NumPy lacks: activations, softmax, dense layers, dropout and losses, as functions.

Like NumPy's own, these functions take arrays and tensors alike: tensors give tensors that
remember how they were computed, arrays give arrays.
"""

from .activations import gelu, leaky_relu, relu, sigmoid, silu, softplus
from .dense import dropout, linear, one_hot
from .embedding import embedding
from .erf import erf
from .losses import (
    binary_cross_entropy_with_logits,
    cross_entropy,
    hinge_loss,
    huber_loss,
    l1_loss,
    mse_loss,
    nll_loss,
)
from .normalization import rms_normalize, standardize
from .softmax import log_softmax, logsumexp, softmax

__all__ = [
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "dropout",
    "embedding",
    "erf",
    "gelu",
    "hinge_loss",
    "huber_loss",
    "l1_loss",
    "leaky_relu",
    "linear",
    "log_softmax",
    "logsumexp",
    "mse_loss",
    "nll_loss",
    "one_hot",
    "relu",
    "rms_normalize",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "standardize",
]
