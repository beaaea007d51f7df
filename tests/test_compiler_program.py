"""Programs as values: what they say about themselves."""

import json

import numpy as np
import pytest
from compiler_programs import program_of

from minigrad.compiler.program import Value, mapped, substituted, values_in, written


def example():
    def fn(recorder, x, s):
        h = np.tanh(np.dot(x, np.transpose(x)))
        s[...] = s * 0.5 + np.add.reduce(h, axis=0)
        return {"h": h, "count": 2}

    return program_of(fn, states=[np.ones(2)], x=np.ones((2, 3)))


def test_a_program_is_printed_call_by_call():
    assert str(example()).splitlines() == [
        "program program",
        "  input x: float64 (2, 3)",
        "  state s0: float64 (2,)",
        "forward:",
        "  x_T: float64 (3, 2) = transpose(x)",
        "  dot: float64 (2, 2) = dot(x, x_T)",
        "  h: float64 (2, 2) = tanh(dot)",
        "  product: float64 (2,) = multiply(s0, 0.5)",
        "  total: float64 (2,) = add.reduce(h, axis=0)",
        "  sum_: float64 (2,) = add(product, total)",
        "  s0 <- sum_",
        "return {'h': h, 'count': 2}",
    ]


def test_json():
    program = json.loads(example().to_json())
    assert program["inputs"] == [{"name": "x", "dtype": "float64", "shape": [2, 3]}]
    assert program["state"] == [{"name": "s0", "dtype": "float64", "shape": [2]}]
    assert [i["function"] for i in program["instructions"]][:3] == ["transpose", "dot", "tanh"]
    total = program["instructions"][4]
    assert total["out"] == {"name": "total", "dtype": "float64", "shape": [2]}
    assert (total["args"], total["params"], total["section"]) == (["h"], {"axis": "0"}, "forward")
    assert program["writes"] == {"s0": "sum_"}
    assert program["outputs"] == "{'h': h, 'count': 2}"


@pytest.mark.parametrize(
    ("array", "contiguous", "dense"),
    [
        (np.ones((2, 3)), True, True),
        (np.ones((2, 3)).T, False, True),
        (np.ones((2, 3, 4)).transpose(1, 0, 2), False, True),
        (np.ones((4, 6))[:, ::2], False, False),
        (np.ones((1, 5)).T, True, True),
        (np.ones((0, 3)).T, True, True),
        (np.array(1.0), True, True),
        (np.broadcast_to(np.ones(3), (2, 3)), False, False),
    ],
)
def test_layouts(array, contiguous, dense):
    value = Value.like(array)
    assert (value.is_contiguous, value.is_dense) == (contiguous, dense)
    assert (value.size, value.nbytes) == (array.size, array.nbytes)


def test_structures_are_searched_and_rebuilt():
    a, b = Value(float, name="a"), Value(float, name="b")
    structure = (a, [b, {"k": a}], slice(None, b, None), 3)
    assert list(values_in(structure)) == [a, b, a, b]
    assert substituted(structure, {a: b}) == (b, [b, {"k": b}], slice(None, b, None), 3)
    assert mapped(structure, lambda v: 0) == (0, [0, {"k": 0}], slice(0, 0, 0), 0)


@pytest.mark.parametrize(
    ("constant", "text"),
    [
        (None, "None"),
        (..., "..."),
        ((1,), "(1,)"),
        ([1, 2.5], "[1, 2.5]"),
        ({"a": True}, "{'a': True}"),
        (slice(1, None, -1), "slice(1, None, -1)"),
        (np.dtype("f4"), "np.float32"),
        (np.dtype(">f4"), "'>f4'"),
        (np.float32, "np.float32"),
        (np.float32(0.1), "np.float32(0.10000000149011612)"),
        (np.int8(3), "np.int8(3)"),
        (float("nan"), "np.nan"),
        (float("inf"), "np.inf"),
        (-float("inf"), "-np.inf"),
        ("ij,jk", "'ij,jk'"),
    ],
)
def test_constants_are_written_as_python(constant, text):
    assert written(constant, {}) == text
    same = eval(text, {"np": np})
    if not isinstance(constant, np.dtype):
        assert same == constant or same != same
