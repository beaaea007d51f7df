"""Steps in minigrad: as they are written, compiled, and many of them in one call."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
from by_numpy import Step
from cases import Case, draw

import minigrad as mg
import minigrad.functional as F
from minigrad import nn


def training(case: Case) -> tuple[Any, nn.Module, np.ndarray, np.ndarray]:
    """The training step as a function of a batch, its model, and the batch."""
    weights, x, y = draw(case)
    layers: list[nn.Module] = []
    for n, m in zip(case.sizes, case.sizes[1:], strict=False):
        layers += [nn.Linear(n, m), nn.Tanh() if case.activation == "tanh" else nn.ReLU()]
    model = nn.Sequential(*layers[:-1])
    model.load_state_dict(dict(zip(model.state_dict(), weights, strict=True)))
    optimizer = getattr(mg.optim, case.optimizer)(model.parameters(), lr=case.lr)
    loss_of = F.mse_loss if case.loss == "mse" else F.cross_entropy

    def train_step(x: Any, y: Any) -> Any:
        loss = loss_of(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return train_step, model, x, y


def minigrad_step(case: Case, backend: str | None = None, steps: int | None = None) -> Step:
    """One step a call, compiled if a backend is named; or `steps` of them in one call."""
    train_step, _, x, y = training(case)
    if backend is not None:
        train_step = mg.compile(train_step, backend=backend)
    if steps is None:
        return lambda: train_step(x, y)
    xs, ys = (np.stack([a] * steps) for a in (x, y))
    return lambda: train_step.loop(xs, ys)


def eager_bytes(case: Case) -> int:
    """The most memory that a step has at once for what it makes: intermediates and gradients."""
    train_step, model, x, y = training(case)
    train_step(x, y)
    model.zero_grad()
    tracemalloc.start()
    train_step(x, y)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def compiled_bytes(case: Case) -> int:
    """The same for a compiled step, which has all of its memory from the beginning."""
    train_step, _, x, y = training(case)
    compiled = mg.compile(train_step)
    compiled(x, y)
    explanation = compiled.explain()
    return int(explanation.arena + explanation.kept)
