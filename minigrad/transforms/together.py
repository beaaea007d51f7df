"""Rules that compute the gradients of all arguments at once, for an engine that asks for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


class Together:
    """The gradients of one recorded call, computed when the first is asked for.

    Each is handed out once, so that none is kept; being asked for it again, in another backward
    pass, computes all of them again.
    """

    def __init__(self) -> None:
        self._cotangent: Any = None
        self._rest: dict[int, Any] = {}

    def take(self, i: int, g: Any, compute: Callable[[], Mapping[int, Any]]) -> Any:
        """The gradient of argument i, given the output's cotangent g; None if it has none."""
        if g is not self._cotangent or i not in self._rest:
            self._cotangent, self._rest = g, dict(compute())
        gradient = self._rest.pop(i, None)
        if not self._rest:
            self._cotangent = None
        return gradient
