"""Steps in PyTorch; imported in the processes that time it, and nowhere else."""

from __future__ import annotations

from typing import Any

import torch
from by_numpy import Step
from cases import Case, draw

torch.set_num_threads(2)


def torch_step(case: Case, compiled: bool = False, **options: bool) -> Step:
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

    def forward() -> Any:
        return loss_of(model(inputs), targets)

    update = optimizer.step
    if compiled:  # the backward pass is compiled with the forward pass
        forward, update = torch.compile(forward), torch.compile(update)

    def step() -> Any:
        loss = forward()
        optimizer.zero_grad()
        loss.backward()
        update()
        return loss

    return step
