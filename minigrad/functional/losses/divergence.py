"""The difference between distributions."""

from __future__ import annotations

from typing import Any

import numpy as np

from .reduction import matching, reduced


def kl_div(log_probs: Any, target: Any, reduction: str = "mean", log_target: bool = False) -> Any:
    """The Kullback-Leibler divergence of p from the target q, in nats; one term for each outcome.

        q (log q - log p), with 0 log 0 = 0

    Args:
        log_probs: log p, any shape; for instance from `log_softmax`.
        target: q of the same shape; or log q.
        reduction: "mean", "sum", "none"; or "batchmean", which divides the sum by the length of the
            first axis and so gives the mean divergence of distributions along the second one.
        log_target: whether `target` is log q.

    Returns:
        A scalar; with "none" one term an element.

    Raises:
        ValueError: the shapes differ, or an unknown reduction.

    Example:
        >>> import minigrad.functional as F
        >>> p, q = np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]])
        >>> float(F.kl_div(np.log(p), q, reduction="batchmean").round(4))
        0.6931

    Source: Kullback & Leibler 1951, "On information and sufficiency", equation 2.4. Conventions as
    in PyTorch. Deviation: at q = 0 all derivatives are 0, where that in q is infinite.
    """
    target = matching("kl_div", log_probs, target)
    if log_target:
        terms = np.exp(target) * (target - log_probs)
    else:
        nothing = np.equal(target, 0)
        log_q = np.log(np.where(nothing, 1, target))
        terms = target * (log_q - np.where(nothing, 0, log_probs))  # 0 * -inf would be nan
    if reduction == "batchmean":
        if terms.ndim == 0:
            raise ValueError("kl_div: batchmean needs a first axis, got a scalar")
        return terms.sum() / terms.shape[0]
    return reduced(terms, reduction)
