"""Schedules by name: of the run's length, with and without a warm-up."""

import numpy as np
import pytest

from minigrad.optim.schedules import (
    SCHEDULES,
    Cosine,
    InverseSqrt,
    MultiStep,
    OneCycle,
    Warmup,
    WarmupStableDecay,
    for_run,
)

RISING = ["one-cycle", "inverse-sqrt", "warmup-stable-decay"]
NAMES = [
    "constant", "step", "multi-step", "exponential", "linear", "polynomial", "cosine",
    "cosine-restarts", "triangular", "triangular2", "exponential-range", *RISING,
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("steps", [4, 5, 100, 999])
def test_the_rate_is_the_highest(name, steps):
    schedule = for_run(name, lr=0.5, steps=steps)
    assert type(schedule) is SCHEDULES[name]
    values = schedule.values(steps)
    assert 0 < values.max() <= 0.5 * (1 + 1e-15)
    assert steps < 100 or values.max() > (0.3 if name == "exponential-range" else 0.49)
    assert (values[:-1] > 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_warm_up_is_a_part_of_the_run(name):
    warm = for_run(name, lr=0.5, steps=100, warmup=20).values(100)
    assert (np.diff(warm[:19]) > 0).all()
    assert warm[0] < 0.05
    if name not in RISING:
        assert warm[20:].tolist() == for_run(name, lr=0.5, steps=80).values(80).tolist()


def test_what_is_chosen():
    assert for_run("cosine", 0.5, 100, warmup=10) == Warmup(Cosine(0.5, 90), 10)
    assert for_run("multi-step", 0.5, 100) == MultiStep(0.5, [50, 75])
    assert for_run("one-cycle", 0.5, 100) == OneCycle(0.5, 100)
    assert for_run("one-cycle", 0.5, 100, warmup=10) == OneCycle(0.5, 100, rise=0.1)
    assert for_run("inverse-sqrt", 0.5, 100) == InverseSqrt(0.5, 10)
    assert for_run("warmup-stable-decay", 0.5, 100) == WarmupStableDecay(0.5, 5, 76, 19)
    assert for_run("linear", 0.5, 1)(2) == 0


def test_errors():
    with pytest.raises(ValueError, match="one of constant, step, .*, got 'join'"):
        for_run("join", 0.5, 100)
    with pytest.raises(ValueError, match="shorter than the run of 100 steps, got 100"):
        for_run("cosine", 0.5, 100, warmup=100)
    with pytest.raises(ValueError, match="shorter than the run of 0 steps, got 0"):
        for_run("cosine", 0.5, 0)
    with pytest.raises(ValueError, match="start must be finite and at least 0, got -1"):
        for_run("cosine", -1, 100)
