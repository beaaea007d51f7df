"""The passes together: what they leave of a training step, and that they keep every bit."""

import warnings
from itertools import pairwise

import numpy as np
from compiler_programs import functions_of, memory_of_results, program_of, run, same_bits
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import functional as F
from minigrad import nn, vjps
from minigrad.compiler.pipeline import PASSES, Report, optimized
from minigrad.compiler.recording import record

# A training step.

rng = np.random.default_rng(0)
X = rng.standard_normal((20, 3)).astype("f")
Y = rng.standard_normal((20, 1)).astype("f")


def training_step():
    """A recorded step, and the arrays that are its state."""
    model = nn.Sequential(
        fc1=nn.Linear(3, 8, rng=rng), act1=nn.Tanh(), fc2=nn.Linear(8, 1, rng=rng)
    )

    def step(recorder):
        loss = F.mse_loss(model(recorder.input(X, "x")), recorder.input(Y, "y"))
        model.zero_grad()
        loss.backward()
        return loss

    recording = record("step", step)
    return recording.program, [recording.arrays[v].copy() for v in recording.program.state]


def test_a_training_step_keeps_every_bit():
    program, state = training_step()
    after, _ = optimized(program)
    assert same_bits(run(program, [X, Y], state), run(after, [X, Y], state))
    assert memory_of_results(program) == memory_of_results(after)


def test_a_training_step_loses_its_copies_and_keeps_its_names():
    program, _ = training_step()
    before = str(program)
    after, _ = optimized(program)
    assert np.copy in functions_of(program)
    assert np.copy not in functions_of(after) and vjps.spread not in functions_of(after)
    assert functions_of(after).count(np.subtract) == 2  # the error is computed once
    assert "d_fc1_weight: float32 (8, 3) = " in str(after)
    assert str(program) == before


def test_reports_tell_what_each_pass_did():
    program, _ = training_step()
    after, reports = optimized(program)
    assert [r.name for r in reports[: len(PASSES)]] == [name for name, _ in PASSES]
    assert reports[0].before == len(program.instructions)
    assert reports[-1].after == len(after.instructions) < len(program.instructions)
    assert all(a.after == b.before for a, b in pairwise(reports))


def test_a_program_without_anything_to_improve_is_returned_as_it_is():
    program = program_of(lambda recorder, x: np.exp(x), x=X)
    assert optimized(program) == (program, [])
    assert optimized(program)[0] is program


def test_what_one_pass_finds_another_one_uses():
    def fn(recorder, x):
        one = recorder.literal(2.0) / 2  # folded: it is 1
        a = np.exp(x * one)  # simplified
        return a + np.exp(np.copy(x))  # merged

    after, reports = optimized(program_of(fn, x=np.arange(3.0)))
    exp, add = after.instructions
    assert (exp.fn, exp.args, exp.out.name) == (np.exp, (after.inputs[0],), "a")
    assert (add.fn, add.args) == (np.add, (exp.out, exp.out))
    assert reports == [
        Report("fold constants", 6, 5),
        Report("simplify", 5, 3),
        Report("merge common subexpressions", 3, 2),
        Report("remove dead code", 2, 2),
    ]


# Random programs.

AWKWARD = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.5, 1e-40, 3e38, 0.3, 7.0, -2.0])
NUMBERS = (1, 1.0, True, 0, 0.0, -0.0, 2, 0.5, -1, np.float32(1), np.float64(0), np.inf)
UNARY = (
    np.negative, np.positive, np.copy, np.square, np.tanh, np.sign, np.isnan, np.transpose,
    np.exp, np.ravel,
    lambda a: np.reshape(a, a.shape),
    lambda a: np.reshape(a, a.shape[::-1]),
    lambda a: np.reshape(a, (*a.shape, 1)),
    lambda a: np.squeeze(a),
    lambda a: np.expand_dims(a, 0),
    lambda a: np.swapaxes(a, 0, -1),
    lambda a: np.moveaxis(a, 0, -1),
    lambda a: vjps.spread(a, a.shape),
    lambda a: vjps.spread(a, (2, *a.shape)),
    lambda a: np.broadcast_to(a, a.shape),
    lambda a: vjps.astype(a, a.dtype),
    lambda a: vjps.astype(a, np.dtype("f4")),
    lambda a: vjps.astype(a, np.dtype("f8")),
    lambda a: a[..., ::2],
    lambda a: a[::-1],
    lambda a: a[0],
    lambda a: np.add.reduce(a, axis=0),
    lambda a: np.add.reduce(a, axis=None, keepdims=True),
    lambda a: a**1,
    lambda a: a**2,
)  # fmt: skip
BINARY = (
    np.add, np.subtract, np.multiply, np.divide, np.maximum, np.matmul, np.equal,
    lambda a, b: b - a,
    lambda a, b: np.where(np.greater(a, b), a, b),
    lambda a, b: vjps.concat(a, b),
)  # fmt: skip

value = st.integers(0, 30).map(lambda k: ("value", k))
number = st.sampled_from(NUMBERS).map(lambda a: ("number", a))
steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(UNARY), value),
        st.tuples(st.sampled_from(BINARY), value, value),
        st.tuples(st.sampled_from(BINARY), value, number),
        st.tuples(st.sampled_from(BINARY), number, value),
    ),
    min_size=1,
    max_size=25,
)


def arrays(dtype):
    """Two inputs, a state and two constants: AWKWARD in different shapes and orders."""
    with np.errstate(all="ignore"):
        a = AWKWARD.astype(dtype) if dtype != "i4" else np.arange(-6, 6, dtype=dtype)
    one, other = a.reshape(3, 4), np.roll(a, 5).reshape(4, 3).T
    return one, other, a[:4].copy(), np.ones((3, 1), dtype), a[2:6].copy()


def carried_out(steps, results, recorder, one, other, state, fixed, live):
    """The random calls, each on values so far; those that NumPy refuses are left out."""
    values = [one, other, state, recorder.literal(fixed), recorder.constant(live)]
    for fn, *operands in steps:
        args = [values[-1 - a % len(values)] if kind == "value" else a for kind, a in operands]
        try:
            result = fn(*args)
        except (TypeError, ValueError, IndexError, OverflowError):
            continue
        if np.size(result) <= 100:
            values.append(result)
    same = [v for v in values if (v.shape, v.dtype) == (state.shape, state.dtype)]
    state[...] = same[-1] * 1
    seen = [np.where(True, v, v) for v in values]  # shows the bits of what is no result itself
    return seen, [values[-1 - k % len(values)] for k in results]


@settings(max_examples=400, deadline=None)
@given(
    steps,
    st.lists(st.integers(0, 30), min_size=1, max_size=4),
    st.sampled_from(["f4", "f8", "i4"]),
    st.booleans(),
)
def test_random_programs_keep_every_bit(steps, results, dtype, quiet):
    one, other, state, fixed, live = arrays(dtype)

    def fn(recorder, one, other, state):
        with np.errstate(all="ignore" if quiet else "warn"):
            return carried_out(steps, results, recorder, one, other, state, fixed, live)

    def traced(recorder):
        stand_ins = recorder.input(one, "one"), recorder.input(other, "other")
        return fn(recorder, *stand_ins, recorder.state(state, "state"))

    start = state.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = record("program", traced).program
        before = str(program)
        after, _ = optimized(program)
        expected = run(program, [one, other], [start])
        assert same_bits(expected, run(after, [one, other], [start]))
    assert memory_of_results(program) == memory_of_results(after)
    assert len(after.instructions) <= len(program.instructions)
    assert str(program) == before
    assert str(after)
    assert optimized(after) == (after, [])
