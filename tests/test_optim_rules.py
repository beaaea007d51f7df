"""The update rules, each against its formula on plain numbers."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim


def gd(theta, g, t, s, lr):
    return theta - lr * g


def momentum(theta, g, t, s, lr, momentum):
    s["v"] = momentum * s.get("v", 0) + g
    return theta - lr * s["v"]


def momentum_a(theta, g, t, s, lr, momentum):
    s["v"] = momentum * s.get("v", 0) - lr * g
    return theta + s["v"]


def dampened(theta, g, t, s, lr, momentum, dampening):
    s["v"] = momentum * s["v"] + (1 - dampening) * g if t > 1 else g
    return theta - lr * s["v"]


def nesterov(theta, g, t, s, lr, momentum):
    s["v"] = momentum * s.get("v", 0) + g
    return theta - lr * (g + momentum * s["v"])


def nesterov_a(theta, g, t, s, lr, momentum):
    s["v"] = momentum * s.get("v", 0) - lr * g
    return theta + momentum * s["v"] - lr * g


def asgd(theta, g, t, s, lr, lambd, alpha, t0):
    eta = lr / (1 + lambd * lr * (t - 1)) ** alpha
    theta = theta - eta * lambd * theta - eta * g
    s["rest"] = [*s.get("rest", []), theta][-max(1, round(t - 1 - t0)) :]
    s["average"] = sum(s["rest"]) / len(s["rest"])
    return theta


def rprop(theta, g, t, s, lr, etas, step_sizes):
    last, step = s.get("g_last", 0.0), s.get("step_size", lr)
    if g * last > 0:
        step = min(etas[1] * step, step_sizes[1])
    if g * last < 0:
        step, g = max(etas[0] * step, step_sizes[0]), 0.0
    s["g_last"], s["step_size"] = g, step
    return theta - (step if g > 0 else -step if g < 0 else 0)


def adagrad(theta, g, t, s, lr, eps, eps_root, s0, lr_decay):
    s["s"] = s.get("s", s0) + g**2
    return theta - lr / (1 + (t - 1) * lr_decay) * g / (math.sqrt(s["s"] + eps_root) + eps)


def adadelta(theta, g, t, s, lr, rho, eps):
    s["s"] = rho * s.get("s", 0) + (1 - rho) * g**2
    d = math.sqrt(s.get("u", 0) + eps) / math.sqrt(s["s"] + eps) * g
    s["u"] = rho * s.get("u", 0) + (1 - rho) * d**2
    return theta - lr * d


def mean(s, key, beta, value):
    s[key] = beta * s.get(key, 0) + (1 - beta) * value
    return s[key]


def rmsprop(theta, g, t, s, lr, rho, eps, eps_root):
    return theta - lr * g / (math.sqrt(mean(s, "s", rho, g**2) + eps_root) + eps)


def variance(g, s, rho):
    return mean(s, "s", rho, g**2) - mean(s, "m", rho, g) ** 2


def centered(theta, g, t, s, lr, rho, eps, eps_root):
    return theta - lr * g / (math.sqrt(variance(g, s, rho) + eps_root) + eps)


def rmsprop_momentum(theta, g, t, s, lr, rho, momentum, eps, eps_root):
    n = g / (math.sqrt(mean(s, "s", rho, g**2) + eps_root) + eps)
    s["v"] = momentum * s.get("v", 0) + n
    return theta - lr * s["v"]


def rmsprop_nesterov(theta, g, t, s, lr, rho, momentum, eps, eps_root):
    n = g / (math.sqrt(mean(s, "s", rho, g**2) + eps_root) + eps)
    s["v"] = momentum * s.get("v", 0) + n
    return theta - lr * (n + momentum * s["v"])


def centered_momentum(theta, g, t, s, lr, rho, momentum, eps, eps_root):
    n = g / (math.sqrt(variance(g, s, rho) + eps_root) + eps)
    s["v"] = momentum * s.get("v", 0) + n
    return theta - lr * s["v"]


def centered_nesterov(theta, g, t, s, lr, rho, momentum, eps, eps_root):
    n = g / (math.sqrt(variance(g, s, rho) + eps_root) + eps)
    s["v"] = momentum * s.get("v", 0) + n
    return theta - lr * (n + momentum * s["v"])


def corrected(g, t, s, betas):
    """m_hat and v_hat."""
    m, v = mean(s, "m", betas[0], g), mean(s, "v", betas[1], g**2)
    return m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)


def adam(theta, g, t, s, lr, betas, eps):
    m, v = corrected(g, t, s, betas)
    return theta - lr * m / (math.sqrt(v) + eps)


def adamw(theta, g, t, s, lr, betas, eps):
    return adam(theta, g, t, s, lr, betas, eps) - lr * 0.01 * theta  # which is the default


def uncorrected(theta, g, t, s, lr, betas, eps):
    corrected(g, t, s, betas)
    return theta - lr * s["m"] / (math.sqrt(s["v"]) + eps)


def amsgrad(theta, g, t, s, lr, betas, eps):
    corrected(g, t, s, betas)
    s["v_max"] = max(s.get("v_max", 0), s["v"])
    return theta - lr * s["m"] / (math.sqrt(s["v_max"]) + eps)


def adamax(theta, g, t, s, lr, betas, eps):
    m = mean(s, "m", betas[0], g) / (1 - betas[0] ** t)
    s["u"] = max(betas[1] * s.get("u", 0), abs(g) + eps)
    return theta - lr * m / s["u"]


def nadam(theta, g, t, s, lr, betas, eps, psi):
    mus = [betas[0] * (1 - 0.5 * 0.96 ** (k * psi)) for k in range(1, t + 2)]
    s["mu_product"] = math.prod(mus[:-1])
    _, v = corrected(g, t, s, betas)
    m = mus[-1] * s["m"] / (1 - math.prod(mus)) + (1 - mus[-2]) * g / (1 - s["mu_product"])
    return theta - lr * m / (math.sqrt(v) + eps)


def radam(theta, g, t, s, lr, betas, eps):
    m, _ = corrected(g, t, s, betas)
    longest = 2 / (1 - betas[1]) - 1
    rho = longest - 2 * t * betas[1] ** t / (1 - betas[1] ** t)
    if rho <= 5:
        return theta - lr * m
    r = math.sqrt(
        ((rho - 4) * (rho - 2) * longest) / ((longest - 4) * (longest - 2) * rho),
    )
    return theta - lr * m * r * math.sqrt(1 - betas[1] ** t) / (math.sqrt(s["v"]) + eps)


def lion(theta, g, t, s, lr, betas):
    c = betas[0] * s.get("m", 0) + (1 - betas[0]) * g
    mean(s, "m", betas[1], g)
    return theta - lr * np.sign(c)


def lamb(theta, g, t, s, lr, betas, eps):
    m, v = corrected(g, t, s, betas)
    u = m / (math.sqrt(v) + eps)
    return theta - lr * (abs(theta / u) if theta * u else 1) * u


def adafactor(theta, g, t, s, lr, eps, d, c):
    u = g / math.sqrt(mean(s, "row", 1 - t**-c, g**2 + eps[0]))
    u /= max(1, abs(u) / d)
    return theta - max(eps[1], abs(theta)) * min(lr, 1 / math.sqrt(t)) * u


# The formula on plain numbers, and hyperparameters other than the default ones.
ADAM = {"lr": 0.3, "betas": (0.5, 0.75), "eps": 0.1}
MOMENTUM = {"lr": 0.3, "momentum": 0.5}
RMSPROP = {"lr": 0.3, "rho": 0.5, "eps": 0.1, "eps_root": 0.2}
RULES = {
    optim.GD: (gd, {"lr": 0.5}),
    optim.SGD: (gd, {"lr": 0.5}),
    optim.Momentum: (momentum, MOMENTUM),
    optim.MomentumA: (momentum_a, MOMENTUM),
    optim.DampenedMomentum: (dampened, MOMENTUM | {"dampening": 0.25}),
    optim.Nesterov: (nesterov, MOMENTUM),
    optim.NesterovA: (nesterov_a, MOMENTUM),
    optim.ASGD: (asgd, {"lr": 0.3, "lambd": 0.5, "alpha": 0.5, "t0": 3.0}),
    optim.Rprop: (rprop, {"lr": 0.3, "etas": (0.25, 1.5), "step_sizes": (0.05, 0.4)}),
    optim.AdaGrad: (
        adagrad,
        {"lr": 0.3, "eps": 0.1, "eps_root": 0.2, "s0": 0.5, "lr_decay": 0.1},
    ),
    optim.AdaDelta: (adadelta, {"lr": 0.3, "rho": 0.5, "eps": 0.1}),
    optim.RMSProp: (rmsprop, RMSPROP),
    optim.CenteredRMSProp: (centered, RMSPROP),
    optim.RMSPropMomentum: (rmsprop_momentum, RMSPROP | {"momentum": 0.5}),
    optim.RMSPropNesterov: (rmsprop_nesterov, RMSPROP | {"momentum": 0.5}),
    optim.CenteredRMSPropMomentum: (centered_momentum, RMSPROP | {"momentum": 0.5}),
    optim.CenteredRMSPropNesterov: (centered_nesterov, RMSPROP | {"momentum": 0.5}),
    optim.Adam: (adam, ADAM),
    optim.AdamW: (adamw, ADAM),
    optim.UncorrectedAdam: (uncorrected, ADAM),
    optim.AMSGrad: (amsgrad, ADAM),
    optim.Adamax: (adamax, ADAM),
    optim.NAdam: (nadam, ADAM | {"psi": 1.0}),
    optim.RAdam: (radam, ADAM | {"betas": (0.5, 0.95)}),
    optim.Lion: (lion, {"lr": 0.3, "betas": (0.5, 0.75)}),
    optim.LAMB: (lamb, ADAM),
    optim.Adafactor: (adafactor, {"lr": 0.5, "eps": (0.1, 0.2), "d": 0.5, "c": 0.5}),
}
CENTERED = {rule for rule in RULES if rule.__name__.startswith("Centered")}
# Muon takes matrices, and hypergradient descent all parameters at once.
ELSEWHERE = {optim.Muon, optim.HypergradientSGD, optim.HypergradientAdam}
by_rule = pytest.mark.parametrize("rule", RULES, ids=lambda r: r.__name__)


def numbers_of(rule):
    """The hyperparameters of the formula itself, as they are by default."""
    defaults = rule([mg.Parameter([0.0])]).defaults
    return {key: a for key, a in defaults.items() if key not in ("weight_decay", "maximize")}


def arguments_of(rule, t):
    """What `update` receives by name."""
    numbers = {"t": t, **numbers_of(rule)}
    if rule.counters:
        numbers |= rule.count(**numbers, **rule.counters)
    return numbers | ({"weight_decay": 0.1} if rule in (optim.LAMB, optim.Adafactor) else {})


GRADIENTS = [3.0, -1.0, 0.25, 1e-9, 1e6, 0.0, 2.0, -7.0]


def test_every_rule_is_in_the_table():
    exported = (getattr(optim, name) for name in optim.__all__)
    optimizers = [a for a in exported if isinstance(a, type) and issubclass(a, optim.Optimizer)]
    assert set(RULES) | ELSEWHERE == {a for a in optimizers if hasattr(a, "update")}


@by_rule
@pytest.mark.parametrize("special", [False, True], ids=["defaults", "special"])
def test_formula(rule, special):
    """`step` on two parameters against plain numbers, one after the other."""
    formula, hyper = RULES[rule]
    numbers = numbers_of(rule) | (hyper if special else {})
    expected, states = [1.5, -2.0], [{}, {}]
    ws = [mg.Parameter(np.array(a)) for a in expected]
    optimizer = rule(ws, **(hyper if special else {}))
    for t, g in enumerate(GRADIENTS, start=1):
        for i, gi in enumerate([g, 2 - g]):
            ws[i].grad = mg.tensor(np.array(gi))
            expected[i] = formula(expected[i], gi, t, states[i], **numbers)
        optimizer.step()
        np.testing.assert_allclose([w.item() for w in ws], expected, rtol=1e-14)
    for i, s in enumerate(states):
        saved = optimizer.state_dict()["state"][f"param{i}"]
        assert saved["t"] == len(GRADIENTS)
        for key in {*rule.slots, *rule.counters} - {"column"}:
            np.testing.assert_allclose(saved[key], s[key], rtol=1e-14)


@by_rule
def test_update_is_a_pure_function_of_arrays(rule):
    theta = np.array([[1.5, -2.0]])
    state = rule.init(theta, **numbers_of(rule)) or [np.ones_like(theta) for _ in rule.slots]
    arrays = [theta, np.array([[3.0, 4.0]]), *state]
    kept = [a.copy() for a in arrays]
    results = rule.update(*arrays, **arguments_of(rule, 3))
    assert len(results) == 1 + len(rule.slots)
    for result, old in zip(results, [arrays[0], *state], strict=True):
        assert (result.shape, result.dtype) == (old.shape, np.float64)
        assert not any(np.shares_memory(result, a) for a in arrays)
    for a, b in zip(arrays, kept, strict=True):
        np.testing.assert_array_equal(a, b)
    for once, again in zip(results, rule.update(*arrays, **arguments_of(rule, 3)), strict=True):
        np.testing.assert_array_equal(once, again)


@by_rule
def test_an_update_stays_in_float32(rule):
    theta = np.array([[1.5, -2.0]], np.float32)
    state = rule.init(theta, **numbers_of(rule)) or [np.ones_like(theta) for _ in rule.slots]
    for result in rule.update(theta, theta, *state, **arguments_of(rule, 3)):
        assert result.dtype == np.float32


@by_rule
def test_an_update_can_be_differentiated(rule):
    """As a function of tensors, by theta and by g, against differences."""
    numbers = arguments_of(rule, 3)
    point = np.array([[1.5, -2.0]]), np.array([[3.0, 4.0]])
    state = rule.init(point[0], **numbers_of(rule)) or [np.ones((1, 2)) for _ in rule.slots]
    if rule in CENTERED:
        state[0] = state[0] + 9  # a mean square is more than a squared mean

    def moved(theta, g):
        return rule.update(theta, g, *state, **numbers)[0].sum()

    found = mg.grad(moved(*(ts := [mg.tensor(a, requires_grad=True) for a in point])), ts)
    for k, derivative in enumerate(found):
        difference = np.zeros((1, 2))
        for i in range(2):
            shift = np.zeros((2, 1, 2))
            shift[k, 0, i] = 1e-5
            difference[0, i] = (moved(*(point + shift)) - moved(*(point - shift))) / 2e-5
        np.testing.assert_allclose(derivative.data, difference, rtol=1e-5, atol=1e-9)


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


@pytest.mark.parametrize("rule", [optim.Momentum, optim.MomentumA, optim.Nesterov, optim.NesterovA])
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


RATES = {
    optim.AdaDelta: 20.0,
    optim.AdaGrad: 1.0,
    optim.GD: 0.2,
    optim.SGD: 0.2,
    optim.ASGD: 0.2,
    optim.DampenedMomentum: 0.2,
    optim.LAMB: 0.05,
    optim.RMSPropMomentum: 0.01,
    optim.RMSPropNesterov: 0.01,
    optim.CenteredRMSPropMomentum: 0.002,
    optim.CenteredRMSPropNesterov: 0.002,
}
OTHERS = {optim.ASGD: {"lambd": 0.0}, optim.AdamW: {"weight_decay": 0.0}}


@by_rule
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_quadratic_is_minimised(rule, dtype):
    """f(w) = (w - c)^T A (w - c) / 2, of condition number 4, with a learning rate that falls to 0:
    some rules make steps of one length."""
    a, c = np.array([[2.5, 1.5], [1.5, 2.5]], dtype), np.array([1.0, -2.0], dtype)
    w = mg.Parameter(np.zeros(2, dtype))
    rate = RATES.get(rule, 0.05)
    optimizer = rule([w], lr=lambda t: rate * (1 - t / 1000) ** 2, **OTHERS.get(rule, {}))
    for _ in range(1000):
        optimizer.zero_grad()
        (0.5 * (w - c) @ a @ (w - c)).backward()
        optimizer.step()
    assert w.dtype == dtype
    np.testing.assert_allclose(w.data, c, atol=2e-4)
