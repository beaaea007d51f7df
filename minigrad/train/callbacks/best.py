"""The best value of a metric so far."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, get_args

from ..sums import Row

Mode: TypeAlias = Literal["min", "max"]

_LESS_IS_BETTER = ("loss", "perplexity")
_MORE_IS_BETTER = ("accuracy", "r2", "f1", "precision", "recall")


class Best:
    """Notices when a metric is better than ever before.

        min: v < best - min_delta;  max: v > best + min_delta

    Args:
        monitor: the metric's name in the logs, such as `valid_loss`.
        mode: which values are better; None for what the name says.
        min_delta: by how much a value must be better, at least 0.

    Raises:
        ValueError: an unknown mode, a name that does not say which values are better, or a
            negative `min_delta`.

    Example:
        >>> from minigrad.train.callbacks.best import Best
        >>> best = Best("valid_loss", min_delta=0.1)
        >>> [best.improved({"valid_loss": loss}) for loss in (1.0, 0.95, 0.8)]
        [True, False, True]
    """

    def __init__(self, monitor: str, mode: Mode | None = None, min_delta: float = 0.0) -> None:
        mode = mode or mode_of(monitor)
        if mode is None:
            raise ValueError(
                f"is more of {monitor!r} better, or less? pass mode='max' or mode='min'"
            )
        if mode not in get_args(Mode):
            raise ValueError(f"expected mode 'min' or 'max', found {mode!r}")
        if not min_delta >= 0:
            raise ValueError(f"expected min_delta of at least 0, found {min_delta}")
        self.monitor, self.mode, self.min_delta = monitor, mode, min_delta
        self.value: float | None = None

    def improved(self, logs: Row) -> bool:
        """Whether an epoch's value is the best, which it then becomes; NaN never is.

        Raises:
            ValueError: the metric is not in the logs.
        """
        value = logged(logs, self.monitor)
        if math.isnan(value):
            return False
        if self.value is not None:
            gain = self.value - value if self.mode == "min" else value - self.value
            if not gain > self.min_delta:
                return False
        self.value = value
        return True

    def state_dict(self) -> dict[str, Any]:
        """The best value, and whose it is."""
        return {"monitor": self.monitor, "value": self.value}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there.

        Raises:
            ValueError: it is another metric's.
        """
        require_same(self.monitor, state)
        self.value = state["value"]


def mode_of(monitor: str) -> Mode | None:
    """Which values of a metric are better, if its name says so.

    Example:
        >>> from minigrad.train.callbacks.best import mode_of
        >>> mode_of("valid_loss"), mode_of("valid_top_3"), mode_of("valid_height")
        ('min', 'max', None)
    """
    if monitor.endswith(_LESS_IS_BETTER):
        return "min"
    if monitor.endswith(_MORE_IS_BETTER) or "_top_" in monitor:
        return "max"
    return None


def logged(logs: Row, monitor: str) -> float:
    """A metric of an epoch.

    Raises:
        ValueError: it is not in the logs.
    """
    if monitor not in logs:
        raise ValueError(
            f"expected {monitor!r} in the logs, found {', '.join(logs)}: choose one of these, or"
            " pass data to validate on"
        )
    return logs[monitor]


def require_same(monitor: str, state: Mapping[str, Any]) -> None:
    """Require a state of the same metric.

    Raises:
        ValueError: it is another one's.
    """
    if state["monitor"] != monitor:
        raise ValueError(
            f"the state is of a run that monitored {state['monitor']}: expected {monitor}"
        )
