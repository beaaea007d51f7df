"""Toy data drawn from a formula: two moons, spiral arms, Gaussian blobs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from minigrad.data.dataset import DataError, Dataset


def moons(n: int = 200, noise: float = 0.1, rng: np.random.Generator | None = None) -> Dataset:
    """Two half circles that interlock, the smallest set that no straight line separates.

    With t ~ U(0, pi) and e ~ N(0, noise^2 I),

        class 0: x = (cos t, sin t) + e
        class 1: x = (1 - cos t, 1/2 - sin t) + e

    Args:
        n: rows; they alternate between the classes.
        noise: standard deviation of each coordinate, where the half circles have radius 1.
        rng: where the draws come from; None is a fresh generator.

    Returns:
        A classification set, x of shape (n, 2).

    Raises:
        DataError: there are fewer rows than classes, or the noise is negative.

    Example:
        >>> import numpy as np
        >>> from minigrad.data import datasets
        >>> datasets.moons(4, noise=0.0, rng=np.random.default_rng(0)).y
        array([0, 1, 0, 1])
    """
    y = _labels("moons", n, classes=2, spread=noise)
    rng = np.random.default_rng(rng)
    t = rng.uniform(0.0, np.pi, n)
    side = 1.0 - 2.0 * y  # class 1 is class 0 turned by half a circle about (1/2, 1/4)
    x = np.stack([side * np.cos(t) + y, side * np.sin(t) + 0.5 * y], axis=1)
    return _plane("moons", x + noise * rng.standard_normal((n, 2)), y, ("upper", "lower"))


def spirals(
    n: int = 300, classes: int = 3, noise: float = 0.1, rng: np.random.Generator | None = None
) -> Dataset:
    """Spiral arms around one centre, one a class.

    With t ~ U(0, 1) and e ~ N(0, noise^2), class c of C is

        x = t (cos a, sin a),    a = 2 pi c / C + 4 t + e

    Args:
        n: rows; they take turns among the classes.
        classes: the number C of arms.
        noise: standard deviation of the angle, in radians; neighbouring arms are 2 pi / C apart.
        rng: where the draws come from; None is a fresh generator.

    Returns:
        A classification set, x of shape (n, 2) in the unit circle.

    Raises:
        DataError: fewer than two classes, fewer rows than classes, or negative noise.

    Example:
        >>> import numpy as np
        >>> from minigrad.data import datasets
        >>> datasets.spirals(6, rng=np.random.default_rng(0)).classes
        ('arm 0', 'arm 1', 'arm 2')

    Source:
        After K. Lang and M. Witbrock (1988), "Learning to Tell Two Spirals Apart", whose two
        arms make three turns on a fixed grid; these are shorter and random.
    """
    y = _labels("spirals", n, classes, spread=noise)
    rng = np.random.default_rng(rng)
    t = rng.uniform(0.0, 1.0, n)
    a = 2.0 * np.pi * y / classes + 4.0 * t + noise * rng.standard_normal(n)
    x = np.stack([t * np.cos(a), t * np.sin(a)], axis=1)
    return _plane("spirals", x, y, tuple(f"arm {c}" for c in range(classes)))


def blobs(
    n: int = 300,
    classes: int = 3,
    features: int = 2,
    std: float = 1.0,
    rng: np.random.Generator | None = None,
) -> Dataset:
    """Gaussian clouds around random centres, one a class.

    With centres m_c ~ U(-10, 10)^D and e ~ N(0, std^2 I), class c is x = m_c + e. Centres may
    fall close to each other, so the clouds may overlap.

    Args:
        n: rows; they take turns among the classes.
        classes: the number of clouds.
        features: the dimension D.
        std: standard deviation of each coordinate.
        rng: where the draws come from, centres first; None is a fresh generator.

    Returns:
        A classification set, x of shape (n, features).

    Raises:
        DataError: fewer than two classes, fewer rows than classes, no features, or a negative
            deviation.

    Example:
        >>> import numpy as np
        >>> from minigrad.data import datasets
        >>> datasets.blobs(6, classes=2, features=5, rng=np.random.default_rng(0)).x.shape
        (6, 5)
    """
    y = _labels("blobs", n, classes, spread=std)
    if features < 1:
        raise DataError(f"blobs: expected at least one feature, found {features}")
    rng = np.random.default_rng(rng)
    centres = rng.uniform(-10.0, 10.0, (classes, features))
    x = centres[y] + std * rng.standard_normal((n, features))
    return Dataset(x, y, "blobs", "classification", tuple(f"blob {c}" for c in range(classes)))


def _labels(name: str, n: int, classes: int, spread: float) -> NDArray[np.int64]:
    if classes < 2:
        raise DataError(f"{name}: expected at least two classes, found {classes}")
    if n < classes:
        raise DataError(f"{name}: expected at least {classes} rows, one a class, found {n}")
    if not 0 <= spread < np.inf:
        raise DataError(f"{name}: expected a finite deviation, at least 0, found {spread}")
    return np.arange(n) % classes


def _plane(
    name: str, x: NDArray[np.float64], y: NDArray[np.int64], classes: tuple[str, ...]
) -> Dataset:
    return Dataset(x, y, name, "classification", classes, ("x1", "x2"))
