"""What losses have in common: checks of their arguments, and the way from many to one."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...vjps import primitive


def reduced(losses: Any, reduction: str, total: Any = None) -> Any:
    """The mean divides by `total`; by the number of losses if that is None."""
    if reduction == "mean":
        if total is None:
            return losses.mean()
        return losses.sum() / total
    if reduction == "sum":
        return losses.sum()
    if reduction == "none":
        return losses
    raise ValueError(f'reduction must be "mean", "sum" or "none", got {reduction!r}')


def matching(name: str, prediction: Any, target: Any) -> Any:
    """The target, checked to have the prediction's shape, and its dtype if it is whole numbers."""
    target = target if hasattr(target, "dtype") else np.asarray(target, prediction.dtype)
    require_same_shape(name, prediction, target)
    return target if target.dtype.kind == "f" else target.astype(prediction.dtype)


def require_same_shape(name: str, a: Any, b: Any) -> None:
    if a.shape != b.shape:
        raise ValueError(
            f"{name}: the two arguments must have the same shape, got {a.shape} and {b.shape}; "
            "reshape one of them"
        )


@primitive
def require_all(conditions: Any, message: str) -> int:
    """The number of conditions; all of them hold."""
    if not np.all(conditions):
        broken = np.size(conditions) - np.count_nonzero(conditions)
        raise ValueError(f"{message}; {broken} of {np.size(conditions)} break that")
    return int(np.size(conditions))


require_all.has_effect = True  # type: ignore[attr-defined]  # programs keep the check
