"""Pooling layers: each is its function."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad import nn
from minigrad.testing import gradcheck

X = np.random.default_rng(0).standard_normal((2, 3, 7, 8)).astype(np.float32)
PAIRS = {
    "MaxPool1d": (nn.MaxPool1d(2), lambda x: F.max_pool1d(x, 2), X[:, :, 0]),
    "MaxPool1d settings": (
        nn.MaxPool1d(3, 2, 1, 2), lambda x: F.max_pool1d(x, 3, 2, 1, 2), X[:, :, 0],
    ),
    "MaxPool2d": (nn.MaxPool2d(2), lambda x: F.max_pool2d(x, 2), X),
    "MaxPool2d settings": (
        nn.MaxPool2d((3, 2), 1, (1, 0), 2), lambda x: F.max_pool2d(x, (3, 2), 1, (1, 0), 2), X,
    ),
    "AvgPool1d": (nn.AvgPool1d(2), lambda x: F.avg_pool1d(x, 2), X[:, :, 0]),
    "AvgPool1d settings": (
        nn.AvgPool1d(3, 1, 1, False), lambda x: F.avg_pool1d(x, 3, 1, 1, False), X[:, :, 0],
    ),
    "AvgPool2d": (nn.AvgPool2d(2), lambda x: F.avg_pool2d(x, 2), X),
    "AvgPool2d settings": (
        nn.AvgPool2d(3, 2, 1, False), lambda x: F.avg_pool2d(x, 3, 2, 1, False), X,
    ),
    "AdaptiveAvgPool1d": (
        nn.AdaptiveAvgPool1d(3), lambda x: F.adaptive_avg_pool1d(x, 3), X[:, :, 0],
    ),
    "AdaptiveAvgPool2d": (
        nn.AdaptiveAvgPool2d((None, 3)), lambda x: F.adaptive_avg_pool2d(x, (None, 3)), X,
    ),
    "GlobalAvgPool": (nn.GlobalAvgPool(), F.global_avg_pool, X),
}  # fmt: skip


@pytest.mark.parametrize(("module", "function", "x"), PAIRS.values(), ids=PAIRS)
def test_a_module_is_its_function(module, function, x):
    results = []
    for f in (module, function):
        t = mg.tensor(x, requires_grad=True)
        y = f(t)
        (y * y).sum().backward()
        results.append((y.data, t.grad.data))
    for found, expected in zip(*results, strict=True):
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(module(x), function(x))
    assert not list(module.parameters())


@pytest.mark.parametrize(("module", "function", "x"), PAIRS.values(), ids=PAIRS)
def test_derivatives_to_second_order(module, function, x):
    assert gradcheck(module, x[:1, :1, :6].astype(np.float64), order=2)


@pytest.mark.parametrize(
    ("module", "told"),
    [
        (nn.MaxPool2d(2), "MaxPool2d(2)"),
        (nn.MaxPool1d(3, 2, 1, 2), "MaxPool1d(3, stride=2, padding=1, dilation=2)"),
        (nn.AvgPool2d((3, 2)), "AvgPool2d((3, 2))"),
        (
            nn.AvgPool1d(3, 1, 1, False),
            "AvgPool1d(3, stride=1, padding=1, count_include_pad=False)",
        ),
        (nn.AdaptiveAvgPool2d((None, 3)), "AdaptiveAvgPool2d((None, 3))"),
        (nn.GlobalAvgPool(), "GlobalAvgPool"),
    ],
)
def test_the_printed_form(module, told):
    assert repr(module).partition(":")[0] == told


@pytest.mark.parametrize("layer", [nn.MaxPool1d, nn.MaxPool2d, nn.AvgPool1d, nn.AvgPool2d])
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kernel_size": 0}, "kernel_size must be an integer >= 1"),
        ({"kernel_size": (1, 2, 3)}, "kernel_size must be .* a tuple"),
        ({"stride": 0}, "stride must be an integer >= 1"),
        ({"padding": 2}, "padding must be at most half a window"),
        ({"padding": -1}, "padding must be an integer >= 0"),
    ],
    ids=str,
)
def test_settings_that_do_not_fit(layer, settings, message):
    with pytest.raises(ValueError, match=f"^{layer.__name__}: {message}"):
        layer(**{"kernel_size": 3, **settings})


@pytest.mark.parametrize("size", [0, 1.5, (1, 2, 3), -1])
@pytest.mark.parametrize("layer", [nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d])
def test_a_number_of_parts_that_does_not_fit(layer, size):
    with pytest.raises(ValueError, match=f"^{layer.__name__}: output_size must be an integer >= 1"):
        layer(size)


@pytest.mark.parametrize(("module", "function", "x"), PAIRS.values(), ids=PAIRS)
@pytest.mark.parametrize(
    ("data", "kind", "message"),
    [
        (lambda x: x[0, 0], ValueError, r"takes an input of shape \(N, C, "),
        (lambda x: x[:, :, :0], ValueError, "does not fit|element along each axis"),
    ],
)
def test_an_input_that_does_not_fit(module, function, x, data, kind, message):
    with pytest.raises(kind, match=message):
        module(data(x))


@pytest.mark.parametrize(
    "module", [nn.MaxPool2d(2), nn.AvgPool2d(2), nn.AdaptiveAvgPool2d(2), nn.GlobalAvgPool()]
)
def test_whole_numbers_are_refused(module):
    with pytest.raises(TypeError, match=r"got int64; convert them: x\.astype"):
        module(np.zeros((1, 1, 4, 4), int))
