"""Modules against PyTorch's with the same weights, in float64: values, gradients and names."""

import numpy as np
import pytest
import torch
from twins import assert_twins, in_double

from minigrad import nn

rng = np.random.default_rng(0)


def parts(n):
    return (
        n.Linear(4, 6),
        n.Sequential(n.Linear(6, 6, bias=False), n.GELU()),
        n.Flatten(),
        n.Linear(12, 3),
    )


PAIRS = {
    "Linear": (lambda n: n.Linear(4, 3), (5, 4)),
    "Linear without bias": (lambda n: n.Linear(4, 3, bias=False), (5, 4)),
    "Linear on a vector": (lambda n: n.Linear(4, 3), (4,)),
    "Linear on more axes": (lambda n: n.Linear(4, 3), (2, 3, 5, 4)),
    "Sequential": (
        lambda n: n.Sequential(n.Linear(4, 8), n.Tanh(), n.Linear(8, 8), n.ReLU(), n.Linear(8, 2)),
        (7, 4),
    ),
    "a slice": (
        lambda n: n.Sequential(n.Linear(1, 1), n.Linear(4, 3), n.Sigmoid(), n.Linear(1, 1))[1:3],
        (7, 4),
    ),
    "nested": (lambda n: n.Sequential(*parts(n)), (5, 2, 4)),
    "Softplus and Softmax": (
        lambda n: n.Sequential(n.Linear(4, 3), n.Softplus(), n.Linear(3, 3), n.Softmax(-1)),
        (5, 4),
    ),
}
by_pair = pytest.mark.parametrize(("build", "shape"), PAIRS.values(), ids=PAIRS)


@by_pair
def test_values_and_gradients(build, shape, tmp_path):
    ours, theirs = in_double(build, nn), build(torch.nn)
    data = rng.standard_normal(shape)
    assert_twins(ours, theirs, tmp_path, data, rtol=1e-12, atol=1e-12)


@by_pair
def test_names_and_shapes(build, shape):
    ours, theirs = build(nn), build(torch.nn)
    for of in (lambda m: m.state_dict().items(), lambda m: m.named_parameters()):
        expected = [(name, tuple(p.shape)) for name, p in of(theirs)]
        assert [(name, p.shape) for name, p in of(ours)] == expected
    assert [n for n, _ in ours.named_modules()] == [n for n, _ in theirs.named_modules()]


@by_pair
def test_their_state_dict_loads_as_it_is(build, shape):
    ours, theirs = build(nn), build(torch.nn)
    ours.load_state_dict(theirs.state_dict())
    for name, array in theirs.state_dict().items():
        np.testing.assert_array_equal(ours.state_dict()[name], array.numpy())


def test_shared_modules_are_listed_alike():
    """In parameters; a state dict of theirs names a shared one at each of its paths."""

    def build(n):
        dense = n.Linear(2, 2)
        return n.Sequential(dense, n.Sequential(dense, n.Linear(2, 2)))

    ours, theirs = build(nn), build(torch.nn)
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]
    assert [n for n, _ in ours.named_modules()] == [n for n, _ in theirs.named_modules()]


def test_the_default_distribution_is_theirs():
    """Two samples of the same distribution: quantiles within sampling error."""
    ours, theirs = nn.Linear(16, 20_000, rng=np.random.default_rng(0)), torch.nn.Linear(16, 20_000)
    torch.manual_seed(0)
    theirs.reset_parameters()
    share = np.linspace(0, 1, 11)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(
            np.quantile(p.data, share),
            np.quantile(q.detach().numpy(), share),
            atol=4 * 0.25 / np.sqrt(p.size),
        )
