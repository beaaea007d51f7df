"""Long chains are shared out between two threads: the same numbers, and nothing lost on the way."""

import os
import threading
import warnings

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim
from minigrad.compiler import threads
from minigrad.compiler.blocking import SHARED_BLOCK
from minigrad.compiler.threads import at_once, lanes_for
from minigrad.compiler.workspace import stretches


@pytest.fixture
def two_cores(monkeypatch):
    monkeypatch.setattr(threads, "_cores", lambda: 2)


def test_only_long_chains_are_shared_out(monkeypatch):
    monkeypatch.setattr(threads, "_cores", lambda: 2)
    assert [lanes_for(n) for n in (1, threads.LEAST - 1, threads.LEAST)] == [1, 1, 2]
    monkeypatch.setattr(threads, "_cores", lambda: 1)
    assert lanes_for(10 * threads.LEAST) == 1


@pytest.mark.parametrize("rule", [optim.SGD, optim.Adam, optim.RAdam])
def test_two_threads_give_the_same_bits(rule, two_cores, monkeypatch):
    def trained(least):
        monkeypatch.setattr(threads, "LEAST", least)
        rng = np.random.default_rng(0)
        p = mg.Parameter(rng.standard_normal(500_000, dtype=np.float32))
        q = mg.Parameter(rng.standard_normal((3, 4), dtype=np.float32))
        optimizer = rule([p, q], lr=0.01, weight_decay=0.1)
        for _ in range(8):
            for parameter in (p, q):
                parameter.grad = mg.tensor(rng.standard_normal(parameter.shape, dtype=np.float32))
            optimizer.step()
        return p.data, q.data, optimizer.state_dict()["state"]["param0"]

    alone, together = trained(1_000_000), trained(500_000)
    np.testing.assert_array_equal(alone[0], together[0])
    np.testing.assert_array_equal(alone[1], together[1])
    for key, value in alone[2].items():
        np.testing.assert_array_equal(value, together[2][key])


@pytest.mark.parametrize("moving", [False, True])
def test_a_long_chain_in_a_program_is_shared_out(two_cores, monkeypatch, moving):
    """Arrays that are given anew at each call are cut anew; the others once."""
    monkeypatch.setattr(threads, "LEAST", 500_000)
    x = np.random.default_rng(0).standard_normal(500_000, dtype=np.float32)

    def chain(x):
        y = np.tanh(x) * 2
        z = np.exp(y - x) + y
        return z, z * y

    given = mg.Tensor(x)
    program = mg.compile(chain if moving else lambda: chain(given))
    for k in range(3):
        given.data[...] = x + np.float32(k)
        found = program(x + np.float32(k)) if moving else program()
        for a, b in zip(found, chain(x + np.float32(k)), strict=True):
            np.testing.assert_array_equal(np.asarray(a), b)
    assert "def chain1(blocks):" in program.source
    blocks = "[stretches(" if moving else "blocks1"
    assert f"at_once(chain1, {blocks}" in program.source
    assert "def at_once(function, lanes):" in program.source  # it can be read in whole
    (told,) = program.explain().blocks
    assert told == (6, 500_000)


@pytest.mark.parametrize("least", [100_000, 10**9])
def test_given_gradients_are_read_where_they_are(two_cores, monkeypatch, least):
    """The chain takes them one after the other, instead of a copy of all in a row."""
    monkeypatch.setattr(threads, "LEAST", least)
    shapes = [(300, 300), (7,), (200_000,), (40, 50)]

    def made():
        rng = np.random.default_rng(0)
        ps = [mg.Parameter(rng.standard_normal(s, dtype=np.float32)) for s in shapes]
        for p in ps:
            p.grad = mg.tensor(rng.standard_normal(p.shape, dtype=np.float32))
        return ps, optim.Adam(ps, lr=0.1)

    (ours, eager), (theirs, compiled) = made(), made()
    step = mg.compile(compiled.step)
    for _ in range(3):
        eager.step()
        step()
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(p.data, q.data)
    assert "np.concatenate" not in step.source
    assert step.explain().arena <= 4 * SHARED_BLOCK * 4 + 64
    other = mg.tensor(np.ones((300, 300), np.float32))
    for ps, update in ((ours, eager.step), (theirs, step)):
        ps[0].grad = other  # another array in the same place
        update()
    np.testing.assert_array_equal(ours[0].data, theirs[0].data)


def test_pieces_end_where_an_array_in_a_row_ends():
    whole, parts = np.arange(10), (np.arange(3), np.arange(3, 3), np.arange(3, 10))
    spare = np.empty(8)
    found = [stretches(4, (whole, parts), (spare,), lane, 2) for lane in range(2)]
    pieces = [[a.tolist() for a, _, _ in lane] for lane in found]
    assert pieces == [[[0, 1], [3, 4, 5, 6]], [[2], [7, 8, 9]]]
    for lane, half in zip(found, (spare[:4], spare[4:]), strict=True):
        for a, b, own in lane:
            np.testing.assert_array_equal(a, b)
            assert own.size == a.size and np.shares_memory(own, half)


def test_what_is_cut_already_is_not_cut_again(two_cores, monkeypatch):
    from minigrad.compiler import update

    monkeypatch.setattr(threads, "LEAST", 500_000)
    monkeypatch.setattr(update, "_recorded", {})
    p = mg.Parameter(np.zeros(600_000, np.float32))
    optimizer = optim.Adam([p])
    p.grad = mg.tensor(np.ones(600_000, np.float32))
    optimizer.step()
    assert [key[2] for key in update._recorded] == [(100_000,)]  # as many for each thread
    assert 100_000 <= SHARED_BLOCK < 600_000 / 4
    for recorded in update._recorded.values():
        assert [source.groups for _, source in recorded] == [[]]


def test_both_threads_take_part_and_see_numpys_settings():
    seen = []

    def task(lane):
        seen.append((threading.get_ident(), np.geterr()["over"]))

    with np.errstate(over="ignore"):
        at_once(task, [0, 1])
    assert len({ident for ident, _ in seen}) == 2
    assert {setting for _, setting in seen} == {"ignore"}


@pytest.mark.parametrize("failing", [0, 1])
def test_an_error_in_either_thread_is_raised(failing):
    def task(lane):
        if lane == failing:
            raise ArithmeticError("no")
        done.append(lane)

    done = []
    with pytest.raises(ArithmeticError, match="no"):
        at_once(task, [0, 1])
    assert done == [1 - failing]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_has_threads_of_its_own():
    at_once(len, [(), ()])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a fork with threads: meant here
        child = os.fork()
    if child == 0:
        done = []
        at_once(done.append, [0, 1])
        os._exit(0 if sorted(done) == [0, 1] else 1)
    assert os.waitpid(child, 0)[1] == 0
