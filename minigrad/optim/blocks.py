"""Parameters of one dtype in one contiguous buffer, updated block by block.

A block is a stretch of the buffer small enough for the processor's cache: several small parameters
together, or a part of a large one. So a step costs a handful of NumPy calls however many layers
there are, and a large parameter makes one trip through memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from ..tensor import Array, Parameter
from ..writes import record_write

BLOCK = 32768  # elements


class Block:
    """A stretch `theta` of the buffer, with the state of its update rule."""

    def __init__(
        self, parameters: Sequence[Parameter], theta: Array, t: int, state: Sequence[Array]
    ) -> None:
        self.parameters = parameters
        self.theta = theta
        self.part: slice | None = None  # of the one parameter that is larger than a block
        self.t = t
        self.state = state

    def gradient(self) -> Array:
        """The gradients of the block's parameters, in a row."""
        rows = [p._grad._data.reshape(-1) for p in self.parameters]  # type: ignore[union-attr]
        if self.part is not None:
            return rows[0][self.part]
        return rows[0] if len(rows) == 1 else np.concatenate(rows)


class Buffer:
    """The parameters of a group that share a dtype; their `data` become views of `theta`."""

    def __init__(self, names: Sequence[str], parameters: Sequence[Parameter], slots: int) -> None:
        self.names = names
        self.parameters = parameters
        self.ends = np.cumsum([p.size for p in parameters]).tolist()
        self.theta = np.concatenate([p._data.reshape(-1) for p in parameters])
        views = [
            self.theta[end - p.size : end].reshape(p.shape)
            for p, end in zip(parameters, self.ends, strict=True)
        ]
        self.bound = list(zip(names, parameters, views, strict=True))
        for _, parameter, view in self.bound:
            parameter._move_to(view)
        state = [np.zeros_like(self.theta) for _ in range(slots)]
        self._active = [False] * len(parameters)
        self._partition([0] * len(parameters), state)

    def step(self, update: Callable[..., Any], hyper: dict[str, Any]) -> int:
        """One update of the parameters that have a gradient; returns how many blocks they are."""
        self._bind()
        active = [p._grad is not None for p in self.parameters]
        if active != self._active:
            steps, state = self.read()
            self._active = active
            self._partition(steps, state)
        for block in self.active_blocks:
            block.t += 1
            theta, *block.state = update(
                block.theta, block.gradient(), *block.state, t=block.t, **hyper
            )
            block.theta[...] = theta
        if len(self.active_blocks) == len(self.blocks):
            record_write(self.theta)
        else:
            for block in self.active_blocks:
                record_write(block.theta)
        return len(self.active_blocks)

    def read(self) -> tuple[list[int], list[Array]]:
        """How many steps each parameter has made, and the rule's state as flat arrays."""
        steps = {p: block.t for block in self.blocks for p in block.parameters}
        slots = zip(*(block.state for block in self.blocks), strict=True)
        state = [np.concatenate(arrays) for arrays in slots]
        return [steps[p] for p in self.parameters], state

    def write(self, steps: Sequence[int], state: Sequence[Array]) -> None:
        """Take over what `read` returned."""
        self._partition(steps, state)

    def __reduce__(self) -> Any:
        """Copies and pickles are cut anew: views would come back as arrays of their own."""
        return _restore, (self.names, self.parameters, *self.read())

    def _bind(self) -> None:
        """Copy data that were replaced into the buffer, and make them views of it again."""
        for name, parameter, view in self.bound:
            if parameter._data is not view:
                if parameter.shape != view.shape:
                    raise ValueError(
                        f"the data of parameter {name!r} had shape {view.shape} and now have "
                        f"{parameter.shape}; make a new optimizer for it"
                    )
                view[...] = parameter._data
                parameter._move_to(view)
                record_write(view)

    def _partition(self, steps: Sequence[int], state: Sequence[Array]) -> None:
        """Cut the buffer into blocks of parameters which are updated together."""
        self.blocks: list[Block] = []
        self.active_blocks: list[Block] = []
        alike = groupby(range(len(steps)), lambda i: (self._active[i], steps[i]))
        for (active, t), members in alike:
            for indices in self._small_enough(list(members)):
                blocks = self._cut(indices, t, state)
                self.blocks += blocks
                self.active_blocks += blocks if active else []

    def _small_enough(self, indices: list[int]) -> list[list[int]]:
        """Runs of neighbours that together fit into a block; a larger parameter is alone."""
        runs: list[list[int]] = []
        room = -1  # so that even an empty parameter opens the first run
        for i in indices:
            size = self.parameters[i].size
            if size > room:
                runs.append([])
                room = BLOCK
            runs[-1].append(i)
            room -= size
        return runs

    def _cut(self, indices: list[int], t: int, state: Sequence[Array]) -> list[Block]:
        """One block for several small parameters, or all blocks of a large one."""
        members = [self.parameters[i] for i in indices]
        start, stop = self.ends[indices[0]] - members[0].size, self.ends[indices[-1]]
        blocks = []
        for a in range(start, max(stop, start + 1), BLOCK):
            piece = slice(a, min(a + BLOCK, stop))
            block = Block(members, self.theta[piece], t, [s[piece] for s in state])
            if stop - start > BLOCK:
                block.part = slice(piece.start - start, piece.stop - start)
            blocks.append(block)
        return blocks


def _restore(
    names: Sequence[str], parameters: Sequence[Parameter], steps: list[int], state: list[Array]
) -> Buffer:
    buffer = Buffer(names, parameters, len(state))
    buffer.write(steps, state)
    return buffer
