"""Counting the multiplications that are summed up: of every product that is really carried out.

Calls on tensors go through `apply`, which shows them to the counter. A primitive is looked into: it
is given arrays that count what is done with them, so a fused layer counts as what it is made of.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FunctionType
from typing import Any

import numpy as np

from ..modes import MODE, active_watcher
from ..vjps import IMPLEMENTATIONS
from ..watcher import Watcher

Function = Callable[..., Any]


class Counter(Watcher):
    """Adds up the multiply-adds of the calls inside its `counting` block.

    Args:
        add: is told the number of each product.
    """

    def __init__(self, add: Callable[[int], None]) -> None:
        self.add = add

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count in this block, and in this thread or task; nobody else looks on."""
        token = MODE.set(replace(MODE.get(), watcher=None, recorder=None))
        try:
            with self:
                yield
        finally:
            MODE.reset(token)

    def watched_call(self, fn: Function, implementation: Function) -> Function:
        """The same function, whose products are counted."""
        return lambda *args, **params: _plain(fn(*_counted(args), **params))

    def watched_rule(self, rule: Function, node: Any, i: int) -> Function:
        """The same derivative rule, whose products are counted."""
        return lambda *args, **params: _plain(rule(*_counted(args), **params))

    def saw(self, fn: Function, args: Any, params: Any, result: Any) -> None:
        """NumPy has carried out a call."""
        number_of = NUMBERS.get(fn)
        if number_of is not None:
            self.add(number_of(result, *args, **params))


class _Counted(np.ndarray[Any, Any]):
    """An array that tells the counter of the products which it takes part in."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **params: Any) -> Any:
        out = params.pop("out", None)
        given = {} if out is None else {"out": tuple(map(_plain, out))}
        result = getattr(ufunc, method)(*_plain(inputs), **given, **_plain(params))
        _tell(ufunc if method == "__call__" else getattr(ufunc, method), inputs, params, result)
        if out is None:
            return _counted(result)
        return out[0] if len(out) == 1 else out

    def __array_function__(self, fn: Any, types: Any, args: Any, params: Any) -> Any:
        if isinstance(fn, FunctionType) and fn in IMPLEMENTATIONS:  # a primitive: look inside
            return _counted(IMPLEMENTATIONS[fn](*args, **params))
        result = fn(*_plain(args), **_plain(params))
        _tell(fn, args, params, result)
        return _counted(result)

    def dot(self, b: Any, out: Any = None) -> Any:
        return np.dot(self, b, out)


def _counted(a: Any) -> Any:
    """Arrays, also those inside tuples and lists, as arrays that count."""
    if type(a) is np.ndarray:
        return a.view(_Counted)
    return type(a)(map(_counted, a)) if type(a) in (tuple, list) else a


def _plain(a: Any) -> Any:
    if type(a) is _Counted:
        return a.view(np.ndarray)
    if type(a) is dict:
        return {key: _plain(value) for key, value in a.items()}
    return type(a)(map(_plain, a)) if type(a) in (tuple, list) else a


def _tell(fn: Any, args: Any, params: Any, result: Any) -> None:
    counter = active_watcher()
    if isinstance(counter, Counter):
        counter.saw(fn, args, params, result)


# The numbers, by function: `number(result, *args, **params)`.


def _of_matrices(result: Any, a: Any, b: Any, axis: int = -1, **params: Any) -> int:
    """Each element of the result sums over the last axis of the left operand."""
    return int(np.size(result) * np.shape(a)[axis])


def _of_axes(result: Any, a: Any, b: Any, *args: Any, **params: Any) -> int:
    """A K numbers times K B numbers make A B: the number A K B is the root of all three."""
    return math.isqrt(np.size(a) * np.size(b) * np.size(result))


def _of_sequences(result: Any, a: Any, v: Any, *args: Any, **params: Any) -> int:
    """Each element of the result sums over the shorter one, or over a part of it at the ends."""
    return min(np.size(result) * min(np.size(a), np.size(v)), np.size(a) * np.size(v))


def _of_einsum(result: Any, *args: Any, **params: Any) -> int:
    """Every combination of indices, for each operand after the first."""
    if isinstance(args[0], str):
        inputs = args[0].replace(" ", "").partition("->")[0].replace("...", ".").split(",")
        pairs = list(zip(inputs, args[1:], strict=True))
    else:
        pairs = list(zip(args[1::2], args[::2], strict=False))  # the output may stand last
    lengths: dict[Any, int] = {}
    for labels, a in pairs:
        for label, n in zip(_every_label(labels, np.ndim(a)), np.shape(a), strict=True):
            lengths[label] = n if lengths.get(label, 1) == 1 else lengths[label]
    return math.prod(lengths.values()) * (len(pairs) - 1)


def _every_label(labels: Any, ndim: int) -> Iterator[Any]:
    """The labels of all axes; those that an ellipsis stands for are counted from their end."""
    more = ndim - len(labels) + 1
    for label in labels:
        if label in (".", ...):
            yield from (("...", k) for k in range(-more, 0))
        else:
            yield label


NUMBERS: dict[Any, Callable[..., int]] = {
    **dict.fromkeys((np.matmul, np.linalg.matmul, np.linalg.vecdot), _of_matrices),
    **{
        getattr(np, name): _of_matrices  # of NumPy 2.1 and 2.2
        for name in ("vecdot", "matvec", "vecmat")
        if hasattr(np, name)
    },
    **dict.fromkeys((np.dot, np.inner, np.vdot, np.tensordot, np.linalg.tensordot), _of_axes),
    **dict.fromkeys((np.convolve, np.correlate), _of_sequences),
    np.einsum: _of_einsum,
}
