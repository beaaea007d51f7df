"""Normalising layers against PyTorch's: values, gradients, running statistics, files."""

import numpy as np
import pytest
import torch
from twins import assert_twins, in_double

from minigrad import nn

rng = np.random.default_rng(0)
PAIRS = {
    "LayerNorm": (lambda n: n.LayerNorm(4), (5, 4)),
    "LayerNorm over two axes": (lambda n: n.LayerNorm((3, 4), eps=0.1), (2, 3, 4)),
    "LayerNorm without bias": (lambda n: n.LayerNorm(4, bias=False), (2, 3, 4)),
    "LayerNorm without parameters": (lambda n: n.LayerNorm(4, 1e-3, False), (4,)),
    "BatchNorm1d": (lambda n: n.BatchNorm1d(3), (5, 3)),
    "BatchNorm1d with an axis": (lambda n: n.BatchNorm1d(3, 0.1, 0.3), (5, 3, 4)),
    "BatchNorm1d of a running mean": (lambda n: n.BatchNorm1d(3, momentum=None), (5, 3)),
    "BatchNorm2d": (lambda n: n.BatchNorm2d(3), (2, 3, 4, 5)),
    "BatchNorm2d in evaluation": (lambda n: n.BatchNorm2d(3).eval(), (2, 3, 4, 5)),
    "BatchNorm2d without parameters": (lambda n: n.BatchNorm2d(3, affine=False), (2, 3, 4, 5)),
    "BatchNorm2d without statistics": (
        lambda n: n.BatchNorm2d(3, track_running_stats=False).eval(),
        (2, 3, 4, 5),
    ),
    "GroupNorm": (lambda n: n.GroupNorm(2, 4), (3, 4)),
    "GroupNorm of images": (lambda n: n.GroupNorm(3, 6, 0.1), (2, 6, 3, 4)),
    "GroupNorm without parameters": (lambda n: n.GroupNorm(2, 4, affine=False), (3, 4, 5)),
    "RMSNorm": (lambda n: n.RMSNorm(4), (5, 4)),
    "RMSNorm over two axes": (lambda n: n.RMSNorm((3, 4), eps=0.1), (2, 3, 4)),
    "RMSNorm without parameters": (lambda n: n.RMSNorm(4, None, False), (2, 4)),
}


@pytest.mark.parametrize(("build", "shape"), PAIRS.values(), ids=PAIRS)
def test_values_gradients_and_files(build, shape, tmp_path):
    data = 3 + 2 * rng.standard_normal(shape)
    assert_twins(in_double(build, nn), build(torch.nn), tmp_path, data)


def test_running_statistics_over_many_batches():
    ours, theirs = in_double(nn.BatchNorm1d, 3), torch.nn.BatchNorm1d(3).double()
    for _ in range(20):
        x = rng.standard_normal((7, 3))
        ours(x)
        theirs(torch.tensor(x))
    for name, buffer in theirs.named_buffers():
        np.testing.assert_allclose(dict(ours.named_buffers())[name], buffer.numpy(), rtol=1e-12)
    assert [n for n, _ in ours.named_buffers()] == [n for n, _ in theirs.named_buffers()]


@pytest.mark.parametrize("shape", [(1, 3), (1, 3, 1)])
def test_one_value_per_channel_is_refused_by_both(shape):
    for layer, x in (
        (nn.BatchNorm1d(3), np.zeros(shape)),
        (torch.nn.BatchNorm1d(3), torch.zeros(shape)),
    ):
        with pytest.raises(ValueError, match="more than (1|one) value per channel"):
            layer(x)


@pytest.mark.parametrize("dim", [0, 1, None])
def test_weight_norm(dim, tmp_path):
    ours = nn.weight_norm(in_double(nn.Linear, 4, 3), axis=dim)
    theirs = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(4, 3), dim=dim)
    assert_twins(ours, theirs, tmp_path, rng.standard_normal((5, 4)))


def test_names_within_a_network(tmp_path):
    """Parameters and buffers of each layer, one layer after the other."""

    def build(n, weight_norm):
        layers = n.Conv2d(2, 3, 3), n.BatchNorm2d(3), n.Flatten(), weight_norm(n.Linear(27, 2))
        return n.Sequential(*layers)

    ours = in_double(build, nn, nn.weight_norm)
    theirs = build(torch.nn, torch.nn.utils.parametrizations.weight_norm)
    assert_twins(ours, theirs, tmp_path, rng.standard_normal((4, 2, 5, 5)))
