"""Where the first nan or infinity came from."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from .frames import modules_path, shown, users_line
from .node import Node
from .vjps import name_of
from .watcher import Watcher

Function = Callable[..., Any]


class detect_anomaly(Watcher):  # noqa: N801, a verb like no_grad
    """Raise where the first nan or infinity appears, in a forward or in a backward pass.

    Every result of an operation and of a derivative rule is looked at, and the place of every
    operation is noted; so computing takes several times as long inside.

    Args:
        infinities: whether an infinity counts; masks made of them do not want that.

    Raises:
        FloatingPointError: (inside the block) a result is not finite. It names the operation, the
            shapes, the module, and the line that called it; for a derivative rule, where the
            operation itself was called.

    Example:
        >>> import numpy as np
        >>> import minigrad as mg
        >>> x = mg.tensor([0.0, 4.0], requires_grad=True)
        >>> with mg.detect_anomaly():
        ...     try:
        ...         np.sqrt(x).sum().backward()
        ...     except FloatingPointError as error:
        ...         print(str(error).partition(" (called")[0])
        the derivative rule of sqrt in argument 0 made inf at index (0,): cotangent of shape (2,), \
arguments of shapes (2,)
    """

    def __init__(self, infinities: bool = True) -> None:
        self._is_bad: Function = _not_finite if infinities else np.isnan
        self._origins: dict[int, tuple[weakref.ref[Any], str]] = {}  # by the id of a value
        self._rule: str | None = None  # the derivative rule that is running

    def watched_call(self, fn: Function, implementation: Function) -> Function:
        """The same function, whose result is looked at."""

        def call(*args: Any, **params: Any) -> Any:
            with np.errstate(all="ignore"):
                value = implementation(*args, **params)
            value = np.asarray(value) if isinstance(value, np.generic) else value
            where = self._rule or _place()
            if (found := self._found(value)) is not None:
                raise _located(
                    f"{name_of(fn)} made {found}: arguments of shapes {_shapes(args)} ({where})"
                )
            if isinstance(value, np.ndarray):
                key = id(value)
                gone = weakref.ref(value, lambda _: self._origins.pop(key, None))
                self._origins[key] = gone, where
            return value

        return call

    def watched_rule(self, rule: Function, node: Node, i: int) -> Function:
        """The same rule of a node's argument i, whose result is looked at."""
        _, origin = self._origins.get(id(node.value), (None, "called outside detect_anomaly"))
        name = f"the derivative rule of {node.name} in argument {i}"

        def call(g: Any, y: Any, *args: Any, **params: Any) -> Any:
            outer, self._rule = self._rule, f"inside {name}, {origin}"
            try:
                with np.errstate(all="ignore"):
                    c = rule(g, y, *args, **params)
            finally:
                self._rule = outer
            if (found := self._found(getattr(c, "_data", c))) is not None:
                raise _located(
                    f"{name} made {found}: cotangent of shape {np.shape(g)}, arguments of shapes "
                    f"{_shapes(args)} ({origin})"
                )
            return c

        return call

    def _found(self, value: Any) -> str | None:
        """The first element that is not finite, and its index."""
        if getattr(value, "dtype", np.dtype(int)).kind != "f":
            return None
        places = np.argwhere(self._is_bad(value))
        if not len(places):
            return None
        index = tuple(places[0].tolist())
        return f"{value[index]} at index {index}"


def _not_finite(value: Any) -> Any:
    return np.logical_not(np.isfinite(value))


def _located(words: str) -> FloatingPointError:
    """The error; modules need not say once more which of them it was."""
    error = FloatingPointError(words)
    error.is_located = True  # type: ignore[attr-defined]
    return error


def _place() -> str:
    modules = modules_path()
    return (
        f"called in {modules}, {shown(users_line())}"
        if modules
        else f"called in {shown(users_line())}"
    )


def _shapes(args: Any) -> str:
    return ", ".join(str(np.shape(a)) for a in args if hasattr(a, "shape"))
