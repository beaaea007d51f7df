"""Functions without a derivative: on tensors they return plain arrays; and what tensors refuse."""

from __future__ import annotations

import numpy as np

from .registry import defconstant, defrefused

# Comparisons and conditions.

defconstant(
    np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal,
    np.logical_not, np.logical_and, np.logical_or, np.logical_xor, np.any, np.all, np.signbit,
    np.isnan, np.isinf, np.isfinite, np.isposinf, np.isneginf, np.isclose, np.allclose,
    np.array_equal, np.array_equiv, np.isin, np.isreal, np.iscomplex, np.isrealobj, np.iscomplexobj,
)  # fmt: skip

# Places, orders and counts.

defconstant(
    np.argmax, np.argmin, np.nanargmax, np.nanargmin, np.argsort, np.argpartition, np.lexsort,
    np.searchsorted, np.digitize, np.nonzero, np.flatnonzero, np.argwhere, np.count_nonzero,
    np.unique, np.unique_all, np.unique_counts, np.unique_inverse, np.unique_values,
    np.histogram_bin_edges, np.tril_indices_from, np.triu_indices_from, np.diag_indices_from,
)  # fmt: skip
defconstant(np.bincount, np.histogram, derivative_in="weights")

# Shapes, dtypes and memory; arrays of the same kind.

defconstant(
    np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.min_scalar_type, np.common_type,
    np.shares_memory, np.may_share_memory, np.zeros_like, np.ones_like, np.empty_like,
)  # fmt: skip
defconstant(np.full_like, derivative_in="fill_value")

# Text and files.

defconstant(
    np.array2string, np.array_repr, np.array_str,
    np.save, np.savez, np.savez_compressed, np.savetxt,
)  # fmt: skip

# Functions that write into an argument.

defrefused(
    "it writes into its argument, which no graph would know of; write x[index] = value, or take "
    "np.where",
    np.copyto, np.put, np.place, np.putmask, np.put_along_axis, np.fill_diagonal,
)  # fmt: skip
