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
}


@pytest.mark.parametrize(("build", "shape"), PAIRS.values(), ids=PAIRS)
def test_values_gradients_and_files(build, shape, tmp_path):
    data = 3 + 2 * rng.standard_normal(shape)
    assert_twins(in_double(build, nn), build(torch.nn), tmp_path, data)
