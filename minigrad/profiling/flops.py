"""Counting floating-point operations, by carrying a call out once more on arrays that count."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from ..nn.multiply_adds import NUMBERS, Counter
from ..node import Node
from ..vjps import VJPS, Function, SharingRules

_OVER_ALL_ELEMENTS = {
    np.sum, np.mean, np.prod, np.max, np.min, np.var, np.std, np.cumsum, np.cumprod, np.linalg.norm,
}  # fmt: skip
_PASSES = ("reduce", "accumulate", "reduceat")


class Flops:
    """Floating-point operations of calls and derivative rules; of each kind counted once.

    Two for each multiply-add of a product, one for each element of an element-wise function's
    result or of what is summed up, whichever function it is. Comparisons, copies and indexing
    count nothing.
    """

    def __init__(self) -> None:
        self._known: dict[Hashable, int] = {}
        self._sharing: tuple[Node | None, Any] = None, ()

    def of_call(self, fn: Function, args: Any, params: Any) -> int:
        """Those of a function on arrays; 0 where another call would draw other numbers."""
        return self._counted(fn, args, params, lambda c: c.watched_call(fn, fn))

    def of_rule(self, rule: Function, node: Node, i: int, args: Any, params: Any) -> int:
        """Those of the derivative rule of a node's argument i, the first with what all share."""
        rules = VJPS[node.fn]
        if not isinstance(rules, SharingRules):
            key: Hashable = (node.fn, i)
            return self._counted(key, args, params, lambda c: c.watched_rule(rule, node, i))
        is_first = self._sharing[0] is not node
        if is_first:
            self._sharing = node, rules.of_one_call()
        twin = self._sharing[1][i]
        key = node.fn, i, is_first
        return self._counted(key, args, params, lambda c: c.watched_rule(twin, node, i))

    def _counted(
        self, what: Hashable, args: Any, params: Any, watched: Callable[[Counter], Function]
    ) -> int:
        try:
            key = what, tuple(map(_kind, args)), tuple((k, _kind(v)) for k, v in params.items())
        except _OnlyOnceError:
            return 0
        if key not in self._known:
            counter = _FlopCounter()
            with counter.counting(), np.errstate(all="ignore"):
                watched(counter)(*args, **params)
            self._known[key] = counter.flops
        return self._known[key]


class _FlopCounter(Counter):
    def __init__(self) -> None:
        super().__init__(self._add_products)
        self.flops = 0

    def _add_products(self, multiply_adds: int) -> None:
        self.flops += 2 * multiply_adds

    def saw(self, fn: Function, args: Any, params: Any, result: Any) -> None:
        super().saw(fn, args, params, result)
        if fn in NUMBERS:
            return
        if isinstance(fn, np.ufunc):
            self.flops += np.size(result) * (np.asarray(result).dtype.kind in "fc")
        elif fn in _OVER_ALL_ELEMENTS or getattr(fn, "__name__", "") in _PASSES:
            self.flops += np.size(args[0])


class _OnlyOnceError(Exception):
    """A call cannot be repeated: it would draw other numbers from a generator."""


def _kind(a: Any) -> Hashable:
    """What the number of operations depends on."""
    if isinstance(a, np.random.Generator):
        raise _OnlyOnceError
    if isinstance(a, np.ndarray):
        return a.dtype, a.shape
    if isinstance(a, (tuple, list)):
        return tuple(map(_kind, a))
    return repr(a)
