import re

import numpy as np
import pytest

import minigrad.data
from minigrad.data import DataError, datasets

CHOICES = "digits, iris, wine, breast_cancer, diabetes, moons, spirals, blobs"


def refuses(message):
    return pytest.raises(DataError, match="^" + re.escape(message) + "$")


def test_public_names():
    assert minigrad.data.__all__ == ["DataError", "DataLoader", "Dataset", "datasets"]
    for module in (minigrad.data, datasets):
        assert all(hasattr(module, name) for name in module.__all__)
    assert set(datasets.names()) < set(datasets.__all__)
    assert ", ".join(datasets.names()) == CHOICES


@pytest.mark.parametrize("name", ["moons", "spirals", "blobs"])
def test_synthetic_sets_draw_from_the_generator(name):
    data = datasets.load(name, rng=np.random.default_rng(4))
    np.testing.assert_array_equal(data.x, getattr(datasets, name)(rng=np.random.default_rng(4)).x)


@pytest.mark.parametrize("name", ["iris", "breast_cancer", "breast-cancer", "diabetes"])
def test_bundled_sets(name):
    pytest.importorskip("sklearn")
    assert datasets.load(name).name == name.replace("-", "_")


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "T.CSV"])
def test_tables(tmp_path, name):
    (tmp_path / name).write_text("a,y\n1,0\n2,1\n3,0\n4,1\n")
    data = datasets.load(tmp_path / name, target="y")
    assert data.task == "classification" and data.name == name
    assert datasets.load(str(tmp_path / name), target=-1, task="regression").task == "regression"


def test_archives(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.ones((2, 2)), y=np.arange(2))
    assert datasets.load(tmp_path / "a.npz").task == "classification"
    assert datasets.load(tmp_path / "a.npz", task="regression").task == "regression"


def test_idx_pairs(tmp_path):
    images, labels = tmp_path / "train-images-idx3-ubyte", tmp_path / "labels"
    datasets.write_idx(images, np.zeros((2, 4, 4), np.uint8))
    datasets.write_idx(labels, np.arange(2, dtype=np.uint8))
    assert datasets.load(images, labels=labels).x.shape == (2, 16)
    with refuses(f"{images}: expected labels=, the IDX file of the labels"):
        datasets.load(images)


def test_a_table_without_a_target_lists_its_columns(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,0\n")
    with refuses(f"{path}: expected target=, the name of the target column; the columns are a, b"):
        datasets.load(path)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("irsi", " (did you mean 'iris'?)"),
        ("breast-cancr", " (did you mean 'breast_cancer'?)"),
        ("no/such/table.parquet", ""),
        ("", ""),
    ],
)
def test_unknown_names_list_the_choices(name, hint):
    with refuses(
        f"no data set and no known kind of file {name!r}{hint}; choose one of {CHOICES},"
        " or give a .csv, .tsv or .npz file, or a pair of IDX files"
    ):
        datasets.load(name)


@pytest.mark.parametrize(
    ("source", "arguments", "refused"),
    [
        ("moons", {"target": "y"}, "target= has no meaning here, found 'y'"),
        ("moons", {"labels": "b"}, "labels= has no meaning here, found 'b'"),
        ("moons", {"task": "regression"}, "task= has no meaning here, found 'regression'"),
        ("a.csv", {"labels": "b"}, "labels= has no meaning here, found 'b'"),
        ("a.npz", {"labels": "b"}, "labels= has no meaning here, found 'b'"),
        ("a.npz", {"target": 0}, "target= has no meaning here, found 0"),
        ("a.idx", {"labels": "b", "target": 0}, "target= has no meaning here, found 0"),
        (
            "a.idx",
            {"labels": "b", "task": "regression"},
            "task= has no meaning here, found 'regression'",
        ),
    ],
)
def test_arguments_without_a_meaning_are_refused(source, arguments, refused):
    with refuses(f"{source}: {refused}"):
        datasets.load(source, **arguments)


def test_a_missing_file_is_named(tmp_path):
    with refuses(f"{tmp_path}/no.npz: expected a file, found nothing there"):
        datasets.load(tmp_path / "no.npz")
