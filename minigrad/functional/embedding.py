"""Rows of a table, found by their numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..conversion import as_array
from ..vjps import as_index, primitive
from ..vjps.detaching import detached


def embedding(indices: Any, weight: Any, padding_idx: int | None = None) -> Any:
    """The rows of a table, one for each index: weight[indices].

    Args:
        indices: integers in [0, num_embeddings), any shape.
        weight: the table, shape (num_embeddings, embedding_dim).
        padding_idx: the row which gets no gradient, counted from the end if negative; or None.

    Returns:
        Shape (*indices.shape, embedding_dim), in the dtype of the table.

    Raises:
        TypeError: the indices are not integers.
        IndexError: an index lies outside the table. Deviation: NumPy would count negative ones
            from the end.
        ValueError: the table has not two axes, or `padding_idx` lies outside it.

    Example:
        >>> import minigrad.functional as F
        >>> table = np.array([[0.0, 0.0], [1.0, 2.0], [3.0, 4.0]])
        >>> F.embedding([2, 1], table)
        array([[3., 4.],
               [1., 2.]])

    Source: Bengio et al. 2003, "A neural probabilistic language model", section 2, the matrix C.
    """
    if np.ndim(weight) != 2:
        raise ValueError(
            "embedding needs a table of shape (num_embeddings, embedding_dim), got one of shape "
            f"{np.shape(weight)}"
        )
    indices = as_index(indices)
    if indices.dtype.kind not in "iu":
        raise TypeError(
            f"embedding needs integers as indices, got {indices.dtype}; convert them: "
            "indices.astype(int)"
        )
    indices = as_array(indices, copy=False)
    rows = weight.shape[0]
    _check_range(indices, rows)
    found = weight[indices]
    if padding_idx is None:
        return found
    is_padding = np.equal(indices, row_number(padding_idx, rows))
    return np.where(is_padding[..., None], detached(found), found)


def row_number(index: int, rows: int) -> int:
    """The number of the row that is left without a gradient, counted from the start."""
    if not -rows <= index < rows:
        raise ValueError(f"padding_idx must be a row of the {rows} of the table, got {index}")
    return index % rows


@primitive
def _check_range(indices: Any, rows: int) -> int:
    """The number of indices; all of them are rows."""
    if indices.size and (indices.min() < 0 or indices.max() >= rows):
        raise IndexError(
            f"embedding: indices must lie in [0, {rows}), the rows of the table; got "
            f"{indices.min()} to {indices.max()}"
        )
    return int(indices.size)


_check_range.has_effect = True  # type: ignore[attr-defined]  # programs keep the check
