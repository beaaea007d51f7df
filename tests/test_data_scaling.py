import numpy as np
import pytest

from minigrad.data import Dataset
from minigrad.data.datasets import standardize


def data(x, y=None):
    return Dataset(x, np.arange(float(len(x))) if y is None else y, "toy", "regression")


def test_training_features_get_mean_0_and_deviation_1():
    x = np.random.default_rng(0).normal([5, -1000], [0.01, 300], (200, 2))
    (train,), _ = standardize(data(x))
    assert train.x.dtype == np.float32
    np.testing.assert_allclose(train.x.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(train.x.std(axis=0), 1, rtol=1e-5)


def test_the_others_are_mapped_by_the_training_statistics():
    rng = np.random.default_rng(1)
    train, test, more = (data(rng.normal(3, 2, (n, 4)).astype(np.float32)) for n in (50, 20, 1))
    (scaled, *others), scale = standardize(train, test, more)
    mean, std = train.x.astype(np.float64).mean(axis=0), train.x.astype(np.float64).std(axis=0)
    np.testing.assert_array_equal(scale.mean, mean)
    np.testing.assert_array_equal(scale.std, std)
    for before, after in zip((train, test, more), (scaled, *others), strict=True):
        np.testing.assert_array_equal(after.x, ((before.x - mean) / std).astype(np.float32))


def test_the_map_is_kept_for_later_rows():
    train = data(np.array([[0.0, 0.0], [2.0, 4.0]]))
    _, scale = standardize(train)
    np.testing.assert_array_equal(scale(np.array([[3, 4]])), [[2, 1]])
    np.testing.assert_array_equal(scale(np.array([3, 4])), [2, 1])
    assert scale(np.array([[3, 4]])).dtype == np.float32


@pytest.mark.parametrize("value", [0.0, 0.1, 1e-30, -3e38])
def test_a_constant_feature_is_divided_by_1(value):
    (train,), scale = standardize(data(np.full((7, 1), value)))
    assert scale.std == 1
    np.testing.assert_allclose(train.x, 0, atol=abs(value) * 1e-7)


def test_targets_and_originals_are_untouched():
    before = data(np.arange(6.0)[:, None], y=np.array([10.0, 20, 30, 40, 50, 60]))
    (after,), _ = standardize(before)
    np.testing.assert_array_equal(after.y, before.y)
    np.testing.assert_array_equal(before.x[:, 0], np.arange(6))
    assert after.name == before.name and after.task == before.task


def test_images_are_standardized_pixel_by_pixel():
    x = np.random.default_rng(0).random((10, 3, 3))
    (train,), scale = standardize(data(x))
    assert train.x.shape == (10, 3, 3) and scale.mean.shape == (3, 3)
    np.testing.assert_allclose(train.x.mean(axis=0), 0, atol=1e-6)


@pytest.mark.parametrize("shape", [(4, 3), (4, 1), (4,)])
def test_other_features_are_refused(shape):
    train = data(np.arange(8.0).reshape(4, 2))
    _, scale = standardize(train)
    with pytest.raises(ValueError, match=r"^expected rows of shape \(2,\), found x \(4"):
        scale(np.zeros(shape))
