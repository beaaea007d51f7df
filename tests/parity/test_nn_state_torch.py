"""Shared parameters through safetensors files, to PyTorch and back."""

import numpy as np
import pytest
import safetensors.torch
import torch

from minigrad import nn
from minigrad.train import load_model, save_model

X = np.random.default_rng(7).standard_normal((5, 3)).astype(np.float32)


def model(n):
    """The last layer's weight is that of the first one, and a module stands at two places."""

    class Net(n.Module):
        def __init__(self):
            super().__init__()
            self.first = n.Linear(3, 3)
            self.body = n.Sequential(n.Linear(3, 3), n.Tanh())
            self.again = self.body
            self.last = n.Linear(3, 3)
            self.last.weight = self.first.weight

        def forward(self, x):
            return self.last(self.again(self.body(self.first(x))))

    return Net()


def outputs(ours, theirs):
    return ours(X).data, theirs(torch.tensor(X)).detach().numpy()


def test_our_names_are_their_parameters():
    ours, theirs = model(nn), model(torch.nn)
    expected = [(name, tuple(p.shape)) for name, p in theirs.named_parameters()]
    assert [(name, p.shape) for name, p in ours.named_parameters()] == expected
    assert set(ours.state_dict()) < set(theirs.state_dict())


def test_their_state_dict_repeats_what_is_shared():
    ours, theirs = model(nn), model(torch.nn)
    state = theirs.state_dict()
    assert "last.weight" in state and "again.0.weight" in state
    assert ours.load_state_dict(state) == ([], [])
    np.testing.assert_allclose(*outputs(ours, theirs), rtol=1e-5, atol=1e-6)


def test_their_files_drop_duplicates(tmp_path):
    """Of the names of one tensor, theirs keep the first in the alphabet, ours the first path."""
    ours, theirs = model(nn), model(torch.nn)
    path = tmp_path / "theirs.safetensors"
    safetensors.torch.save_model(theirs, path)
    names = set(safetensors.torch.load_file(path))
    assert "again.0.weight" in names and "body.0.weight" not in names
    load_model(ours, path)
    np.testing.assert_allclose(*outputs(ours, theirs), rtol=1e-5, atol=1e-6)


def test_our_files_are_theirs(tmp_path):
    ours, theirs = model(nn), model(torch.nn)
    path = tmp_path / "ours.safetensors"
    save_model(ours, path)
    assert safetensors.torch.load_model(theirs, path) == (set(), [])
    np.testing.assert_allclose(*outputs(ours, theirs), rtol=1e-5, atol=1e-6)
    assert theirs.last.weight is theirs.first.weight


@pytest.mark.parametrize("dropped", ["first.weight", "last.weight"])
def test_either_name_will_do(dropped):
    ours, theirs = model(nn), model(torch.nn)
    state = theirs.state_dict()
    del state[dropped]
    assert ours.load_state_dict(state) == ([], [])
    np.testing.assert_allclose(*outputs(ours, theirs), rtol=1e-5, atol=1e-6)


def test_what_is_missing_is_reported_alike():
    ours, theirs = nn.Sequential(nn.Linear(3, 2)), torch.nn.Sequential(torch.nn.Linear(3, 2))
    state = {"0.weight": torch.ones(2, 3), "1.weight": torch.ones(1)}
    expected = theirs.load_state_dict(state, strict=False)
    found = ours.load_state_dict(state, strict=False)
    assert found._fields == expected._fields
    assert tuple(found) == tuple(expected)
    with pytest.raises(ValueError, match=r"0.weight: expected \(2, 3\), got \(4, 3\)$"):
        ours.load_state_dict({"0.weight": torch.ones(4, 3)}, strict=False)
