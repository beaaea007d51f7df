"""One training step: predict, measure, differentiate, update; as it is written, or compiled."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

from ..compiler import compile
from ..tensor import plain
from ..vjps import primitive
from .objective import Objective
from .session import Session

Step: TypeAlias = Callable[[Any, Any], tuple[float, Any]]


class NotFiniteError(ArithmeticError):
    """A loss is infinite or NaN; the only argument is that loss."""


def step_of(session: Session, objective: Objective, backend: str | None = None) -> Step:
    """The function that makes one optimizer step on a batch.

    Args:
        session: holds the model and the optimizer.
        objective: the loss to minimise.
        backend: None to make the calls one by one; else the backend of `mg.compile` that replays
            them. The numbers are the same, to the last bit with "numpy".

    Returns:
        A function of features, shape (N, ...), and targets, shape (N,) for labels or (N, K),
        which returns the loss and the outputs before the update.

    Raises:
        NotFiniteError: by that function: the loss is infinite or NaN; the update has not been made.

    Example:
        >>> import numpy as np
        >>> from minigrad import data, nn, optim
        >>> from minigrad.train import OBJECTIVES, Session
        >>> from minigrad.train.step import step_of
        >>> x, y = np.eye(2, dtype=np.float32), np.ones((2, 1), np.float32)
        >>> model = nn.Linear(2, 1, init=lambda shape, rng: np.zeros(shape))
        >>> session = Session(model, optim.SGD(model.parameters(), lr=0.5), data.DataLoader((x, y)))
        >>> step = step_of(session, OBJECTIVES["regression"], backend="numpy")
        >>> [step(x, y)[0] for _ in range(3)]
        [1.0, 0.25, 0.0625]
    """
    model, optimizer = session.model, session.optimizer

    def step(x: Any, y: Any) -> tuple[float, Any]:
        outputs = model(x)
        loss = objective.loss(outputs, y)
        mean_loss = finite(plain(loss))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return mean_loss, outputs

    return step if backend is None else compile(step, backend=backend)


@primitive
def finite(loss: Any) -> float:
    """The loss as a number, which ends a step that should not be made."""
    number = float(loss)
    if not math.isfinite(number):
        raise NotFiniteError(number)
    return number


finite.has_effect = True  # type: ignore[attr-defined]  # a program checks before it updates
