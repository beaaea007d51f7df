"""Tensors and networks for the tests of drawings."""

import numpy as np

import minigrad as mg
import minigrad.functional as F
from minigrad import nn


def leaf(value, name=None):
    tensor = mg.tensor(value, requires_grad=True)
    tensor.name = name
    return tensor


def ones(name, *shape):
    return leaf(np.ones(shape, np.float32), name)


def perceptron():
    return nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))


class Block(nn.Module):
    """x + W relu(V norm(x))."""

    def __init__(self, width):
        self.norm = nn.LayerNorm(width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        return x + self.down(F.relu(self.up(self.norm(x))))


class Cell(nn.Module):
    """A gated unit with a state h and a memory c."""

    def __init__(self, inputs, hidden):
        self.x, self.h = nn.Linear(inputs, hidden), nn.Linear(hidden, hidden, bias=False)

    def forward(self, x, h, c):
        gate = F.sigmoid(self.x(x) + self.h(h))
        c = gate * c + x.sum(axis=1, keepdims=True)
        return gate * np.tanh(c), c


class Reader(nn.Module):
    """A recurrent network, which reads a sequence and then decides."""

    def __init__(self):
        self.cell, self.head = Cell(3, 4), nn.Linear(4, 2)

    def forward(self, x):
        h = c = np.zeros((x.shape[0], 4), np.float32)
        for t in range(x.shape[1]):
            h, c = self.cell(x[:, t], h, c)
        return self.head(h)
