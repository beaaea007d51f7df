"""Reduce on plateau: what counts as progress, patience, cooldown, state."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.optim.schedules import Constant, Join, ReduceOnPlateau, Warmup


def after_each(schedule, metrics):
    found = []
    for metric in metrics:
        schedule.observe(metric)
        found.append(schedule(1))
    return found


def test_reduced_when_patience_is_over():
    schedule = ReduceOnPlateau(1, factor=0.5, patience=2)
    assert after_each(schedule, [3, 2, 2, 2, 2, 2, 2, 2]) == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25]


def test_without_patience_the_first_bad_one_counts():
    assert after_each(ReduceOnPlateau(1, factor=0.5, patience=0), [1, 1, 0.5, 1]) == [
        1, 0.5, 0.5, 0.25,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "threshold_mode", "best", "progress", "none"),
    [
        ("min", "rel", 10, 8.9, 9.1),
        ("min", "abs", 10, 9.8, 9.95),
        ("max", "rel", 10, 11.1, 10.9),
        ("max", "abs", 10, 10.2, 10.05),
    ],
)
def test_what_counts_as_progress(mode, threshold_mode, best, progress, none):
    def last(metric):
        schedule = ReduceOnPlateau(
            1, factor=0.5, patience=0, mode=mode, threshold=0.1, threshold_mode=threshold_mode
        )
        return after_each(schedule, [best, metric])[-1]

    assert last(progress) == 1
    assert last(none) == 0.5


def test_bad_ones_are_forgiven_while_it_cools_down():
    schedule = ReduceOnPlateau(1, factor=0.5, patience=0, cooldown=2)
    assert after_each(schedule, [1, 1, 1, 1, 1]) == [1, 0.5, 0.5, 0.5, 0.25]


def test_not_below_the_lowest_and_not_by_a_trifle():
    assert after_each(ReduceOnPlateau(1, 0.5, 0, lowest=0.4), [1] * 5) == [1, 0.5, 0.4, 0.4, 0.4]
    assert after_each(ReduceOnPlateau(1, 0.5, 0, eps=0.3), [1] * 4) == [1, 0.5, 0.5, 0.5]


def test_nan_is_no_progress():
    assert after_each(ReduceOnPlateau(1, 0.5, 0), [math.nan, 1, math.nan]) == [0.5, 0.5, 0.25]


def test_metrics_may_be_arrays_and_tensors():
    schedule = ReduceOnPlateau(1)
    schedule.observe(np.float32(2))
    schedule.observe(mg.tensor(1.5))
    assert schedule.best == 1.5 and type(schedule.best) is float


def test_state_resumes_it_at_any_observation():
    metrics = np.random.default_rng(0).normal(size=60).tolist()

    def made():
        return ReduceOnPlateau(1, factor=0.9, patience=1, cooldown=2)

    unbroken = after_each(made(), metrics)
    for cut in range(60):
        before, resumed = made(), made()
        head = after_each(before, metrics[:cut])
        resumed.load_state_dict(before.state_dict())
        assert head + after_each(resumed, metrics[cut:]) == unbroken


def test_inside_other_schedules():
    inner = ReduceOnPlateau(1, factor=0.5, patience=0)
    outer = 0.5 * Join([0.25, Warmup(inner, steps=2)], after=[3])
    inner.observe(1)
    inner.observe(1)
    assert outer.values(6).tolist() == [0.125, 0.125, 0.125, 0.125, 0.25, 0.25]
    again = 0.5 * Join([0.25, Warmup(ReduceOnPlateau(1, factor=0.5, patience=0), 2)], after=[3])
    assert again(6) == 0.5
    again.load_state_dict(outer.state_dict())
    assert again(6) == 0.25
    assert Constant(1).state_dict() == {}


def test_state_of_something_else():
    with pytest.raises(ValueError, match="the state of ReduceOnPlateau has the keys"):
        ReduceOnPlateau(1).load_state_dict({"current": 1})
    with pytest.raises(ValueError, match=r"has state of the parts \[\], got the state of \['0'\]"):
        (0.5 * Constant(1)).load_state_dict({"0": {}})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"start": -1}, "start"),
        ({"factor": 1}, r"factor must be finite and in \(0, 1\), got 1"),
        ({"factor": 0}, "factor"),
        ({"patience": -1}, "patience must be an integer of at least 0"),
        ({"mode": "least"}, "mode must be one of 'min', 'max', got 'least'"),
        ({"threshold": -1}, "threshold"),
        ({"threshold_mode": "x"}, "threshold_mode must be one of 'rel', 'abs'"),
        ({"cooldown": -1}, "cooldown"),
        ({"lowest": -1}, "lowest"),
        ({"eps": -1}, "eps"),
    ],
)
def test_wrong_arguments(wrong, message):
    with pytest.raises(ValueError, match=message):
        ReduceOnPlateau(**{"start": 1, **wrong})
