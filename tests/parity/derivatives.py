"""First and second derivatives of a sample, as numbers that a peer's can be compared with."""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad as mg


def project(outputs: Any) -> Any:
    """A number that depends on every element of the output, or of each of several."""
    parts = [outputs] if hasattr(outputs, "shape") else list(outputs)
    weights = iter(np.random.default_rng(0).standard_normal(200))
    return sum(
        (y * np.reshape([next(weights) for _ in range(y.size)], y.shape)).sum() for y in parts
    )


def our_derivatives(fn: Any, sample: Any) -> tuple[list[Any], list[Any]]:
    xs = [mg.tensor(x, requires_grad=True) for x in sample.inputs]
    first = mg.grad(project(sample.call(fn, xs)), xs, create_graph=True)
    total = project(first)
    none = [None] * len(xs)
    second = mg.grad(total, xs, allow_unused=True) if total.requires_grad else none
    zeros = [np.zeros_like(x) for x in sample.inputs]
    return first, [z if g is None else g for g, z in zip(second, zeros, strict=True)]
