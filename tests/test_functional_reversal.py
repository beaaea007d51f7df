"""Gradient reversal: derivatives that are not those of what is computed."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad import nn

DATA = np.random.default_rng(0).standard_normal((3, 2))


@pytest.mark.parametrize("f", [F.gradient_reversal, lambda x, k: nn.GradientReversal(k)(x)])
@pytest.mark.parametrize("factor", [1.0, 0.3, 0.0, -2.0])
def test_numbers_pass_and_gradients_turn_round(f, factor):
    x = mg.tensor(DATA, requires_grad=True)
    y = f(x, factor)
    np.testing.assert_array_equal(y.data, DATA)
    assert not np.shares_memory(y.data, x.data)
    (y * y).sum().backward()
    np.testing.assert_allclose(x.grad.data, -factor * 2 * DATA, rtol=1e-14)


def test_second_derivatives():
    """Of g = -k 2 y with y = reversal(x): its own cotangent passes the reversal, too."""
    x, k = mg.tensor(DATA, requires_grad=True), 0.3
    g = mg.grad((F.gradient_reversal(x, k) ** 2).sum(), x, create_graph=True)
    np.testing.assert_allclose(mg.grad(g.sum(), x).data, 2 * k * k, rtol=1e-14)


def test_of_a_cube_as_torch_defines_it():
    """d/dx of -k f'(y) is k^2 f''(y); of x^3, 6 k^2 x."""
    x, k = mg.tensor(DATA, requires_grad=True), 0.5
    g = mg.grad((F.gradient_reversal(x, k) ** 3).sum(), x, create_graph=True)
    np.testing.assert_allclose(g.data, -k * 3 * DATA**2, rtol=1e-13)
    np.testing.assert_allclose(mg.grad(g.sum(), x).data, 6 * k * k * DATA, rtol=1e-13)


def test_arrays_stay_arrays():
    assert type(F.gradient_reversal(DATA)) is np.ndarray
    assert repr(nn.GradientReversal(0.5)) == "GradientReversal(0.5): 0 parameters"


def test_a_factor_that_is_raised():
    layer, slopes = nn.GradientReversal(0.0), []
    for factor in (0.0, 0.5, 1.0):
        layer.factor = factor
        x = mg.tensor([1.0], requires_grad=True)
        slopes.append(mg.grad(layer(x).sum(), x).item())
    assert slopes == [0.0, -0.5, -1.0]
