"""The same samples in torch: value, first and second derivative, against ours."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from derivatives import our_derivatives
from samples import Fixed

# NumPy's names of options, in torch.
OPTIONS = {"axis": "dim", "keepdims": "keepdim", "ddof": "correction"}


def as_torch(a: Any) -> Any:
    if isinstance(a, Fixed):
        return as_torch(a.array)
    if isinstance(a, list):
        return [as_torch(b) for b in a]
    return torch.tensor(a) if isinstance(a, np.ndarray) else a


def project(outputs: Any) -> Any:
    """The number that `derivatives.project` makes, of torch's tensors."""
    parts = [outputs] if isinstance(outputs, torch.Tensor) else list(outputs)
    weights = iter(np.random.default_rng(0).standard_normal(200))
    return sum(
        (y * torch.tensor([next(weights) for _ in range(y.numel())]).reshape(y.shape)).sum()
        for y in parts
    )


def their_derivatives(fn: Any, sample: Any) -> tuple[Any, list[Any], list[Any]]:
    """Value, first and second derivatives; raises where torch cannot do the call."""
    xs = [torch.tensor(x, requires_grad=True) for x in sample.inputs]
    rest = iter(xs)

    def place(a: Any) -> Any:
        if isinstance(a, list):
            return [place(b) for b in a]
        return next(rest) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else as_torch(a)

    options = {OPTIONS.get(k, k): as_torch(v) for k, v in sample.params.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of variances of nothing, and the like
        y = fn(*map(place, sample.args), **options)
    first = torch.autograd.grad(
        project(y), xs, create_graph=True, allow_unused=True, materialize_grads=True
    )
    total = project(first)
    second = [torch.zeros_like(x) for x in xs]
    if total.requires_grad:
        second = torch.autograd.grad(total, xs, allow_unused=True, materialize_grads=True)
    return y, first, second


def compare(fn: Any, theirs: Any, samples: list[Any], atol: float = 1e-11) -> int:
    """Check every sample that torch can compute too; how many there were."""
    compared = 0
    for sample in samples:
        if any(isinstance(a, np.generic) for a in sample.args):
            continue  # NumPy's numbers have a dtype; to torch they are Python's
        try:
            y, *expected = their_derivatives(theirs, sample)
        except (TypeError, RuntimeError, IndexError, ValueError):
            continue  # torch has no such call: an option, a number in place of a tensor
        value = sample.call(fn, sample.inputs)
        parts = [y] if isinstance(y, torch.Tensor) else list(y)
        ours = [value] if hasattr(value, "shape") else list(value)
        if [tuple(p.shape) for p in parts] != [np.shape(v) for v in ours]:
            continue  # a call that means something else in torch
        for p, v in zip(parts, ours, strict=True):
            np.testing.assert_allclose(v, p.numpy(force=True), rtol=1e-10, atol=1e-12)
        for found, wanted in zip(our_derivatives(fn, sample), expected, strict=True):
            for g, w in zip(found, wanted, strict=True):
                if torch.isfinite(w).all():  # torch divides by singular values that are 0
                    assert_close(getattr(g, "data", g), w.numpy(force=True), atol)
        compared += 1
    return compared


def assert_close(ours: Any, theirs: Any, atol: float) -> None:
    np.testing.assert_allclose(np.asarray(ours), theirs, rtol=1e-9, atol=atol)
