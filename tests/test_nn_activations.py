"""Activations as modules: each is its function."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad import nn

X = np.linspace(-3, 3, 12, dtype=np.float32).reshape(3, 4)
PAIRS = {
    "Identity": (nn.Identity(), lambda x: x),
    "ReLU": (nn.ReLU(), F.relu),
    "LeakyReLU": (nn.LeakyReLU(), lambda x: F.leaky_relu(x, 0.01)),
    "LeakyReLU 0.3": (nn.LeakyReLU(0.3), lambda x: F.leaky_relu(x, 0.3)),
    "PReLU": (nn.PReLU(), lambda x: F.prelu(x, np.full(1, 0.25, np.float32))),
    "ELU": (nn.ELU(), F.elu),
    "ELU 0.3": (nn.ELU(0.3), lambda x: F.elu(x, 0.3)),
    "GELU": (nn.GELU(), F.gelu),
    "GELU tanh": (nn.GELU("tanh"), lambda x: F.gelu(x, "tanh")),
    "SiLU": (nn.SiLU(), F.silu),
    "Mish": (nn.Mish(), F.mish),
    "LogSigmoid": (nn.LogSigmoid(), F.log_sigmoid),
    "Softplus": (nn.Softplus(), F.softplus),
    "Sigmoid": (nn.Sigmoid(), F.sigmoid),
    "Tanh": (nn.Tanh(), np.tanh),
    "Softmax": (nn.Softmax(), F.softmax),
    "Softmax 0": (nn.Softmax(0), lambda x: F.softmax(x, 0)),
    "LogSoftmax": (nn.LogSoftmax(), F.log_softmax),
    "LogSoftmax 0": (nn.LogSoftmax(axis=0), lambda x: F.log_softmax(x, 0)),
}


@pytest.mark.parametrize(("module", "function"), PAIRS.values(), ids=PAIRS)
def test_a_module_is_its_function(module, function):
    results = []
    for f in (module, function):
        x = mg.tensor(X, requires_grad=True)
        y = f(x)
        (y * X).sum().backward()
        results.append((y.data, x.grad.data))
    for found, expected in zip(*results, strict=True):
        np.testing.assert_array_equal(found, expected)
    y = module(X)
    np.testing.assert_array_equal(y.data if isinstance(y, mg.Tensor) else y, function(X))
    assert [n for n, _ in module.named_parameters()] == ["weight"] * isinstance(module, nn.PReLU)


def test_no_two_modules_are_the_same_function():
    values = [function(X) for _, function in PAIRS.values()]
    assert len({value.tobytes() for value in values}) == len(PAIRS)


def test_every_activation_is_in_the_table():
    from minigrad.nn import activations

    defined = {
        n
        for n, m in vars(activations).items()
        if isinstance(m, type) and m.__module__ == activations.__name__
    }
    assert {type(module).__name__ for module, _ in PAIRS.values()} == defined


def test_an_unknown_approximation():
    with pytest.raises(ValueError, match="approximate"):
        nn.GELU("best")(X)


def test_slopes_that_are_learnt():
    layer, x = nn.PReLU(3, init=0.5), -np.ones((2, 3), np.float32)
    assert (layer.weight.shape, layer.weight.dtype) == ((3,), np.float32)
    layer(x).sum().backward()
    np.testing.assert_array_equal(layer.weight.grad.data, [-2, -2, -2])
    with pytest.raises(
        ValueError, match=r"shape \(3,\) need an input of shape \(N, 3, \.\.\.\), got"
    ):
        layer(np.ones((2, 4), np.float32))
    with pytest.raises(ValueError, match="at least one slope, got 0"):
        nn.PReLU(0)
