"""The training steps that are compared: networks, data, initial weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Case:
    name: str
    sizes: tuple[int, ...]
    batch: int
    activation: str
    loss: str
    optimizer: str
    lr: float
    target: float  # how many times faster than PyTorch eager, without compiling


CASES = [
    Case("(a) 2-16-16-1 tanh, 100 points, SGD", (2, 16, 16, 1), 100, "tanh", "mse", "SGD", 0.01, 2.5),
    Case("(b) 64-128-64-10, batch 64, Adam", (64, 128, 64, 10), 64, "relu", "ce", "Adam", 1e-3, 1.9),
    Case("(c) 784-512-256-10, batch 128, Adam", (784, 512, 256, 10), 128, "relu", "ce", "Adam", 1e-3, 1.3),
]  # fmt: skip


def draw(case: Case) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Initial weights and biases, inputs and targets."""
    rng = np.random.default_rng(0)
    weights: list[np.ndarray] = []
    for n, m in zip(case.sizes, case.sizes[1:], strict=False):
        weights.append((rng.normal(size=(m, n)) / np.sqrt(n)).astype(np.float32))
        weights.append(np.zeros(m, np.float32))
    x = rng.normal(size=(case.batch, case.sizes[0])).astype(np.float32)
    if case.loss == "mse":
        return weights, x, np.sin(x.sum(axis=1, keepdims=True))
    return weights, x, rng.integers(0, case.sizes[-1], case.batch)
