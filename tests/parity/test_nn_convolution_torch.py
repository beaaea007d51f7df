"""Convolutional layers against PyTorch's with the same weights, in float64."""

import numpy as np
import pytest
import torch
from twins import assert_twins, in_double

from minigrad import nn

rng = np.random.default_rng(0)
PAIRS = {
    "Conv1d": (lambda n: n.Conv1d(3, 4, 3), (2, 3, 9)),
    "Conv1d settings": (
        lambda n: n.Conv1d(4, 6, 3, stride=2, padding=2, dilation=2, groups=2), (2, 4, 9),
    ),
    "Conv2d": (lambda n: n.Conv2d(3, 4, 3), (2, 3, 7, 6)),
    "Conv2d settings": (
        lambda n: n.Conv2d(4, 6, (3, 2), (2, 1), (1, 2), (1, 2), 2, False), (2, 4, 7, 6),
    ),
    "Conv2d, the same size": (
        lambda n: n.Conv2d(2, 3, (5, 3), padding="same", dilation=(1, 2)), (2, 2, 7, 6),
    ),
    "Conv2d, channel by channel": (lambda n: n.Conv2d(4, 8, 3, groups=4), (2, 4, 7, 6)),
    "Conv2d, one pixel": (lambda n: n.Conv2d(3, 5, 1, padding="valid"), (2, 3, 4, 4)),
    "ConvTranspose2d": (lambda n: n.ConvTranspose2d(3, 4, 3), (2, 3, 4, 5)),
    "ConvTranspose2d settings": (
        lambda n: n.ConvTranspose2d(4, 6, (3, 2), (2, 3), (1, 0), (1, 2), 2, True, (2, 1)),
        (2, 4, 4, 5),
    ),
    "a convolutional network": (
        lambda n: n.Sequential(
            n.Conv2d(1, 4, 3, padding=1), n.ReLU(), n.MaxPool2d(2),
            n.Conv2d(4, 6, 3), n.ReLU(), n.AdaptiveAvgPool2d(2), n.Flatten(), n.Linear(24, 3),
        ),
        (3, 1, 12, 10),
    ),
    "an autoencoder": (
        lambda n: n.Sequential(
            n.Conv2d(1, 4, 4, 2, 1), n.Tanh(), n.ConvTranspose2d(4, 2, 4, 2, 1), n.Upsample(9),
        ),
        (3, 1, 6, 8),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("build", "shape"), PAIRS.values(), ids=PAIRS)
def test_twins(build, shape, tmp_path):
    assert_twins(in_double(build, nn), build(torch.nn), tmp_path, rng.standard_normal(shape))


@pytest.mark.parametrize("build", [
    lambda n, **kw: n.Conv1d(16, 400, 5, **kw),
    lambda n, **kw: n.Conv2d(8, 400, 3, groups=2, **kw),
    lambda n, **kw: n.ConvTranspose2d(100, 16, 5, groups=2, **kw),
])  # fmt: skip
def test_the_default_distribution_is_theirs(build):
    """Two samples of the same distribution: quantiles within sampling error."""
    torch.manual_seed(0)
    ours, theirs = build(nn, rng=np.random.default_rng(0)), build(torch.nn)
    share = np.linspace(0, 1, 11)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        bound = np.abs(q.detach().numpy()).max()
        np.testing.assert_allclose(
            np.quantile(p.data, share),
            np.quantile(q.detach().numpy(), share),
            atol=4 * bound / np.sqrt(p.size),
        )
