"""Calls as source: what is printed computes what was recorded."""

import operator

import numpy as np
import pytest
from compiler_programs import program_of
from hypothesis import given
from hypothesis import strategies as st

from minigrad import vjps
from minigrad.compiler.forms import expression, is_numpy, statements, writes_into
from minigrad.compiler.names import named
from minigrad.compiler.program import Instruction, Value

OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
a, b, c = (Value(float, name=name) for name in "abc")
VALUES = {"a": 1.5, "b": 2.0, "c": 0.5}

trees = st.recursive(
    st.sampled_from([a, b, c, 2, -3.0, 0.25]),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(OPERATORS), inner, inner),
        st.tuples(st.just(operator.neg), inner),
    ),
    max_leaves=8,
)


def computed(tree):
    if isinstance(tree, tuple):
        return tree[0](*map(computed, tree[1:]))
    return VALUES[tree.name] if isinstance(tree, Value) else tree


def placed(tree, names):
    """The tree as a value, whose expression is noted in `names`."""
    if not isinstance(tree, tuple):
        return tree
    value = Value(float)
    call = Instruction(tree[0], tuple(placed(t, names) for t in tree[1:]), {}, value)
    names[value] = expression(call, names)
    return value


@given(trees.filter(lambda t: isinstance(t, tuple)))
def test_expressions_of_numbers_keep_their_structure(tree):
    names = {a: "a", b: "b", c: "c"}
    text = names[placed(tree, names)]
    try:
        expected = computed(tree)
    except (OverflowError, ZeroDivisionError) as error:
        with pytest.raises(type(error)):
            eval(text, dict(VALUES))
        return
    if isinstance(expected, complex):
        return
    assert eval(text, dict(VALUES)) == expected


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        ((operator.sub, 1, (operator.pow, a, b)), "1 - a**b"),
        ((operator.pow, (operator.sub, 1, a), 0.5), "(1 - a) ** 0.5"),
        ((operator.sub, a, (operator.sub, b, c)), "a - (b - c)"),
        ((operator.truediv, (operator.mul, a, b), c), "a * b / c"),
        ((operator.pow, -2.0, a), "(-2.0) ** a"),
        ((operator.neg, (operator.add, a, b)), "-(a + b)"),
    ],
)
def test_parentheses_stand_where_they_are_needed(tree, text):
    names = {a: "a", b: "b", c: "c"}
    assert names[placed(tree, names)] == text


X = np.arange(12.0).reshape(3, 4) - 5
I = np.array([2, 0, 2])  # noqa: E741, an index

CALLS = {
    "a[:, 1:]": lambda x: x[:, 1:],
    "a[..., None]": lambda x: x[..., None],
    "a[1,]": lambda x: x[(1,)],
    "a[::-1]": lambda x: x[::-1],
    "a.T": np.transpose,
    "a.transpose((1, 0))": lambda x: np.transpose(x, (1, 0)),
    "a.reshape((4, 3))": lambda x: np.reshape(x, (4, 3)),
    "np.tanh(a)": np.tanh,
    "np.add.reduce(a, axis=0)": lambda x: np.add.reduce(x, axis=0),
    "np.linalg.norm(a)": np.linalg.norm,
    "a.astype(np.float32)": lambda x: vjps.astype(x, np.dtype(np.float32)),
    "np.concatenate((a, a,), axis=1)": lambda x: vjps.concat(x, x, axis=1),
    "np.multiply(a, np.float32(0.5))": lambda x: np.multiply(x, np.float32(0.5)),
    "np.add(a, np.inf)": lambda x: np.add(x, np.inf),
    "np.add(a, -np.inf)": lambda x: np.add(x, -np.inf),
    "np.tril(a, -1)": lambda x: np.tril(x, -1),
}


@pytest.mark.parametrize(("text", "fn"), CALLS.items(), ids=CALLS)
def test_calls_read_like_numpy(text, fn):
    program = program_of(lambda recorder, a: fn(a), a=X)
    (call,) = program.instructions
    assert expression(call, named(program)) == text
    assert is_numpy(call.fn)
    np.testing.assert_array_equal(eval(text, {"np": np, "a": X}), fn(X))


INTO = {
    "ufunc": lambda x: np.tanh(x),
    "reduce": lambda x: np.add.reduce(x, axis=1, keepdims=True),
    "dot": lambda x: np.dot(x, np.transpose(x)),
    "clip": lambda x: np.clip(x, -0.5, 0.5),
    "where": lambda x: np.where(np.greater(x, 0), x, 0.5),
    "where with a number first": lambda x: np.where(np.greater(x, 0), 2.5, x),
    "spread": lambda x: vjps.spread(np.add.reduce(x, axis=0), (5, 4)),
    "astype": lambda x: vjps.astype(x, np.dtype(np.float32)),
    "scatter, basic": lambda x: vjps.scatter_add(x, (slice(1, 4),), (6, 4)),
    "scatter, repeated": lambda x: vjps.scatter_add(x, I, (3, 4)),
    "concat": lambda x: vjps.concat(x, x, axis=1),
    "einsum": lambda x: np.einsum("ij,kj->ik", x, x),
    "max": lambda x: np.max(x, axis=1),
    "copy": np.copy,
}


@pytest.mark.parametrize("fn", INTO.values(), ids=INTO)
def test_results_can_be_written_into_memory(fn):
    program = program_of(lambda recorder, a: fn(a), a=X)
    names = named(program)
    space = {"np": np, "a": X} | {names[v]: array for v, array in program.constants.items()}
    for call in program.instructions:
        if call.out.base is not None:
            exec(f"{names[call.out]} = {expression(call, names)}", space)
            continue
        assert writes_into(call)
        space[names[call.out]] = np.full(call.out.shape, 77, call.out.dtype)
        for line in statements(call, names[call.out], names):
            exec(line, space)
    result = space[names[program.instructions[-1].out]]
    np.testing.assert_array_equal(result, fn(X))
    assert result.dtype == fn(X).dtype
