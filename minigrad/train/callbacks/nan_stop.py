"""End a run whose loss is no number any more, and keep what it had learnt before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..session import Session
from .callback import Callback

if TYPE_CHECKING:
    from ..loop import DivergedError


class NaNStop(Callback):
    """Turns divergence into a stop, with the weights of the last epoch that began well.

    Without it, `fit` raises a `DivergedError` before the update that would spread the damage. With
    it, the weights and the optimizer's state are put back to the beginning of the epoch, and
    `session.stop.reason` says what happened and which weight or gradient is the first to be
    infinite or NaN, if one is.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> from minigrad.train import callbacks
        >>> model = mg.nn.Linear(2, 1, init=lambda shape, rng: np.ones(shape, np.float32))
        >>> trainer = mg.train.Trainer(
        ...     model, mg.functional.mse_loss, mg.optim.SGD(model.parameters(), lr=1e30),
        ...     callbacks=[callbacks.NaNStop()])
        >>> x, y = np.eye(2, dtype=np.float32), np.zeros((2, 1), np.float32)
        >>> history = trainer.fit((x, y), epochs=9)
        >>> print(trainer.session.stop.reason)
        training diverged: the loss is inf in epoch 2, after step 1; a learning rate below 1e+30 \
may help
        >>> bool(np.isfinite(model.weight.data).all())
        True
    """

    def __init__(self) -> None:
        self._good: dict[str, Any] | None = None

    def on_epoch_begin(self, session: Session) -> None:
        """Keep the state, if it is sound."""
        if _first_unsound(session) is None:
            self._good = {
                "model": session.model.state_dict(),
                "optimizer": session.optimizer.state_dict(),
            }

    def on_diverged(self, session: Session, error: DivergedError) -> None:
        """Put the last sound state back, and stop."""
        unsound = _first_unsound(session)
        session.stop.reason = f"{error}; {unsound}" if unsound else str(error)
        if self._good is not None:
            session.model.load_state_dict(self._good["model"])
            session.optimizer.load_state_dict(self._good["optimizer"])

    def state_dict(self) -> dict[str, Any]:
        """The last sound state."""
        return {"good": self._good}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        self._good = state["good"]


def _first_unsound(session: Session) -> str | None:
    """The first weight that has an infinite or NaN number, or else the first such gradient."""
    named = list(session.model.named_parameters())
    for name, parameter in named:
        if not np.isfinite(parameter.data).all():
            return f"the weight {name} is not finite"
    for name, parameter in named:
        if parameter.grad is not None and not np.isfinite(parameter.grad.data).all():
            return f"the gradient of {name} is not finite"
    return None
