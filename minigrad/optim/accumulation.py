"""A large batch in small pieces: gradients are added up, and the optimizer steps once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..tensor import Tensor


def _rows(*batch: Any) -> int:
    return len(batch[0])


def accumulate(
    loss_of: Callable[..., Tensor],
    batches: Iterable[tuple[Any, ...]],
    count: Callable[..., int] = _rows,
) -> Tensor:
    """Add the gradients of the mean loss over all rows of several micro-batches.

        L = sum_k (n_k / n) L_k        n_k rows in micro-batch k, n in all

    As `backward` adds to gradients that are there, this is all that gradient accumulation is: the
    gradients are those of one batch of n rows, also if the last micro-batch is smaller, but only
    one micro-batch's graph is in memory at a time. It stands where `loss.backward()` stands,
    between `zero_grad` and clipping or `step`. (The equality holds for losses that are means over
    rows, of models that treat each row alike; batch normalisation does not.)

    Args:
        loss_of: from the members of a micro-batch to its mean loss.
        batches: the micro-batches, tuples such as (x, y).
        count: how much a micro-batch weighs, from its members; the rows of the first one, if not
            given. Where the loss is a mean over other things, such as tokens, count these.

    Returns:
        L, without a graph.

    Raises:
        ValueError: there is no micro-batch, or all are empty.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> w = mg.Parameter([2.0])
        >>> x = np.array([1.0, 2.0, 3.0], np.float32)
        >>> loss = mg.optim.accumulate(lambda x: (w * x).mean(), [(x[:2],), (x[2:],)])
        >>> loss.item(), w.grad.item()  # as of all three rows at once
        (4.0, 2.0)
    """
    batches = list(batches)
    counts = [count(*batch) for batch in batches]
    total = sum(counts)
    if not total:
        raise ValueError(f"expected micro-batches with rows, got {len(batches)} with none")
    parts = []
    for batch, n in zip(batches, counts, strict=True):
        part = loss_of(*batch) * (n / total)
        part.backward()
        parts.append(part.detach())
    return sum(parts[1:], parts[0])
