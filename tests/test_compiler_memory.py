"""The memory plan: sharing memory never shows in a result."""

import warnings

import numpy as np
import pytest
from compiler_programs import program_of, run, same_bits
from hypothesis import given, settings
from hypothesis import strategies as st
from test_compiler_pipeline import arrays, carried_out, steps

from minigrad import vjps
from minigrad.compiler.blocking import groups_of, numbers_first
from minigrad.compiler.executable import Executable
from minigrad.compiler.memory import Fresh, Inside, Outside, Own, Slot, planned
from minigrad.compiler.numpy_source import printed
from minigrad.compiler.pipeline import optimized
from minigrad.compiler.program import values_in
from minigrad.compiler.recording import record
from minigrad.compiler.scalars import with_scalar_arrays


def executed(program, inputs, states):
    """The outputs and the new states of one call of the printed program."""
    program = with_scalar_arrays(program)
    memory = dict(zip(program.state, states, strict=True)) | program.constants
    executable = Executable(printed(program), memory)
    before = [s.copy() for s in states]
    executable.step(*inputs)  # what the first call leaves in memory must not matter
    for array, start in zip(memory.values(), before, strict=False):
        array[...] = start
    return executable.step(*inputs), memory


@settings(max_examples=300, deadline=None)
@given(
    steps,
    st.lists(st.integers(0, 30), min_size=1, max_size=4),
    st.sampled_from(["f4", "f8", "i4"]),
    st.booleans(),
    st.booleans(),
)
def test_printed_programs_compute_what_was_recorded(steps, results, dtype, quiet, improved):
    one, other, state, fixed, live = arrays(dtype)

    def traced(recorder):
        stand_ins = recorder.input(one, "one"), recorder.input(other, "other")
        with np.errstate(all="ignore" if quiet else "warn"):
            return carried_out(
                steps, results, recorder, *stand_ins, recorder.state(state, "s"), fixed, live
            )

    start = state.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = record("program", traced).program
        if improved:
            program, _ = optimized(program)
        outputs, writes, _ = run(program, [one, other], [start])
        memory = {program.state[0]: start.copy()} if program.state else {}
        lowered = with_scalar_arrays(program)
        executable = Executable(printed(lowered), memory | lowered.constants)
        first = executable.step(one, other)
        for array in memory.values():
            array[...] = start
        again = executable.step(one, other)
    expected = list(values_of(outputs))
    for got in (first, again):
        assert all(map(same_values, got, expected))
    for array, new in zip(memory.values(), writes, strict=False):
        assert same_bits(array, new)


def values_of(structure):
    if isinstance(structure, (tuple, list)):
        for a in structure:
            yield from values_of(a)
    else:
        yield structure


def same_values(a, b):
    """Results are copies, so only their layout may differ."""
    a, b = np.asarray(a), np.asarray(b)
    return (a.dtype, a.shape) == (b.dtype, b.shape) and a.tobytes() == b.tobytes()


def chain(recorder, x):
    for _ in range(6):
        x = np.tanh(np.dot(x, x))
    return x


X = np.random.default_rng(0).standard_normal((8, 8))


def test_a_chain_needs_two_places():
    plan = planned(program_of(chain, x=X))
    assert plan.arena == 2 * X.nbytes
    assert plan.unshared == 12 * X.nbytes


def test_element_wise_results_take_the_place_of_an_operand():
    program = program_of(lambda r, x: np.exp(np.tanh(np.sin(x) + 1)), x=X)
    plan = planned(program)
    first, *rest = [i.out for i in program.instructions]
    assert plan.arena == X.nbytes
    assert all(plan.places[v] is plan.places[first] for v in rest)


def test_a_product_takes_nobodys_place():
    program = program_of(lambda r, x: np.dot(np.exp(x), np.sin(x)), x=X)
    plan = planned(program)
    slots = [plan.places[i.out] for i in program.instructions]
    assert len({s.offset for s in slots}) == 3


def test_a_view_keeps_its_memory_alive():
    def fn(recorder, x):
        y = np.exp(x)
        view = np.transpose(y)
        z = np.dot(y, x)
        return np.dot(z, view)

    program = program_of(fn, x=X)
    plan = planned(program)
    exp, z, result = (i.out for i in program.instructions if i.out.base is None)
    offsets = {plan.places[v].offset for v in (exp, z, result)}
    assert len(offsets) == 3
    assert plan.places[exp].last == len(program.instructions) - 1


def test_the_new_state_is_written_over_the_old_one():
    s = np.ones(5)

    def fn(recorder, x, s):
        s[...] = 0.9 * s + x

    program = program_of(fn, states=[s], x=np.ones(5))
    plan = planned(program)
    product, total = (i.out for i in program.instructions)
    assert plan.places[total] == Outside(program.state[0])
    assert plan.places[product] == Outside(program.state[0])


def test_a_state_that_is_read_afterwards_is_written_at_the_end():
    def fn(recorder, x, s):
        new = 0.9 * s + x
        doubled = np.transpose(s) * 2
        s[...] = new
        return doubled

    s = np.ones((2, 3))
    program = program_of(fn, states=[s], x=np.ones((2, 3)))
    plan = planned(program)
    assert not isinstance(plan.places[program.writes[program.state[0]]], Outside)
    (doubled,), memory = executed(program, [np.ones((2, 3))], [np.ones((2, 3))])
    np.testing.assert_array_equal(doubled, np.full((3, 2), 2.0))
    np.testing.assert_array_equal(memory[program.state[0]], np.full((2, 3), 1.9))


def test_two_states_that_change_places():
    def fn(recorder, x, a, b):
        old = a * 1.0
        a[...] = b * x
        b[...] = old * x

    a, b = np.full(3, 2.0), np.full(3, 5.0)
    program = program_of(fn, states=[a, b], x=np.ones(3))
    _, memory = executed(program, [np.ones(3)], [np.full(3, 2.0), np.full(3, 5.0)])
    np.testing.assert_array_equal(memory[program.state[0]], np.full(3, 5.0))
    np.testing.assert_array_equal(memory[program.state[1]], np.full(3, 2.0))


def test_parts_are_written_straight_into_a_concatenation():
    def fn(recorder, x):
        return vjps.concat(np.exp(x).reshape(-1), np.dot(x, x).reshape(-1), x[0])

    program = program_of(fn, x=X)
    plan = planned(program)
    whole = program.instructions[-1].out
    inside = {v: p for v, p in plan.places.items() if isinstance(p, Inside)}
    assert [p.start for p in inside.values()] == [0, 64]
    assert all(p.whole is whole for p in inside.values())
    assert whole not in plan.elided  # the input's row has to be copied
    (result,), _ = executed(program, [X], [])
    np.testing.assert_array_equal(
        result, np.concatenate([np.exp(X).ravel(), (X @ X).ravel(), X[0]])
    )


def test_one_array_twice_in_a_concatenation():
    def fn(recorder, x):
        y = np.exp(x)
        return vjps.concat(y, y), y

    program = program_of(fn, x=X)
    (joined, y), _ = executed(program, [X], [])
    np.testing.assert_array_equal(joined, np.concatenate([np.exp(X)] * 2))
    np.testing.assert_array_equal(y, np.exp(X))


def test_functions_that_take_no_out_make_their_own_memory():
    program = program_of(lambda r, x: np.tril(np.exp(x)) + 1, x=X)
    plan = planned(program)
    places = [type(plan.places[i.out]) for i in program.instructions]
    assert places[:2] == [Slot, Fresh]


def test_kept_results_have_memory_of_their_own():
    program = program_of(lambda r, x: np.exp(x), x=X)
    program.kept.extend(values_in(program.outputs))
    assert isinstance(planned(program).places[program.kept[0]], Own)


@pytest.mark.parametrize("n", [131_073, 160_000, 200_000])
def test_blocks(n):
    """Scratch in a group is as long as a block, and every element is computed once."""

    def fn(recorder, x, s):
        y = np.tanh(x * 2.0)
        s[...] = s * 0.5 + y * y
        return y

    x = np.linspace(-1, 1, n)
    program = numbers_first(program_of(fn, states=[np.ones(n)], x=x))
    (group,) = groups_of(program)
    assert (group.first, group.stop, group.size) == (0, 5, n)
    plan = planned(program, [group])
    assert plan.arena < 2 * x.nbytes
    (y,), memory = executed(program, [x], [np.ones(n)])
    np.testing.assert_array_equal(y, np.tanh(x * 2.0))
    np.testing.assert_array_equal(memory[program.state[0]], 0.5 + y * y)


def test_short_or_broadcast_chains_are_not_cut():
    assert not groups_of(program_of(lambda r, x: np.tanh(x * 2) + 1, x=np.ones(131_072)))
    wide = program_of(lambda r, x, b: np.tanh(x * b) + b, x=np.ones((400, 400)), b=np.ones(400))
    assert not groups_of(wide)
