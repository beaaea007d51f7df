"""Upsampling: the layer is its function."""

import numpy as np
import pytest

import minigrad.functional as F
from minigrad import nn
from minigrad.testing import gradcheck

X = np.random.default_rng(0).standard_normal((1, 2, 3, 4))
LAYERS = {
    "nearest": (nn.Upsample(scale_factor=2), X),
    "size": (nn.Upsample((2, 7)), X),
    "bilinear": (nn.Upsample(scale_factor=(2, 1.5), mode="bilinear"), X),
    "corners": (nn.Upsample((5, 5), mode="bilinear", align_corners=True), X),
    "linear": (nn.Upsample(9, mode="linear"), X[:, :, 0]),
}
each = pytest.mark.parametrize(("layer", "x"), LAYERS.values(), ids=LAYERS)


@each
def test_a_layer_is_its_function(layer, x):
    settings = layer.size, layer.scale_factor, layer.mode, layer.align_corners
    np.testing.assert_array_equal(layer(x), F.interpolate(x, *settings))


@each
def test_derivatives_to_second_order(layer, x):
    assert gradcheck(layer, x, order=2)


def test_the_printed_form():
    assert repr(nn.Upsample(scale_factor=2)).startswith("Upsample(scale_factor=2, mode='nearest')")
    aligned = nn.Upsample((3, 4), mode="bilinear", align_corners=True)
    assert repr(aligned).startswith("Upsample((3, 4), mode='bilinear', align_corners=True)")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "size or scale_factor, got None and None"),
        ({"size": 2, "scale_factor": 2}, "size or scale_factor, got 2 and 2"),
        ({"size": 2, "mode": "cubic"}, "mode must be .*got 'cubic'"),
        ({"size": 2, "align_corners": True}, "no meaning"),
    ],
)
def test_settings_that_do_not_fit(settings, message):
    with pytest.raises(ValueError, match=message):
        nn.Upsample(**settings)


@pytest.mark.parametrize(
    ("data", "kind", "message"),
    [
        (X[0, 0], ValueError, r"takes an input of shape \(N, C, L\), got \(3, 4\)"),
        (X.astype(int), TypeError, "got int64; convert them"),
        (X[:, :, :0], ValueError, "an element along each axis"),
    ],
)
def test_an_input_that_does_not_fit(data, kind, message):
    with pytest.raises(kind, match=message):
        nn.Upsample(scale_factor=2)(data)
