"""The table of learnt vectors against PyTorch's, with the same weights."""

import numpy as np
import pytest
import torch
from twins import assert_twins, in_double

from minigrad import nn

rng = np.random.default_rng(0)


@pytest.mark.parametrize("padding_idx", [None, 2, -1])
@pytest.mark.parametrize("shape", [(), (4,), (3, 5)])
def test_values_and_gradients(padding_idx, shape, tmp_path):
    ours = in_double(nn.Embedding, 6, 3, padding_idx)
    theirs = torch.nn.Embedding(6, 3, padding_idx)
    assert_twins(ours, theirs, tmp_path, rng.integers(6, size=shape), rtol=1e-14, atol=1e-14)
    assert ours.padding_idx == theirs.padding_idx
