"""Other packages' names, arguments, defaults and formulas, without these packages.

PyTorch's and Optax's own steps are compared with in `tests/parity`; Keras's formulas are here on
plain numbers.
"""

import inspect
import math

import numpy as np
import pytest
from compiled_runs import Run, assert_equal_runs

import minigrad as mg
from minigrad import nn, optim
from minigrad.optim.conventions import keras, optax, torch

PACKAGES = {"torch": torch, "keras": keras, "optax": optax}


def own(package, kind):
    return [a for _, a in inspect.getmembers(package, kind) if a.__module__ == package.__name__]


CLASSES = [c for package in PACKAGES.values() for c in own(package, inspect.isclass)]
FUNCTIONS = [(n, f) for n, p in PACKAGES.items() for f in own(p, inspect.isfunction)]


@pytest.mark.parametrize(
    ("name", "make"), FUNCTIONS, ids=[f"{n}.{f.__name__}" for n, f in FUNCTIONS]
)
def test_each_makes_an_optimizer_that_descends(name, make):
    w = mg.Parameter(np.array([[1.5, -2.0], [0.5, 3.0]]))
    optimizer = make([w], 0.01)
    assert isinstance(optimizer, optim.Optimizer)
    assert optimizer.lr == 0.01
    before = (w.data**2).sum()
    (w**2).sum().backward()
    optimizer.step()
    assert (w.data**2).sum() < before
    assert make.__doc__


@pytest.mark.parametrize("rule", CLASSES, ids=lambda r: r.__name__)
def test_compiled_steps_are_the_same_to_the_last_bit(rule):
    def build():
        rng = np.random.default_rng(0)
        net = nn.Sequential(nn.Linear(3, 4, rng=rng), nn.Tanh(), nn.Linear(4, 2, rng=rng))
        optimizer = rule(net.named_parameters(), lr=0.01, weight_decay=0.1)

        def step(x, y):
            loss = ((net(x) - y) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss

        return Run(step, [net], [optimizer])

    draws = np.random.default_rng(1)
    calls = [
        tuple(draws.standard_normal((6, n)).astype(np.float32) for n in (3, 2)) for _ in range(30)
    ]
    assert_equal_runs(build, calls, 2 if issubclass(rule, optim.RAdam) else 1)


# Keras on plain numbers. The formulas are those of its `update_step`.


def mean(s, key, beta, value):
    s[key] = beta * s.get(key, 0) + (1 - beta) * value
    return s[key]


def sgd(theta, g, t, s, lr=0.01, momentum=0.0, nesterov=False):
    s["v"] = momentum * s.get("v", 0) - lr * g
    return theta + (momentum * s["v"] - lr * g if nesterov else s["v"])


def rmsprop(theta, g, t, s, lr=1e-3, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False):
    square, centre = mean(s, "s", rho, g**2), mean(s, "m", rho, g) ** 2 if centered else 0
    step = lr * g / math.sqrt(square - centre + epsilon)
    s["v"] = momentum * s.get("v", 0) + step
    return theta - s["v"]


def adam(theta, g, t, s, lr=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False):
    m, v = mean(s, "m", beta_1, g), mean(s, "v", beta_2, g**2)
    s["largest"] = max(s.get("largest", 0), v) if amsgrad else v
    rate = lr * math.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    return theta - rate * m / (math.sqrt(s["largest"]) + epsilon)


def adamw(theta, g, t, s, lr=1e-3, weight_decay=0.004):
    return adam(theta, g, t, s, lr) - lr * weight_decay * theta


def adagrad(theta, g, t, s, lr=1e-3, initial_accumulator_value=0.1, epsilon=1e-7):
    s["s"] = s.get("s", initial_accumulator_value) + g**2
    return theta - lr * g / math.sqrt(s["s"] + epsilon)


def adadelta(theta, g, t, s, lr=1e-3, rho=0.95, epsilon=1e-7):
    square = mean(s, "s", rho, g**2)
    step = math.sqrt(s.get("u", 0) + epsilon) / math.sqrt(square + epsilon) * g
    mean(s, "u", rho, step**2)
    return theta - lr * step


def adamax(theta, g, t, s, lr=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    m = mean(s, "m", beta_1, g)
    s["u"] = max(beta_2 * s.get("u", 0), abs(g))
    return theta - lr / (1 - beta_1**t) * m / (s["u"] + epsilon)


def nadam(theta, g, t, s, lr=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    mus = [beta_1 * (1 - 0.5 * 0.96**k) for k in range(1, t + 2)]
    m, v = mean(s, "m", beta_1, g), mean(s, "v", beta_2, g**2)
    past, present = mus[-1] / (1 - math.prod(mus)), (1 - mus[-2]) / (1 - math.prod(mus[:-1]))
    return theta - lr * (past * m + present * g) / (math.sqrt(v / (1 - beta_2**t)) + epsilon)


def lion(theta, g, t, s, lr=1e-3, beta_1=0.9, beta_2=0.99, weight_decay=0.0):
    c = beta_1 * s.get("m", 0) + (1 - beta_1) * g
    mean(s, "m", beta_2, g)
    return theta - lr * weight_decay * theta - lr * np.sign(c)


KERAS = [
    (keras.SGD, sgd, {}),
    (keras.SGD, sgd, {"momentum": 0.9}),
    (keras.SGD, sgd, {"momentum": 0.9, "nesterov": True}),
    (keras.RMSprop, rmsprop, {}),
    (keras.RMSprop, rmsprop, {"rho": 0.5, "epsilon": 0.1}),
    (keras.RMSprop, rmsprop, {"momentum": 0.5}),
    (keras.RMSprop, rmsprop, {"centered": True}),
    (keras.RMSprop, rmsprop, {"centered": True, "momentum": 0.5}),
    (keras.Adam, adam, {}),
    (keras.Adam, adam, {"beta_1": 0.5, "beta_2": 0.75, "epsilon": 0.1}),
    (keras.Adam, adam, {"beta_2": 0.75, "amsgrad": True}),
    (keras.AdamW, adamw, {}),
    (keras.AdamW, adamw, {"weight_decay": 0.5}),
    (keras.Adagrad, adagrad, {}),
    (keras.Adagrad, adagrad, {"initial_accumulator_value": 0.5, "epsilon": 0.1}),
    (keras.Adadelta, adadelta, {}),
    (keras.Adamax, adamax, {}),
    (keras.Adamax, adamax, {"beta_1": 0.5, "beta_2": 0.75, "epsilon": 0.1}),
    (keras.Nadam, nadam, {}),
    (keras.Lion, lion, {}),
    (keras.Lion, lion, {"weight_decay": 0.5}),
]


@pytest.mark.parametrize(
    ("make", "formula", "numbers"),
    KERAS,
    ids=[f"{make.__name__} {' '.join(numbers)}".strip() for make, _, numbers in KERAS],
)
def test_keras(make, formula, numbers):
    w, expected, s = mg.Parameter(np.array(1.5)), 1.5, {}
    optimizer = make([w], **numbers)
    for t, g in enumerate([3.0, -1.0, 0.25, 1e-3, 20.0, 0.0, 2.0], start=1):
        w.grad = mg.tensor(np.array(g))
        optimizer.step()
        expected = formula(expected, g, t, s, **numbers)
        np.testing.assert_allclose(w.item(), expected, rtol=1e-13)


def test_every_function_of_keras_is_in_the_table():
    assert {make for make, _, _ in KERAS} == set(own(keras, inspect.isfunction))
