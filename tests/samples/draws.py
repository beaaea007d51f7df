"""The calls that the tables of samples list, and arrays for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

rng = np.random.default_rng(2024)


@dataclass(frozen=True)
class Fixed:
    """A floating array that is a constant of the call."""

    array: np.ndarray


def is_input(a: Any) -> bool:
    return isinstance(a, np.ndarray) and a.dtype.kind == "f"


def members(a: Any) -> Iterator[Any]:
    """What stands in nested lists."""
    if isinstance(a, list):
        for b in a:
            yield from members(b)
    else:
        yield a


class S:
    """One call of a function."""

    def __init__(self, *args: Any, **params: Any) -> None:
        self.args, self.params = args, params
        self.inputs: list[np.ndarray] = []
        for a in args:
            self.inputs += filter(is_input, members(a))

    def call(self, fn: Any, inputs: Any) -> Any:
        """`fn` of this call's arguments, with `inputs` in place of its own."""
        rest = iter(inputs)

        def place(a: Any) -> Any:
            if isinstance(a, list):
                return [place(b) for b in a]
            if isinstance(a, Fixed):
                return a.array
            return next(rest) if is_input(a) else a

        return fn(*map(place, self.args), **self.params)


def normal(*shape: int) -> np.ndarray:
    return np.asarray(rng.standard_normal(shape))


def between(low: float, high: float, *shape: int) -> np.ndarray:
    return np.asarray(rng.uniform(low, high, shape))


def positive(*shape: int) -> np.ndarray:
    return between(0.5, 2.0, *shape)


def nonzero(*shape: int) -> np.ndarray:
    """Of either sign, and not near 0, 1, 2 or a half."""
    return np.asarray(
        rng.choice([-1.8, -1.3, -0.7, 0.3, 0.8, 1.6], shape) + between(0, 0.08, *shape)
    )


def distinct(*shape: int) -> np.ndarray:
    """No two elements are near each other."""
    count = int(np.prod(shape))
    return np.reshape(rng.permutation(count) - count / 2 + 0.25, shape)


def unary(draw: Any) -> list[S]:
    return [S(draw(2, 3)), S(draw()), S(draw(0, 2))]


def binary(left: Any, right: Any) -> list[S]:
    return [
        S(left(2, 3), right(2, 3)),
        S(left(2, 3), right(3)),
        S(left(2, 1), right(1, 3)),
        S(left(), right(2)),
        S(left(2), Fixed(right(3, 2))),
        S(left(0, 2), right(2)),
        S(left(2, 3), 1.7),
        S(0.6, right(2, 3)),
        S(2, right(3)),
        S(left(3), np.array([1, 2, 3])),
    ]


def reduction(draw: Any, empty: bool = True) -> list[S]:
    return [
        S(draw(2, 3)),
        S(draw(2, 3), axis=0),
        S(draw(2, 3), axis=-1, keepdims=True),
        S(draw(2, 3, 2), axis=(0, -1)),
        S(draw(2, 3, 2), axis=(2, 0), keepdims=True),
        S(draw(2, 3), keepdims=True),
        S(draw(2, 3), 1),
        S(draw(2, 3), axis=()),
        S(draw(1, 3), axis=0),
        S(draw()),
        S(draw(3, 0), axis=0),
        *([S(draw(0)), S(draw(2, 0), axis=1)] if empty else []),
    ]


def zero_among(*shape: int) -> np.ndarray:
    """Not zero but for the first two elements."""
    x = nonzero(*shape)
    x.reshape(-1)[:2] = 0
    return x
