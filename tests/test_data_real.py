import subprocess
import sys

import numpy as np
import pytest

from minigrad.data import datasets

SHAPES = {
    "digits": (1797, 64, 10),
    "iris": (150, 4, 3),
    "wine": (178, 13, 3),
    "breast_cancer": (569, 30, 2),
}


@pytest.mark.parametrize("name", SHAPES)
def test_classification_sets(name):
    pytest.importorskip("sklearn")
    data = getattr(datasets, name)()
    assert (len(data), data.n_features, data.n_classes) == SHAPES[name]
    assert data.x.dtype == np.float32 and data.y.dtype == np.int64
    assert (data.name, data.task) == (name, "classification")
    assert len(data.feature_names) == data.n_features
    assert all(type(text) is str for text in data.feature_names + data.classes)
    assert set(data.y) == set(range(data.n_classes))


def test_digits_are_scaled_to_the_unit_interval():
    pytest.importorskip("sklearn")
    data = datasets.digits()
    assert data.x.min() == 0 and data.x.max() == 1
    assert data.classes == tuple("0123456789")
    np.testing.assert_array_equal(data.x * 16, np.round(data.x * 16))


def test_diabetes_is_raw_regression_in_a_column():
    pytest.importorskip("sklearn")
    data = datasets.diabetes()
    assert data.x.shape == (442, 10) and data.y.shape == (442, 1)
    assert data.x.dtype == data.y.dtype == np.float32
    assert data.task == "regression" and data.classes == () and data.n_outputs == 1
    assert (data.y.min(), data.y.max()) == (25, 346)
    assert data.feature_names[0] == "age" and data.x[:, 0].min() == 19


@pytest.mark.parametrize("name", [*SHAPES, "diabetes"])
def test_without_scikit_learn(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    message = rf'^the {name} data set needs scikit-learn: pip install "minigrad\[data\]"$'
    with pytest.raises(ImportError, match=message):
        getattr(datasets, name)()


def test_importing_the_package_does_not_import_scikit_learn():
    code = "import sys, minigrad.data; sys.exit('sklearn' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
