import re

import numpy as np
import pytest

from minigrad.data import DataError
from minigrad.data.datasets import blobs, moons, spirals

MAKERS = [moons, spirals, blobs]


@pytest.mark.parametrize("make", MAKERS)
def test_dtypes_and_balance(make):
    data = make(30, rng=np.random.default_rng(0))
    assert data.x.dtype == np.float32 and data.y.dtype == np.int64
    assert data.x.shape == (30, 2) and data.task == "classification"
    assert data.name == make.__name__
    assert set(np.bincount(data.y)) == {30 // data.n_classes}


@pytest.mark.parametrize("make", MAKERS)
def test_the_generator_determines_the_draw(make):
    one, same, other = (make(rng=np.random.default_rng(seed)).x for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    assert (make().x != make().x).any()


@pytest.mark.parametrize("make", MAKERS)
def test_uneven_rows_differ_by_one(make):
    counts = np.bincount(make(31, rng=np.random.default_rng(0)).y)
    assert counts.sum() == 31 and np.ptp(counts) <= 1


def test_moons_are_half_circles():
    data = moons(500, noise=0.0, rng=np.random.default_rng(0))
    upper, lower = data.x[data.y == 0], data.x[data.y == 1]
    np.testing.assert_allclose(np.hypot(*upper.T), 1, rtol=1e-6)
    np.testing.assert_allclose(np.hypot(*(lower - [1, 0.5]).T), 1, rtol=1e-6)
    assert (upper[:, 1] >= 0).all() and (lower[:, 1] <= 0.5).all()
    assert data.classes == ("upper", "lower") and data.feature_names == ("x1", "x2")


def test_moons_noise_is_the_deviation():
    data = moons(20_000, noise=0.02, rng=np.random.default_rng(0))
    radius = np.hypot(*data.x[data.y == 0].T)
    assert abs(radius.std() - 0.02) < 1e-3


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_spirals_follow_the_formula(classes):
    data = spirals(70, classes=classes, noise=0.0, rng=np.random.default_rng(0))
    t = np.hypot(*data.x.T.astype(np.float64))
    turned = np.arctan2(*data.x.T[::-1].astype(np.float64)) - 4 * t - 2 * np.pi * data.y / classes
    np.testing.assert_allclose(np.cos(turned), 1, atol=1e-6)
    assert t.max() < 1 and data.n_classes == classes


def test_spirals_noise_turns_and_keeps_the_radius():
    still, noisy = (spirals(60, noise=s, rng=np.random.default_rng(0)).x for s in (0.0, 0.3))
    np.testing.assert_allclose(np.hypot(*still.T), np.hypot(*noisy.T), rtol=1e-6)
    assert (still != noisy).any()


def test_blobs_surround_their_centres():
    data = blobs(9000, classes=3, features=4, std=0.5, rng=np.random.default_rng(0))
    centres = np.random.default_rng(0).uniform(-10, 10, (3, 4))
    assert data.x.shape == (9000, 4) and data.classes == ("blob 0", "blob 1", "blob 2")
    for c in range(3):
        cloud = data.x[data.y == c]
        np.testing.assert_allclose(cloud.mean(axis=0), centres[c], atol=0.05)
        np.testing.assert_allclose(cloud.std(axis=0), 0.5, atol=0.03)


def refuses(message):
    return pytest.raises(DataError, match="^" + re.escape(message) + "$")


def test_too_few_rows():
    with refuses("moons: expected at least 2 rows, one a class, found 1"):
        moons(1)
    with refuses("spirals: expected at least 4 rows, one a class, found 3"):
        spirals(3, classes=4)
    assert len(blobs(3)) == 3


def test_too_few_classes():
    with refuses("spirals: expected at least two classes, found 1"):
        spirals(classes=1)
    with refuses("blobs: expected at least two classes, found 0"):
        blobs(classes=0)


@pytest.mark.parametrize("spread", [-0.1, float("inf"), float("nan")])
def test_a_spread_that_is_none(spread):
    message = "{}: expected a finite deviation, at least 0, found " + str(spread)
    with refuses(message.format("moons")):
        moons(noise=spread)
    with refuses(message.format("spirals")):
        spirals(noise=spread)
    with refuses(message.format("blobs")):
        blobs(std=spread)


def test_no_features():
    with refuses("blobs: expected at least one feature, found 0"):
        blobs(features=0)
