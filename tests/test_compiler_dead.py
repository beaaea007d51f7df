"""Dead code."""

import numpy as np
from compiler_programs import functions_of, program_of, run, same_bits

from minigrad.compiler.dead import remove_dead
from minigrad.traced import draw

X = np.arange(6, dtype=np.float32).reshape(2, 3)


def test_what_nobody_reads_is_left_out_and_so_is_what_only_that_reads():
    def fn(recorder, x):
        np.tanh(np.exp(x))
        return np.square(x)

    program = program_of(fn, x=X)
    shorter = remove_dead(program)
    assert functions_of(program) == [np.exp, np.tanh, np.square]
    assert functions_of(shorter) == [np.square]
    assert same_bits(run(program, [X]), run(shorter, [X]))


def test_new_states_and_kept_results_are_needed():
    def fn(recorder, x, s):
        s[...] = s + x
        return 0

    program = program_of(fn, states=[X.copy()], x=X)
    assert remove_dead(program) is program
    program.kept.append(program.writes.popitem()[1])
    assert remove_dead(program) is program


def test_what_has_an_effect_stays():
    def fn(recorder, x):
        recorder.generator(np.random.default_rng(0), "rng").random(3)
        return x + 1

    program = program_of(fn, x=X)
    assert functions_of(remove_dead(program)) == [draw, np.add]


def test_unused_constants_are_left_out_but_never_arguments():
    def fn(recorder, x, unused, s):
        np.tanh(recorder.literal([1.0, 2.0]))
        return x * recorder.literal([3.0, 4.0, 5.0])

    program = program_of(fn, states=[X.copy()], x=X, unused=X.copy())
    shorter = remove_dead(program)
    assert [a.tolist() for a in shorter.constants.values()] == [[3.0, 4.0, 5.0]]
    assert shorter.inputs == program.inputs and shorter.state == program.state


def test_a_constant_that_is_a_result_is_used():
    program = program_of(lambda recorder, x: recorder.literal([1.0]), x=X)
    assert remove_dead(program) is program
