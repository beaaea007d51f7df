"""Steps as an expert writes them by hand in NumPy: vectorised, no graph, updates in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from cases import Case, draw

Step = Callable[[], Any]  # returns the loss


class Update:
    """SGD or Adam on a list of arrays."""

    def __init__(self, params: list[np.ndarray], optimizer: str, lr: float) -> None:
        self.params, self.optimizer, self.lr = params, optimizer, lr
        self.state = [(np.zeros_like(p), np.zeros_like(p)) for p in params]
        self.t = 0

    def __call__(self, grads: list[np.ndarray]) -> None:
        self.t += 1
        t = self.t
        for p, g, (m, v) in zip(self.params, grads, self.state, strict=True):
            if self.optimizer == "SGD":
                p -= self.lr * g
                continue
            m *= 0.9
            m += 0.1 * g
            v *= 0.999
            v += 0.001 * (g * g)
            p -= self.lr / (1 - 0.9**t) * m / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)


def numpy_step(case: Case) -> Step:
    params, x, y = draw(case)
    n, depth, rows = case.batch, len(case.sizes) - 1, np.arange(case.batch)
    update = Update(params, case.optimizer, case.lr)

    def step() -> Any:
        outputs = [x]
        for k in range(depth):
            z = outputs[-1] @ params[2 * k].T + params[2 * k + 1]
            if k < depth - 1:
                z = np.tanh(z) if case.activation == "tanh" else np.maximum(z, 0)
            outputs.append(z)
        if case.loss == "mse":
            d = outputs[-1] - y
            loss, d = (d * d).mean(), d * (2 / d.size)
        else:
            z = outputs[-1] - outputs[-1].max(axis=1, keepdims=True)
            p = np.exp(z)
            total = p.sum(axis=1, keepdims=True)
            loss = (np.log(total[:, 0]) - z[rows, y]).mean()
            p /= total
            p[rows, y] -= 1
            d = p / n
        grads: list[np.ndarray] = [d] * (2 * depth)
        for k in reversed(range(depth)):
            h = outputs[k]
            grads[2 * k], grads[2 * k + 1] = d.T @ h, d.sum(axis=0)
            if k:
                d = d @ params[2 * k]
                d = d * (1 - h * h) if case.activation == "tanh" else d * (h > 0)
        update(grads)
        return loss

    return step


def products(case: Case) -> Step:
    """The matrix products of a step and nothing else: what no compiler can save."""
    params, x, _ = draw(case)
    weights = params[::2]
    outputs = [x, *(np.ones((case.batch, len(w)), np.float32) for w in weights)]
    into = [np.empty_like(h) for h in outputs]
    grads = [np.empty_like(w) for w in weights]

    def step() -> None:
        for k, w in enumerate(weights):
            np.dot(outputs[k], w.T, out=into[k + 1])
        for k in reversed(range(len(weights))):
            d = outputs[k + 1]
            np.dot(d.T, outputs[k], out=grads[k])
            if k:
                np.dot(d, weights[k], out=into[k])

    return step
