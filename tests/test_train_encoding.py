import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minigrad.train.encoding import decode, encode

DTYPES = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"]
KEYS = st.text(max_size=6) | st.sampled_from(["a.b", "a%2Eb", ".", "", "$array", "$$", "$int"])
ARRAYS = st.sampled_from(DTYPES).flatmap(
    lambda dtype: hnp.arrays(
        dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
    )
)
LEAVES = (
    st.none() | st.booleans() | st.integers(-(2**140), 2**140) | st.floats() | st.text() | ARRAYS
)
STATES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=3)
    ),
    max_leaves=12,
)


def assert_same(a, b):
    """The same types, keys in the same order, and the same bits."""
    assert type(a) is type(b)
    if isinstance(a, dict):
        assert list(a) == list(b)
        a, b = list(a.values()), list(b.values())
    if isinstance(a, (list, tuple)):
        assert len(a) == len(b)
        for left, right in zip(a, b, strict=True):
            assert_same(left, right)
    elif isinstance(a, np.ndarray):
        assert (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    else:
        assert repr(a) == repr(b)  # tells -0.0 from 0.0, and takes NaN as equal


@settings(max_examples=300, deadline=None)
@given(STATES)
def test_round_trip(state):
    text, arrays = encode(state)
    assert text.isascii()
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert_same(decode(text, arrays), state)


def test_equal_paths_get_different_names():
    a = np.zeros(1)
    _, arrays = encode({"x": {"y.z": a}, "x.y": {"z": a}, "x%2Ey": {"z": a}, "l": [a], "l.0": a})
    assert len(arrays) == 5


def test_arrays_are_contiguous_copies():
    a = np.arange(12.0).reshape(3, 4)
    for view in (a.T, a[::2, ::-1], np.broadcast_to(a[0], (2, 4))):
        _, arrays = encode(view)
        assert arrays["state"].flags.c_contiguous
        assert not np.shares_memory(arrays["state"], a)
        np.testing.assert_array_equal(arrays["state"], view)


@pytest.mark.parametrize("rng", [np.random.PCG64(3), np.random.MT19937(3), np.random.Philox(3)])
def test_states_of_generators(rng):
    other = type(rng)(4)
    other.state = decode(*encode(rng.state))
    assert other.random_raw() == rng.random_raw()


def test_integers_beyond_the_limit_of_decimal_conversion():
    assert decode(*encode(7**20000)) == 7**20000


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"a": [1, {2}]}, r"^state\.a\.1: expected dicts, .* found set$"),
        ({"lr": np.float64(0.1)}, r"^state\.lr: .* found float64$"),
        ({1: 2}, r"^state: expected string keys, found 1$"),
        (np.zeros(1, complex), "found complex128"),
        (np.zeros(1, np.longdouble), "found"),
        (np.zeros(1, ">f4"), "native byte order, found >f4"),
        (np.array(["a"]), "found <U1"),
        (np.array([None]), "found object"),
        (np.ma.masked_array([1.0]), "found MaskedArray"),
    ],
)
def test_other_types_are_refused_by_name(state, message):
    with pytest.raises(TypeError, match=message):
        encode(state)


@pytest.mark.parametrize(
    "text",
    ["", "{", '{"$array": "gone"}', '{"$array": []}', '{"$int": 5}', '{"$int": "zz"}', "[" * 10**5],
)
def test_text_of_another_make_is_a_value_error(text):
    with pytest.raises(ValueError, match=r"no encoded state|base 16|Expecting"):
        decode(text, {})
