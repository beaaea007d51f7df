"""Three architectures that are compared: sizes, data and initial weights, by PyTorch's names."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

Weights = dict[str, np.ndarray]


@dataclass(frozen=True)
class Model:
    """An architecture, and how it is trained.

    Attributes:
        name: what tables call it.
        shapes: the parameters, as in the state dict of the modules in PyTorch.
        batch: how many examples a step sees.
        optimizer, lr: what makes the update.
        limits: at most so many times the time of a peer: (column, peer) -> ratio.
    """

    name: str
    shapes: dict[str, tuple[int, ...]]
    batch: int
    optimizer: str
    lr: float
    limits: dict[tuple[str, str], float]


VOCABULARY, LENGTH = 103, {"lstm": 32, "transformer": 64}
HIDDEN = 128
WIDTH, HEADS, INNER, LAYERS = 64, 4, 256, 2


def _dense(name: str, out: int, into: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (out, into), f"{name}.bias": (out,)}


def _norm(name: str) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (WIDTH,), f"{name}.bias": (WIDTH,)}


def _block(name: str) -> dict[str, tuple[int, ...]]:
    return {
        f"{name}.self_attn.in_proj_weight": (3 * WIDTH, WIDTH),
        f"{name}.self_attn.in_proj_bias": (3 * WIDTH,),
        **_dense(f"{name}.self_attn.out_proj", WIDTH, WIDTH),
        **_dense(f"{name}.linear1", INNER, WIDTH),
        **_dense(f"{name}.linear2", WIDTH, INNER),
        **_norm(f"{name}.norm1"),
        **_norm(f"{name}.norm2"),
    }


LENET = {
    "0.weight": (6, 1, 5, 5),
    "0.bias": (6,),
    "3.weight": (16, 6, 5, 5),
    "3.bias": (16,),
    **_dense("7", 120, 256),
    **_dense("9", 84, 120),
    **_dense("11", 10, 84),
}
LSTM = {
    "embedding.weight": (VOCABULARY, HIDDEN),
    "lstm.weight_ih_l0": (4 * HIDDEN, HIDDEN),
    "lstm.weight_hh_l0": (4 * HIDDEN, HIDDEN),
    "lstm.bias_ih_l0": (4 * HIDDEN,),
    "lstm.bias_hh_l0": (4 * HIDDEN,),
    **_dense("head", VOCABULARY, HIDDEN),
}
TRANSFORMER = {
    "tokens.weight": (VOCABULARY, WIDTH),
    "positions": (LENGTH["transformer"], WIDTH),
    **_block("blocks.0"),
    **_block("blocks.1"),
    **_norm("norm"),
    **_dense("head", VOCABULARY, WIDTH),
}

EAGER, NUMPY, NUMBA = "minigrad", "compiled (numpy)", "compiled (numba)"
TORCH, JAX = "torch", "jax.jit"

MODELS = {
    "lenet": Model(
        "LeNet, 1x28x28, batch 64, Adam",
        LENET,
        64,
        "Adam",
        1e-3,
        {(EAGER, TORCH): 2.2, (NUMPY, JAX): 1.0, (NUMBA, JAX): 0.7, (NUMBA, TORCH): 1.3},
    ),
    "lstm": Model(
        "character LSTM 128, T 32, batch 32, Adam",
        LSTM,
        32,
        "Adam",
        1e-3,
        {(EAGER, TORCH): 1.7, (NUMPY, TORCH): 0.8, (NUMBA, TORCH): 1.0},
    ),
    "transformer": Model(
        "transformer d 64, 2 layers, T 64, batch 16, AdamW",
        TRANSFORMER,
        16,
        "AdamW",
        1e-3,
        {(EAGER, TORCH): 1.1, (NUMPY, TORCH): 0.9, (NUMBA, TORCH): 0.8, (NUMBA, JAX): 0.8},
    ),
}


def draw(key: str) -> tuple[Weights, np.ndarray, np.ndarray]:
    """Initial weights, inputs and labels."""
    model, rng = MODELS[key], np.random.default_rng(0)
    weights = {name: _weight(rng, name, shape) for name, shape in model.shapes.items()}
    if key == "lenet":
        x = rng.standard_normal((model.batch, 1, 28, 28)).astype(np.float32)
        return weights, x, rng.integers(0, 10, model.batch)
    characters = rng.integers(0, VOCABULARY, (model.batch, LENGTH[key] + 1))
    return weights, characters[:, :-1].copy(), characters[:, 1:].copy()


def _weight(rng: np.random.Generator, name: str, shape: tuple[int, ...]) -> np.ndarray:
    if "norm" in name:
        return np.full(shape, float(name.endswith("weight")), np.float32)
    if len(shape) == 1:
        return np.zeros(shape, np.float32)
    bound = 1 / math.sqrt(math.prod(shape[1:]))
    return rng.uniform(-bound, bound, shape).astype(np.float32)
