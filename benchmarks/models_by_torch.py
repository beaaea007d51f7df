"""The architectures in PyTorch; imported in the processes that time it, and nowhere else."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from by_numpy import Step
from models import HEADS, HIDDEN, INNER, LENGTH, MODELS, VOCABULARY, WIDTH, draw
from torch import nn

torch.set_num_threads(2)


def lenet() -> nn.Module:
    features = nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2)
    more = nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()
    dense = nn.Linear(256, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)
    return nn.Sequential(*features, *more, *dense)


class CharLSTM(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, HIDDEN)
        self.lstm = nn.LSTM(HIDDEN, HIDDEN, batch_first=True)
        self.head = nn.Linear(HIDDEN, VOCABULARY)

    def forward(self, x: Any) -> Any:
        return self.head(self.lstm(self.embedding(x))[0])


class Transformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        length = LENGTH["transformer"]
        self.tokens = nn.Embedding(VOCABULARY, WIDTH)
        self.positions = nn.Parameter(torch.zeros(length, WIDTH))
        options = {
            "dropout": 0.0,
            "activation": partial(nn.functional.gelu, approximate="tanh"),
            "batch_first": True,
            "norm_first": True,
        }
        blocks = (nn.TransformerEncoderLayer(WIDTH, HEADS, INNER, **options) for _ in range(2))
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, VOCABULARY)
        self.mask = nn.Transformer.generate_square_subsequent_mask(length)

    def forward(self, x: Any) -> Any:
        h = self.tokens(x) + self.positions
        for block in self.blocks:
            h = block(h, src_mask=self.mask, is_causal=True)
        return self.head(self.norm(h))


BUILDERS = {"lenet": lenet, "lstm": CharLSTM, "transformer": Transformer}


def step(key: str, compiled: bool = False, **options: bool) -> Step:
    weights, x, y = draw(key)
    module = BUILDERS[key]()
    module.load_state_dict({name: torch.from_numpy(w) for name, w in weights.items()})
    rule = getattr(torch.optim, MODELS[key].optimizer)
    optimizer = rule(module.parameters(), lr=MODELS[key].lr, **options)
    inputs, labels = torch.from_numpy(x), torch.from_numpy(y).reshape(-1)

    def forward() -> Any:
        logits = module(inputs)
        return nn.functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), labels)

    update = optimizer.step
    if compiled:  # the backward pass is compiled with the forward pass
        forward, update = torch.compile(forward), torch.compile(update)

    def train_step() -> Any:
        loss = forward()
        optimizer.zero_grad()
        loss.backward()
        update()
        return loss

    return train_step
