"""Recurrent cells: the formula of one step, and its derivative.

A cell maps an input and the state before a step to the state after it. The input arrives
multiplied, x = W_ih input + b_ih, as that product is made for all steps at once. The rows of a
weight are those of the cell's gates, one below the other; so each gate is a part of the last axis.

A sigmoid is computed as (1 + tanh(z / 2)) / 2: one call of tanh, and no overflow. Near 0 its error
is small absolutely, not relatively; what a gate lets through is multiplied, so that is enough.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np

Arrays: TypeAlias = tuple[Any, ...]


class Cell(NamedTuple):
    """One step, forward and backward; arrays have shape (B, a multiple of H).

    Attributes:
        gates: the rows of a weight, as a multiple of H.
        saved: the widths of the arrays that `forward` saves, as multiples of H.
        states: the number of arrays of H in a state; the first one, h, is also the output.
        adds: whether x and the product with h are only added up, so that they have one cotangent.
        forward: (x, W^T, b, *state before) -> (what is saved, state after), W and b being W_hh
            and b_hh or None.
        backward: (cotangents of what is saved, cotangents of the state after, what is saved, state
            after, state before, W) -> (cotangent of x, of W h + b, of the state before).
    """

    gates: int
    saved: tuple[int, ...]
    states: int
    adds: bool
    forward: Callable[..., tuple[Arrays, Arrays]]
    backward: Callable[..., tuple[Any, Any, Arrays]]


def _product(across: Any, b: Any, h: Any) -> Any:
    product = np.dot(h, across)
    return product if b is None else product + b


def _parts(a: Any, count: int) -> list[Any]:
    width = a.shape[-1] // count
    return [a[..., k * width : (k + 1) * width] for k in range(count)]


# The plain cell: h' = tanh(x + W h + b), or with the rectifier max(0, z).


def _tanh_forward(x: Any, across: Any, b: Any, h: Any) -> tuple[Arrays, Arrays]:
    return (), (np.tanh(x + _product(across, b, h)),)


def _tanh_backward(
    d_saved: Arrays, d_after: Arrays, saved: Arrays, after: Arrays, before: Arrays, weight: Any
) -> tuple[Any, Any, Arrays]:
    (dh,), (h,) = d_after, after
    dz = dh * (1 - h * h)
    return dz, dz, (np.dot(dz, weight),)


def _relu_forward(x: Any, across: Any, b: Any, h: Any) -> tuple[Arrays, Arrays]:
    return (), (np.maximum(x + _product(across, b, h), 0),)


def _relu_backward(
    d_saved: Arrays, d_after: Arrays, saved: Arrays, after: Arrays, before: Arrays, weight: Any
) -> tuple[Any, Any, Arrays]:
    (dh,), (h,) = d_after, after
    dz = dh * np.greater(h, 0)
    return dz, dz, (np.dot(dz, weight),)


# The LSTM: a = (i, f, g, o), sigmoids but for g = tanh; c' = f c + i g, h' = o tanh(c').


@lru_cache(maxsize=16)
def _lstm_constants(shape: tuple[int, ...], dtype: Any) -> list[Any]:
    """s and o, with which s tanh(s z) + o is a sigmoid, or tanh in the third gate; 1 only there.

    They have the whole shape: NumPy is twice as fast as with a row that is repeated.
    """
    numbers = (0.5, 0.5, 1, 0.5), (0.5, 0.5, 0, 0.5), (0, 0, 1, 0)
    made = []
    for gates in numbers:
        row = np.repeat(np.array(gates, dtype), shape[-1] // 4)
        made.append(np.broadcast_to(row, shape).copy())
        made[-1].flags.writeable = False
    return made


def _lstm_forward(x: Any, across: Any, b: Any, h: Any, c: Any) -> tuple[Arrays, Arrays]:
    scale, shift, _ = _lstm_constants(x.shape, x.dtype)
    a = np.tanh((x + _product(across, b, h)) * scale) * scale + shift
    i, f, g, o = _parts(a, 4)
    c = f * c + i * g
    return (a,), (o * np.tanh(c), c)


def _lstm_backward(
    d_saved: Arrays, d_after: Arrays, saved: Arrays, after: Arrays, before: Arrays, weight: Any
) -> tuple[Any, Any, Arrays]:
    (da,), (dh, dc), (a,), (_, c), (_, c_before) = d_saved, d_after, saved, after, before
    i, f, g, o = _parts(a, 4)
    tanh_c = np.tanh(c)
    dc = dc + dh * o * (1 - tanh_c * tanh_c)
    da = da + np.concatenate([dc * g, dc * c_before, dc * i, dh * tanh_c], axis=-1)
    _, _, third = _lstm_constants(a.shape, a.dtype)
    dz = da * (1 - a) * (a + third)  # a (1 - a) for a sigmoid, (1 - a) (1 + a) for tanh
    return dz, dz, (np.dot(dz, weight), dc * f)


# The GRU: r and z are sigmoids, n = tanh(x_n + r (W_n h + b_n)); h' = (1 - z) n + z h.


def _gru_forward(x: Any, across: Any, b: Any, h: Any) -> tuple[Arrays, Arrays]:
    product, both = _product(across, b, h), 2 * h.shape[-1]
    gates = np.tanh((x[..., :both] + product[..., :both]) * 0.5) * 0.5 + 0.5
    r, z = _parts(gates, 2)
    inner = product[..., both:]
    n = np.tanh(x[..., both:] + r * inner)
    return (gates, n, inner), (n + z * (h - n),)


def _gru_backward(
    d_saved: Arrays, d_after: Arrays, saved: Arrays, after: Arrays, before: Arrays, weight: Any
) -> tuple[Any, Any, Arrays]:
    (d_gates, dn, d_inner), (dh,), (gates, n, inner), (h,) = d_saved, d_after, saved, before
    r, z = _parts(gates, 2)
    dx_n = (dn + dh * (1 - z)) * (1 - n * n)
    d_gates = d_gates + np.concatenate([dx_n * inner, dh * (h - n)], axis=-1)
    d_gates = d_gates * gates * (1 - gates)
    dx = np.concatenate([d_gates, dx_n], axis=-1)
    d_product = np.concatenate([d_gates, d_inner + dx_n * r], axis=-1)
    return dx, d_product, (dh * z + np.dot(d_product, weight),)


TANH = Cell(1, (), 1, True, _tanh_forward, _tanh_backward)
RELU = Cell(1, (), 1, True, _relu_forward, _relu_backward)
LSTM = Cell(4, (4,), 2, True, _lstm_forward, _lstm_backward)
GRU = Cell(3, (2, 1, 1), 1, False, _gru_forward, _gru_backward)
