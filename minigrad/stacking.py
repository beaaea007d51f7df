"""Tensors side by side: what `np.array` is for a nested list of numbers, with gradients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .conversion import as_array
from .tensor import Tensor


def stack(tensors: Sequence[Any], axis: int = 0) -> Tensor:
    """Join tensors of one shape along a new axis; gradients flow to each.

        y[i] = tensors[i]        (for axis 0)

    Args:
        tensors: n tensors, arrays or numbers of one shape; a (nested) list among them is stacked
            along its own first axis before.
        axis: where the new axis, of length n, stands in the result.

    Returns:
        A tensor of the dtype to which NumPy promotes those of the tensors and arrays; Python
        numbers take that dtype.

    Raises:
        ValueError: the shapes differ, or there are no tensors.

    Example:
        >>> import minigrad as mg
        >>> a, b = (mg.tensor([x, 2.0], requires_grad=True) for x in (0.0, 1.0))
        >>> y = mg.stack([a, b, [3, 4]], axis=1)
        >>> y.shape
        (2, 3)
        >>> mg.grad(y[0].prod() + y[1].sum(), a)
        tensor([3., 1.])
    """
    leaves = list(_leaves(tensors))
    typed = any(hasattr(a, "dtype") for a in leaves)
    dtype = np.result_type(*leaves) if typed else as_array(leaves).dtype
    result = _joined(tensors, dtype, axis)
    return result if isinstance(result, Tensor) else Tensor(result)


def holds_tensors(data: Any) -> bool:
    """Whether a tensor stands in nested lists or tuples."""
    if not isinstance(data, (list, tuple)):
        return False
    kinds = set(map(type, data))  # which takes a third of the time that looking at each would
    return any(issubclass(kind, Tensor) for kind in kinds) or (
        any(issubclass(kind, (list, tuple)) for kind in kinds) and any(map(holds_tensors, data))
    )


def _leaves(data: Any) -> Iterator[Any]:
    for a in data:
        if isinstance(a, (list, tuple)):
            yield from _leaves(a)
        else:
            yield a


def _joined(data: Any, dtype: Any, axis: int = 0) -> Any:
    if not isinstance(data, (list, tuple)):
        return data if hasattr(data, "shape") else as_array(data, dtype)
    parts = [_joined(a, dtype) for a in data]
    shapes = {np.shape(a) for a in parts}
    if len(shapes) != 1:
        raise ValueError(
            "a tensor needs nested lists of equal lengths, of parts of one shape: got parts of "
            f"{'no shape' if not shapes else ' and '.join(map(str, sorted(shapes)))}"
        )
    return np.stack(parts, axis)
