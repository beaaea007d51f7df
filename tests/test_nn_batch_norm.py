"""Batch normalisation: values, running statistics, refusals."""

import copy

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.testing import gradcheck

rng = np.random.default_rng(0)
INPUTS = {(8, 3): nn.BatchNorm1d, (4, 3, 5): nn.BatchNorm1d, (4, 3, 2, 5): nn.BatchNorm2d}
by_input = pytest.mark.parametrize(("shape", "cls"), INPUTS.items(), ids=str)


def over(x):
    return (0, *range(2, x.ndim))


def spread(a, x):
    return np.reshape(a, (-1, *(1,) * (x.ndim - 2)))


@by_input
def test_value(shape, cls):
    layer, x = cls(3, eps=0.1), 2 + 3 * rng.standard_normal(shape).astype(np.float32)
    layer.weight.data, layer.bias.data = rng.standard_normal(3), rng.standard_normal(3)
    mean, variance = x.mean(over(x), keepdims=True), x.var(over(x), keepdims=True)
    expected = (x - mean) / np.sqrt(variance + 0.1) * spread(layer.weight.data, x)
    expected = expected + spread(layer.bias.data, x)
    np.testing.assert_allclose(layer(x).data, expected, rtol=1e-4, atol=1e-5)
    assert layer(x).dtype == np.float32


@by_input
@pytest.mark.parametrize("momentum", [0.1, 0.7, 0, None])
def test_running_statistics(shape, cls, momentum):
    layer, means, variances = cls(3, momentum=momentum), [np.zeros(3)], [np.ones(3)]
    held = layer.running_mean, layer.running_var, layer.num_batches_tracked
    for k in range(4):
        x = k + rng.standard_normal(shape)
        layer(x.astype(np.float32))
        means.append(x.mean(over(x)))
        variances.append(x.var(over(x), ddof=1))
    for running, batches in ((layer.running_mean, means), (layer.running_var, variances)):
        expected = batches[0]
        for k, new in enumerate(batches[1:], 1):
            share = 1 / k if momentum is None else momentum
            expected = (1 - share) * expected + share * new
        np.testing.assert_allclose(running, expected, rtol=1e-5, atol=1e-6)
    assert held[0] is layer.running_mean  # they are written to, and not replaced
    assert held[1] is layer.running_var
    assert held[2] is layer.num_batches_tracked
    assert (layer.num_batches_tracked.dtype, layer.num_batches_tracked.shape) == (np.int64, ())
    assert layer.num_batches_tracked == 4


@by_input
def test_evaluation_uses_the_running_statistics(shape, cls):
    layer, x = cls(3, eps=0.1), rng.standard_normal(shape)
    layer.running_mean[...], layer.running_var[...] = [1, 2, 3], [4, 5, 6]
    before = layer.state_dict()
    expected = (x - spread([1, 2, 3], x)) / np.sqrt(spread([4, 5, 6], x) + 0.1)
    np.testing.assert_allclose(layer.eval()(x).data, expected, rtol=1e-6)
    assert layer(x[:0]).shape == (0, *shape[1:])
    assert layer(x[:1]).shape == (1, *shape[1:])
    for name, a in layer.state_dict().items():
        np.testing.assert_array_equal(a, before[name])


def test_without_running_statistics():
    layer, x = nn.BatchNorm1d(3, track_running_stats=False), rng.standard_normal((5, 3))
    assert list(layer.state_dict()) == ["weight", "bias"]
    np.testing.assert_array_equal(layer(x).data, layer.eval()(x).data)
    with pytest.raises(ValueError, match="more than one value per channel"):
        layer(x[:1])


def test_parameters():
    layer = nn.BatchNorm2d(4)
    assert list(layer.state_dict()) == [
        *("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    ]
    np.testing.assert_array_equal(layer.weight.data, np.ones(4, np.float32))
    np.testing.assert_array_equal(layer.bias.data, np.zeros(4, np.float32))
    np.testing.assert_array_equal(layer.running_mean, np.zeros(4, np.float32))
    np.testing.assert_array_equal(layer.running_var, np.ones(4, np.float32))
    plain = nn.BatchNorm2d(4, affine=False)
    assert not list(plain.parameters())
    assert type(plain(rng.standard_normal((2, 4, 3, 3)))) is np.ndarray


@by_input
@pytest.mark.parametrize("training", [True, False])
def test_derivatives(shape, cls, training):
    layer, small = cls(3).train(training), (3, *shape[1:2], *(2 for _ in shape[2:]))

    def call(x, weight, bias):
        again = copy.deepcopy(layer)
        for name, p in (("weight", weight), ("bias", bias)):
            object.__setattr__(again, name, p)
        return again(x)

    inputs = rng.standard_normal(small), rng.standard_normal(3), rng.standard_normal(3)
    assert gradcheck(call, inputs, order=2)


def test_no_gradient_flows_through_the_running_statistics():
    layer = nn.BatchNorm1d(2)
    layer(mg.tensor(rng.standard_normal((4, 2)), requires_grad=True))
    assert type(layer.running_mean) is type(layer.running_var) is np.ndarray


def test_values_far_from_zero():
    x = (1e4 + rng.standard_normal((4096, 2))).astype(np.float32)
    layer = nn.BatchNorm1d(2, momentum=1)
    np.testing.assert_allclose(layer(x).data.std(0), 1, rtol=1e-3)
    np.testing.assert_allclose(layer.running_var, x.astype(float).var(0), rtol=1e-3)
    exact = (x - x.astype(float).mean(0)) / x.astype(float).std(0)
    np.testing.assert_allclose(layer.eval()(x).data, exact, atol=2e-3)


def test_a_graph_that_saved_older_statistics_is_refused():
    layer, x = nn.BatchNorm1d(2), mg.tensor(rng.standard_normal((4, 2)), requires_grad=True)
    y = (x * layer.running_var).sum()
    layer(x.detach())
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


def test_a_graph_in_which_a_layer_is_called_twice():
    """The statistics that it wrote in between are part of no derivative."""
    layer, x = nn.BatchNorm1d(2), mg.tensor(rng.standard_normal((4, 2)), requires_grad=True)
    layer(layer(x)).sum().backward()
    assert np.isfinite(x.grad.data).all()


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (nn.BatchNorm1d(3), (4,), r"BatchNorm1d\(3\) .* shape \(N, 3\) or \(N, 3, L\), got \(4,\)"),
        (nn.BatchNorm1d(3), (4, 2), r"\(N, 3\) or \(N, 3, L\), got \(4, 2\)"),
        (nn.BatchNorm1d(3), (4, 3, 2, 2), r"\(N, 3\) or \(N, 3, L\), got \(4, 3, 2, 2\)"),
        (nn.BatchNorm2d(3), (4, 3), r"BatchNorm2d\(3\) .* \(N, 3, H, W\), got \(4, 3\)"),
        (nn.BatchNorm2d(3), (4, 2, 3, 3), r"\(N, 3, H, W\), got \(4, 2, 3, 3\)"),
        (nn.BatchNorm1d(3), (1, 3), r"one value per channel .* shape \(1, 3\); take a larger"),
        (nn.BatchNorm1d(3), (0, 3), "one value per channel"),
        (nn.BatchNorm2d(3), (1, 3, 1, 1), "one value per channel"),
    ],
)
def test_another_shape(layer, shape, message):
    before = layer.state_dict()
    with pytest.raises(ValueError, match=message):
        layer(np.zeros(shape, np.float32))
    assert all(np.array_equal(a, before[n]) for n, a in layer.state_dict().items())


def test_another_dtype():
    with pytest.raises(
        TypeError, match=r"BatchNorm1d\(3\) takes floating-point numbers, got int64"
    ):
        nn.BatchNorm1d(3)(np.zeros((4, 3), int))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0,), r"BatchNorm1d\(0\) needs at least one channel"),
        ((3, 1e-5, 1.5), r"momentum must lie in \[0, 1\] or be None, got 1.5"),
        ((3, 1e-5, -0.1), r"momentum must lie in \[0, 1\] or be None, got -0.1"),
    ],
)
def test_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        nn.BatchNorm1d(*arguments)
