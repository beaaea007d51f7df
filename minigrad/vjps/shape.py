"""The rules of functions that only rearrange elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from .axes import inverse_of
from .registry import defcomposite, defvjp, primitive


@primitive
def astype(x: Any, dtype: Any) -> Any:
    """x as another floating-point type."""
    return x.astype(dtype)


defvjp(astype, lambda g, y, x, dtype: astype(g, x.dtype))
defvjp(np.copy, lambda g, y, x: g)


def _reshape_rule(g: Any, y: Any, x: Any, shape: Any, order: Any = "C") -> Any:
    if order == "C":
        return g.reshape(x.shape)
    if order == "F":
        return np.reshape(g, x.shape, order)
    raise TypeError(f"reshape on tensors: the order must be 'C' or 'F', got {order!r}")


defvjp(np.reshape, _reshape_rule)
defcomposite(np.ravel, lambda x: np.reshape(x, -1))
defvjp(np.expand_dims, lambda g, y, x, axis: g.reshape(x.shape))
defvjp(np.squeeze, lambda g, y, x, axis=None: g.reshape(x.shape))
defvjp(np.broadcast_to, lambda g, y, x, shape: g)
defvjp(
    np.transpose,
    lambda g, y, x, axes=None: np.transpose(g, None if axes is None else inverse_of(axes, x.ndim)),
)
defvjp(np.swapaxes, lambda g, y, x, axis1, axis2: np.swapaxes(g, axis1, axis2))
defcomposite(np.matrix_transpose, lambda x: np.swapaxes(x, -1, -2))
defvjp(
    np.moveaxis,
    lambda g, y, x, source, destination: np.moveaxis(g, destination, source),
)
defvjp(np.flip, lambda g, y, x, axis=None: np.flip(g, axis))
defvjp(np.tril, lambda g, y, x, k=0: np.tril(g, k))
defvjp(np.triu, lambda g, y, x, k=0: np.triu(g, k))


def _roll_rule(g: Any, y: Any, x: Any, shift: Any, axis: Any = None) -> Any:
    back = tuple(-s for s in shift) if isinstance(shift, (tuple, list)) else -shift
    return np.roll(g, back, axis)


defvjp(np.roll, _roll_rule)
