"""Initialisers against PyTorch's: the same distributions, by their quantiles."""

import numpy as np
import pytest
import torch

from minigrad.nn import init

TI = torch.nn.init
SHAPES = [(300, 200), (60, 20, 5, 9)]
PAIRS = {
    "he_normal": (init.he_normal, lambda w: TI.kaiming_normal_(w, nonlinearity="relu")),
    "he_uniform": (init.he_uniform, lambda w: TI.kaiming_uniform_(w, nonlinearity="relu")),
    "glorot_normal": (init.glorot_normal, TI.xavier_normal_),
    "glorot_uniform": (init.glorot_uniform, TI.xavier_uniform_),
    "lecun_normal": (init.lecun_normal, lambda w: TI.kaiming_normal_(w, nonlinearity="linear")),
    "lecun_uniform": (init.lecun_uniform, lambda w: TI.kaiming_uniform_(w, nonlinearity="linear")),
    "fan_in_uniform": (init.fan_in_uniform, lambda w: TI.kaiming_uniform_(w, a=5**0.5)),
    "orthogonal": (init.orthogonal, TI.orthogonal_),
    "normal": (init.normal, TI.normal_),
    "uniform": (init.uniform, TI.uniform_),
    "truncated_normal": (
        lambda shape, rng: init.truncated_normal(shape, rng, mean=1, std=0.5),
        lambda w: TI.trunc_normal_(w, mean=1, std=0.5, a=0, b=2),
    ),
}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("ours", "theirs"), PAIRS.values(), ids=PAIRS)
def test_quantiles(ours, theirs, shape):
    torch.manual_seed(0)
    share = np.array([0.0005, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.9995])
    found = np.quantile(ours(shape, np.random.default_rng(0)), share)
    expected = np.quantile(theirs(torch.empty(shape)).numpy(), share)
    width = expected[-3] - expected[2]
    np.testing.assert_allclose(found[2:-2], expected[2:-2], atol=0.02 * width)
    np.testing.assert_allclose(found, expected, atol=0.1 * width)


@pytest.mark.parametrize("name", ["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"])
def test_gains(name):
    assert init.gain(name) == pytest.approx(TI.calculate_gain(name), rel=1e-12)


@pytest.mark.parametrize(
    ("shape", "groups"), [((4, 2, 3), 1), ((4, 2, 3, 4), 2), ((6, 3, 2, 2), 2)]
)
def test_identity(shape, groups):
    expected = TI.dirac_(torch.empty(shape), groups).numpy()
    np.testing.assert_array_equal(init.identity(shape, groups=groups), expected)
    np.testing.assert_array_equal(init.identity(shape[:2]), TI.eye_(torch.empty(shape[:2])).numpy())
