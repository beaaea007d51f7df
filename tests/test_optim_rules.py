"""The update rules, each against its formula on plain numbers."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim


def gd(g, t, s, lr=1e-2):
    return -lr * g


def momentum(g, t, s, lr=1e-2, momentum=0.9):
    s["v"] = momentum * s.get("v", 0) + g
    return -lr * s["v"]


def nesterov(g, t, s, lr=1e-2, momentum=0.9):
    s["v"] = momentum * s.get("v", 0) + g
    return -lr * (g + momentum * s["v"])


def adagrad(g, t, s, lr=1e-2, eps=1e-10):
    s["s"] = s.get("s", 0) + g**2
    return -lr * g / (math.sqrt(s["s"]) + eps)


def rmsprop(g, t, s, lr=1e-2, rho=0.9, eps=1e-8):
    s["s"] = rho * s.get("s", 0) + (1 - rho) * g**2
    return -lr * g / (math.sqrt(s["s"]) + eps)


def adam(g, t, s, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    b1, b2 = betas
    s["m"] = b1 * s.get("m", 0) + (1 - b1) * g
    s["v"] = b2 * s.get("v", 0) + (1 - b2) * g**2
    return -lr * (s["m"] / (1 - b1**t)) / (math.sqrt(s["v"] / (1 - b2**t)) + eps)


# The formula, and hyperparameters other than the default ones.
RULES = {
    optim.GD: (gd, {"lr": 0.5}),
    optim.SGD: (gd, {"lr": 0.5}),
    optim.Momentum: (momentum, {"lr": 0.3, "momentum": 0.5}),
    optim.Nesterov: (nesterov, {"lr": 0.3, "momentum": 0.5}),
    optim.AdaGrad: (adagrad, {"lr": 0.3, "eps": 0.1}),
    optim.RMSProp: (rmsprop, {"lr": 0.3, "rho": 0.5, "eps": 0.1}),
    optim.Adam: (adam, {"lr": 0.3, "betas": (0.5, 0.75), "eps": 0.1}),
}
by_rule = pytest.mark.parametrize("rule", RULES, ids=lambda r: r.__name__)
GRADIENTS = [3.0, -1.0, 0.25, 1e-9, 1e6, 0.0, 2.0, -7.0]


def test_every_rule_is_in_the_table():
    assert {rule.__name__ for rule in RULES} == set(optim.__all__) - {"Optimizer"}


@by_rule
@pytest.mark.parametrize("special", [False, True], ids=["defaults", "special"])
def test_formula(rule, special):
    """`step` on an array of two against plain numbers, one after the other."""
    formula, hyper = RULES[rule]
    hyper = hyper if special else {}
    w = mg.Parameter(np.array([1.5, -2.0]))
    optimizer = rule([w], **hyper)
    expected, states = [1.5, -2.0], [{}, {}]
    for t, g in enumerate(GRADIENTS, start=1):
        w.grad = mg.tensor(np.array([g, 2 - g]))
        optimizer.step()
        for i, gi in enumerate([g, 2 - g]):
            expected[i] += formula(gi, t, states[i], **hyper)
        np.testing.assert_allclose(w.data, expected, rtol=1e-14)
    saved = optimizer.state_dict()["state"]["param0"]
    assert saved["t"] == len(GRADIENTS)
    for slot in rule.slots:
        np.testing.assert_allclose(saved[slot], [s[slot] for s in states], rtol=1e-14)


@by_rule
def test_update_is_a_pure_function_of_arrays(rule):
    hyper = {**rule([mg.Parameter([0.0])]).defaults}
    arrays = [np.array([1.5, -2.0]), np.array([3.0, 4.0]), *(np.ones(2) for _ in rule.slots)]
    kept = [a.copy() for a in arrays]
    results = rule.update(*arrays, t=3, **hyper)
    assert len(results) == 1 + len(rule.slots)
    for result in results:
        assert (result.shape, result.dtype) == ((2,), np.float64)
        assert not any(np.shares_memory(result, a) for a in arrays)
    for a, b in zip(arrays, kept, strict=True):
        np.testing.assert_array_equal(a, b)
    for once, again in zip(results, rule.update(*arrays, t=3, **hyper), strict=True):
        np.testing.assert_array_equal(once, again)


@by_rule
def test_an_update_can_be_differentiated(rule):
    """As a function of tensors: d theta_new / d theta = 1, and the gradient matters too."""
    hyper = {**rule([mg.Parameter([0.0])]).defaults}
    theta, g = (mg.tensor(a, requires_grad=True) for a in (np.array([1.5]), np.array([3.0])))
    new = rule.update(theta, g, *(np.ones(1) for _ in rule.slots), t=1, **hyper)[0]
    d_theta, d_g = mg.grad(new.sum(), [theta, g])
    assert d_theta.item() == 1
    assert d_g.item() < 0


def test_gd_and_sgd_are_the_same_rule():
    assert optim.SGD.update is optim.GD.update
    assert issubclass(optim.SGD, optim.GD)


def test_momentum_has_a_closed_form_under_a_constant_gradient():
    """v_t = g (1 - mu^t) / (1 - mu), and theta_t = theta_0 - lr (v_1 + ... + v_t)."""
    mu, lr, g = 0.9, 0.01, 2.0
    w = mg.Parameter(np.array(1.0))
    optimizer = optim.Momentum([w], lr=lr, momentum=mu)
    for t in range(1, 101):
        w.grad = mg.tensor(np.array(g))
        optimizer.step()
        total = g / (1 - mu) * (t - mu * (1 - mu**t) / (1 - mu))
        np.testing.assert_allclose(w.item(), 1 - lr * total, rtol=1e-13)


@pytest.mark.parametrize("rule", [optim.Momentum, optim.Nesterov])
def test_without_momentum_it_is_gradient_descent(rule):
    ws = [mg.Parameter(np.array([1.0, -3.0])) for _ in range(2)]
    for w, optimizer in zip(
        ws, [rule([ws[0]], lr=0.1, momentum=0.0), optim.GD([ws[1]], lr=0.1)], strict=True
    ):
        for _ in range(5):
            optimizer.zero_grad()
            (w**4).sum().backward()
            optimizer.step()
    np.testing.assert_array_equal(ws[0].data, ws[1].data)


@pytest.mark.parametrize("rule", [optim.AdaGrad, optim.Adam])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_the_first_step_has_length_lr(rule, scale):
    w = mg.Parameter(np.array([1.0, -1.0]))
    optimizer = rule([w], lr=0.125)
    (scale * w**2).sum().backward()
    optimizer.step()
    np.testing.assert_allclose(w.data, [0.875, -0.875], rtol=1e-5)


RATES = {optim.GD: 0.2, optim.SGD: 0.2, optim.Momentum: 0.05, optim.Nesterov: 0.05}
RATES |= {optim.AdaGrad: 1.0, optim.RMSProp: 0.003, optim.Adam: 0.05}


@by_rule
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_quadratic_is_minimised(rule, dtype):
    """f(w) = (w - c)^T A (w - c) / 2, of condition number 4."""
    a, c = np.array([[2.5, 1.5], [1.5, 2.5]], dtype), np.array([1.0, -2.0], dtype)
    w = mg.Parameter(np.zeros(2, dtype))
    optimizer = rule([w], lr=RATES[rule])
    for _ in range(1000):
        optimizer.zero_grad()
        (0.5 * (w - c) @ a @ (w - c)).backward()
        optimizer.step()
    assert w.dtype == dtype
    np.testing.assert_allclose(w.data, c, atol=2e-3 if rule is optim.RMSProp else 1e-5)
