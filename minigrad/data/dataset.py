"""A data set: features, targets, and what they mean, checked once at construction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

Task = Literal["classification", "regression"]

# Numbers far beyond any label set are ids or measurements that were taken for labels.
_MOST_UNNAMED_CLASSES = 10_000


class DataError(ValueError):
    """Bad input data: one line that says where, what was expected and what was found.

    Example:
        >>> import numpy as np
        >>> from minigrad.data import Dataset
        >>> Dataset(np.ones((3, 2)), np.array([0, 1]), "toy", "classification")
        Traceback (most recent call last):
            ...
        minigrad.data.dataset.DataError: toy: x has 3 rows, y has 2: expected one target a row
    """


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Features and targets of one supervised task, in the dtypes that networks take.

    The pairs (x_i, y_i), i = 1..N, with y_i in {0, ..., C - 1} for classification and
    y_i in R^K for regression.

    Args:
        x: real numbers of shape (N, ...) with at least one feature; kept as float32.
        y: targets. Classification: integers of shape (N,), kept as int64. Regression:
            numbers of shape (N,) or (N, K), kept as float32 of shape (N, 1) or (N, K), so
            that they line up with a network's (N, K) output instead of broadcasting.
        name: what error messages and reports call the data.
        task: `"classification"` or `"regression"`.
        classes: the name of each label, in label order. Without it, the labels' own
            numbers 0, 1, ..., max(y), of which at least two must occur. Always `()` for
            regression.
        feature_names: one name a feature, or `()`.

    Raises:
        DataError: shapes, dtypes or lengths do not fit, there are no rows, a value is not
            finite (also where it only overflows in float32), a label is out of range, or
            there is a single class.

    Example:
        >>> import numpy as np
        >>> from minigrad.data import Dataset
        >>> toy = Dataset(np.eye(4), np.array([0, 1, 0, 1]), "toy", "classification")
        >>> toy
        Dataset('toy', classification, x (4, 4), 2 classes)
        >>> toy.x.dtype, toy.y.dtype, toy.classes
        (dtype('float32'), dtype('int64'), ('0', '1'))
    """

    x: NDArray[Any]
    y: NDArray[Any]
    name: str
    task: Task
    classes: tuple[str, ...] = ()
    feature_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.task not in get_args(Task):
            raise DataError(
                f"{self.name}: expected task 'classification' or 'regression', found {self.task!r}"
            )
        x, y = np.asarray(self.x), np.asarray(self.y)
        if x.ndim < 2 or x.size == 0:
            raise DataError(
                f"{self.name}: expected x of shape (N, features), at least one of each,"
                f" found {x.shape}"
            )
        if y.shape[:1] != x.shape[:1]:
            rows = y.shape[0] if y.ndim else "none"
            raise DataError(
                f"{self.name}: x has {len(x)} rows, y has {rows}: expected one target a row"
            )
        self._set("x", self._float32("x", x))
        if self.task == "classification":
            self._set("y", self._labels(y))
            self._set("classes", tuple(self.classes) or self._numbered_classes())
            self._check_classes()
        else:
            self._set("y", self._targets(y))
            self._set("classes", tuple(self.classes))
            if self.classes:
                raise DataError(f"{self.name}: a regression set has no classes")
        self._set("feature_names", tuple(self.feature_names))
        if self.feature_names and len(self.feature_names) != self.n_features:
            raise DataError(
                f"{self.name}: expected {self.n_features} feature names,"
                f" found {len(self.feature_names)}"
            )

    def _set(self, field: str, value: object) -> None:
        object.__setattr__(self, field, value)  # the dataclass is frozen

    def _float32(self, field: str, values: NDArray[Any]) -> NDArray[np.float32]:
        if values.dtype.kind not in "biuf":
            raise DataError(f"{self.name}: expected real numbers in {field}, found {values.dtype}")
        # Above 3.4e38 the cast overflows; the check below names the place, a warning cannot.
        with np.errstate(over="ignore"):
            single = values.astype(np.float32, copy=False)
        finite = np.isfinite(single)
        if not finite.all():
            place = tuple(int(i) for i in np.argwhere(~finite)[0])
            raise DataError(
                f"{self.name}: expected finite float32 numbers,"
                f" found {field}[{', '.join(map(str, place))}] = {values[place]}"
            )
        return single

    def _targets(self, y: NDArray[Any]) -> NDArray[np.float32]:
        if y.ndim > 2 or y.size == 0:
            raise DataError(
                f"{self.name}: expected regression targets of shape (N,) or (N, K), found {y.shape}"
            )
        return self._float32("y", y).reshape(len(y), -1)

    def _labels(self, y: NDArray[Any]) -> NDArray[np.int64]:
        if y.ndim != 1 or y.dtype.kind not in "biu":
            raise DataError(
                f"{self.name}: expected integer labels of shape (N,), found {y.dtype} {y.shape}"
            )
        return y.astype(np.int64, copy=False)

    def _numbered_classes(self) -> tuple[str, ...]:
        if (self.y == self.y[0]).all():
            raise DataError(
                f"{self.name}: expected at least two classes, found only label {self.y[0]}"
            )
        # At least two, so that labels below 0 are reported as out of range.
        n_classes = min(max(2, int(self.y.max()) + 1), _MOST_UNNAMED_CLASSES)
        return tuple(map(str, range(n_classes)))

    def _check_classes(self) -> None:
        if self.n_classes < 2:
            raise DataError(
                f"{self.name}: expected at least two classes, found only {self.classes[0]!r}"
            )
        outside = np.flatnonzero((self.y < 0) | (self.y >= self.n_classes))
        if outside.size:
            row = outside[0]
            raise DataError(
                f"{self.name}: expected labels 0 to {self.n_classes - 1},"
                f" found y[{row}] = {self.y[row]}"
            )

    def __repr__(self) -> str:
        outputs = f"{self.n_classes} classes" if self.classes else f"y {self.y.shape}"
        return f"Dataset({self.name!r}, {self.task}, x {self.x.shape}, {outputs})"

    def __len__(self) -> int:
        return len(self.x)

    @property
    def n_features(self) -> int:
        """The number of features in a row, those of all axes together."""
        return prod(self.x.shape[1:])

    @property
    def n_classes(self) -> int:
        """The number of classes; 0 for regression."""
        return len(self.classes)

    @property
    def n_outputs(self) -> int:
        """The width of a network's last layer: one logit a class, or one number a target."""
        return self.n_classes or int(self.y.shape[1])

    def take(self, rows: slice | NDArray[Any] | list[int]) -> Dataset:
        """Return the data set of some rows, in the order given; the classes stay all there.

        Args:
            rows: a slice, row numbers, or a boolean mask of shape (N,).

        Returns:
            A data set with the same name, task, classes and feature names.

        Raises:
            DataError: no rows are left, or one bare number was given.
            IndexError: a row number is out of range.

        Example:
            >>> import numpy as np
            >>> from minigrad.data import Dataset
            >>> line = Dataset(np.arange(4.0)[:, None], np.arange(4.0), "line", "regression")
            >>> line.take([3, 0]).y
            array([[3.],
                   [0.]], dtype=float32)
        """
        chosen = np.arange(len(self))[rows]
        if np.ndim(chosen) != 1 or len(chosen) == 0:
            raise DataError(f"{self.name}: expected a slice or a list of rows, found {rows!r:.40}")
        return replace(self, x=self.x[chosen], y=self.y[chosen])

    def split(
        self, test_fraction: float = 0.25, rng: np.random.Generator | None = None
    ) -> tuple[Dataset, Dataset]:
        """Split the rows at random into a training and a test set.

        A classification set is stratified: of a class with n_c rows about
        `test_fraction` * n_c are held out, off by at most one: the largest
        remainders are rounded up until the test set has `round(test_fraction * N)` rows in
        all, at least one. It has fewer only where that would leave a class without a training
        row. Both parts come in random order.

        Args:
            test_fraction: the share of rows to hold out, between 0 and 1, both excluded.
            rng: where the one permutation of the rows is drawn from; None is a fresh
                generator, so another split every time.

        Returns:
            The pair (train, test); together they hold every row once.

        Raises:
            DataError: the fraction is out of range, or no row can be held out because each
                class has a single row.

        Example:
            >>> import numpy as np
            >>> from minigrad.data import Dataset
            >>> labels = np.array([0, 0, 0, 0, 0, 0, 1, 1])
            >>> toy = Dataset(np.eye(8), labels, "toy", "classification")
            >>> train, test = toy.split(0.5, rng=np.random.default_rng(0))
            >>> np.bincount(train.y), np.bincount(test.y)
            (array([3, 1]), array([3, 1]))
        """
        if not 0 < test_fraction < 1:
            raise DataError(
                f"{self.name}: expected a test fraction between 0 and 1, found {test_fraction!r}"
            )
        strata = self.y if self.task == "classification" else np.zeros(len(self), np.int64)
        held_out = _held_out_counts(np.bincount(strata), test_fraction)
        if not held_out.any():
            raise DataError(
                f"{self.name}: no row can be held out: expected two rows"
                f" in some class, found {len(self)} in all"
            )
        order = np.random.default_rng(rng).permutation(len(self))
        in_test = np.zeros(len(self), dtype=bool)
        for stratum, count in enumerate(held_out):
            in_test[np.flatnonzero(strata[order] == stratum)[:count]] = True
        return self.take(order[~in_test]), self.take(order[in_test])


def _held_out_counts(counts: NDArray[np.int64], fraction: float) -> NDArray[np.int64]:
    most = np.maximum(counts - 1, 0)  # one row of each class must stay behind
    quota = fraction * counts
    held_out: NDArray[np.int64] = np.minimum(np.floor(quota).astype(np.int64), most)
    missing = max(1, round(fraction * counts.sum())) - held_out.sum()
    for stratum in np.argsort(held_out - quota, kind="stable"):  # largest remainder first
        if missing > 0 and held_out[stratum] < most[stratum]:
            held_out[stratum] += 1
            missing -= 1
    return held_out
