"""The rules of functions of single elements: arithmetic, exponentials, trigonometry, pieces."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .registry import defcomposite, defvjp, primitive

# Arithmetic.

defvjp(np.add, lambda g, y, a, b: g, lambda g, y, a, b: g)
defvjp(np.subtract, lambda g, y, a, b: g, lambda g, y, a, b: -g)
defvjp(np.multiply, lambda g, y, a, b: g * b, lambda g, y, a, b: g * a)
defvjp(np.divide, lambda g, y, a, b: g / b, lambda g, y, a, b: -g * y / b)
defvjp(np.negative, lambda g, y, x: -g)
for _same in (np.positive, np.conjugate, np.real):  # of real numbers
    defvjp(_same, lambda g, y, x: g)
defvjp(np.reciprocal, lambda g, y, x: -g * y * y)
defvjp(np.square, lambda g, y, x: g * 2 * x)
defvjp(np.sqrt, lambda g, y, x: g * 0.5 / y)
defvjp(np.cbrt, lambda g, y, x: g / (3 * y * y))


def _power_base(g: Any, y: Any, a: Any, b: Any) -> Any:
    """g b a^(b-1), and 0 where b = 0, also at a = 0."""
    if isinstance(b, (int, float)):  # stays weak: np.where would make it float64
        return g * b * a ** (b - 1) if b else np.zeros_like(g)
    return g * b * a ** np.where(np.equal(b, 0), np.ones_like(b), b - 1)


def _power_exponent(g: Any, y: Any, a: Any, b: Any) -> Any:
    """g y log(a), with 0 log(0) = 0; nan where a < 0: no real derivative exists."""
    if isinstance(a, (int, float)):
        return g * y * math.log(a) if a > 0 else np.where(a == 0, np.zeros_like(g), g * math.nan)
    return g * y * np.log(np.where(np.equal(a, 0), np.ones_like(a), a))


defvjp(np.power, _power_base, _power_exponent)
defvjp(np.float_power, _power_base, _power_exponent)
defvjp(
    np.remainder,
    lambda g, y, a, b: g,
    lambda g, y, a, b: -g * np.floor_divide(a, b),
)
defvjp(
    np.fmod,
    lambda g, y, a, b: g,
    lambda g, y, a, b: -g * np.rint((a - y) / b),  # a / b itself may be rounded up to a whole
)
defcomposite(np.divmod, lambda a, b: (np.floor_divide(a, b), np.remainder(a, b)))
defvjp(np.hypot, lambda g, y, a, b: g * a / y, lambda g, y, a, b: g * b / y)

# Exponentials and logarithms.

defvjp(np.exp, lambda g, y, x: g * y)
defvjp(np.exp2, lambda g, y, x: g * y * math.log(2))
defvjp(np.expm1, lambda g, y, x: g * (y + 1))
defvjp(np.log, lambda g, y, x: g / x)
defvjp(np.log2, lambda g, y, x: g / (x * math.log(2)))
defvjp(np.log10, lambda g, y, x: g / (x * math.log(10)))
defvjp(np.log1p, lambda g, y, x: g / (x + 1))
defvjp(
    np.logaddexp,
    lambda g, y, a, b: g * np.exp(a - y),
    lambda g, y, a, b: g * np.exp(b - y),
)
defvjp(
    np.logaddexp2,
    lambda g, y, a, b: g * np.exp2(a - y),
    lambda g, y, a, b: g * np.exp2(b - y),
)
defvjp(np.ldexp, lambda g, y, x, exponent: np.ldexp(g, exponent), None)

# Trigonometric and hyperbolic functions.

defvjp(np.sin, lambda g, y, x: g * np.cos(x))
defvjp(np.cos, lambda g, y, x: -g * np.sin(x))
defvjp(np.tan, lambda g, y, x: g * (1 + y * y))
defvjp(np.arcsin, lambda g, y, x: g / np.sqrt(1 - x * x))
defvjp(np.arccos, lambda g, y, x: -g / np.sqrt(1 - x * x))
defvjp(np.arctan, lambda g, y, x: g / (1 + x * x))
defvjp(
    np.arctan2,
    lambda g, y, a, b: g * b / (a * a + b * b),
    lambda g, y, a, b: -g * a / (a * a + b * b),
)
defvjp(np.sinh, lambda g, y, x: g * np.cosh(x))
defvjp(np.cosh, lambda g, y, x: g * np.sinh(x))
defvjp(np.tanh, lambda g, y, x: g * (1 - y * y))
defvjp(np.arcsinh, lambda g, y, x: g / np.sqrt(x * x + 1))
defvjp(np.arccosh, lambda g, y, x: g / np.sqrt(x * x - 1))
defvjp(np.arctanh, lambda g, y, x: g / (1 - x * x))
for _to_radians in (np.radians, np.deg2rad):
    defvjp(_to_radians, lambda g, y, x: g * (math.pi / 180))
for _to_degrees in (np.degrees, np.rad2deg):
    defvjp(_to_degrees, lambda g, y, x: g * (180 / math.pi))

# Piecewise functions. Conventions: |x|' = 0 at 0; steps are flat everywhere; ties of a maximum or
# minimum share equally; at the bounds of a clip the value itself gets the whole gradient.

defvjp(np.absolute, lambda g, y, x: g * np.sign(x))
defvjp(np.fabs, lambda g, y, x: g * np.sign(x))
for _step in (np.sign, np.floor, np.ceil, np.rint, np.trunc, np.fix):
    defvjp(_step, lambda g, y, x: np.zeros_like(g))
defvjp(
    np.floor_divide,
    lambda g, y, a, b: np.zeros_like(g),
    lambda g, y, a, b: np.zeros_like(g),
)
for _rounded in (np.round, np.around):
    defvjp(_rounded, lambda g, y, x, decimals=0: np.zeros_like(g))
defvjp(
    np.heaviside,
    lambda g, y, x, at_zero: np.zeros_like(g),
    lambda g, y, x, at_zero: g * np.equal(x, 0),
)
defvjp(
    np.copysign,
    lambda g, y, a, b: np.where(np.signbit(b), -g, g) * np.sign(a),
    lambda g, y, a, b: np.zeros_like(g),
)
defvjp(
    np.nan_to_num,
    lambda g, y, x, *, nan=0.0, posinf=None, neginf=None: np.where(np.isfinite(x), g, 0),
)


@primitive
def fraction(x: Any) -> Any:
    """What is left of x without its whole part, with the sign of x."""
    return np.modf(x)[0]


defvjp(fraction, lambda g, y, x: g)
defcomposite(np.modf, lambda x: (fraction(x), np.trunc(x)))


def _share(g: Any, wins: Any, ties: Any) -> Any:
    return g * wins + g * 0.5 * ties


defvjp(
    np.maximum,
    lambda g, y, a, b: _share(g, np.greater(a, b), np.equal(a, b)),
    lambda g, y, a, b: _share(g, np.greater(b, a), np.equal(a, b)),
)
defvjp(
    np.minimum,
    lambda g, y, a, b: _share(g, np.less(a, b), np.equal(a, b)),
    lambda g, y, a, b: _share(g, np.less(b, a), np.equal(a, b)),
)
defvjp(
    np.fmax,
    lambda g, y, a, b: _share(g, np.greater(a, b) | np.isnan(b), np.equal(a, b)),
    lambda g, y, a, b: _share(g, np.greater(b, a) | np.isnan(a), np.equal(a, b)),
)
defvjp(
    np.fmin,
    lambda g, y, a, b: _share(g, np.less(a, b) | np.isnan(b), np.equal(a, b)),
    lambda g, y, a, b: _share(g, np.less(b, a) | np.isnan(a), np.equal(a, b)),
)
defvjp(
    np.where,
    None,
    lambda g, y, condition, a, b: np.where(condition, g, 0),
    lambda g, y, condition, a, b: np.where(condition, 0, g),
)


@primitive
def clip(x: Any, low: Any, high: Any) -> Any:
    """min(max(x, low), high); a bound may be None."""
    return np.clip(x, low, high)


def _clipped(x: Any, low: Any, high: Any) -> tuple[Any, Any]:
    """Where x lies below the lower bound and above the upper one (which wins if they cross)."""
    above = False if high is None else np.greater(x if low is None else np.maximum(x, low), high)
    below = False if low is None else np.less(x, low) & np.logical_not(above)
    return below, above


def _clip_x(g: Any, y: Any, x: Any, low: Any, high: Any) -> Any:
    below, above = _clipped(x, low, high)
    return g * np.logical_not(np.logical_or(below, above))


defvjp(
    clip,
    _clip_x,
    lambda g, y, x, low, high: g * _clipped(x, low, high)[0],
    lambda g, y, x, low, high: g * _clipped(x, low, high)[1],
)


def _np_clip(
    x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None
) -> Any:
    return clip(x, min if a_min is None else a_min, max if a_max is None else a_max)


defcomposite(np.clip, _np_clip)
