"""The memory of a program's results.

What a function returns may be written to by whoever receives it. So each result has memory of its
own: no pass may let two results share memory that did not share it before, nor let a result lie in
the memory of an input, a state or a constant.
"""

from __future__ import annotations

from .program import Program, Value


class ResultMemory:
    """Which values own the memory of results."""

    def __init__(self, program: Program) -> None:
        self._made = {i.out for i in program.instructions}
        self._owners = {v.root for v in program.results}

    def holds(self, v: Value) -> bool:
        """Whether a result lies in the memory of v."""
        return v.root in self._owners

    def allows(self, old: Value, now: Value) -> bool:
        """Whether `now` may stand for `old` from now on, as far as memory is concerned."""
        if not old.is_array or now.root is old.root or not self.holds(old):
            return True
        if now.base is not None or now not in self._made or self.holds(now):
            return False
        self._owners.add(now)
        return True
