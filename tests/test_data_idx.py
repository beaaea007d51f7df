import gzip
import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from minigrad.data import DataError
from minigrad.data.datasets import from_idx, read_idx, write_idx

DTYPES = [np.uint8, np.int8, np.int16, np.int32, np.float32, np.float64]
files = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def refuses(path, message):
    return pytest.raises(DataError, match="^" + re.escape(f"{path}: {message}") + "$")


def write(path, content):
    path.write_bytes(content)
    return path


# The format.


@pytest.mark.parametrize("name", ["a.idx", "a.idx.gz"])
@files
@given(data=st.data())
def test_round_trip(tmp_path, name, data):
    dtype = data.draw(st.sampled_from(DTYPES))
    shape = data.draw(array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4))
    array = data.draw(arrays(dtype, shape))
    write_idx(tmp_path / name, array)
    result = read_idx(tmp_path / name)
    assert result.dtype == dtype and result.dtype.isnative and result.shape == shape
    assert result.flags.writeable and result.flags.c_contiguous
    assert result.tobytes() == array.tobytes()


@pytest.mark.parametrize(
    ("dtype", "code", "value"),
    [
        (np.uint8, "08", "02"),
        (np.int8, "09", "02"),
        (np.int16, "0b", "00 02"),
        (np.int32, "0c", "00 00 00 02"),
        (np.float32, "0d", "40 00 00 00"),
        (np.float64, "0e", "40 00 00 00 00 00 00 00"),
    ],
)
def test_the_bytes_are_those_of_the_format(tmp_path, dtype, code, value):
    content = bytes.fromhex(f"00 00 {code} 02  00 00 00 01  00 00 00 01  {value}")
    write_idx(tmp_path / "a", np.array([[2]], dtype=dtype))
    assert (tmp_path / "a").read_bytes() == content
    array = read_idx(write(tmp_path / "b", content))
    assert array.dtype == dtype and array.tolist() == [[2]]


def test_other_byte_orders_and_layouts_are_written_alike(tmp_path):
    array = np.arange(6, dtype=np.int32).reshape(2, 3)
    write_idx(tmp_path / "a", array)
    write_idx(tmp_path / "b", np.asfortranarray(array.astype(">i4")))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_gzip_follows_the_name_in_writing_and_the_content_in_reading(tmp_path):
    array = np.zeros(5000, np.uint8)
    write_idx(tmp_path / "a.gz", array)
    write_idx(tmp_path / "b.gz", array)
    content = (tmp_path / "a.gz").read_bytes()
    assert content[:2] == b"\x1f\x8b" and len(content) < 500
    assert content == (tmp_path / "b.gz").read_bytes()
    np.testing.assert_array_equal(read_idx(write(tmp_path / "plain-name", content)), array)


@pytest.mark.parametrize("array", [np.arange(3), np.array(["a"]), np.array([True]), np.uint8(1)])
def test_arrays_the_format_cannot_hold(tmp_path, array):
    array = np.asarray(array)
    with refuses(
        tmp_path / "a",
        "expected an array of uint8, int8, int16, int32, float32, float64 with at least one"
        f" dimension, found {array.dtype} {array.shape}",
    ):
        write_idx(tmp_path / "a", array)
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b"\x89PNG....", "89 50 4e 47"),
        (b"\0\0\x08", "00 00 08"),
        (b"\0\0\x0a\x01\0\0\0\x01x", "00 00 0a 01"),
        (b"\0\0\x08\0x", "00 00 08 00"),
        (b"\0\1\x08\1x", "00 01 08 01"),
        (gzip.compress(b""), "missing"),
    ],
)
def test_wrong_magic(tmp_path, content, shown):
    path = write(tmp_path / "a", content)
    with refuses(
        path,
        "expected an IDX file (00 00, a dtype code 08 to 0E, the number of dimensions),"
        f" found first bytes {shown}",
    ):
        read_idx(path)


def test_truncated_header(tmp_path):
    path = write(tmp_path / "a", b"\0\0\x08\x03\0\0\0\x01")
    with refuses(path, "expected 16 bytes of header for 3 dimensions, found 8"):
        read_idx(path)


@pytest.mark.parametrize("values", [b"", b"\0" * 11, b"\0" * 13])
def test_payload_of_a_wrong_length(tmp_path, values):
    path = write(tmp_path / "a", bytes.fromhex("00 00 0b 02 00000002 00000003") + values)
    with refuses(path, f"expected 12 bytes of int16 values for shape (2, 3), found {len(values)}"):
        read_idx(path)


def test_dimensions_whose_product_overflows(tmp_path):
    path = write(tmp_path / "a", b"\0\0\x0e\x04" + b"\xff" * 16)
    with pytest.raises(DataError, match="expected [0-9]{40} bytes of float64 values .*found 0$"):
        read_idx(path)


@pytest.mark.parametrize("shape", [(1,) * 65, (0, *[2**32 - 1] * 3)])
def test_shapes_that_numpy_cannot_hold(tmp_path, shape):
    header = bytes([0, 0, 8, len(shape)]) + np.array(shape, ">u4").tobytes()
    path = write(tmp_path / "a", header + b"x" * (0 not in shape))
    with pytest.raises(DataError, match=r"a: expected a shape that NumPy can hold, found \("):
        read_idx(path)


def test_damaged_gzip(tmp_path):
    whole = gzip.compress(np.random.default_rng(0).bytes(1000))
    for content in (
        whole[:-9],
        whole[:5],
        whole[:20] + b"\xff" * 9 + whole[29:],
        whole[:-4] + b"!!!!",
    ):
        path = write(tmp_path / "a.gz", content)
        with pytest.raises(DataError, match=r"a\.gz: expected a whole gzip file, found: .+$"):
            read_idx(path)


@files
@given(
    content=st.binary(max_size=40), head=st.sampled_from([b"", b"\0\0\x08\x01", b"\x1f\x8b\x08\0"])
)
def test_whatever_a_file_holds_the_answer_is_an_array_or_one_line(tmp_path, content, head):
    try:
        read_idx(write(tmp_path / "a", head + content))
    except DataError as error:
        assert len(str(error).splitlines()) == 1


def test_missing_file(tmp_path):
    with refuses(tmp_path / "a", "expected a file, found nothing there"):
        read_idx(tmp_path / "a")


# The pair.


@pytest.fixture
def pair(tmp_path):
    def make(images, labels):
        write_idx(tmp_path / "images", np.asarray(images))
        write_idx(tmp_path / "labels.gz", np.asarray(labels))
        return tmp_path / "images", tmp_path / "labels.gz"

    return make


def test_from_idx_scales_and_flattens(pair):
    images = np.arange(24, dtype=np.uint8).reshape(2, 3, 4) * 10
    data = from_idx(*pair(images, np.array([0, 2], np.uint8)))
    assert data.x.dtype == np.float32 and data.y.dtype == np.int64
    np.testing.assert_array_equal(data.x, images.reshape(2, 12) / np.float32(255))
    assert data.y.tolist() == [0, 2] and data.classes == ("0", "1", "2")
    assert (data.name, data.task) == ("images", "classification")


def test_from_idx_keeps_the_image_shape_on_request(pair):
    paths = pair(np.ones((2, 3, 4), np.uint8), np.array([0, 1], np.uint8))
    assert from_idx(*paths, flatten=False).x.shape == (2, 3, 4)


def test_from_idx_keeps_the_values_of_other_dtypes(pair):
    paths = pair(np.full((2, 3), 7.5, np.float64), np.array([0, 1], np.int32))
    assert (from_idx(*paths).x == 7.5).all()


def test_counts_that_differ(pair):
    images, labels = pair(np.ones((2, 3, 4), np.uint8), np.array([0, 1, 2], np.uint8))
    with refuses(labels, f"expected a label for each of the 2 images of {images}, found 3"):
        from_idx(images, labels)


def test_labels_of_a_wrong_shape(pair):
    images, labels = pair(np.ones((2, 3, 4), np.uint8), np.ones((2, 3), np.uint8))
    with refuses(labels, "expected labels of shape (N,), found (2, 3)"):
        from_idx(images, labels)


def test_images_and_labels_swapped(pair):
    images, labels = pair(np.ones((2, 3, 4), np.uint8), np.array([0, 1], np.uint8))
    with refuses(
        images,
        "expected labels of shape (N,), found (2, 3, 4); are images and labels swapped?",
    ):
        from_idx(labels, images)


def test_labels_that_are_not_integers(pair):
    paths = pair(np.ones((2, 3, 4), np.uint8), np.array([0, 1], np.float32))
    with pytest.raises(DataError, match=r"^images: expected integer labels .*found float32 \(2,\)"):
        from_idx(*paths)


def test_no_images(pair):
    paths = pair(np.ones((0, 3, 4), np.uint8), np.ones(0, np.uint8))
    with pytest.raises(DataError, match=r"^images: expected x .*found \(0, 12\)"):
        from_idx(*paths)


def test_a_single_class(pair):
    paths = pair(np.ones((2, 3, 4), np.uint8), np.array([3, 3], np.uint8))
    with pytest.raises(DataError, match="^images: expected at least two classes, found only lab"):
        from_idx(*paths)
