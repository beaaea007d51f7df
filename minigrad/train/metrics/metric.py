"""What all metrics share: a summary of a batch, how two summaries join, and the number at the end.

An average of the averages of batches is wrong when the last batch is smaller. So a metric keeps
what can be added up (counts and sums over rows) and divides once, when it is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np

from ...tensor import plain

Array: TypeAlias = np.ndarray[Any, Any]
Summary: TypeAlias = list[Array]


class Metric:
    """Base of the metrics. A metric is a subclass with these two pure functions:

        summary = summarize(outputs, targets)    of a batch: arrays that add up
        result(summary)                          the metric of all rows in it

    and, where summaries join otherwise than by addition, with `join` as well.

    Attributes:
        summary: that of the rows since the last `reset`; None before the first batch.
        name: what logs call the metric.

    Example:
        >>> import numpy as np
        >>> from minigrad.train import metrics
        >>> class MeanError(metrics.Metric):
        ...     def summarize(self, outputs, targets):
        ...         return [np.abs(outputs - targets).sum(), np.float64(len(targets))]
        ...     def result(self, summary):
        ...         total, rows = summary
        ...         return float(total / rows)
        >>> metric = MeanError()
        >>> metric.update(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 6.0]))
        >>> metric.update(np.array([1.0]), np.array([2.0]))
        >>> metric.name, metric.compute()
        ('mean_error', 1.0)
    """

    name: str
    summary: Summary | None = None

    def __init__(self) -> None:
        # MeanError -> mean_error
        self.name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(self).__name__).lower()

    def summarize(self, outputs: Any, targets: Any) -> Summary:
        """What a batch contributes; subclasses define it."""
        raise NotImplementedError(f"{type(self).__name__} must define summarize()")

    def result(self, summary: Summary) -> Any:
        """The metric of everything that is in a summary; subclasses define it."""
        raise NotImplementedError(f"{type(self).__name__} must define result()")

    def join(self, one: Summary, other: Summary) -> Summary:
        """The summary of the rows of both."""
        return [a + b for a, b in zip(one, other, strict=True)]

    def joined(self, summary: Summary | None, outputs: Any, targets: Any) -> Summary:
        """The summary of some rows, or of none, and of a batch; it keeps none of the arrays given.

        Args:
            summary: that of the rows before, or None.
            outputs, targets: the batch, arrays or tensors.
        """
        batch = self.summarize(np.asarray(plain(outputs)), np.asarray(plain(targets)))
        batch = [np.asarray(part) for part in batch]
        if summary is None:
            return batch
        return [np.asarray(part) for part in self.join(summary, batch)]

    def update(self, outputs: Any, targets: Any) -> None:
        """Take in a batch.

        Args:
            outputs: what the model returned, an array or a tensor.
            targets: what it should have been.

        Raises:
            ValueError: the shapes do not fit.
        """
        self.summary = self.joined(self.summary, outputs, targets)

    def compute(self) -> Any:
        """The metric of all rows since the last `reset`.

        Returns:
            A float, or an array where the metric has several numbers.

        Raises:
            ValueError: there are no rows.
        """
        if self.summary is None:
            raise ValueError(f"{self.name} needs at least one row: call update() first")
        return self.result(self.summary)

    def reset(self) -> None:
        """Forget all rows."""
        self.summary = None

    def __call__(self, outputs: Any, targets: Any) -> Any:
        """The metric of these rows alone; what `update` has taken in is not touched."""
        return self.result(self.joined(None, outputs, targets))


def by_name(metrics: Iterable[Metric] | Mapping[str, Metric]) -> dict[str, Metric]:
    """Metrics by the names that logs will use.

    Args:
        metrics: a mapping, or metrics, which have names of their own.

    Raises:
        TypeError: something is not a `Metric`.
        ValueError: two have one name.

    Example:
        >>> from minigrad.train import metrics
        >>> list(metrics.metric.by_name([metrics.Accuracy(), metrics.TopK(3)]))
        ['accuracy', 'top_3']
    """
    if isinstance(metrics, Mapping):
        named = list(metrics.items())
    else:
        named = [(getattr(metric, "name", ""), metric) for metric in metrics]
    found: dict[str, Metric] = {}
    for name, metric in named:
        if not isinstance(metric, Metric):
            raise TypeError(
                f"expected a metric such as metrics.Accuracy(), found {metric!r}; a function"
                " becomes one as metrics.MeanLoss(function)"
            )
        if name in found or name == "loss":
            raise ValueError(
                f"expected metrics of different names other than 'loss', found {name!r} again:"
                " pass a dict {name: metric}"
            )
        found[name] = metric
    return found


def as_numbers(name: str, value: Any) -> dict[str, float]:
    """A metric's value as columns of a log: one for each number in it.

    Example:
        >>> import numpy as np
        >>> from minigrad.train.metrics.metric import as_numbers
        >>> as_numbers("recall", np.array([0.5, 1.0]))
        {'recall_0': 0.5, 'recall_1': 1.0}
    """
    value = np.asarray(value)
    if value.ndim == 0:
        return {name: float(value)}
    return {
        "_".join([name, *map(str, place)]): float(number) for place, number in np.ndenumerate(value)
    }
