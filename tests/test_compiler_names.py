# ruff: noqa: RET503, RET504
"""Names of values: different, legal, and what a person would choose."""

import keyword

import numpy as np
import pytest
from compiler_programs import program_of

import minigrad as mg
from minigrad.compiler.names import identifier, named


def names_of(fn, /, **inputs):
    program = program_of(fn, **inputs)
    return list(named(program).values())


X = np.ones((2, 3))


def test_variables_lend_their_names():
    def fn(recorder, x):
        hidden = np.tanh(x)
        total = hidden.sum()
        return total

    assert names_of(fn, x=X) == ["x", "hidden", "total"]


def test_a_result_that_is_returned_is_named_where_the_function_was_called():
    def square(a):
        return a * a

    def root(a):
        for _ in range(1):  # out of a loop
            return np.sqrt(square(a))

    def fn(recorder, x):
        energy = square(x)
        amplitude = root(energy)
        return amplitude

    assert names_of(fn, x=X) == ["x", "energy", "product", "amplitude"]


def test_what_is_not_kept_is_named_after_its_function():
    def fn(recorder, x):
        return np.exp(x) + np.exp(-x)

    assert names_of(fn, x=X) == ["x", "exp1", "negative", "exp2", "sum_"]


def test_views_are_named_after_what_they_show():
    def fn(recorder, x):
        return np.dot(x, np.transpose(x)), np.reshape(x, -1), x[0]

    assert names_of(fn, x=X) == ["x", "x_T", "dot", "x_flat", "x_part"]


def test_a_name_used_again_gets_a_number():
    def fn(recorder, x):
        h = np.tanh(x)
        h = np.tanh(h)
        return h

    assert names_of(fn, x=X) == ["x", "h1", "h2"]


def test_names_are_different_even_where_numbers_collide():
    def fn(recorder, x):
        h1 = np.exp(x)
        h = np.tanh(h1)
        h = np.sin(h)
        return h

    names = names_of(fn, x=X)
    assert len(set(names)) == len(names)


def test_no_value_is_called_as_a_function_that_the_program_calls():
    def fn(recorder, x):
        branchy = np.tanh(x)
        return branchy

    program = program_of(fn, x=X)
    assert list(named(program, functions={"branchy"}).values()) == ["x", "branchy1"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("weight", "weight"),
        ("fc1.weight", "fc1_weight"),
        ("0.bias", "layer0_bias"),
        ("lambda", "lambda_"),
        ("np", "np_"),
        ("sum", "sum_"),
        ("<lambda>", "_lambda_"),
        ("", "_"),
    ],
)
def test_identifiers(name, expected):
    assert identifier(name) == expected
    assert identifier(name).isidentifier()
    assert not keyword.iskeyword(identifier(name))


def test_a_layers_result_is_called_what_its_caller_calls_it():
    layer = mg.nn.Tanh()

    @mg.compile
    def called(x):
        hidden = layer(x)
        return hidden * hidden

    called(np.ones(3))
    assert "hidden: float64 (3,) = tanh(x)" in str(called.program)
