"""Functions of one number, written without branches, so that a loop over them becomes vector code.

The compiler below Numba turns a loop into vector instructions only if every call in it dissolves
into arithmetic; the C library's `expf` and `tanhf` do not. So these are short polynomials. Sources:

- The reduction of the argument, x = n log(2) + r with log(2) in two parts of which the first one
  has few bits, is from Cody and Waite (1980), Software Manual for the Elementary Functions.
- Rounding by adding and subtracting 1.5 * 2**p: the sum has no room for fractions.
- The coefficients are a weighted least-squares fit at Chebyshev nodes, with the weights changed in
  turn (Lawson, 1961) until the largest relative error is as small as it can be.

`contract` allows a * b + c in one rounding; more freedom would undo the reductions. Functions that
are not here (sin, log1p, the float64 log, ...) are Numba's own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_exact = njit(fastmath={"contract"}, error_model="numpy")
_without_nan = njit(fastmath={"nnan", "nsz"}, error_model="numpy")

_f = np.float32
_LOG2_E = 1.4426950408889634
_ROUND32, _ROUND64 = _f(12582912.0), 6755399441055744.0  # 1.5 * 2**23 and 1.5 * 2**52
_ROUND32_BITS = np.int32(_ROUND32.view(np.int32))
_ROUND64_BITS = np.int64(np.float64(_ROUND64).view(np.int64))
_LOG2_E32, _LOG_2_HIGH32, _LOG_2_LOW32 = _f(_LOG2_E), _f(0.693359375), _f(-2.12194440e-4)
_LOG_2_HIGH64, _LOG_2_LOW64 = 6.93145751953125e-1, 1.42860682030941723212e-6


@_exact
def exp32(x: Any) -> Any:
    """e**x in float32; largest relative error 1e-7 (about one unit in the last place)."""
    x = _f(89) if x > _f(89) else x  # overflows to inf below
    x = _f(-104) if x < _f(-104) else x  # 0 below
    shifted = x * _LOG2_E32 + _ROUND32
    n = shifted - _ROUND32
    r = x - n * _LOG_2_HIGH32 - n * _LOG_2_LOW32
    q = _f(0.001381459878757596)
    q = q * r + _f(0.008368716575205326)
    q = q * r + _f(0.04166838899254799)
    q = q * r + _f(0.1666652113199234)
    q = q * r + _f(0.4999999403953552)
    k = np.int32(np.float32(shifted).view(np.int32) - _ROUND32_BITS)
    half = np.int32(k >> 1)  # 2**k may lie outside of the range, 2**half does not
    first = np.int32((half + 127) << 23).view(np.float32)
    second = np.int32((k - half + 127) << 23).view(np.float32)
    return (q * r * r + r + _f(1)) * first * second


@_exact
def _q64(r: Any) -> Any:
    """(e**r - 1 - r) / r**2 for |r| < log(2) / 2."""
    q = 1.759130674722204e-09
    q = q * r + 2.4852197017016564e-08
    q = q * r + 2.75664001288313e-07
    q = q * r + 2.7558062879554112e-06
    q = q * r + 2.4801579862543583e-05
    q = q * r + 0.00019841268942126337
    q = q * r + 0.0013888888889329815
    q = q * r + 0.008333333333785248
    q = q * r + 0.04166666666668407
    q = q * r + 0.1666666666666587
    return q * r + 0.49999999999999944


@_exact
def exp64(x: Any) -> Any:
    """e**x in float64; largest relative error 4e-16."""
    x = 710.0 if x > 710.0 else x
    x = -746.0 if x < -746.0 else x
    shifted = x * _LOG2_E + _ROUND64
    n = shifted - _ROUND64
    r = x - n * _LOG_2_HIGH64 - n * _LOG_2_LOW64
    k = np.float64(shifted).view(np.int64) - _ROUND64_BITS
    half = k >> 1
    first = np.int64((half + 1023) << 52).view(np.float64)
    second = np.int64((k - half + 1023) << 52).view(np.float64)
    return (_q64(r) * r * r + r + 1.0) * first * second


@_exact
def tanh32(x: Any) -> Any:
    """tanh(x) in float32, as x P(x**2) / Q(x**2); largest relative error 3e-7."""
    x = _f(9.01) if x > _f(9.01) else x  # tanh(9.01) rounds to 1
    x = _f(-9.01) if x < _f(-9.01) else x
    u = x * x
    p = _f(1.3319076508366834e-08)
    p = p * u + _f(2.0583484001690522e-05)
    p = p * u + _f(0.003494034754112363)
    p = p * u + _f(0.13379718363285065)
    p = p * u + _f(1)
    q = _f(7.762021141388686e-07)
    q = q * u + _f(0.00032830931013450027)
    q = q * u + _f(0.025871073827147484)
    q = q * u + _f(0.4671303331851959)
    q = q * u + _f(1)
    return x * p / q


@_exact
def tanh64(x: Any) -> Any:
    """tanh(x) in float64, as (e**2x - 1) / (e**2x + 1); largest relative error 1e-15."""
    a = 2.0 * abs(x)
    a = 40.0 if a > 40.0 else a  # tanh(20) rounds to 1
    shifted = a * _LOG2_E + _ROUND64
    n = shifted - _ROUND64
    r = a - n * _LOG_2_HIGH64 - n * _LOG_2_LOW64
    power = np.int64((np.float64(shifted).view(np.int64) - _ROUND64_BITS + 1023) << 52).view(
        np.float64
    )
    t = (_q64(r) * r * r + r) * power + (power - 1.0)  # e**a - 1, without cancellation
    y = t / (t + 2.0)
    return -y if x < 0.0 else y


@_exact
def log32(x: Any) -> Any:
    """log(x) in float32; largest relative error 2e-7."""
    tiny = x < _f(1.1754944e-38)  # subnormal
    y = x * _f(8388608) if tiny else x
    bits = np.float32(y).view(np.int32)
    k = np.int32((bits - np.int32(0x3F3504F3)) >> 23)  # y = m 2**k, m from sqrt(1/2) to sqrt(2)
    f = np.int32(bits - (k << 23)).view(np.float32) - _f(1)
    n = np.float32(k) - (_f(23) if tiny else _f(0))
    g = _f(-0.07635651528835297)
    g = g * f + _f(0.1276332587003708)
    g = g * f + _f(-0.1316058337688446)
    g = g * f + _f(0.14201553165912628)
    g = g * f + _f(-0.16623298823833466)
    g = g * f + _f(0.20001234114170074)
    g = g * f + _f(-0.250008225440979)
    g = g * f + _f(0.3333333134651184)
    y = (g * f * f * f + n * _LOG_2_LOW32 - _f(0.5) * f * f) + f + n * _LOG_2_HIGH32
    y = y if x < _f(np.inf) else x  # log(inf) = inf; nan stays nan
    y = _f(-np.inf) if x == _f(0) else y
    return _f(np.nan) if x < _f(0) else y


@_exact
def maximum(a: Any, b: Any) -> Any:
    """The larger number; nan if one of them is nan, as of `np.maximum`."""
    return b if a < b or b != b else a


@_exact
def minimum(a: Any, b: Any) -> Any:
    """The smaller number; nan if one of them is nan, as of `np.minimum`."""
    return b if a > b or b != b else a


@_without_nan
def larger(a: Any, b: Any) -> Any:
    """The larger number; anything if one of them is nan. Vector code can take it in any order."""
    return a if a > b else b


@_without_nan
def smaller(a: Any, b: Any) -> Any:
    """The smaller number; anything if one of them is nan."""
    return a if a < b else b


@njit(error_model="python")
def quotient(a: Any, b: Any) -> Any:
    """a / b of Python numbers, which raises if b is 0."""
    return a / b


@_exact
def square(x: Any) -> Any:
    """x * x."""
    return x * x
