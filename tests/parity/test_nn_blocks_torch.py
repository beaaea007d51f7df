"""Containers, activations with parameters and what else stands between layers, against PyTorch."""

import numpy as np
import pytest
import torch
from twins import assert_twins, in_double

from minigrad import nn

rng = np.random.default_rng(0)
PAIRS = {
    "PReLU": (lambda n: n.PReLU(), (4, 5)),
    "PReLU of channels": (lambda n: n.PReLU(3), (4, 3, 5)),
    "ELU": (lambda n: n.Sequential(n.Linear(4, 4), n.ELU(0.7)), (5, 4)),
    "Mish": (lambda n: n.Sequential(n.Linear(4, 4), n.Mish()), (5, 4)),
    "LogSigmoid": (lambda n: n.Sequential(n.Linear(4, 4), n.LogSigmoid()), (5, 4)),
    "Unflatten": (lambda n: n.Sequential(n.Linear(4, 6), n.Unflatten(1, (2, 3))), (5, 4)),
}


@pytest.mark.parametrize(("build", "shape"), PAIRS.values(), ids=PAIRS)
def test_values_gradients_and_files(build, shape, tmp_path):
    data = 2 * rng.standard_normal(shape)
    assert_twins(in_double(build, nn), build(torch.nn), tmp_path, data)


def holding(n):
    """A module with both containers."""

    class Net(n.Module):
        def __init__(self):
            super().__init__()
            self.layers = n.ModuleList([n.Linear(4, 4), n.PReLU()])
            self.layers.append(n.Linear(4, 3))
            self.layers.insert(1, n.Linear(4, 4))
            self.heads = n.ModuleDict({"b": n.Linear(3, 2), "a": n.Linear(3, 1)})

        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
            return tuple(head(x) for head in self.heads.values())

    return Net()


def test_containers(tmp_path):
    assert_twins(in_double(holding, nn), holding(torch.nn), tmp_path, rng.standard_normal((5, 4)))
