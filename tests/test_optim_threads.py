"""A large buffer is updated by two threads: the same numbers, and nothing lost on the way."""

import os
import threading
import warnings

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim
from minigrad.optim import threads
from minigrad.optim.threads import at_once, lanes_for


@pytest.fixture
def two_cores(monkeypatch):
    monkeypatch.setattr(threads, "_cores", lambda: 2)


def test_only_large_buffers_are_shared_out(monkeypatch):
    monkeypatch.setattr(threads, "_cores", lambda: 2)
    assert [lanes_for(n) for n in (1, threads.LEAST_BLOCKS - 1, threads.LEAST_BLOCKS)] == [1, 1, 2]
    monkeypatch.setattr(threads, "_cores", lambda: 1)
    assert lanes_for(10 * threads.LEAST_BLOCKS) == 1


@pytest.mark.parametrize("rule", [optim.SGD, optim.Adam, optim.RAdam])
def test_two_threads_give_the_same_bits(rule, two_cores, monkeypatch):
    def trained(least):
        monkeypatch.setattr(threads, "LEAST_BLOCKS", least)
        rng = np.random.default_rng(0)
        p = mg.Parameter(rng.standard_normal(200_000, dtype=np.float32))
        q = mg.Parameter(rng.standard_normal((3, 4), dtype=np.float32))
        optimizer = rule([p, q], lr=0.01, weight_decay=0.1)
        for _ in range(8):
            for parameter in (p, q):
                parameter.grad = mg.tensor(rng.standard_normal(parameter.shape, dtype=np.float32))
            optimizer.step()
        return p.data, q.data, optimizer.state_dict()["state"]["param0"]

    alone, together = trained(1000), trained(2)
    np.testing.assert_array_equal(alone[0], together[0])
    np.testing.assert_array_equal(alone[1], together[1])
    for key, value in alone[2].items():
        np.testing.assert_array_equal(value, together[2][key])


def test_both_threads_take_part_and_see_numpys_settings():
    seen = []

    def task():
        seen.append((threading.get_ident(), np.geterr()["over"]))

    with np.errstate(over="ignore"):
        at_once([task, task])
    assert len({ident for ident, _ in seen}) == 2
    assert {setting for _, setting in seen} == {"ignore"}


@pytest.mark.parametrize("failing", [0, 1])
def test_an_error_in_either_thread_is_raised(failing):
    def fail():
        raise ArithmeticError("no")

    done = []
    tasks = [fail, lambda: done.append(1)] if failing == 0 else [lambda: done.append(1), fail]
    with pytest.raises(ArithmeticError, match="no"):
        at_once(tasks)
    assert done == [1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_has_threads_of_its_own():
    at_once([lambda: None, lambda: None])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a fork with threads: meant here
        child = os.fork()
    if child == 0:
        done = []
        at_once([lambda: None, lambda: done.append(1)])
        os._exit(0 if done == [1] else 1)
    assert os.waitpid(child, 0)[1] == 0
