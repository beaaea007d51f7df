import dataclasses
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.data import DataError, Dataset


def classification(n=6, **changes):
    fields = {
        "x": np.arange(2.0 * n).reshape(n, 2),
        "y": np.arange(n) % 2,
        "name": "toy",
        "task": "classification",
    }
    return Dataset(**{**fields, **changes})


def regression(n=6, **changes):
    return classification(n, **{"y": np.arange(float(n)), "task": "regression", **changes})


def refuses(message):
    return pytest.raises(DataError, match="^" + re.escape(message) + "$")


# Construction.


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float16, np.float32, np.float64])
def test_features_become_float32(dtype):
    data = classification(x=np.ones((6, 2), dtype=dtype))
    assert data.x.dtype == np.float32
    np.testing.assert_array_equal(data.x, 1)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int32, np.int64, np.uint64])
def test_labels_become_int64(dtype):
    data = classification(y=np.array([0, 1, 0, 1, 1, 1], dtype=dtype))
    assert data.y.dtype == np.int64
    np.testing.assert_array_equal(data.y, [0, 1, 0, 1, 1, 1])


@pytest.mark.parametrize(("shape", "kept"), [((6,), (6, 1)), ((6, 1), (6, 1)), ((6, 3), (6, 3))])
def test_regression_targets_become_float32_columns(shape, kept):
    data = regression(y=np.ones(shape, dtype=np.int32))
    assert data.y.dtype == np.float32 and data.y.shape == kept
    assert data.classes == () and data.n_classes == 0 and data.n_outputs == kept[1]


def test_arrays_of_the_right_dtype_are_not_copied():
    x, y = np.ones((6, 2), np.float32), np.array([0, 1] * 3, np.int64)
    data = classification(x=x, y=y)
    assert data.x is x and data.y is y


def test_sizes_and_names():
    data = classification(
        x=np.zeros((6, 2, 3)), classes=("no", "yes"), feature_names=tuple("abcdef")
    )
    assert len(data) == 6 and data.n_features == 6 and data.n_classes == data.n_outputs == 2
    assert data.classes == ("no", "yes") and data.feature_names == tuple("abcdef")


def test_classes_default_to_the_numbers_up_to_the_largest_label():
    assert classification(y=np.array([3, 1, 1, 1, 1, 1])).classes == ("0", "1", "2", "3")


def test_names_given_as_lists_are_kept_as_tuples():
    data = classification(classes=["no", "yes"], feature_names=["a", "b"])
    assert data.classes == ("no", "yes") and data.feature_names == ("a", "b")


def test_repr_is_short():
    assert repr(classification()) == "Dataset('toy', classification, x (6, 2), 2 classes)"
    assert repr(regression()) == "Dataset('toy', regression, x (6, 2), y (6, 1))"


def test_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        classification().name = "other"


# What construction refuses.


def test_unknown_task():
    with refuses("toy: expected task 'classification' or 'regression', found 'ranking'"):
        classification(task="ranking")


@pytest.mark.parametrize("shape", [(), (6,), (0, 2), (6, 0)])
def test_x_without_rows_or_features(shape):
    with refuses(f"toy: expected x of shape (N, features), at least one of each, found {shape}"):
        classification(x=np.zeros(shape))


@pytest.mark.parametrize("make", [classification, regression])
@pytest.mark.parametrize(("y", "rows"), [(np.array([0, 1]), 2), (np.array(1), "none")])
def test_lengths_that_differ(make, y, rows):
    with refuses(f"toy: x has 6 rows, y has {rows}: expected one target a row"):
        make(y=y)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_x_that_is_not_finite(value):
    x = np.zeros((6, 2))
    x[3, 1] = x[5, 0] = value
    with refuses(f"toy: expected finite float32 numbers, found x[3, 1] = {value}"):
        classification(x=x)


def test_x_that_overflows_in_float32():
    with refuses("toy: expected finite float32 numbers, found x[0, 0] = 1e+300"):
        classification(x=np.full((6, 2), 1e300))


def test_regression_targets_that_are_not_finite():
    with refuses("toy: expected finite float32 numbers, found y[2] = nan"):
        regression(y=np.array([0, 1, np.nan, 3, 4, 5]))


@pytest.mark.parametrize("dtype", [complex, object, "U3"])
def test_features_and_targets_that_are_not_real_numbers(dtype):
    array = np.zeros((6, 2), dtype=dtype)
    with refuses(f"toy: expected real numbers in x, found {array.dtype}"):
        classification(x=array)
    with refuses(f"toy: expected real numbers in y, found {array.dtype}"):
        regression(y=array)


@pytest.mark.parametrize("shape", [(6, 1, 1), (6, 0)])
def test_regression_targets_of_a_wrong_shape(shape):
    with refuses(f"toy: expected regression targets of shape (N,) or (N, K), found {shape}"):
        regression(y=np.zeros(shape))


@pytest.mark.parametrize("y", [np.zeros((6, 1), int), np.zeros(6), np.array(["a"] * 6)])
def test_labels_that_are_not_integers_in_a_row(y):
    with refuses(f"toy: expected integer labels of shape (N,), found {y.dtype} {y.shape}"):
        classification(y=y)


@pytest.mark.parametrize("wrong", [-1, 2])
def test_labels_out_of_range(wrong):
    with refuses(f"toy: expected labels 0 to 1, found y[4] = {wrong}"):
        classification(y=np.array([0, 1, 0, 1, wrong, 0]), classes=("no", "yes"))


@pytest.mark.parametrize("other", [1, 0, -2])
def test_negative_labels_without_class_names(other):
    with refuses("toy: expected labels 0 to 1, found y[0] = -1"):
        classification(y=np.array([-1, other] * 3))


def test_numbers_too_large_for_labels():
    with refuses("toy: expected labels 0 to 9999, found y[1] = 1000000000000"):
        classification(y=np.array([0, 10**12, 0, 1, 0, 1]))


def test_a_single_class():
    with refuses("toy: expected at least two classes, found only label 3"):
        classification(y=np.full(6, 3))
    with refuses("toy: expected at least two classes, found only 'yes'"):
        classification(y=np.zeros(6, int), classes=("yes",))


def test_classes_in_regression():
    with refuses("toy: a regression set has no classes"):
        regression(classes=("no", "yes"))


def test_wrong_number_of_feature_names():
    with refuses("toy: expected 2 feature names, found 3"):
        classification(feature_names=("a", "b", "c"))


# Rows.


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (slice(1, 3), [1, 2]),
        (slice(None, None, -2), [5, 3, 1]),
        ([4, 0, 4, -1], [4, 0, 4, 5]),
        (np.array([2]), [2]),
        (np.arange(6) > 3, [4, 5]),
    ],
)
def test_take(rows, expected):
    whole = classification(classes=("no", "yes"), feature_names=("a", "b"))
    part = whole.take(rows)
    np.testing.assert_array_equal(part.x, whole.x[expected])
    np.testing.assert_array_equal(part.y, whole.y[expected])
    assert part.x.dtype == np.float32 and part.y.dtype == np.int64
    assert (part.name, part.classes, part.feature_names) == ("toy", ("no", "yes"), ("a", "b"))


def test_take_keeps_classes_that_no_row_has():
    assert classification().take([0, 2]).classes == ("0", "1")


def test_take_of_regression_keeps_the_column():
    assert regression().take([1]).y.shape == (1, 1)


@pytest.mark.parametrize("rows", [slice(0, 0), np.zeros(6, dtype=bool), 3, np.zeros((1, 1), int)])
def test_take_refuses_what_leaves_no_rows(rows):
    with pytest.raises(DataError, match="^toy: expected a slice or a list of rows, found "):
        classification().take(rows)


def test_take_out_of_range():
    with pytest.raises(IndexError, match="out of bounds"):
        classification().take([6])


# Splitting.


@given(
    counts=st.lists(st.integers(1, 30), min_size=2, max_size=6).filter(lambda c: max(c) > 1),
    fraction=st.floats(0.01, 0.99),
    seed=st.integers(0, 1000),
)
def test_split_is_a_stratified_partition(counts, fraction, seed):
    y = np.repeat(np.arange(len(counts)), counts)
    whole = classification(len(y), x=np.arange(float(len(y)))[:, None], y=y)
    train, test = whole.split(fraction, np.random.default_rng(seed))
    rows = np.concatenate([train.x[:, 0], test.x[:, 0]]).astype(int)
    np.testing.assert_array_equal(np.sort(rows), np.arange(len(y)))
    np.testing.assert_array_equal(y[rows], np.concatenate([train.y, test.y]))
    in_train, in_test = np.bincount(train.y), np.bincount(test.y, minlength=len(counts))
    assert len(in_train) == len(counts) and (in_train >= 1).all()
    share = fraction * np.array(counts)
    wanted = max(1, round(share.sum()))
    assert 1 <= len(test) <= wanted
    assert (in_test >= np.floor(share)).all()
    assert (in_test <= np.floor(share) + 1).all()
    if (np.ceil(share) < counts).all():  # no class is in danger of losing all its rows
        assert len(test) == wanted


def test_split_sizes_are_exact_where_there_is_room():
    y = np.repeat(np.arange(3), [50, 30, 20])
    train, test = classification(100, y=y).split(0.25, np.random.default_rng(0))
    np.testing.assert_array_equal(np.bincount(test.y) + np.bincount(train.y), [50, 30, 20])
    assert len(test) == 25
    assert np.abs(np.bincount(test.y) - [12.5, 7.5, 5.0]).max() < 1


def test_split_of_regression_is_not_stratified():
    train, test = regression(10).split(0.3, np.random.default_rng(0))
    assert (len(train), len(test)) == (7, 3)
    np.testing.assert_array_equal(np.sort(np.concatenate([train.y, test.y])[:, 0]), np.arange(10))


def test_split_is_determined_by_the_generator():
    data = classification(40, classes=("no", "yes"))
    first, again, other = (data.split(rng=np.random.default_rng(seed)) for seed in (7, 7, 8))
    for part in (0, 1):
        np.testing.assert_array_equal(first[part].x, again[part].x)
    assert (first[1].x != other[1].x).any()


def test_split_without_a_generator_is_fresh():
    data = regression(1000)
    assert (data.split()[1].y != data.split()[1].y).any()


def test_split_draws_one_permutation():
    rng, twin = np.random.default_rng(3), np.random.default_rng(3)
    classification(20).split(rng=rng)
    twin.permutation(20)
    assert rng.random() == twin.random()


def test_split_comes_in_random_order():
    y = np.repeat([0, 1], 50)
    train, test = classification(100, y=y).split(0.5, np.random.default_rng(0))
    assert (np.diff(train.y) < 0).any() and (np.diff(test.y) < 0).any()


def test_split_gives_a_lone_row_to_training():
    y = np.array([0, 1, 1, 1, 1, 1])
    train, test = classification(y=y).split(0.5, np.random.default_rng(0))
    assert 0 in train.y and 0 not in test.y and len(test) == 3


def test_split_skips_classes_that_no_row_has():
    train, test = classification(y=np.array([0, 2, 0, 2, 0, 2])).split(
        0.5, np.random.default_rng(0)
    )
    assert train.n_classes == test.n_classes == 3 and len(test) == 3


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, float("nan")])
def test_split_fraction_out_of_range(fraction):
    with refuses(f"toy: expected a test fraction between 0 and 1, found {fraction}"):
        classification().split(fraction)


def test_split_that_is_impossible():
    message = "toy: no row can be held out: expected two rows in some class, found {}"
    with refuses(message.format("2 in all")):
        classification(2).split(0.5)
    with refuses(message.format("1 in all")):
        regression(1).split(0.5)
