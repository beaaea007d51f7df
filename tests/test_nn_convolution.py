"""Convolutional layers."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad import nn
from minigrad.nn import init
from minigrad.testing import gradcheck


def rng(seed=0):
    return np.random.default_rng(seed)


CASES = {
    "Conv1d": (nn.Conv1d, F.conv1d, (4, 6, 3), (6, 4, 3), (2, 4, 5)),
    "Conv2d": (nn.Conv2d, F.conv2d, (4, 6, (3, 2)), (6, 4, 3, 2), (2, 4, 5, 5)),
    "ConvTranspose2d": (
        nn.ConvTranspose2d, F.conv_transpose2d, (4, 6, (3, 2)), (4, 6, 3, 2), (2, 4, 3, 3),
    ),
}  # fmt: skip
each = pytest.mark.parametrize(
    ("layer", "function", "args", "weight", "x"), CASES.values(), ids=CASES
)


@each
def test_a_layer_is_its_function(layer, function, args, weight, x):
    made, data = layer(*args, stride=2, groups=2, rng=rng()), rng(1).standard_normal(x)
    expected = function(data, made.weight.data, made.bias.data, stride=2, groups=2)
    np.testing.assert_array_equal(made(data).data, expected)
    assert made(data.astype(np.float32)).dtype == np.float32


@each
def test_parameters(layer, function, args, weight, x):
    made = layer(*args, rng=rng())
    assert [(n, p.shape, p.dtype.name) for n, p in made.named_parameters()] == [
        ("weight", weight, "float32"),
        ("bias", (6,), "float32"),
    ]
    without = layer(*args, bias=False, rng=rng())
    assert without.bias is None
    np.testing.assert_array_equal(without.weight.data, made.weight.data)


@each
@pytest.mark.parametrize("bias", [True, False])
def test_derivatives_to_second_order(layer, function, args, weight, x, bias):
    made = layer(2, 2, 2, bias=bias, rng=rng())
    ndim = len(x) - 2
    arrays = [rng(1).standard_normal(s) for s in [(1, 2, *(3, 2)[:ndim]), made.weight.shape, (2,)]]

    def f(x, weight, b=None):
        made.weight, made.bias = weight, b
        return np.tanh(made(x))

    assert gradcheck(f, arrays[: 3 if bias else 2], order=2)


@each
def test_the_default_is_uniform_within_one_over_the_root_of_fan_in(
    layer, function, args, weight, x
):
    made = layer(16, 64, 5, rng=rng())
    bound = np.prod(made.weight.shape[1:]) ** -0.5
    for values in (made.weight.data, made.bias.data):
        assert np.abs(values).max() <= np.float32(bound)
        np.testing.assert_allclose(values.var(), bound**2 / 3, rtol=6 / np.sqrt(values.size))


@each
def test_init_draws_the_weight_and_leaves_the_bias_zero(layer, function, args, weight, x):
    made = layer(*args, init=init.he_normal, rng=rng(5))
    np.testing.assert_array_equal(made.weight.data, init.he_normal(weight, rng(5)))
    assert not made.bias.data.any()


@each
def test_a_seed_reproduces(layer, function, args, weight, x):
    first, again, other = (layer(*args, rng=r) for r in (rng(), rng(), None))
    np.testing.assert_array_equal(first.weight.data, again.weight.data)
    np.testing.assert_array_equal(first.bias.data, again.bias.data)
    assert not np.array_equal(first.weight.data, other.weight.data)


@each
def test_the_default_dtype(layer, function, args, weight, x):
    mg.set_default_dtype(np.float64)
    try:
        made = layer(*args)
    finally:
        mg.set_default_dtype(np.float32)
    assert made.weight.dtype == made.bias.dtype == np.float64


@pytest.mark.parametrize(
    ("layer", "told"),
    [
        (lambda: nn.Conv2d(1, 6, 5), "Conv2d(1, 6, 5)"),
        (lambda: nn.Conv1d(2, 4, 3, 2, 1), "Conv1d(2, 4, 3, stride=2, padding=1)"),
        (
            lambda: nn.Conv2d(2, 4, (3, 1), padding="same", dilation=2, groups=2, bias=False),
            "Conv2d(2, 4, (3, 1), padding='same', dilation=2, groups=2, bias=False)",
        ),
        (
            lambda: nn.ConvTranspose2d(2, 4, 3, 2, output_padding=1),
            "ConvTranspose2d(2, 4, 3, stride=2, output_padding=1)",
        ),
    ],
)
def test_the_printed_form(layer, told):
    assert repr(layer()).partition(":")[0] == told


@each
@pytest.mark.parametrize(
    ("data", "kind", "message"),
    [
        (lambda x: np.zeros(x[1:], np.float32), ValueError, "takes an input of shape"),
        (lambda x: np.zeros((2, 3, *x[2:]), np.float32), ValueError, "4 channels.*which has 3"),
        (lambda x: np.zeros(x, int), TypeError, r"got int64; convert them"),
        (lambda x: 3.0, TypeError, "got float"),
        (lambda x: np.zeros((2, 4, *(0,) * len(x[2:]))), ValueError, "does not fit|would become"),
    ],
)
def test_an_input_that_does_not_fit(layer, function, args, weight, x, data, kind, message):
    model = nn.Sequential(nn.Identity(), layer(*args))
    with pytest.raises(kind, match=f"^1 .*: {function.__name__}.*{message}"):
        model(data(x))


@each
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"in_channels": 0}, "at least one channel in and out"),
        ({"out_channels": -1}, "at least one channel in and out"),
        ({"groups": 3}, "groups that divide both, got 4, 8, groups=3"),
        ({"groups": 0}, "groups that divide both"),
        ({"kernel_size": 0}, "kernel_size must be an integer >= 1"),
        ({"kernel_size": (1, 2, 3)}, "kernel_size must be .* a tuple"),
        ({"stride": 0}, "stride must be an integer >= 1"),
        ({"padding": -1}, "padding must be an integer >= 0"),
        ({"padding": "reflect"}, '"same" or "valid"'),
        ({"padding": "same", "stride": 2}, "needs stride 1"),
        ({"dilation": 1.5}, "dilation must be an integer >= 1"),
    ],
    ids=str,
)
def test_settings_that_do_not_fit(layer, function, args, weight, x, settings, message):
    with pytest.raises(ValueError, match=f"^{layer.__name__}.*{message}"):
        layer(**{"in_channels": 4, "out_channels": 8, "kernel_size": 3, **settings})


def test_output_padding_that_does_not_fit():
    with pytest.raises(ValueError, match="output_padding must be an integer >= 0"):
        nn.ConvTranspose2d(1, 1, 3, output_padding=-1)
    with pytest.raises(ValueError, match="output_padding must be less than the stride"):
        nn.ConvTranspose2d(1, 1, 3, output_padding=1)


def test_a_small_network_learns():
    """Which half of an image is brighter: a convolution, pooling and a dense layer."""
    draws = rng()
    x = draws.standard_normal((64, 1, 8, 8)).astype(np.float32)
    y = draws.integers(2, size=64)
    x[np.arange(64), :, :, :4] += 2 * y[:, None, None, None]
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, rng=draws), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(36, 2, rng=draws),
    )  # fmt: skip
    optimizer = mg.optim.Adam(model.named_parameters(), lr=0.01)
    for _ in range(60):
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05
