"""Functions without a derivative: on tensors they return plain arrays."""

from __future__ import annotations

import numpy as np

from .registry import defconstant

# Functions without a derivative: on tensors they return plain arrays.

defconstant(
    np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal,
    np.isnan, np.isinf, np.isfinite, np.signbit, np.isclose, np.allclose, np.array_equal,
    np.logical_not, np.logical_and, np.logical_or, np.logical_xor, np.any, np.all,
    np.argmax, np.argmin, np.argsort, np.searchsorted, np.unique, np.digitize,
    np.nonzero, np.count_nonzero, np.flatnonzero, np.argwhere, np.bincount,
    np.shape, np.ndim, np.size, np.result_type, np.shares_memory, np.may_share_memory,
    np.zeros_like, np.ones_like, np.full_like, np.empty_like, np.array2string,
)  # fmt: skip
