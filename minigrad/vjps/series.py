"""The rules of `sinc` and `i0`, whose derivatives NumPy lacks: they are summed as series."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .registry import defvjp, primitive


@primitive
def sinc_derivative(x: Any, order: int) -> Any:
    """The derivative of sinc of some order n >= 1, exact at 0 too.

        d^n/dz^n sin(z)/z = (sin(z + n pi/2) - n d^(n-1)/dz^(n-1) sin(z)/z) / z
                          = sum over 2k >= n of (-1)^k z^(2k-n) / ((2k+1) (2k-n)!),    z = pi x

    The first line, from z sinc = sin differentiated n times, loses digits at |z| < n; there the
    series stands in. Computed in float64; error about 1e-16 exp(n).
    """
    z = math.pi * np.asarray(x, np.float64)
    near = np.abs(z) < order
    small, large = np.where(near, z, 0), np.where(near, order, z)
    far = np.sin(large) / large
    for n in range(1, order + 1):
        far = (np.sin(large + n * math.pi / 2) - n * far) / large
    series = np.zeros_like(z)
    for k in reversed(range((order + 1) // 2, 2 * order + 14)):  # Horner's scheme in z^2
        series = series * small * small + (-1) ** k / ((2 * k + 1) * math.factorial(2 * k - order))
    if order % 2:
        series = series * small
    return (math.pi**order * np.where(near, series, far)).astype(x.dtype)


defvjp(np.sinc, lambda g, y, x: g * sinc_derivative(x, 1))
defvjp(sinc_derivative, lambda g, y, x, order: g * sinc_derivative(x, order + 1), None)


@primitive
def bessel_i(x: Any, order: int) -> Any:
    """The modified Bessel function I_n of the first kind, of a whole order n >= 0.

        I_n(x) = sum over k of (x/2)^(2k+n) / (k! (k+n)!)

    All terms have one sign, so that nothing cancels: the relative error stays near 1e-15 up to
    where the result overflows. Computed in float64.

    Source: Abramowitz & Stegun 1964, "Handbook of mathematical functions", equation 9.6.10.
    """
    half = 0.5 * np.asarray(x, np.float64)
    term = half**order / math.factorial(order)
    total = np.copy(term)
    k = 0
    while np.any(np.abs(term) > 1e-17 * np.abs(total)):
        k += 1
        term = term * (half * half / (k * (k + order)))
        total = total + term
    return total.astype(x.dtype)


defvjp(np.i0, lambda g, y, x: g * bessel_i(x, 1))
defvjp(
    bessel_i,  # I_n' = (I_(n-1) + I_(n+1)) / 2, where I_(-1) = I_1
    lambda g, y, x, order: g * 0.5 * (bessel_i(x, abs(order - 1)) + bessel_i(x, order + 1)),
    None,
)
