"""The rules of functions that only rearrange elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from .axes import inverse_of
from .registry import Function, defcomposite, defvjp, primitive


@primitive
def astype(x: Any, dtype: Any) -> Any:
    """x as another floating-point type."""
    return x.astype(dtype)


defvjp(astype, lambda g, y, x, dtype: astype(g, x.dtype))
defcomposite(np.astype, lambda x, dtype: x.astype(dtype))
defvjp(np.copy, lambda g, y, x: g)


def _reshape_rule(g: Any, y: Any, x: Any, shape: Any, order: Any = "C") -> Any:
    if order == "C":
        return g.reshape(x.shape)
    if order == "F":
        return np.reshape(g, x.shape, order)
    raise TypeError(f"reshape on tensors: the order must be 'C' or 'F', got {order!r}")


defvjp(np.reshape, _reshape_rule)
defcomposite(np.ravel, lambda x, order="C": np.reshape(x, -1, order))
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
defvjp(np.fliplr, lambda g, y, x: np.fliplr(g))
defvjp(np.flipud, lambda g, y, x: np.flipud(g))
defvjp(np.rot90, lambda g, y, x, k=1, axes=(0, 1): np.rot90(g, -k, axes))
defvjp(np.tril, lambda g, y, x, k=0: np.tril(g, k))
defvjp(np.triu, lambda g, y, x, k=0: np.triu(g, k))


def _rollaxis_rule(g: Any, y: Any, x: Any, axis: int, start: int = 0) -> Any:
    axis, start = axis % x.ndim, start + x.ndim if start < 0 else start
    return np.moveaxis(g, start - (axis < start), axis)


defvjp(np.rollaxis, _rollaxis_rule)


def _roll_rule(g: Any, y: Any, x: Any, shift: Any, axis: Any = None) -> Any:
    back = tuple(-s for s in shift) if isinstance(shift, (tuple, list)) else -shift
    return np.roll(g, back, axis)


defvjp(np.roll, _roll_rule)


def _tile_rule(g: Any, y: Any, x: Any, reps: Any) -> Any:
    """The sum over the copies, whose numbers and own axes alternate in the output's shape."""
    copies = np.atleast_1d(np.asarray(reps)).tolist()
    copies = [1] * (y.ndim - len(copies)) + copies
    lengths = [1] * (y.ndim - x.ndim) + list(x.shape)
    both = [n for pair in zip(copies, lengths, strict=True) for n in pair]
    return np.add.reduce(g.reshape(both), axis=tuple(range(0, len(both), 2))).reshape(x.shape)


defvjp(np.tile, _tile_rule)


# Several arrays at once.


def _broadcast_arrays(*arrays: Any) -> tuple[Any, ...]:
    shape = np.broadcast_shapes(*map(np.shape, arrays))
    return tuple(np.broadcast_to(a, shape) for a in arrays)


def _at_least(fn: Function) -> Function:
    """Ask NumPy for the shape, and reshape."""

    def definition(*arrays: Any) -> Any:
        shapes = [fn(np.broadcast_to(False, np.shape(a))).shape for a in arrays]
        results = tuple(np.reshape(a, s) for a, s in zip(arrays, shapes, strict=True))
        return results[0] if len(results) == 1 else results

    return definition


def _meshgrid(
    *arrays: Any, copy: bool = True, sparse: bool = False, indexing: Any = "xy"
) -> tuple[Any, ...]:
    """Each array along an axis of its own; of these, NumPy makes the open grid's shapes."""
    open_grid = np.meshgrid(
        *(np.broadcast_to(False, np.shape(a)) for a in arrays), sparse=True, indexing=indexing
    )
    results = tuple(np.reshape(a, o.shape) for a, o in zip(arrays, open_grid, strict=True))
    results = results if sparse else np.broadcast_arrays(*results)
    return tuple(map(np.copy, results)) if copy else results


defcomposite(np.broadcast_arrays, _broadcast_arrays)
for _fn in (np.atleast_1d, np.atleast_2d, np.atleast_3d):
    defcomposite(_fn, _at_least(_fn))
defcomposite(np.meshgrid, _meshgrid)
