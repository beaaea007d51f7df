"""The networks that the command line trains, by name; all but the perceptron read images."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from .. import nn
from ..data import Dataset
from .mlp import mlp

Widths = Sequence[int]
_SMALLEST = 4  # pixels along a side; four features of a flower are no image
_HEADS = 4  # of attention, where they divide the width


def network(name: str, data: Dataset, hidden: Widths, rng: np.random.Generator) -> nn.Module:
    """Build a network for a data set.

    Args:
        name: "mlp", "cnn", "lstm" or "transformer".
        data: says how many features go in, and how many numbers come out.
        hidden: the widths of its layers.
        rng: draws the weights.

    Returns:
        The network: of rows (N, features) it makes (N, outputs).

    Raises:
        ValueError: the network reads images and the rows are none, or it cannot have these widths.

    Example:
        >>> import numpy as np
        >>> from minigrad.data import datasets
        >>> from minigrad.train.networks import network
        >>> digits = datasets.digits()
        >>> network("cnn", digits, (8,), np.random.default_rng(0))
        Sequential: 1,378 parameters
          0: Unflatten(1, (1, 8, 8))
          1: Conv2d(1, 8, 3, padding=1, bias=False): weight (8, 1, 3, 3)
          2: BatchNorm2d(8): weight (8,), bias (8,), running_mean (8,), running_var (8,), \
num_batches_tracked ()
          3: ReLU
          4: MaxPool2d(2)
          5: Flatten
          6: Linear(128, 10): weight (10, 128), bias (10,)
    """
    if name == "mlp":
        return mlp([data.n_features, *hidden, data.n_outputs], rng)
    return _IMAGE_READERS[name](_side(name, data), data.n_outputs, hidden, rng)


def _side(name: str, data: Dataset) -> int:
    side = math.isqrt(data.n_features)
    if side * side != data.n_features or side < _SMALLEST:
        raise ValueError(
            f"a network of the kind {name} reads square images of {_SMALLEST} x {_SMALLEST} pixels"
            f" or more, and {data.name} has {data.n_features} features: take mlp"
        )
    return side


def cnn(side: int, outputs: int, hidden: Widths, rng: np.random.Generator) -> nn.Module:
    """Blocks of a 3 x 3 convolution, batch norm, ReLU and pooling, which halves the sides."""
    layers: list[nn.Module] = [nn.Unflatten(1, (1, side, side))]
    for channels, more in pairwise([1, *hidden]):
        layers += [
            nn.Conv2d(channels, more, 3, padding=1, bias=False, init=nn.init.he_normal, rng=rng),
            nn.BatchNorm2d(more),
            nn.ReLU(),
        ]
        if side > 1:
            layers.append(nn.MaxPool2d(2))
            side //= 2
    features = [1, *hidden][-1] * side * side
    last = nn.Linear(features, outputs, init=nn.init.glorot_uniform, rng=rng)
    return nn.Sequential(*layers, nn.Flatten(), last)


class RowReader(nn.Module):
    """LSTMs on top of each other read an image row by row; the last state tells the outputs.

    Args:
        side: the number of rows, and their length.
        outputs: how many numbers are told.
        hidden: the lengths of the states.
        rng: draws the weights.
    """

    def __init__(self, side: int, outputs: int, hidden: Widths, rng: np.random.Generator) -> None:
        self.rows = nn.Unflatten(1, (side, side))
        widths = pairwise([side, *hidden])
        self.layers = nn.ModuleList(
            nn.LSTM(n, m, batch_first=True, forget_bias=1.0, rng=rng) for n, m in widths
        )
        self.out = nn.Linear([side, *hidden][-1], outputs, rng=rng)

    def forward(self, x: Any) -> Any:
        h = self.rows(x)
        for layer in self.layers:
            h, _ = layer(h)
        return self.out(h[:, -1])


class RowTransformer(nn.Module):
    """Rows of an image look at each other; the mean of what they find tells the outputs.

    Args:
        side: the number of rows, and their length.
        outputs: how many numbers are told.
        hidden: the width of the blocks, once for each block.
        rng: draws the weights.

    Raises:
        ValueError: there is no block, or they differ in width.
    """

    def __init__(self, side: int, outputs: int, hidden: Widths, rng: np.random.Generator) -> None:
        if len(set(hidden)) != 1:
            raise ValueError(
                f"the blocks of a transformer have one width, such as 64,64, found {list(hidden)}"
            )
        width = hidden[0]
        self.rows = nn.Unflatten(1, (side, side))
        self.embedding = nn.Linear(side, width, rng=rng)
        self.positions = nn.LearnedPositions(side, width, rng=rng)
        heads = _HEADS if width % _HEADS == 0 else 1
        shape = (width, heads, 4 * width, 0.0, "gelu")
        blocks = [
            nn.TransformerEncoderLayer(*shape, batch_first=True, norm_first=True, rng=rng)
            for _ in hidden
        ]
        self.blocks = nn.TransformerEncoder(blocks, nn.LayerNorm(width))
        self.out = nn.Linear(width, outputs, rng=rng)

    def forward(self, x: Any) -> Any:
        h = self.positions(self.embedding(self.rows(x)))
        return self.out(self.blocks(h).mean(axis=1))


_IMAGE_READERS: dict[str, Callable[..., nn.Module]] = {
    "cnn": cnn,
    "lstm": RowReader,
    "transformer": RowTransformer,
}
