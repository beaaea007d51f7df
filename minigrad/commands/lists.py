"""`minigrad optimizers` and `minigrad schedules`: what can be chosen from."""

from __future__ import annotations

from typing import Any

from ..optim import EMA, SAM, Lookahead, schedules
from ..optim.description import described
from ..train import OPTIMIZERS


def add_lists(commands: Any) -> None:
    for name, command, what in (
        ("optimizers", _optimizers, "list the update rules: formula, defaults, source"),
        ("schedules", _schedules, "list the schedules: formula, arguments, source"),
    ):
        commands.add_parser(name, help=what, description=what).set_defaults(command=command)


def _optimizers(options: dict[str, Any]) -> int:
    around = {"--lookahead K": Lookahead, "--sam RHO": SAM, "--ema DECAY": EMA}
    kinds = {**OPTIMIZERS, **around}
    left_out = ("params", "options", "optimizer", "of")
    print(*(described(name, kind, left_out) for name, kind in kinds.items()), sep="\n\n")
    return 0


def _schedules(options: dict[str, Any]) -> int:
    print(*schedules.table(), sep="\n\n")
    return 0
