"""What NumPy lacks: activations, softmax, dense layers, dropout and losses, as functions.

Like NumPy's own, these functions take arrays and tensors alike: tensors give tensors that
remember how they were computed, arrays give arrays.
"""

from .activations import (
    elu,
    gelu,
    leaky_relu,
    log_sigmoid,
    mish,
    prelu,
    relu,
    sigmoid,
    silu,
    softplus,
)
from .attention import attention_weights, causal_mask, scaled_dot_product_attention
from .convolution import conv1d, conv2d, conv_transpose1d, conv_transpose2d
from .dense import dropout, linear, one_hot
from .embedding import embedding
from .erf import erf
from .losses import (
    binary_cross_entropy_with_logits,
    cosine_embedding_loss,
    cosine_similarity,
    cross_entropy,
    gaussian_nll_loss,
    hinge_loss,
    huber_loss,
    info_nce,
    kl_div,
    l1_loss,
    mse_loss,
    nll_loss,
    triplet_margin_loss,
)
from .normalization import rms_normalize, standardize
from .pooling import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    avg_pool1d,
    avg_pool2d,
    global_avg_pool,
    max_pool1d,
    max_pool2d,
)
from .positions import rotary, sinusoidal_positions
from .resampling import interpolate
from .reversal import gradient_reversal
from .softmax import log_softmax, logsumexp, softmax

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "attention_weights",
    "avg_pool1d",
    "avg_pool2d",
    "binary_cross_entropy_with_logits",
    "causal_mask",
    "conv1d",
    "conv2d",
    "conv_transpose1d",
    "conv_transpose2d",
    "cosine_embedding_loss",
    "cosine_similarity",
    "cross_entropy",
    "dropout",
    "elu",
    "embedding",
    "erf",
    "gaussian_nll_loss",
    "gelu",
    "global_avg_pool",
    "gradient_reversal",
    "hinge_loss",
    "huber_loss",
    "info_nce",
    "interpolate",
    "kl_div",
    "l1_loss",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "logsumexp",
    "max_pool1d",
    "max_pool2d",
    "mish",
    "mse_loss",
    "nll_loss",
    "one_hot",
    "prelu",
    "relu",
    "rms_normalize",
    "rotary",
    "scaled_dot_product_attention",
    "sigmoid",
    "silu",
    "sinusoidal_positions",
    "softmax",
    "softplus",
    "standardize",
    "triplet_margin_loss",
]
