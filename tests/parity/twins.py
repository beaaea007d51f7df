"""A module here and its twin in torch, with the same weights: values, gradients, names, files."""

from __future__ import annotations

from typing import Any

import numpy as np
import safetensors.torch
import torch

import minigrad as mg
from minigrad.train import load_model, save_model


def in_double(build: Any, *args: Any) -> Any:
    """What `build` makes with float64 as the default dtype."""
    mg.set_default_dtype(np.float64)
    try:
        return build(*args)
    finally:
        mg.set_default_dtype(np.float32)


def as_torch(a: Any, requires_grad: bool = False) -> Any:
    t = torch.tensor(np.array(a))
    return t.requires_grad_(requires_grad and t.is_floating_point())


def share_weights(ours: Any, theirs: Any, folder: Any, seed: int = 0) -> None:
    """Draw new weights for both; through files, in both directions.

    Names, order and shapes have to be equal.
    """
    rng = np.random.default_rng(seed)
    state = {name: as_torch(drawn(rng, name, a)) for name, a in theirs.state_dict().items()}
    expected = [(name, tuple(a.shape)) for name, a in state.items()]
    assert [(name, a.shape) for name, a in ours.state_dict().items()] == expected
    theirs.load_state_dict(state)
    safetensors.torch.save_file(state, folder / "theirs.safetensors")
    load_model(ours, folder / "theirs.safetensors")
    save_model(ours, folder / "ours.safetensors")
    back = safetensors.torch.load_file(folder / "ours.safetensors")
    theirs.load_state_dict(back)
    for name, array in ours.state_dict().items():
        np.testing.assert_array_equal(array, back[name].numpy())


def drawn(rng: np.random.Generator, name: str, like: torch.Tensor) -> Any:
    """Random numbers, positive for a variance or the length of a vector; counters stay."""
    if not like.is_floating_point():
        return like.numpy()
    values = 0.5 * rng.standard_normal(tuple(like.shape))
    return np.abs(values) + 0.1 if name.endswith(("_var", "original0")) else values


def assert_twins(
    ours: Any,
    theirs: Any,
    folder: Any,
    *inputs: Any,
    rtol: float = 1e-10,
    atol: float = 1e-11,
    **options: Any,
) -> None:
    """Compare values, and gradients of parameters and of floating inputs, in float64.

    Args:
        ours: made `in_double`.
        theirs: the twin; made double here.
        folder: where the files with the weights go.
        inputs: arrays.
        rtol, atol: tolerances.
        options: keyword arguments for both.
    """
    theirs = theirs.double()
    share_weights(ours, theirs, folder)
    xs = [mg.tensor(a, requires_grad=np.asarray(a).dtype.kind == "f") for a in inputs]
    txs = [as_torch(a, requires_grad=True) for a in inputs]
    ys, tys = outputs(ours(*xs, **options)), outputs(theirs(*txs, **options))
    assert len(ys) == len(tys)
    rng = np.random.default_rng(1)
    weights = [rng.standard_normal(y.shape) for y in ys]
    total = sum((y * w).sum() for y, w in zip(ys, weights, strict=True))
    total.backward()
    sum((t * as_torch(w)).sum() for t, w in zip(tys, weights, strict=True)).backward()
    for y, t in zip(ys, tys, strict=True):
        np.testing.assert_allclose(y.data, t.numpy(force=True), rtol=rtol, atol=atol)
    pairs = [(f"input {i}", x, t) for i, (x, t) in enumerate(zip(xs, txs, strict=True))]
    other = dict(theirs.named_parameters())
    pairs += [(name, p, other[name]) for name, p in ours.named_parameters()]
    for name, x, t in pairs:
        if t.grad is not None:
            assert x.grad is not None, name
            found, wanted = x.grad.data, t.grad.numpy()
            np.testing.assert_allclose(found, wanted, rtol=rtol, atol=atol, err_msg=name)
    buffers = dict(theirs.named_buffers())
    for name, array in ours.named_buffers():
        np.testing.assert_allclose(array, buffers[name].numpy(), rtol=rtol, err_msg=name)


def outputs(y: Any) -> list[Any]:
    """One tensor, or nested tuples of them, in a row; what is None in either is left out."""
    if isinstance(y, (tuple, list)):
        return [part for item in y for part in outputs(item)]
    return [] if y is None else [y]
