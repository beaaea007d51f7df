"""Several tensors as one, where the graph needs a single node for all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..tensor import Tensor


def packed(tensors: Sequence[Tensor]) -> Tensor:
    """All elements in one vector; a single tensor stays as it is."""
    if len(tensors) == 1:
        return tensors[0]
    return np.concatenate([np.ravel(t) for t in tensors])  # type: ignore[return-value]


def unpacked(whole: Tensor, like: Sequence[Tensor]) -> list[Tensor]:
    """What `packed` made one, apart again: tensors of the shapes and dtypes of `like`."""
    if len(like) == 1:
        return [whole]
    ends = np.cumsum([t.size for t in like]).tolist()
    return [
        whole[end - t.size : end].reshape(t.shape).astype(t.dtype)
        for t, end in zip(like, ends, strict=True)
    ]
