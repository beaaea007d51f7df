"""Residual connections."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.testing import gradcheck

X = np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)


def dense(n, m):
    return nn.Linear(n, m, rng=np.random.default_rng(1))


def test_value():
    f = dense(3, 3)
    np.testing.assert_array_equal(nn.Residual(f)(X).data, X + f(X).data)
    shortcut, g = dense(3, 2), dense(3, 2)
    np.testing.assert_array_equal(nn.Residual(g, shortcut)(X).data, (shortcut(X) + g(X)).data)


def test_derivatives():
    assert gradcheck(lambda x: nn.Residual(nn.Tanh())(x), X.astype(float), order=2)
    x = mg.tensor(X, requires_grad=True)
    nn.Residual(nn.ReLU())(x).sum().backward()
    np.testing.assert_array_equal(x.grad.data, 1 + (X > 0))


def test_names():
    assert list(nn.Residual(dense(3, 3)).state_dict()) == ["module.weight", "module.bias"]
    names = list(nn.Residual(dense(3, 2), dense(3, 2)).state_dict())
    assert names == ["module.weight", "module.bias", "shortcut.weight", "shortcut.bias"]


@pytest.mark.parametrize("shape", [(4, 3), (1, 3)])
def test_another_shape(shape):
    """Broadcasting would hide it."""
    with pytest.raises(
        ValueError, match=r"module made shape \(\d, 1\), but the shortcut has .* 3\)"
    ):
        nn.Residual(dense(3, 1))(X[: shape[0]])
