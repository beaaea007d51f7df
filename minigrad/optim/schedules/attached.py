"""PyTorch's way: a second object, which sets the optimizer's learning rate step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..hyper import checked
from .coercion import as_schedule
from .schedule import Schedule, Scheduled

if TYPE_CHECKING:
    from ..optimizer import Optimizer


class Attached:
    """Sets an optimizer's learning rate at every `step()`, for those who are used to it.

    `Adam(params, lr=schedule)` needs no such object. This one is called after `optimizer.step()`:

        for batch in loader:  # t = 1, 2, ...
            ...
            optimizer.step()  # with lr = schedule(t)
            attached.step()   # lr <- schedule(t + 1)

    **Building it changes nothing.** The optimizer must have the schedule's value already:
    `SGD(params, lr=schedule(1))`. Otherwise there is an error here, rather than a first step at a
    rate that nobody chose. Only `step` and `load_state_dict` set the rate, always to
    schedule(self.t), so optimizer and schedule may be loaded in either order.

    Args:
        optimizer: with numbers for learning rates.
        schedule: a schedule, a number or a function of t, for every group; or a list with one for
            each group.
        t: the number of the step that the optimizer makes next.

    Raises:
        ValueError: the optimizer's lr is another than the schedule's at t, or a schedule itself; or
            the list has another length than `optimizer.groups`.
        TypeError: something that is no schedule.

    Example:
        >>> import minigrad as mg
        >>> from minigrad.optim import schedules
        >>> halving = schedules.Exponential(0.5, factor=0.5)
        >>> optimizer = mg.optim.SGD([mg.Parameter([1.0])], lr=halving(1))
        >>> attached = schedules.Attached(optimizer, halving)
        >>> attached.step()
        >>> attached.t, optimizer.lr, attached.get_last_lr()
        (2, 0.25, [0.25])

    Source: torch.optim.lr_scheduler. Deviations: building sets no rate, `step` takes no epoch and
    no metric (see `ReduceOnPlateau.observe`), and the rate is computed from t, never from the
    rate before.
    """

    def __init__(
        self, optimizer: Optimizer, schedule: Scheduled | Sequence[Scheduled], t: int = 1
    ) -> None:
        groups = len(optimizer.groups)
        given = list(schedule) if isinstance(schedule, (tuple, list)) else [schedule] * groups
        if len(given) != groups:
            raise ValueError(
                f"the optimizer has {groups} groups, got {len(given)} schedules; give one for each "
                f"group, or a single one for all"
            )
        self.optimizer = optimizer
        self.schedules: list[Schedule] = [as_schedule(one) for one in given]
        self.t = t
        self._check()

    def step(self) -> None:
        """Count a step that the optimizer has made, and set the learning rate of the next one."""
        self.t += 1
        self._set()

    def get_last_lr(self) -> list[float]:
        """The learning rate of each group at step t, the one that the optimizer makes next."""
        return [schedule.number(self.t) for schedule in self.schedules]

    def state_dict(self) -> dict[str, Any]:
        """The number of the next step, and the state of each schedule (of most: {})."""
        return {"t": self.t, "schedules": [one.state_dict() for one in self.schedules]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned, and set the optimizer's learning rate by it.

        Raises:
            ValueError: the state is of other schedules, or of another number of them.
        """
        states = state["schedules"]
        if len(states) != len(self.schedules):
            raise ValueError(
                f"the state is of {len(states)} schedules, this object has {len(self.schedules)}"
            )
        for schedule, own in zip(self.schedules, states, strict=True):
            schedule.load_state_dict(own)
        self.t = int(state["t"])
        self._set()

    def _set(self) -> None:
        for group, lr in zip(self.optimizer.groups, self.get_last_lr(), strict=True):
            group.hyper |= checked(type(self.optimizer).__name__, {"lr": lr})

    def _check(self) -> None:
        for i, (group, lr) in enumerate(
            zip(self.optimizer.groups, self.get_last_lr(), strict=True)
        ):
            found = group.hyper["lr"]
            if callable(found):
                raise ValueError(f"group {i} has a schedule as its lr; it needs no other: {found}")
            if found != lr:
                raise ValueError(
                    f"the lr of group {i} is {found}, the schedule's value at step {self.t} is "
                    f"{lr}; make the optimizer with lr=schedule({self.t}), or say by t= which step "
                    f"is the next"
                )
