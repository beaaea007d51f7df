"""Memory shared with PyTorch, both ways."""

import numpy as np
import pytest
import torch

import minigrad as mg


def test_a_tensor_becomes_torchs():
    t = mg.tensor([[1.0, 2.0], [3.0, 4.0]])
    theirs = torch.from_dlpack(t)
    theirs[0, 0] = 9.0
    assert t.tolist() == [[9.0, 2.0], [3.0, 4.0]]


def test_torchs_becomes_a_tensor():
    theirs = torch.arange(4, dtype=torch.float64).reshape(2, 2).T
    t = mg.from_dlpack(theirs)
    theirs[0, 1] = 7.0
    np.testing.assert_array_equal(t.data, theirs.numpy())
    assert t.dtype == np.float64


def test_neither_side_loses_a_gradient():
    with pytest.raises(TypeError, match="lose the gradient"):
        torch.from_dlpack(mg.tensor([1.0], requires_grad=True))
    with pytest.raises(BufferError, match="require gradient"):
        mg.from_dlpack(torch.ones(2, requires_grad=True))
