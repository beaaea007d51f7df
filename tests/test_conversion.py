"""What a person writes becomes an array of real numbers, of the dtype that was promised."""

import datetime
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import minigrad as mg
from minigrad.conversion import as_array


@pytest.fixture(autouse=True)
def default_dtype():
    before = mg.get_default_dtype()
    yield
    mg.set_default_dtype(before)


def test_the_default_dtype_is_float32_at_first():
    assert mg.get_default_dtype() == np.float32


@pytest.mark.parametrize("default", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("data", [1.5, [1.0, 2.0], [[1, 2.5]], (0.5,), [], [[], []], [np.pi, 1]])
def test_python_floats_become_the_default_dtype(data, default):
    mg.set_default_dtype(default)
    t = mg.tensor(data)
    assert t.dtype == default
    np.testing.assert_array_equal(t.data, np.array(data, default))


@pytest.mark.parametrize(
    ("data", "dtype"),
    [(3, np.int64), ([1, 2], np.int64), (True, np.bool_), ([[True], [False]], np.bool_)],
)
def test_python_integers_and_booleans_stay_what_they_are(data, dtype):
    assert mg.tensor(data).dtype == dtype


REAL = ["float16", "float32", "float64", "longdouble", "int8", "int64", "uint8", "uint64", "bool"]


@pytest.mark.parametrize("dtype", [*REAL, ">f4"])
@pytest.mark.parametrize("shape", [(), (0,), (2, 3)])
def test_arrays_keep_their_dtype(dtype, shape):
    mg.set_default_dtype(np.float16)
    array = np.ones(shape, dtype)
    assert mg.tensor(array).dtype == array.dtype
    assert mg.tensor(mg.tensor(array)).dtype == array.dtype


@pytest.mark.parametrize("scalar", [np.float64(0.5), np.float16(0.5), np.int32(3), np.bool_(True)])
def test_numpy_scalars_keep_their_dtype(scalar):
    t = mg.tensor(scalar)
    assert (t.dtype, t.shape) == (scalar.dtype, ())
    assert type(t.data) is np.ndarray


@pytest.mark.parametrize("data", [1.7, [1, 0], np.array([1.5, 0.5]), np.float32(2), True])
@pytest.mark.parametrize("dtype", [np.float64, "float32", float, np.int32, int, bool])
def test_the_dtype_argument_wins(data, dtype):
    t = mg.tensor(data, dtype=dtype)
    assert t.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(t.data, np.array(data).astype(dtype))


@pytest.mark.parametrize("dtype", [None, np.float64, np.float32])
def test_data_are_copied(dtype):
    array = np.array([1.0, 2.0])
    t = mg.tensor(array, dtype=dtype)
    again = mg.Tensor(t, dtype=dtype)
    array[0] = 9
    t.data[1] = 9
    assert t.data.tolist() == [1.0, 9.0]
    assert again.data.tolist() == [1.0, 2.0]


def test_copying_can_be_turned_off():
    array = np.array([1.0, 2.0])
    assert as_array(array, copy=False) is array
    assert not np.shares_memory(as_array(array, np.float32, copy=False), array)


@pytest.mark.parametrize(
    "data",
    [
        1j,
        [1.0, 2j],
        np.ones(2, complex),
        None,
        [None, 1.0],
        object(),
        Fraction(1, 2),
        [Decimal("0.5")],
        "one",
        ["a", "b"],
        b"bytes",
        {"a": 1.0},
        10**30,
        datetime.timedelta(1),
        np.array(["2024-01-01"], "datetime64[D]"),
        np.zeros(2, [("a", float)]),
    ],
    ids=repr,
)
def test_what_is_not_a_real_number_is_refused(data):
    with pytest.raises(TypeError, match="holds real numbers, got data of dtype"):
        mg.tensor(data)


@pytest.mark.parametrize("data", [[[1.0, 2.0], [3.0]], [1.0, [2.0]], [[[1.0]], [1.0, 2.0]]])
def test_ragged_lists_are_refused(data):
    with pytest.raises(ValueError, match="nested lists of equal lengths"):
        mg.tensor(data)


@pytest.mark.parametrize("dtype", [complex, object, str, "datetime64[D]"])
def test_other_dtypes_are_refused(dtype):
    with pytest.raises(TypeError, match="holds real numbers, got dtype"):
        mg.tensor([1.0], dtype=dtype)


@pytest.mark.parametrize("dtype", [int, bool, complex, object])
def test_the_default_dtype_must_be_floating_point(dtype):
    with pytest.raises(TypeError, match=f"must be a floating-point dtype, got {np.dtype(dtype)}"):
        mg.set_default_dtype(dtype)
    assert mg.get_default_dtype() == np.float32
