import io
import re
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minigrad.data import DataError
from minigrad.data.datasets import from_npz


@pytest.fixture
def archive(tmp_path):
    def save(**arrays):
        np.savez(tmp_path / "a.npz", **arrays)
        return tmp_path / "a.npz"

    return save


def refuses(path, message):
    return pytest.raises(DataError, match="^" + re.escape(f"{path}: {message}") + "$")


def bytes_of(**arrays):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


# Reading.


@pytest.mark.parametrize("name", ["x", "X"])
def test_classification(archive, name):
    data = from_npz(archive(**{name: np.arange(6.0).reshape(3, 2)}, y=np.array([0, 1, 2])))
    assert data.x.dtype == np.float32 and data.y.dtype == np.int64
    np.testing.assert_array_equal(data.x, np.arange(6).reshape(3, 2))
    assert data.y.tolist() == [0, 1, 2] and data.classes == ("0", "1", "2")
    assert (data.name, data.task) == ("a.npz", "classification")


@pytest.mark.parametrize("shape", [(3,), (3, 1), (3, 2)])
def test_regression(archive, shape):
    data = from_npz(archive(x=np.ones((3, 2)), y=np.ones(shape)))
    assert data.task == "regression" and data.y.dtype == np.float32
    assert data.y.shape == (3, 2 if shape == (3, 2) else 1)


def test_the_task_can_be_given(archive):
    assert from_npz(archive(x=np.ones((3, 2)), y=np.arange(3)), "regression").y.shape == (3, 1)
    with pytest.raises(DataError, match=r"^a\.npz: expected integer labels .*found float64"):
        from_npz(archive(x=np.ones((3, 2)), y=np.ones(3)), "classification")


def test_labels_in_a_column(archive):
    assert from_npz(archive(x=np.ones((3, 2)), y=np.arange(3)[:, None])).y.shape == (3,)


def test_bytes_are_pixels(archive):
    images = np.full((2, 2, 2), 51, np.uint8)
    data = from_npz(archive(x=images, y=np.arange(2)))
    assert data.x.shape == (2, 4)
    np.testing.assert_array_equal(data.x, np.float32(0.2))
    assert from_npz(archive(x=images, y=np.arange(2)), flatten=False).x.shape == (2, 2, 2)


def test_the_layout_of_keras_is_joined(archive):
    x = np.arange(20, dtype=np.uint8).reshape(5, 2, 2)
    y = np.array([0, 1, 2, 1, 0], np.uint8)
    data = from_npz(archive(x_train=x[:3], y_train=y[:3], x_test=x[3:], y_test=y[3:]))
    np.testing.assert_array_equal(data.x, x.reshape(5, 4) / np.float32(255))
    np.testing.assert_array_equal(data.y, y)


def test_other_arrays_are_left_alone(archive):
    path = archive(x=np.ones((2, 2)), y=np.arange(2), notes=np.array([{}], dtype=object))
    assert len(from_npz(path)) == 2


def test_compressed_archives(tmp_path):
    (tmp_path / "a.npz").write_bytes(bytes_of(x=np.ones((2, 2)), y=np.arange(2)))
    assert len(from_npz(str(tmp_path / "a.npz"))) == 2


# What is refused.


@pytest.mark.parametrize("content", [b"hello", b"\x80\x04N.", b"\x93NUMPY\x01\x00"])
def test_no_archive(tmp_path, content):
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    with refuses(path, "expected a NumPy archive (.npz), found no zip file, or half of one"):
        from_npz(path)


def test_a_single_array(tmp_path):
    path = tmp_path / "a.npz"
    with path.open("wb") as file:
        np.save(file, np.ones((3, 2)))
    with refuses(path, "expected a NumPy archive (.npz), found no zip file, or half of one"):
        from_npz(path)


def test_a_truncated_archive(tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(bytes_of(x=np.ones((2, 2)), y=np.arange(2))[:-30])
    with refuses(path, "expected a NumPy archive (.npz), found no zip file, or half of one"):
        from_npz(path)


def test_a_zip_file_that_numpy_does_not_know(tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(b"#!/bin/sh\n" + bytes_of(x=np.ones((2, 2)), y=np.arange(2)))
    with pytest.raises(DataError, match=r"a\.npz: expected a NumPy archive \(\.npz\), found: .+$"):
        from_npz(path)


def test_missing_file(tmp_path):
    with refuses(tmp_path / "a.npz", "expected a file, found nothing there"):
        from_npz(tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("names", "found"),
    [((), "none"), (("x", "labels"), "x, labels"), (("x_train", "y"), "x_train, y")],
)
def test_missing_arrays(archive, names, found):
    path = archive(**dict.fromkeys(names, np.ones(2)))
    with refuses(
        path, f"expected arrays x and y (or x_train, y_train, x_test, y_test), found {found}"
    ):
        from_npz(path)


def test_objects_are_never_unpickled(archive):
    path = archive(x=np.array([[1], [2]], dtype=object), y=np.arange(2))
    with pytest.raises(
        DataError, match=r"a\.npz: expected an array of numbers in x, found: Object"
    ):
        from_npz(path)


def test_members_that_are_no_arrays(tmp_path):
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("x", "some text")
        file.writestr("y", "some text")
    with refuses(path, "expected rows of numbers in x, found bytes without rows"):
        from_npz(path)


def test_arrays_without_rows(archive):
    path = archive(x=np.ones((2, 2)), y=np.array(1))
    with refuses(path, "expected rows of numbers in y, found ndarray without rows"):
        from_npz(path)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.ones(3), np.arange(3), r"expected x of shape \(N, features\).*found \(3,\)"),
        (np.ones((3, 2)), np.arange(2), "x has 3 rows, y has 2"),
        (np.ones((3, 2)), np.zeros((3, 2), int), r"expected integer labels .*int64 \(3, 2\)"),
        (np.ones((3, 2)), np.ones((3, 1, 1)), "expected regression targets"),
        (np.ones((3, 2)), np.array(["a", "b", "c"]), "expected real numbers in y, found <U1"),
        (np.full((3, 2), np.nan), np.arange(3), r"expected finite .*x\[0, 0\] = nan"),
        (np.ones((3, 2)), np.zeros(3, int), "expected at least two classes, found only label 0"),
        (np.ones((3, 2)), np.arange(3) - 1, r"expected labels 0 to 1, found y\[0\] = -1"),
        (np.ones((3, 2), complex), np.arange(3), "expected real numbers in x, found complex128"),
    ],
)
def test_arrays_that_make_no_data_set(archive, x, y, message):
    with pytest.raises(DataError, match=r"^a\.npz: " + message):
        from_npz(archive(x=x, y=y))


def test_training_and_test_arrays_that_differ(archive):
    y = np.arange(2)
    path = archive(x_train=np.ones((2, 3)), y_train=y, x_test=np.ones((2, 4)), y_test=y)
    with refuses(
        path,
        "expected x_train and x_test alike, found float64 (2, 3) and float64 (2, 4)",
    ):
        from_npz(path)
    x = np.ones((2, 3))
    path = archive(x_train=x, y_train=y, x_test=x, y_test=y.astype(np.float32))
    with refuses(path, "expected y_train and y_test alike, found int64 (2,) and float32 (2,)"):
        from_npz(path)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@settings(
    deadline=None,
    max_examples=300,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_a_damaged_byte_gives_data_or_one_line(tmp_path, save, data):
    path = tmp_path / "a.npz"
    save(path, x=np.arange(6.0).reshape(3, 2), y=np.array([0, 1, 1]))
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        from_npz(path)
    except DataError as error:
        assert len(str(error).splitlines()) == 1
