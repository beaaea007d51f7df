"""The architectures in minigrad: as they are written, and compiled."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from by_numpy import Step
from models import HEADS, HIDDEN, INNER, LENGTH, MODELS, VOCABULARY, WIDTH, draw

import minigrad as mg
import minigrad.functional as F
from minigrad import nn


def lenet() -> nn.Module:
    features = nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2)
    more = nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()
    dense = nn.Linear(256, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)
    return nn.Sequential(*features, *more, *dense)


class CharLSTM(nn.Module):
    def __init__(self) -> None:
        self.embedding = nn.Embedding(VOCABULARY, HIDDEN)
        self.lstm = nn.LSTM(HIDDEN, HIDDEN, batch_first=True)
        self.head = nn.Linear(HIDDEN, VOCABULARY)

    def forward(self, x: Any) -> Any:
        return self.head(self.lstm(self.embedding(x))[0])


class Transformer(nn.Module):
    def __init__(self) -> None:
        self.tokens = nn.Embedding(VOCABULARY, WIDTH)
        self.positions = nn.Parameter(np.zeros((LENGTH["transformer"], WIDTH), np.float32))
        options = {
            "dropout": 0.0,
            "activation": partial(F.gelu, approximate="tanh"),
            "batch_first": True,
            "norm_first": True,
        }
        blocks = (nn.TransformerEncoderLayer(WIDTH, HEADS, INNER, **options) for _ in range(2))
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, VOCABULARY)

    def forward(self, x: Any) -> Any:
        h = self.tokens(x) + self.positions
        for block in self.blocks:
            h = block(h, is_causal=True)
        return self.head(self.norm(h))


BUILDERS = {"lenet": lenet, "lstm": CharLSTM, "transformer": Transformer}


def training(key: str) -> tuple[Any, Any, Any]:
    """The training step as a function of a batch, and the batch."""
    weights, x, y = draw(key)
    module = BUILDERS[key]()
    module.load_state_dict(weights)
    optimizer = getattr(mg.optim, MODELS[key].optimizer)(module.parameters(), lr=MODELS[key].lr)
    if MODELS[key].optimizer == "AdamW":
        optimizer = mg.optim.AdamW(module.parameters(), lr=MODELS[key].lr, weight_decay=0.01)

    def train_step(x: Any, y: Any) -> Any:
        logits = module(x)
        loss = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), y.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return train_step, x, y


def step(key: str, backend: str | None = None) -> Step:
    train_step, x, y = training(key)
    if backend is not None:
        train_step = mg.compile(train_step, backend=backend)
    return lambda: train_step(x, y)
