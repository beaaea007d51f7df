"""Schedules as an optimizer's hyperparameters, eager and compiled."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim
from minigrad.optim.schedules import (
    Cosine,
    Exponential,
    Lambda,
    Linear,
    OneCycle,
    ReduceOnPlateau,
    Tuple,
    Warmup,
)

RATE = Warmup(Cosine(0.2, steps=60), steps=5)
SCHEDULED = {
    "rate": (optim.SGD, {"lr": RATE}),
    "rate and momentum": (
        optim.Momentum,
        {"lr": OneCycle(0.1, steps=40), "momentum": OneCycle(0.85, 40, start=0.95, end=0.95)},
    ),
    "betas": (
        optim.Adam,
        {"lr": RATE, "betas": Tuple([Linear(0.9, 0.8, 20), 0.99])},
    ),
    "weight decay": (optim.Adam, {"lr": 0.01, "weight_decay": Exponential(0.1, 0.9)}),
    "product": (optim.RMSProp, {"lr": 0.1 * RATE * Lambda(lambda t: t**-0.5)}),
}
by_case = pytest.mark.parametrize("case", SCHEDULED.values(), ids=SCHEDULED)
STEPS = 40


def made(case):
    kind, hyper = case
    w = mg.Parameter(np.array([1.0, -3.0, 0.5]))
    return w, kind([w], **hyper)


def stepper(w, optimizer):
    def step(x):
        loss = ((w * x) ** 2).sum() - np.cos(w).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step


def trajectory(case, wrap=lambda step: step):
    w, optimizer = made(case)
    step = wrap(stepper(w, optimizer))
    x = np.array([0.5, 1.0, -2.0])
    return [(step(x), w.data.copy())[1] for _ in range(STEPS)]


def at(value, t):
    return value(t) if callable(value) else value


@by_case
def test_a_step_has_the_schedules_numbers(case):
    """As if they were set by hand before every step."""
    kind, hyper = case
    w, optimizer = made((kind, {key: at(value, 1) for key, value in hyper.items()}))
    step = stepper(w, optimizer)
    for t, expected in enumerate(trajectory(case), 1):
        optimizer.groups[0].hyper |= {key: at(value, t) for key, value in hyper.items()}
        step(np.array([0.5, 1.0, -2.0]))
        assert w.data.tobytes() == expected.tobytes()


@by_case
def test_compiled_it_is_bit_equal(case):
    eager, compiled = trajectory(case), trajectory(case, mg.compile)
    assert [a.tobytes() for a in compiled] == [a.tobytes() for a in eager]
    assert len({a.tobytes() for a in eager}) == STEPS


@by_case
@pytest.mark.parametrize("cut", [0, 1, 13, 39])
def test_resumed_it_is_bit_equal(case, cut):
    x = np.array([0.5, 1.0, -2.0])
    expected = trajectory(case)[-1]
    w, optimizer = made(case)
    for _ in range(cut):
        stepper(w, optimizer)(x)
    again, resumed = made(case)
    again.data[...] = w.data
    resumed.load_state_dict(optimizer.state_dict())
    for _ in range(STEPS - cut):
        stepper(again, resumed)(x)
    assert again.data.tobytes() == expected.tobytes()


def test_lr_is_the_next_steps():
    w, optimizer = made((optim.SGD, {"lr": RATE}))
    for t in range(1, 10):
        assert optimizer.lr == RATE(t)
        stepper(w, optimizer)(1.0)


def test_a_plateau_is_part_of_the_optimizers_state():
    def reduced():
        return made((optim.SGD, {"lr": ReduceOnPlateau(0.5, factor=0.5, patience=0)}))[1]

    optimizer, again = reduced(), reduced()
    plateau = optimizer.groups[0].hyper["lr"]
    plateau.observe(1.0)
    plateau.observe(1.0)
    assert (optimizer.lr, again.lr) == (0.25, 0.5)
    again.load_state_dict(optimizer.state_dict())
    assert again.lr == 0.25
