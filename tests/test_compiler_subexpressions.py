"""Common subexpressions."""

import operator

import numpy as np
import pytest
from compiler_programs import (
    functions_of,
    memory_of_results,
    number_program,
    program_of,
    run,
    same_bits,
)

from minigrad.compiler.program import Instruction, Program, Value
from minigrad.compiler.subexpressions import merge_common

X = np.array([[0.5, -0.0, 2.0], [np.inf, np.nan, -1.0]], np.float32)


def merged(fn, **inputs):
    program = program_of(fn, **inputs)
    shorter = merge_common(program)
    arrays = list(inputs.values())
    with np.errstate(all="ignore"):
        assert same_bits(run(program, arrays), run(shorter, arrays))
    assert memory_of_results(program) == memory_of_results(shorter)
    return shorter


def test_equal_calls_are_made_once_and_so_are_calls_on_equal_results():
    def fn(recorder, x):
        return np.tanh(x * 2) + np.tanh(x * 2)

    assert functions_of(merged(fn, x=X)) == [np.multiply, np.tanh, np.add]


def test_views_are_merged_with_what_is_computed_from_them():
    def fn(recorder, x):
        y = np.exp(x)
        return np.square(y.T) + np.square(y.T)

    program = merged(fn, x=X)
    assert functions_of(program) == [np.exp, np.transpose, np.square, np.add]
    assert program.instructions[1].out.base is program.instructions[0].out


def test_views_of_equal_values_are_merged():
    def fn(recorder, x):
        return np.square(np.exp(x).T) + np.square(np.exp(x).T)

    program = merged(fn, x=X)
    assert functions_of(program) == [np.exp, np.transpose, np.square, np.add]


@pytest.mark.parametrize(
    ("a", "b"),
    [(1, 1.0), (1, True), (0.0, -0.0), (np.float32(1), 1.0), (np.float32(0), np.float32(-0.0))],
    ids=str,
)
def test_numbers_that_compare_equal_may_differ(a, b):
    assert len(merged(lambda recorder, x: x * (x + a) * (x + b), x=X).instructions) == 4


@pytest.mark.parametrize("a", [1, 1.0, -0.0, np.nan, np.float32(2)], ids=str)
def test_numbers_of_equal_type_and_bits_are_equal(a):
    assert len(merged(lambda recorder, x: x * (x + a) * (x + a), x=X).instructions) == 3


def test_parameters_matter_in_whatever_order_they_are_given():
    def fn(recorder, x):
        a = np.add.reduce(x, axis=0, keepdims=True)
        b = np.add.reduce(x, keepdims=True, axis=0)
        return a * b * np.add.reduce(x, axis=1, keepdims=True)

    assert functions_of(merged(fn, x=X)).count(np.add.reduce) == 2


def test_indices_and_unhashable_arguments():
    def fn(recorder, x):
        rows = x[:1] * x[:1] * x[1:]
        return rows, np.transpose(x, [1, 0]) + np.transpose(x, [1, 0])

    program = merged(fn, x=X)
    assert [len(i.args) for i in program.instructions] == [2] * 6


def test_any_object_is_an_argument_equal_to_itself():
    class Unhashable:
        __hash__ = None

    def fn(a):
        return 1.0

    thing, values = Unhashable(), [Value(float) for _ in range(3)]
    arguments = (thing, thing, Unhashable())
    calls = [Instruction(fn, (a,), {}, v) for a, v in zip(arguments, values, strict=True)]
    program = merge_common(Program("things", [], [], {}, calls, tuple(values), {}))
    assert program.outputs == (values[0], values[0], values[2])


def test_error_settings_matter():
    def fn(recorder, x):
        with np.errstate(over="raise"):
            a = np.exp(x)
        return a + np.exp(x)

    assert functions_of(merged(fn, x=np.zeros(3))) == [np.exp, np.exp, np.add]


def test_draws_are_never_merged():
    def fn(recorder, x):
        rng = recorder.generator(np.random.default_rng(0), "rng")
        return x + rng.random(3) + rng.random(3)

    program = program_of(fn, x=np.zeros(3))
    assert merge_common(program) is program


def test_two_results_are_never_one_array():
    """Whoever receives them may write to one of them."""
    program = merged(lambda recorder, x: (np.exp(x), np.exp(x), np.tanh(np.exp(x))), x=X)
    assert functions_of(program) == [np.exp, np.exp, np.tanh]


def test_a_result_may_be_merged_with_what_is_no_result():
    def fn(recorder, x):
        return np.tanh(np.exp(x)), np.exp(x)

    assert functions_of(merged(fn, x=X)) == [np.exp, np.tanh]


def test_numbers_may_be_one_result():
    double = (operator.add, "s0", "s0")
    program = number_program(double, double, (operator.mul, "t0", "t1"), state=[3.0])
    assert functions_of(merge_common(program)) == [operator.add, operator.mul]


def test_a_name_is_handed_over_with_the_old_program_left_as_it_was():
    def fn(recorder, x):
        a = [np.exp(x)]
        h = np.exp(x)
        return a[0] * h.T[0, 0]

    program = program_of(fn, x=X)
    before = str(program)
    assert [i.out.name for i in program.instructions[:2]] == [None, "h"]
    shorter = merge_common(program)
    assert "h: float32 (2, 3) = exp(x)" in str(shorter)
    assert "transpose(h)" in str(shorter)
    assert shorter.instructions[1].out.base is shorter.instructions[0].out
    assert str(program) == before


def test_a_cotangent_stays_tied_to_a_value_that_was_merged():
    def fn(recorder, x):
        return np.tanh(np.exp(x)), np.sin(np.exp(x))

    program = program_of(fn, x=X)
    program.instructions[3].out.cotangent_of = program.instructions[2].out
    assert "d_exp: float32 (2, 3) = sin(exp)" in str(merge_common(program))


def test_equal_constants_are_merged_if_they_cannot_change():
    live = [np.array([1.0, 2.0]), np.array([1.0, 2.0])]

    def fn(recorder, x):
        fixed = [recorder.literal(a) for a in ([1.0, 2.0], [1.0, 2.0], [1, 2], [0.0], [-0.0])]
        return sum(x + a for a in [*fixed, *map(recorder.constant, live)])

    program = program_of(fn, x=np.zeros(2))
    assert len(program.constants) == 7
    assert len(merge_common(program).constants) == 6
    assert same_bits(run(program, [np.ones(2)]), run(merge_common(program), [np.ones(2)]))


def test_a_constant_that_is_a_result_is_not_merged():
    program = program_of(lambda recorder, x: tuple(recorder.literal([1.0]) for _ in "ab"), x=X)
    assert merge_common(program) is program
