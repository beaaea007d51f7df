"""The network that the command line trains."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ..nn import Identity, Linear, Module, ReLU, Sequential, Sigmoid, Tanh, init


def mlp(
    widths: Sequence[int], rng: np.random.Generator, activation: type[Module] = ReLU
) -> Sequential:
    """Build a multilayer perceptron: dense layers with an activation between them.

    Weights before a ReLU, or what resembles it, are drawn by `init.he_normal`; those before a
    sigmoid, a tanh or no activation, as behind the last layer, by `init.glorot_uniform`. Biases
    are 0.

    Args:
        widths: features in, hidden widths, outputs; two of them are a linear model.
        rng: draws the weights.
        activation: the class of the modules between the layers.

    Returns:
        The network; its parameters are named `0.weight`, `0.bias`, `2.weight`, ...

    Example:
        >>> import numpy as np
        >>> from minigrad.train import mlp
        >>> mlp([4, 8, 3], np.random.default_rng(0))
        Sequential: 67 parameters
          0: Linear(4, 8): weight (8, 4), bias (8,)
          1: ReLU
          2: Linear(8, 3): weight (3, 8), bias (3,)
    """
    symmetric = activation in (Identity, Sigmoid, Tanh)
    draw = init.glorot_uniform if symmetric else init.he_normal
    layers: list[Module] = []
    for fan_in, fan_out in pairwise(widths[:-1]):
        layers += [Linear(fan_in, fan_out, init=draw, rng=rng), activation()]
    last = Linear(widths[-2], widths[-1], init=init.glorot_uniform, rng=rng)
    return Sequential(*layers, last)
