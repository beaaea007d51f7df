"""Recurrent networks over a whole sequence, and backpropagation through time."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..vjps import defvjp_sharing, primitive
from .cells import Arrays, Cell
from .dense import linear


@primitive
def recurrence(x: Any, weight: Any, bias: Any, *state: Any, cell: Cell, mask: Any = None) -> Any:
    """All that a cell computes over a sequence, what is saved and then the states: one flat array.

    `part_of` takes it apart.

    Args:
        x: W_ih input + b_ih of all steps, shape (T, B, gates H).
        weight: W_hh, shape (gates H, H).
        bias: b_hh, shape (gates H,); or None.
        state: before the first step, arrays of shape (B, H).
        cell: what is computed in each step.
        mask: booleans of shape (T, B, 1); where they are False, the state stays as it is.

    Returns:
        Shape (T B n,), with n the sum of the widths.
    """
    across = weight.T.copy()  # contiguous, for which BLAS has the quicker kernel
    saved, states = [], [state]
    for t in range(x.shape[0]):
        made, after = cell.forward(x[t], across, bias, *states[-1])
        if mask is not None:
            after = tuple(np.where(mask[t], *s) for s in zip(after, states[-1], strict=True))
        saved.append(made)
        states.append(after)
    parts = (*zip(*saved, strict=True), *zip(*states[1:], strict=True))
    return np.concatenate([step.reshape(-1) for part in parts for step in part])


def part_of(y: Any, k: int, x: Any, cell: Cell) -> Any:
    """Part k of a recurrence over x, in all steps: shape (T, B, width)."""
    steps, batch, rows = x.shape
    widths = [n * rows // cell.gates for n in (*cell.saved, *(1,) * cell.states)]
    start, shape = steps * batch * sum(widths[:k]), (steps, batch, widths[k])
    return y[start : start + math.prod(shape)].reshape(shape)


class Cotangents(NamedTuple):
    """Of x and of W_hh h + b_hh, (T, B, gates H), and of the state before the first step."""

    x: Any
    product: Any
    state: Arrays


def back_through_time(
    g: Any, y: Any, x: Any, weight: Any, bias: Any, *state: Any, cell: Cell, mask: Any = None
) -> Cotangents:
    """From the last step to the first, each state's cotangent is what it gets from outside (the
    output, the loss) and, through the cell, from the state after it.

    Source: Werbos 1990, "Backpropagation through time: what it does and how to do it".
    """
    first = len(cell.saved)
    parts, d_parts = ([part_of(a, k, x, cell) for k in range(first + cell.states)] for a in (y, g))
    dx, d_product = [], []
    from_later: Arrays = tuple(np.zeros_like(s) for s in state)
    for t in reversed(range(x.shape[0])):
        now, d_now = [p[t] for p in parts], [d[t] for d in d_parts]
        before = [p[t - 1] for p in parts[first:]] if t else state
        d_after = [d + later for d, later in zip(d_now[first:], from_later, strict=True)]
        d_made = d_after if mask is None else [np.where(mask[t], d, 0) for d in d_after]
        d_x, d_p, from_later = cell.backward(
            d_now[:first], d_made, now[:first], now[first:], before, weight
        )
        if mask is not None:
            past = zip(from_later, d_after, strict=True)
            from_later = tuple(d + np.where(mask[t], 0, passed) for d, passed in past)
        dx.append(d_x)
        d_product.append(d_p)
    stacked = _over_time(dx, x.shape)
    return Cotangents(stacked, stacked if cell.adds else _over_time(d_product, x.shape), from_later)


def _over_time(latest_first: list[Any], shape: tuple[int, ...]) -> Any:
    return np.concatenate(latest_first[::-1]).reshape(shape)


def _weight_rule(
    d: Cotangents,
    y: Any,
    x: Any,
    weight: Any,
    bias: Any,
    h: Any,
    *c: Any,
    cell: Cell,
    mask: Any = None,
) -> Any:
    """The sum over all steps of d(product)^T h, with the h before the step: one matrix product."""
    hidden = part_of(y, len(cell.saved), x, cell)
    before = np.concatenate([np.expand_dims(h, 0), hidden[:-1]])
    return np.dot(d.product.reshape(-1, weight.shape[0]).T, before.reshape(-1, weight.shape[1]))


defvjp_sharing(
    recurrence,
    back_through_time,
    lambda d, y, *args, **params: d.x,
    _weight_rule,
    lambda d, y, *args, **params: d.product,
    lambda d, y, *args, **params: d.state[0],
    lambda d, y, *args, **params: d.state[1],
)


def projected(cell: Cell, x: Any, weight: Any, bias_ih: Any, bias_hh: Any) -> tuple[Any, Any]:
    """W_ih x + b_ih, and what is left to add as b_hh: nothing, where it can be added here, once."""
    if cell.adds and bias_ih is not None:
        return linear(x, weight, bias_ih + bias_hh), None
    return linear(x, weight, bias_ih), bias_hh


def sequence(
    cell: Cell, x: Any, state: Arrays | None, parameters: Any, mask: Any = None
) -> tuple[Any, Arrays]:
    """One layer over a whole sequence: h after each step, and the state after the last one.

    Args:
        cell: what is computed in each step.
        x: shape (T, B, inputs).
        state: before the first step, arrays of shape (B, H); None for zeros.
        parameters: W_ih, W_hh, b_ih and b_hh.
        mask: booleans of shape (T, B, 1); where they are False, the state stays as it is and the
            output is 0.
    """
    weight_ih, weight_hh, bias_ih, bias_hh = parameters
    inputs, bias = projected(cell, x, weight_ih, bias_ih, bias_hh)
    if state is None:
        state = (np.zeros((x.shape[1], weight_hh.shape[1]), inputs.dtype),) * cell.states
    y = recurrence(inputs, weight_hh, bias, *state, cell=cell, mask=mask)
    first = len(cell.saved)
    states = [part_of(y, k, inputs, cell) for k in range(first, first + cell.states)]
    out = states[0] if mask is None else np.where(mask, states[0], 0)
    return out, tuple(s[-1] for s in states)


def reversed_sequence(
    cell: Cell, x: Any, state: Arrays | None, parameters: Any, mask: Any = None
) -> tuple[Any, Arrays]:
    """`sequence` from the last step to the first."""
    mask = mask if mask is None else np.flip(mask, 0)
    out, after = sequence(cell, np.flip(x, 0), state, parameters, mask)
    return np.flip(out, 0), after
