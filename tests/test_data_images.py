import numpy as np
import pytest

from minigrad.data.images import image_features


def test_bytes_become_the_unit_interval():
    x = image_features(np.arange(256, dtype=np.uint8).reshape(256, 1), flatten=True)
    assert x.dtype == np.float32
    np.testing.assert_array_equal(x[:, 0], np.arange(256, dtype=np.float32) / np.float32(255))
    assert x.min() == 0 and x.max() == 1


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.float32, np.float64])
def test_other_dtypes_keep_their_values(dtype):
    x = np.array([[1, 100]], dtype=dtype)
    result = image_features(x, flatten=True)
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, x)


def test_flatten_is_row_by_row_and_optional():
    images = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    assert image_features(images, flatten=False).shape == (2, 3, 4)
    np.testing.assert_array_equal(image_features(images, flatten=True)[1], np.arange(12, 24))
    assert image_features(images[:0], flatten=True).shape == (0, 12)
