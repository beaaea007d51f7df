"""Steps in MyGrad, which has no optimizers; the update is the one by hand."""

from __future__ import annotations

from typing import Any

import mygrad
from by_numpy import Step, Update
from cases import Case, draw
from mygrad.nnet.losses import softmax_crossentropy


def mygrad_step(case: Case) -> Step:
    weights, x, y = draw(case)
    params = [mygrad.tensor(w) for w in weights]
    update = Update([p.data for p in params], case.optimizer, case.lr)

    def step() -> Any:
        h = x
        for k in range(0, len(params), 2):
            h = h @ params[k].T + params[k + 1]
            if k < len(params) - 2:
                h = mygrad.tanh(h) if case.activation == "tanh" else mygrad.maximum(h, 0)
        loss = ((h - y) ** 2).mean() if case.loss == "mse" else softmax_crossentropy(h, y)
        loss.backward()
        update([p.grad for p in params])
        return loss.data

    return step
