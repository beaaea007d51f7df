"""Samples of the recurrence: each cell, with and without a bias, a mask, steps after the first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad.functional.cells import GRU, LSTM, RELU, TANH, Cell
from minigrad.functional.recurrent import recurrence

from .draws import Fixed, S, normal

INSIDE = np.array([[True, True], [True, False], [False, True]])[..., np.newaxis]


def calls(cell: Cell, hidden: int = 2) -> Iterator[S]:
    rows = cell.gates * hidden

    def arguments(steps: int, batch: int, bias: bool = True) -> list[Any]:
        states = [normal(batch, hidden) for _ in range(cell.states)]
        x, weight = normal(steps, batch, rows), normal(rows, hidden)
        return [x, weight, normal(rows) if bias else None, *states]

    yield S(*arguments(3, 2), cell=cell)
    yield S(*arguments(3, 2), cell=cell, mask=INSIDE)
    yield S(*arguments(1, 2, bias=False), cell=cell)
    yield S(*arguments(2, 0), cell=cell)
    x, weight, bias, *states = arguments(2, 1)
    yield S(x, Fixed(weight), Fixed(bias), *map(Fixed, states), cell=cell)


SAMPLES: dict[Any, list[S]] = {
    recurrence: [sample for cell in (TANH, RELU, LSTM, GRU) for sample in calls(cell)],
}
