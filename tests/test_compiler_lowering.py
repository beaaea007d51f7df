"""Scalars and constants in the NumPy backend; functions of one's own in the printed source."""

import numpy as np
import pytest
from compiler_programs import program_of, run, same_bits

from minigrad.compiler.embedding import embedded
from minigrad.compiler.literals import literal
from minigrad.compiler.scalars import with_scalar_arrays

AWKWARD = np.array([0.0, -0.0, np.nan, -np.nan, np.inf, -np.inf, 1.5, -2.0])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("fn", [np.maximum, np.minimum, np.add, np.multiply, np.greater, np.equal])
@pytest.mark.parametrize("number", [0, 0.0, -0.0, 1, 0.1, -3])
def test_numbers_become_arrays_and_every_bit_stays(fn, number, dtype):
    """Also the signs of zeros and nans, in vector instructions as in the plain loop."""
    x = np.tile(AWKWARD.astype(dtype), 9)
    program = program_of(lambda recorder, x: (fn(x, number), fn(number, x)), x=x)
    lowered = with_scalar_arrays(program)
    assert not any(type(a) in (int, float) for i in lowered.instructions for a in i.args)
    with np.errstate(invalid="ignore"):
        assert same_bits(run(lowered, [x]), run(program, [x]))


@pytest.mark.parametrize(
    ("fn", "x"),
    [
        (lambda x: np.add(x, 1), np.arange(3)),
        (lambda x: np.power(x, 2), np.ones(3)),
        (lambda x: np.add(x, True), np.ones(3)),
        (lambda x: np.less(x, 1e39), np.ones(3, np.float32)),
    ],
    ids=["integers", "power", "bool", "overflow"],
)
def test_other_numbers_stay(fn, x):
    program = program_of(lambda recorder, x: fn(x), x=x)
    assert with_scalar_arrays(program).instructions == program.instructions


def test_each_number_is_made_once_and_named():
    program = program_of(lambda recorder, x: (x * 2 + 1) * 2 - 1, x=np.ones(3, np.float32))
    lowered = with_scalar_arrays(program)
    assert sorted(v.name for v in lowered.constants) == ["one", "two"]
    assert all(a.dtype == np.float32 for a in lowered.constants.values())


def read_only(a):
    a.flags.writeable = False
    return a


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (np.array(0.5), "np.array(0.5, np.float64)"),
        (np.zeros((2, 3), np.float32), "np.full((2, 3), 0.0, np.float32)"),
        (np.arange(3), "np.array([0, 1, 2], np.int64)"),
        (np.array([True, False]), "np.array([True, False], np.bool)"),
        (np.array([0.0, -0.0]), "np.array([0.0, -0.0], np.float64)"),
        (np.array([1.0, np.nan]), "np.array([1.0, np.nan], np.float64)"),
        (np.zeros((0, 2)), None),
        (np.arange(100.0), None),
        (np.eye(3), None),
    ],
)
def test_short_constants_are_written_out(array, text):
    assert literal(read_only(array)) == text
    if text is not None:
        same = eval(text, {"np": np})
        assert same_bits(same, array) and same.tobytes() == array.tobytes()


def test_what_may_change_is_not_written_out():
    assert literal(np.zeros(3)) is None
    assert literal(read_only(np.zeros(6)[::2])) is None


FACTOR = 3


def tripled(x):
    """The docstring goes, as do annotations."""
    return _helper(x) * FACTOR


def _helper(x: float) -> float:
    return x + np.float64(1)


def test_functions_come_with_what_they_use():
    texts, objects = embedded([tripled])
    assert not objects
    space = {"np": np}
    exec("\n".join(texts.values()), space)
    assert space["tripled"](1.0) == 6.0
    assert "docstring" not in "".join(texts.values())


def test_functions_without_source_are_handed_over():
    space = {}
    exec("def secret(x):\n    return x + 1", space)
    texts, objects = embedded([space["secret"]])
    assert (texts, objects) == ({}, {"secret": space["secret"]})


def test_functions_that_remember_are_handed_over():
    def outer(n):
        def inner(x):
            return x + n

        return inner

    fn = outer(2)
    assert embedded([fn]) == ({}, {"inner": fn})


def test_a_function_that_calls_itself():
    texts, _ = embedded([factorial])
    space = {}
    exec("\n".join(texts.values()), space)
    assert space["factorial"](5) == 120


def factorial(n):
    return 1 if n < 2 else n * factorial(n - 1)
