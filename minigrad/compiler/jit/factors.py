"""The factors of a product as matrices, or as stacks of matrices with two axes in front."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .layouts import Layout

_STACK_AXES = 2


def factors(fn: Any, a: Layout, b: Layout) -> tuple[Layout, Layout] | None:
    """The factors of `fn(a, b)`, both with two axes; both with four where it makes many products.

    None, if it is no product of this kind: NumPy's `dot` pairs every matrix with every other, and
    the axes in front may be more than two that do not go on evenly.
    """
    if not (a.shape and b.shape) or (fn is np.dot and len(b.shape) > 2):
        return None
    if len(a.shape) == 1:
        a = replace(a, shape=(1, *a.shape), strides=(0, *a.strides))
    if len(b.shape) == 1:
        b = replace(b, shape=(*b.shape, 1), strides=(*b.strides, 0))
    if len(b.shape) == 2:
        rows = merged(a.shape[:-1], [a.steps[:-1]])
        if len(rows) <= 1:
            length, (step,) = rows[0] if rows else (1, (0,))
            shape, strides = (length, a.shape[-1]), (step, a.strides[-1])
            return replace(a, shape=shape, strides=strides), b
    stack = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    missing = [(0,) * (len(stack) + 2 - len(x.shape)) for x in (a, b)]
    axes = merged(stack, [m + x.steps[:-2] for m, x in zip(missing, (a, b), strict=True)])
    if len(axes) > _STACK_AXES:
        return None
    axes = [(1, (0, 0))] * (_STACK_AXES - len(axes)) + axes
    lengths = tuple(n for n, _ in axes)
    steps = zip(*(s for _, s in axes), strict=True)
    stacked = [
        replace(x, shape=(*lengths, *x.shape[-2:]), strides=(*step, *x.strides[-2:]))
        for x, step in zip((a, b), steps, strict=True)
    ]
    return stacked[0], stacked[1]


def has_rows(b: Layout) -> bool:
    """Whether the second factors have rows without gaps, or columns; a single one can be copied."""
    return len(b.shape) == 2 or 1 in b.strides[-2:] or b.shape[-1] == 1


def merged(
    shape: Sequence[int], steps: Sequence[Sequence[int]]
) -> list[tuple[int, tuple[int, ...]]]:
    """Axes by length and steps, those as one along which every array goes on evenly."""
    axes: list[tuple[int, tuple[int, ...]]] = []
    for n, *here in zip(shape, *steps, strict=True):
        if n == 1:
            continue
        if axes and all(outer == s * n for outer, s in zip(axes[-1][1], here, strict=True)):
            axes[-1] = (axes[-1][0] * n, tuple(here))
        else:
            axes.append((n, tuple(here)))
    return axes
