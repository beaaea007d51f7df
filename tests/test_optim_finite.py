"""Checks that name what is infinite or NaN."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim


def network():
    return nn.Sequential(nn.Linear(3, 4, rng=np.random.default_rng(0)), nn.Linear(4, 2))


def test_sound_weights_and_gradients_pass():
    net = network()
    optim.check_finite(net)
    net(np.ones((5, 3), np.float32)).sum().backward()
    optim.check_finite(net.named_parameters())
    optim.check_finite(optim.SGD(net.named_parameters()))


def test_a_weight_is_named_before_a_gradient():
    net = network()
    net(np.ones((5, 3), np.float32)).sum().backward()
    weight = dict(net.named_parameters())["0.weight"].data
    weight[1, 2], weight[3, 0] = np.nan, np.inf
    with pytest.raises(optim.NotFiniteError) as error:
        optim.check_finite(net)
    assert str(error.value) == (
        "the weight 0.weight, shape (4, 3): 2 of 12 numbers are not finite, first nan at index "
        "(1, 2)"
    )
    assert error.value.what == "the weight 0.weight" and math.isnan(error.value.value)
    assert isinstance(error.value, FloatingPointError)


def test_a_gradient_is_named():
    w, b = mg.Parameter([1.0, 2.0]), mg.Parameter(3.0)
    b.grad = mg.tensor(-math.inf)
    with pytest.raises(FloatingPointError, match=r"the gradient of param1, shape \(\): 1 of 1 .*"):
        optim.check_finite([w, b])


def test_a_compiled_step_checks_at_each_call_and_before_the_update():
    net = network()
    optimizer = optim.SGD(net.named_parameters(), lr=0.1)

    @mg.compile
    def step(x):
        optimizer.zero_grad()
        net(x).sum().backward()
        optim.check_finite(net)
        optimizer.step()

    for _ in range(3):
        step(np.ones((5, 3), np.float32))
    before = net.state_dict()
    with pytest.raises(FloatingPointError, match=r"the gradient of 0\.weight"):
        step(np.full((5, 3), np.nan, np.float32))
    for name, array in net.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_what_is_no_parameter():
    with pytest.raises(TypeError, match="takes Parameters, got float"):
        optim.check_finite([1.0])
