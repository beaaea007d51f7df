"""The slips, each against its formula on plain numbers, and what it does."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim
from minigrad.optim import as_written

GRADIENTS = [3.0, -1.0, 0.25, 2.0]


def gd(theta, g, t, s):
    return 0.1 * (theta - g)


def adagrad(theta, g, t, s):
    s["s"] = s.get("s", 0) + g
    return theta - 0.1 * g / (s["s"] + 1e-10)


def rmsprop(theta, g, t, s):
    s["s"] = 0.9 * s.get("s", 0) + 0.1 + g
    return theta - 0.1 * g / (s["s"] + 1e-8)


def means(s, g, square):
    s["m"] = 0.9 * s.get("m", 0) + 0.1 * g
    s["v"] = 0.999 * s.get("v", 0) + 0.001 * square


def adam(theta, g, t, s):
    means(s, g, g**2)
    return theta - 0.1 * s["m"] / (math.sqrt(s["v"]) + 1e-8)


def unsquared(theta, g, t, s):
    means(s, g, g)
    return theta - 0.1 * s["m"] / (s["v"] + 1e-8)


def compounding(theta, g, t, s):
    means(s, g, g**2)
    s["m"] /= 1 - 0.9**t
    s["v"] /= 1 - 0.999**t
    return theta - 0.1 * s["m"] / (math.sqrt(s["v"]) + 1e-8)


RULES = {
    as_written.GD: gd,
    as_written.AdaGrad: adagrad,
    as_written.RMSProp: rmsprop,
    as_written.Adam: adam,
    as_written.UnsquaredAdam: unsquared,
    as_written.CompoundingAdam: compounding,
}


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.__name__)
def test_formula(rule):
    w, expected, s = mg.Parameter(np.array([1.5])), 1.5, {}
    optimizer = rule([w], lr=0.1)
    for t, g in enumerate(GRADIENTS, start=1):
        w.grad = mg.tensor(np.array([g]))
        optimizer.step()
        expected = RULES[rule](expected, g, t, s)
        np.testing.assert_allclose(w.item(), expected, rtol=1e-12)
    for slot, value in optimizer.state_dict()["state"]["param0"].items():
        if slot != "t":
            np.testing.assert_allclose(value, s[slot], rtol=1e-12)


def test_all_are_in_the_table():
    own = [a for a in vars(as_written).values() if isinstance(a, type)]
    assert set(RULES) == {a for a in own if a.__module__ == as_written.__name__}


def path(rule, slope, steps, **hyper):
    """Where a constant gradient leads to from 0."""
    w = mg.Parameter(np.zeros(1))
    optimizer = rule([w], lr=1.0, **hyper)
    for _ in range(steps):
        w.grad = mg.tensor(np.array([slope]))
        optimizer.step()
        yield w.item()


def test_correct_rules_follow_the_sign_of_the_gradient_and_slips_do_not():
    for slip in (as_written.AdaGrad, as_written.UnsquaredAdam):
        rule = optim.AdaGrad if slip is as_written.AdaGrad else optim.Adam
        assert next(path(rule, -1.0, 1)) > 0
        assert next(path(slip, -1.0, 1)) < 0
    assert [*path(optim.RMSProp, -1.0, 20)][-1] > 0
    assert [*path(as_written.RMSProp, -1.0, 20)][-1] < 0


def test_the_uncorrected_first_steps():
    steps = np.diff([0.0, *path(as_written.Adam, -1.0, 10)])
    np.testing.assert_allclose(steps[0], 0.1 / math.sqrt(0.001), rtol=1e-6)  # 3.16 lr
    np.testing.assert_allclose(steps[9], (1 - 0.9**10) / math.sqrt(1 - 0.999**10), rtol=1e-6)
    assert round(steps[9], 1) == 6.5


def test_the_compounding_correction_comes_to_a_stop():
    steps = np.diff([0.0, *path(as_written.CompoundingAdam, -1.0, 12)])
    np.testing.assert_allclose(steps[0], 1.0, rtol=1e-6)
    assert 0 < steps[-1] < 1e-6
    corrected = np.diff([0.0, *path(optim.Adam, -1.0, 12)])
    np.testing.assert_allclose(corrected, 1.0, rtol=1e-6)
