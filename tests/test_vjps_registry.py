"""Rules that have a computation in common."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing import gradcheck
from minigrad.vjps import VJPS, defvjp_sharing

CALLS = []


@mg.primitive
def wave(x, phase, frequency, scale=1.0):
    return scale * np.sin(frequency * x + phase)


def slope(g, y, x, phase, frequency, scale=1.0):
    CALLS.append(g)
    return g * scale * np.cos(frequency * x + phase)


defvjp_sharing(
    wave,
    slope,
    lambda s, y, x, phase, frequency, scale=1.0: s * frequency,
    lambda s, y, x, phase, frequency, scale=1.0: s,
    None,
)


@pytest.fixture(autouse=True)
def forget():
    CALLS.clear()


def inputs():
    return [mg.tensor(a, requires_grad=True, dtype=np.float64) for a in ([0.5, -1.0], 0.25)]


def test_what_they_share_is_computed_once_for_each_call():
    x, phase = inputs()
    (wave(x, phase, 2.0) + wave(x, phase, 3.0, scale=2.0)).sum().backward()
    assert len(CALLS) == 2
    expected = 2 * np.cos(2 * x.data + 0.25) + 6 * np.cos(3 * x.data + 0.25)
    np.testing.assert_allclose(x.grad.data, expected, rtol=1e-14)
    expected = np.cos(2 * x.data + 0.25) + 2 * np.cos(3 * x.data + 0.25)
    np.testing.assert_allclose(phase.grad.data, expected.sum(), rtol=1e-14)


def test_derivatives_to_third_order():
    assert gradcheck(lambda x, p: wave(x, p, 2.0), [np.array([0.5, -1.0]), np.array(0.2)], order=3)


def test_a_graph_that_is_kept_computes_it_again():
    x, phase = inputs()
    y = wave(x, phase, 2.0).sum()
    first = mg.grad(y, [x, phase], retain_graph=True)
    second = mg.grad(y, [x, phase])
    assert len(CALLS) == 2
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.data, b.data)


def test_nothing_is_computed_where_no_argument_with_a_rule_needs_it():
    frequency = mg.tensor(2.0, requires_grad=True)
    y = wave(np.array([0.5]), 0.25, frequency).sum()
    assert mg.grad(y, frequency, allow_unused=True) is None
    assert not CALLS


def test_a_rule_can_be_asked_for_by_itself():
    rules = VJPS[wave]
    assert len(rules) == 3
    assert rules[2] is None
    x = np.array([0.5])
    np.testing.assert_allclose(rules[0](1.0, wave(x, 0.0, 2.0), x, 0.0, 2.0), 2 * np.cos(1.0))


def test_arguments_that_they_do_not_know_are_refused():
    x, phase = inputs()
    with pytest.raises(TypeError, match="the argument offset= is not supported"):
        wave(x, phase, 2.0, offset=1.0)


@mg.primitive
def faded(x, phase):
    return np.exp(x + phase)


defvjp_sharing(faded, lambda g, y, x, p: g * np.exp(x + p), *[lambda s, y, x, p: s * 2.0] * 2)


def test_a_compiled_program_computes_it_once():
    @mg.compile
    def gradients(x):
        t = mg.Tensor(x, requires_grad=True)
        p = mg.Tensor(x * 0.5, requires_grad=True)
        return mg.grad(faded(t, p).sum(), [t, p])

    x = np.array([0.5, -1.0])
    for _ in range(2):
        for g in gradients(x):
            np.testing.assert_allclose(g.data, 2 * np.exp(1.5 * x), rtol=1e-14)
    assert [i.fn for i in gradients.recorded.instructions].count(np.exp) == 2  # and forward
