"""Constant folding."""

import operator

import numpy as np
import pytest
from compiler_programs import functions_of, number_program, program_of, run, same_bits

from minigrad import vjps
from minigrad.compiler.folding import LARGEST, fold_constants

X = np.ones((2, 3))


def folded(fn, **inputs):
    program = program_of(fn, **inputs)
    after = fold_constants(program)
    arrays = list(inputs.values())
    assert same_bits(run(program, arrays), run(after, arrays))
    return after


def test_what_follows_from_constants_is_computed_once():
    def fn(recorder, x):
        seed = recorder.literal(np.float32(1))
        return x * vjps.spread(seed / 6, (2, 3))

    program = folded(fn, x=X)
    assert functions_of(program) == [np.multiply]
    contents = program.constants[program.instructions[0].args[1]]
    assert contents.dtype == np.float32 and (contents == np.float32(1) / 6).all()
    assert not contents.flags.writeable


def test_an_array_that_may_still_change_is_left_alone():
    live = np.array([1.0, 2.0, 3.0])
    behind = live[:]
    behind.flags.writeable = False  # its memory can be written to through `live`

    for array in (live, behind):
        program = program_of(lambda r, x, a=array: x + np.tanh(r.constant(a)), x=X)
        assert fold_constants(program) is program


@pytest.mark.parametrize(
    "view",
    [np.transpose, lambda a: a.reshape(3, 2), lambda a: np.expand_dims(a, 1)],
    ids=["transpose", "reshape", "expand_dims"],
)
def test_a_view_becomes_a_constant_of_the_same_layout(view):
    def fn(recorder, x):
        v = view(recorder.literal(np.arange(6.0).reshape(2, 3)))
        return x[0, 0] + v, np.square(np.reshape(v, -1))

    program = folded(fn, x=X)
    v = program.instructions[1].args[1]
    assert v.base is None
    assert program.constants[v].strides == v.strides
    assert program.constants[v].base is None


def test_a_view_with_gaps_cannot_keep_its_layout_and_stays():
    def fn(recorder, x):
        return x + recorder.literal(np.arange(6.0))[::2]

    assert functions_of(folded(fn, x=X)) == [vjps.getitem, np.add]


def test_a_result_of_the_program_is_computed_anew_at_each_call():
    def fn(recorder, x):
        ones = recorder.literal(np.ones(3))
        return np.exp(ones), x * np.exp(ones), np.reshape(np.tanh(ones), (3, 1))

    assert functions_of(folded(fn, x=X)) == [np.exp, np.multiply, np.tanh, np.reshape]


def test_what_would_warn_or_fail_is_left_to_the_calls():
    def fn(recorder, x):
        return x + np.log(recorder.literal(np.zeros(3)))

    program = program_of(fn, x=X)
    assert fold_constants(program) is program


def test_an_error_that_the_function_ignores_does_not_count():
    def fn(recorder, x):
        return x + np.log(recorder.literal(np.zeros(3)))

    program = program_of(fn, x=X)
    program.instructions[0].errstate = {"divide": "ignore"}
    assert functions_of(fold_constants(program)) == [np.add]


def test_large_results_are_not_stored():
    def fn(recorder, x):
        return x[0, 0] * vjps.spread(recorder.literal(1.0), (LARGEST // 8 + 1,))

    assert vjps.spread in functions_of(folded(fn, x=X))


def test_draws_stay():
    def fn(recorder, x):
        return x + recorder.generator(np.random.default_rng(0), "rng").random(3)

    program = program_of(fn, x=X)
    assert fold_constants(program) is program


def test_numbers_become_arguments():
    half = (operator.truediv, 1, 2)
    program = number_program(half, (operator.mul, "t0", 3), (operator.add, "s0", "t1"), state=[1.0])
    after = fold_constants(program)
    assert functions_of(after) == [operator.add]
    assert after.instructions[0].args[1] == 1.5
    assert same_bits(run(program, state=[1.0]), run(after, state=[1.0]))
    assert "add(s0, 1.5)" in str(after)


def test_a_number_that_is_a_result_stays():
    program = number_program((operator.add, 1, 1))
    assert fold_constants(program) is program


def test_a_calculation_that_fails_stays():
    program = number_program((operator.truediv, 1.0, 1.0), (operator.add, "t0", "s0"), state=[1.0])
    program.instructions[0].args = (1.0, 0.0)
    assert fold_constants(program) is program


def test_the_name_goes_over_to_the_constant():
    def fn(recorder, x):
        scale = recorder.literal(2.0) * 3
        return x * scale

    assert "constant scale: float64 ()" in str(folded(fn, x=X))


def test_functions_that_return_several_arrays_stay():
    def fn(recorder, x):
        fraction, whole = np.modf(recorder.literal([1.5]))
        return x[0] + fraction + whole

    assert np.modf in functions_of(folded(fn, x=X))
