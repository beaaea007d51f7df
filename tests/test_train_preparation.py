import numpy as np
import pytest

from minigrad.data import DataError, datasets
from minigrad.train import RunConfig
from minigrad.train.generators import Generators
from minigrad.train.preparation import fingerprint, prepare


def prepared(*args, seed=0, **settings):
    """The sets in a row: train, valid if there is one, test."""
    return [*prepare(RunConfig(*args, **settings), Generators.from_seed(seed)).values()]


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "moons", "blobs"])
def test_a_quarter_is_held_out_by_class_and_features_are_standardized(name):
    train, test = prepared(name)
    assert len(test) == round(0.25 * (len(train) + len(test)))
    for label in range(train.n_classes):
        both = np.count_nonzero(train.y == label) + np.count_nonzero(test.y == label)
        assert abs(np.count_nonzero(test.y == label) - both / 4) <= 1
    np.testing.assert_allclose(train.x.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(train.x.std(axis=0), 1, atol=1e-5)


@pytest.mark.parametrize("name", ["iris", "digits", "diabetes"])
def test_rows_to_validate_on_come_from_those_to_learn_from(name):
    train, test = prepared(name)
    fewer, valid, same = prepared(name, validation=0.25)
    assert len(valid) == round(0.25 * len(train)) and len(fewer) + len(valid) == len(train)
    both = np.concatenate([fewer.x, valid.x]).reshape(len(train), -1)
    for part, other in ((both, train.x), (same.x, test.x)):
        # Other rows have another mean and deviation; the order of a feature's values stays.
        ranks = [np.sort(a.reshape(len(a), -1)[:, 2].astype(float)) for a in (part, other)]
        a, b = ((r - r.mean()) / r.std() for r in ranks)
        np.testing.assert_allclose(a, b, atol=1e-4)
    if name == "diabetes":
        assert fewer.y.mean() == pytest.approx(0, abs=1e-5)
    else:
        np.testing.assert_array_equal(same.y, test.y)
        for label in range(train.n_classes):
            share = np.count_nonzero(valid.y == label) / np.count_nonzero(train.y == label)
            assert share == pytest.approx(0.25, abs=1 / np.count_nonzero(train.y == label))
    axis = None if name == "digits" else 0
    np.testing.assert_allclose(fewer.x.mean(axis=axis), 0, atol=1e-5)


def test_which_rows_validate_is_drawn_by_a_generator_of_its_own():
    drawn = Generators.from_seed(0)
    prepare(RunConfig("iris", validation=0.25), drawn)
    other = Generators.from_seed(0)
    prepare(RunConfig("iris"), other)
    for name in ("data", "split", "init", "shuffle", "dropout"):
        assert getattr(drawn, name).random() == getattr(other, name).random(), name
    assert drawn.validation.random() != other.validation.random()


def test_pixels_share_one_mean_and_deviation():
    train, test = prepared("digits")
    assert train.x.mean() == pytest.approx(0, abs=1e-5)
    assert train.x.std() == pytest.approx(1, abs=1e-5)
    scale = datasets.digits().x.max() / (train.x.max() - train.x.min())
    assert test.x.max() - test.x.min() == pytest.approx(1 / scale, rel=1e-5)
    assert train.x.dtype == np.float32


def test_pixels_of_one_colour(tmp_path):
    path = tmp_path / "black.npz"
    np.savez(path, x=np.zeros((8, 2, 2), np.uint8), y=np.arange(8) % 2)
    train, _ = prepared(str(path))
    assert (train.x == 0).all()


def test_a_table_of_small_numbers_is_no_picture(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b,y\n" + "".join(f"{i / 1e4},{i % 3 / 3},c{i % 2}\n" for i in range(40)))
    train, _ = prepared(str(path), target="y")
    np.testing.assert_allclose(train.x.std(axis=0), 1, atol=1e-5)


def test_regression_targets_are_standardized_by_the_training_rows():
    train, test = prepared("diabetes")
    assert train.y.shape[1:] == test.y.shape[1:] == (1,)
    assert train.y.mean() == pytest.approx(0, abs=1e-5)
    assert train.y.std() == pytest.approx(1, abs=1e-5)
    assert test.y.mean() != pytest.approx(0, abs=1e-4)
    assert train.feature_names == datasets.diabetes().feature_names


def test_the_seed_decides_all():
    for name in ("iris", "moons"):
        assert fingerprint(*prepared(name)) == fingerprint(*prepared(name))
        assert fingerprint(*prepared(name)) != fingerprint(*prepared(name, seed=1))


def test_a_target_is_a_name_first_and_then_a_position(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,0,c\n" + "".join(f"{i},{i % 2},{i}\n" for i in range(40)))
    assert prepared(str(path), target="0")[0].feature_names == ("a", "c")
    assert prepared(str(path), target="1")[0].feature_names == ("a", "c")
    assert prepared(str(path), target="-1")[0].feature_names == ("a", "0")
    assert prepared(str(path), target="a")[0].feature_names == ("0", "c")
    for wrong in ("7", "b", ""):
        with pytest.raises(DataError, match="no target column"):
            prepared(str(path), target=wrong)


def test_a_target_has_no_meaning_elsewhere():
    with pytest.raises(DataError, match="iris: target= has no meaning here, found 2"):
        prepared("iris", target="2")
