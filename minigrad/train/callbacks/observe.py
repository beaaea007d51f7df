"""Let a schedule know how training is going."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...optim.schedules import ReduceOnPlateau
from ..session import Session
from .best import logged, mode_of, require_same
from .callback import Callback


class Observe(Callback):
    """Tells a `ReduceOnPlateau` a metric after each epoch.

    The schedule is a hyperparameter of the optimizer, or a part of one: `Warmup(plateau, 100)`.

    Args:
        schedule: what to tell it to.
        monitor: the metric's name in the logs.

    Raises:
        TypeError: another kind of schedule, which follows from the step alone.
        ValueError: the metric's name says that more is better and the schedule's mode that less
            is, or the other way round; in training: the metric is not in the logs.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> from minigrad import nn, optim
        >>> from minigrad.train import callbacks
        >>> lr = optim.schedules.ReduceOnPlateau(5.0, factor=0.01, patience=0)
        >>> model = nn.Linear(2, 1, rng=np.random.default_rng(0))
        >>> trainer = mg.train.Trainer(  # its steps overshoot
        ...     model, mg.functional.mse_loss, optim.SGD(model.named_parameters(), lr=lr),
        ...     callbacks=[callbacks.Observe(lr, "train_loss")])
        >>> history = trainer.fit((np.eye(2), np.ones((2, 1))), epochs=2)
        >>> trainer.optimizer.lr
        0.05
    """

    def __init__(self, schedule: ReduceOnPlateau, monitor: str = "valid_loss") -> None:
        if not isinstance(schedule, ReduceOnPlateau):
            raise TypeError(
                f"expected a ReduceOnPlateau, found {schedule!r}: other schedules follow from the"
                " step alone, and need no metric"
            )
        mode = mode_of(monitor)
        if mode not in (None, schedule.mode):
            raise ValueError(
                f"the schedule's mode is {schedule.mode!r}, but of {monitor} the {mode}imum is"
                f" best: make it with mode={mode!r}"
            )
        self.schedule, self.monitor = schedule, monitor

    def on_epoch_end(self, session: Session) -> None:
        """Tell the metric."""
        self.schedule.observe(logged(session.logs, self.monitor))

    def state_dict(self) -> dict[str, Any]:
        """The schedule's state, and which metric it has seen."""
        return {"monitor": self.monitor, "schedule": self.schedule.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there.

        Raises:
            ValueError: it is another metric's.
        """
        require_same(self.monitor, state)
        self.schedule.load_state_dict(state["schedule"])
