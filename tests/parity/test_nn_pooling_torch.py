"""Pooling and upsampling against PyTorch's, in float64: values and gradients, at ties as well."""

import numpy as np
import pytest
import torch
from twins import assert_twins

from minigrad import nn

rng = np.random.default_rng(0)
IMAGES = rng.standard_normal((2, 3, 9, 8))
AFTER_RELU = np.maximum(IMAGES, 0)
PAIRS = {
    "MaxPool1d": lambda n: n.MaxPool1d(2),
    "MaxPool1d settings": lambda n: n.MaxPool1d(3, stride=2, padding=1),
    "MaxPool1d dilated": lambda n: n.MaxPool1d(2, 1, 1, dilation=3),
    "MaxPool2d": lambda n: n.MaxPool2d(2),
    "MaxPool2d overlapping": lambda n: n.MaxPool2d(3, stride=1, padding=1),
    "MaxPool2d settings": lambda n: n.MaxPool2d((3, 2), (2, 1), (1, 0), (1, 2)),
    "AvgPool1d": lambda n: n.AvgPool1d(2),
    "AvgPool1d settings": lambda n: n.AvgPool1d(3, 2, 1, count_include_pad=False),
    "AvgPool2d": lambda n: n.AvgPool2d(2),
    "AvgPool2d overlapping": lambda n: n.AvgPool2d(3, stride=2, padding=1),
    "AvgPool2d settings": lambda n: n.AvgPool2d((3, 2), 1, (1, 0), count_include_pad=False),
    "AdaptiveAvgPool1d": lambda n: n.AdaptiveAvgPool1d(4),
    "AdaptiveAvgPool2d": lambda n: n.AdaptiveAvgPool2d(1),
    "AdaptiveAvgPool2d evenly": lambda n: n.AdaptiveAvgPool2d((3, 4)),
    "AdaptiveAvgPool2d unevenly": lambda n: n.AdaptiveAvgPool2d((4, 5)),
    "AdaptiveAvgPool2d larger": lambda n: n.AdaptiveAvgPool2d((None, 11)),
    "Upsample": lambda n: n.Upsample(scale_factor=2),
    "Upsample to a size": lambda n: n.Upsample((5, 13)),
    "Upsample by broken factors": lambda n: n.Upsample(scale_factor=(1.7, 0.6)),
    "Upsample bilinear": lambda n: n.Upsample(scale_factor=2, mode="bilinear"),
    "Upsample bilinear to a size": lambda n: n.Upsample((4, 19), mode="bilinear"),
    "Upsample with corners": lambda n: n.Upsample((4, 19), mode="bilinear", align_corners=True),
    "Upsample to one pixel": lambda n: n.Upsample((1, 1), mode="bilinear", align_corners=True),
    "Upsample signals": lambda n: n.Upsample(size=5, mode="linear"),
}


@pytest.mark.parametrize("images", [IMAGES, AFTER_RELU], ids=["distinct", "ties"])
@pytest.mark.parametrize("name", PAIRS)
def test_twins(name, images, tmp_path):
    build = PAIRS[name]
    x = images[..., 0] if "1d" in name or "signals" in name else images
    assert_twins(build(nn), build(torch.nn), tmp_path, x)


@pytest.mark.parametrize("build", [lambda n: n.MaxPool2d(3, 2, 1), lambda n: n.AvgPool2d(3, 2, 1)])
def test_nan_is_passed_on_alike(build):
    x = IMAGES.copy()
    x[0, 1, 4, 4] = x[1, 0, 0, 0] = np.nan
    x[1, 2, 3, 3] = np.inf
    found, expected = build(nn)(x), build(torch.nn)(torch.tensor(x)).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-14)
