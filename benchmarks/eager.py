"""One eager training step (forward, loss, backward, update) against PyTorch and NumPy by hand.

    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OMP_NUM_THREADS=2 python benchmarks/eager.py

float32, two threads, candidates take turns, each time in a fresh process; medians. All start from
the same weights, and must compute the same 20 losses to 5e-5 before anything is timed. Needs the `parity`
extra; the column of MyGrad appears if it is installed.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from harness import in_a_process, interleave, table

import minigrad as mg
import minigrad.functional as F
from minigrad import nn

torch.set_num_threads(2)
Step = Callable[[], Any]  # returns the loss


@dataclass(frozen=True)
class Case:
    name: str
    sizes: tuple[int, ...]
    batch: int
    activation: str
    loss: str
    optimizer: str
    lr: float
    target: float  # how many times faster than PyTorch eager


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


def minigrad_step(case: Case) -> Step:
    weights, x, y = draw(case)
    layers: list[nn.Module] = []
    for n, m in zip(case.sizes, case.sizes[1:], strict=False):
        layers += [nn.Linear(n, m), nn.Tanh() if case.activation == "tanh" else nn.ReLU()]
    model = nn.Sequential(*layers[:-1])
    model.load_state_dict(dict(zip(model.state_dict(), weights, strict=True)))
    optimizer = getattr(mg.optim, case.optimizer)(model.parameters(), lr=case.lr)
    loss_of = F.mse_loss if case.loss == "mse" else F.cross_entropy

    def step() -> Any:
        loss = loss_of(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step


def torch_step(case: Case, **options: bool) -> Step:
    weights, x, y = draw(case)
    layers: list[torch.nn.Module] = []
    for n, m in zip(case.sizes, case.sizes[1:], strict=False):
        act = torch.nn.Tanh() if case.activation == "tanh" else torch.nn.ReLU()
        layers += [torch.nn.Linear(n, m), act]
    model = torch.nn.Sequential(*layers[:-1])
    with torch.no_grad():
        for p, w in zip(model.parameters(), weights, strict=True):
            p.copy_(torch.from_numpy(w))
    optimizer = getattr(torch.optim, case.optimizer)(model.parameters(), lr=case.lr, **options)
    functional = torch.nn.functional
    loss_of = functional.mse_loss if case.loss == "mse" else functional.cross_entropy
    inputs, targets = torch.from_numpy(x), torch.from_numpy(y)

    def step() -> Any:
        loss = loss_of(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step


def numpy_step(case: Case) -> Step:
    """What an expert writes by hand: vectorised, no graph, updates in place."""
    params, x, y = draw(case)
    n, depth, rows = case.batch, len(case.sizes) - 1, np.arange(case.batch)
    state = [(np.zeros_like(p), np.zeros_like(p)) for p in params]
    t = 0

    def gradients() -> tuple[float, list[np.ndarray]]:
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
        return loss, grads

    def step() -> Any:
        nonlocal t
        loss, grads = gradients()
        t += 1
        for p, g, (m, v) in zip(params, grads, state, strict=True):
            if case.optimizer == "SGD":
                p -= case.lr * g
                continue
            m *= 0.9
            m += 0.1 * g
            v *= 0.999
            v += 0.001 * (g * g)
            p -= case.lr / (1 - 0.9**t) * m / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        return loss

    return step


def mygrad_step(case: Case) -> Step:
    """MyGrad has no optimizers; the update is the by-hand one."""
    import mygrad
    from mygrad.nnet.losses import softmax_crossentropy

    weights, x, y = draw(case)
    params = [mygrad.tensor(w) for w in weights]
    state = [(np.zeros_like(w), np.zeros_like(w)) for w in weights]
    t = 0

    def step() -> Any:
        nonlocal t
        h = x
        for k in range(0, len(params), 2):
            h = h @ params[k].T + params[k + 1]
            if k < len(params) - 2:
                h = mygrad.tanh(h) if case.activation == "tanh" else mygrad.maximum(h, 0)
        loss = ((h - y) ** 2).mean() if case.loss == "mse" else softmax_crossentropy(h, y)
        loss.backward()
        t += 1
        for p, (m, v) in zip(params, state, strict=True):
            g = p.grad
            if case.optimizer == "SGD":
                p.data -= case.lr * g
                continue
            m *= 0.9
            m += 0.1 * g
            v *= 0.999
            v += 0.001 * (g * g)
            p.data -= case.lr / (1 - 0.9**t) * m / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        return loss

    return step


def candidates(case: Case) -> dict[str, Callable[[], Step]]:
    made = {
        "minigrad": partial(minigrad_step, case),
        "NumPy by hand": partial(numpy_step, case),
        "torch eager": partial(torch_step, case),
    }
    if case.optimizer == "Adam":
        made["torch fused"] = partial(torch_step, case, fused=True)
    if importlib.util.find_spec("mygrad"):
        made["MyGrad"] = partial(mygrad_step, case)
    return made


def check_losses(case: Case) -> None:
    """All candidates compute the same 20 losses."""
    losses = {}
    for name, make in candidates(case).items():
        step = make()
        losses[name] = [step().item() for _ in range(20)]
    for name, values in losses.items():
        np.testing.assert_allclose(values, losses["torch eager"], atol=5e-5, err_msg=name)


def main() -> None:
    rows = {}
    for case in CASES:
        check_losses(case)
        times = interleave({name: in_a_process(make) for name, make in candidates(case).items()})
        speedup = times["torch eager"] / times["minigrad"]
        rows[case.name] = {**times, "x torch eager": speedup, "target": case.target}
    print(table(rows, "us per step"))


if __name__ == "__main__":
    main()
