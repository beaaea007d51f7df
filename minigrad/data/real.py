"""Small measured data sets, those that scikit-learn carries along (no download)."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.data.dataset import Dataset
from minigrad.extras import require


def digits() -> Dataset:
    """Handwritten digits, 8 x 8 pixels each, from 0 (paper) to 1 (ink).

    x = pixels / 16, where a pixel counts the inked dots in a 4 x 4 block of the scan.

    Returns:
        A classification set of ten classes, x of shape (1797, 64), row by row.

    Raises:
        ImportError: scikit-learn is not installed.

    Example:
        >>> from minigrad.data import datasets
        >>> datasets.digits()
        Dataset('digits', classification, x (1797, 64), 10 classes)

    Source:
        E. Alpaydin and C. Kaynak (1998), "Optical Recognition of Handwritten Digits", UCI
        Machine Learning Repository; the test part, as in scikit-learn.
    """
    bunch = _bundled("digits")
    return _classification("digits", bunch.data / 16.0, bunch)


def iris() -> Dataset:
    """Iris flowers of three species, four lengths each, in cm.

    Returns:
        A classification set of three classes, x of shape (150, 4).

    Raises:
        ImportError: scikit-learn is not installed.

    Example:
        >>> from minigrad.data import datasets
        >>> datasets.iris().classes
        ('setosa', 'versicolor', 'virginica')

    Source:
        R. A. Fisher (1936), "The Use of Multiple Measurements in Taxonomic Problems".
    """
    bunch = _bundled("iris")
    return _classification("iris", bunch.data, bunch)


def wine() -> Dataset:
    """Wines of three growers, thirteen chemical measurements each, in their own units.

    The features differ in scale by a factor of a thousand: `standardize` them first.

    Returns:
        A classification set of three classes, x of shape (178, 13).

    Raises:
        ImportError: scikit-learn is not installed.

    Example:
        >>> from minigrad.data import datasets
        >>> datasets.wine().feature_names[:3]
        ('alcohol', 'malic_acid', 'ash')

    Source:
        S. Aeberhard and M. Forina (1992), "Wine", UCI Machine Learning Repository.
    """
    bunch = _bundled("wine")
    return _classification("wine", bunch.data, bunch)


def breast_cancer() -> Dataset:
    """Breast tumours, malignant or benign, thirty measurements of cell nuclei each.

    The features differ in scale by a factor of ten thousand: `standardize` them first.

    Returns:
        A classification set of two classes, x of shape (569, 30).

    Raises:
        ImportError: scikit-learn is not installed.

    Example:
        >>> from minigrad.data import datasets
        >>> datasets.breast_cancer().classes
        ('malignant', 'benign')

    Source:
        W. Wolberg, O. Mangasarian, N. Street and W. Street (1993), "Breast Cancer Wisconsin
        (Diagnostic)", UCI Machine Learning Repository.
    """
    bunch = _bundled("breast_cancer")
    return _classification("breast_cancer", bunch.data, bunch)


def diabetes() -> Dataset:
    """Diabetes patients: ten baseline measurements, and how far the disease went in a year.

    The features are the raw ones (age in years and so on), not scikit-learn's, which are
    standardized over all rows, test rows included: `standardize` does that without the leak.

    Returns:
        A regression set, x of shape (442, 10), y of shape (442, 1) from 25 to 346.

    Raises:
        ImportError: scikit-learn is not installed.

    Example:
        >>> from minigrad.data import datasets
        >>> datasets.diabetes()
        Dataset('diabetes', regression, x (442, 10), y (442, 1))

    Source:
        B. Efron, T. Hastie, I. Johnstone and R. Tibshirani (2004), "Least Angle Regression".
    """
    bunch = _bundled("diabetes", scaled=False)
    names = tuple(map(str, bunch.feature_names))
    return Dataset(bunch.data, bunch.target, "diabetes", "regression", feature_names=names)


def _bundled(name: str, **options: bool) -> Any:
    sklearn_datasets = require("sklearn.datasets", "data", f"the {name} data set")
    return getattr(sklearn_datasets, f"load_{name}")(**options)


def _classification(name: str, x: Any, bunch: Any) -> Dataset:
    return Dataset(
        x,
        np.asarray(bunch.target),
        name,
        "classification",
        classes=tuple(map(str, bunch.target_names)),
        feature_names=tuple(map(str, bunch.feature_names)),
    )
