"""The rules of SciPy's special functions; loaded when a tensor first meets one of them.

They are ufuncs, so they dispatch to tensors as NumPy's do. Plain functions of `scipy.special` that
turn their arguments into arrays (softmax, log_softmax, logsumexp, polygamma, ...) cannot: they
raise on a tensor that requires a gradient. `mg.functional` has the first three.
"""

from __future__ import annotations

import math
from typing import Any, NoReturn

import numpy as np
from scipy import special

from .registry import defvjp, primitive


def _no_closed_form(g: Any, y: Any, order: Any, x: Any) -> NoReturn:
    """For the first argument, in which the derivative is no function that SciPy has."""
    raise TypeError(
        "this derivative has no closed form; detach the argument if it is a constant: t.detach()"
    )


# The error function and the normal distribution.

_ERF_SLOPE = 2 / math.sqrt(math.pi)
_ROOT_TAU = math.sqrt(2 * math.pi)

defvjp(special.erf, lambda g, y, x: g * _ERF_SLOPE * np.exp(-x * x))
defvjp(special.erfc, lambda g, y, x: -g * _ERF_SLOPE * np.exp(-x * x))
defvjp(special.erfcx, lambda g, y, x: g * (2 * x * y - _ERF_SLOPE))
defvjp(special.erfinv, lambda g, y, x: g / _ERF_SLOPE * np.exp(y * y))
defvjp(special.erfcinv, lambda g, y, x: -g / _ERF_SLOPE * np.exp(y * y))
defvjp(special.ndtr, lambda g, y, x: g / _ROOT_TAU * np.exp(-0.5 * x * x))
defvjp(special.ndtri, lambda g, y, x: g * _ROOT_TAU * np.exp(0.5 * y * y))
defvjp(special.log_ndtr, lambda g, y, x: g / _ROOT_TAU * np.exp(-0.5 * x * x - y))

# The gamma function and its relatives.


@primitive
def zeta(s: Any, x: Any) -> Any:
    """The Hurwitz zeta function: the sum of (x + k)^-s over k = 0, 1, 2, ..."""
    return special.zeta(s, x)


defvjp(zeta, _no_closed_form, lambda g, y, s, x: -g * s * zeta(s + 1, x))
defvjp(special.psi, lambda g, y, x: g * zeta(2.0, x))
defvjp(special.gammaln, lambda g, y, x: g * special.psi(x))
defvjp(special.loggamma, lambda g, y, x: g * special.psi(x))
defvjp(special.gamma, lambda g, y, x: g * y * special.psi(x))
defvjp(special.rgamma, lambda g, y, x: -g * y * special.psi(x))
defvjp(
    special.betaln,
    lambda g, y, a, b: g * (special.psi(a) - special.psi(a + b)),
    lambda g, y, a, b: g * (special.psi(b) - special.psi(a + b)),
)
defvjp(
    special.beta,
    lambda g, y, a, b: g * y * (special.psi(a) - special.psi(a + b)),
    lambda g, y, a, b: g * y * (special.psi(b) - special.psi(a + b)),
)
defvjp(
    special.gammainc,
    _no_closed_form,
    lambda g, y, a, x: g * np.exp(special.xlogy(a - 1, x) - x - special.gammaln(a)),
)
defvjp(
    special.gammaincc,
    _no_closed_form,
    lambda g, y, a, x: -g * np.exp(special.xlogy(a - 1, x) - x - special.gammaln(a)),
)

# The logistic function.

defvjp(special.expit, lambda g, y, x: g * y * (1 - y))
defvjp(special.logit, lambda g, y, x: g / (x * (1 - x)))
defvjp(special.log_expit, lambda g, y, x: g * special.expit(-x))

# Entropies, with 0 log 0 = 0: where the factor before the logarithm is 0, so is the slope in y.


def _over(a: Any, b: Any) -> Any:
    """a / b, and 0 where a = 0, also over b = 0."""
    return a / np.where(np.equal(a, 0), np.ones_like(b), b)


def _log(x: Any, y: Any) -> Any:
    """log(y), and 0 where x = y = 0."""
    return np.log(np.where(np.equal(x, 0) & np.equal(y, 0), np.ones_like(y), y))


defvjp(special.xlogy, lambda g, y, a, b: g * _log(a, b), lambda g, y, a, b: g * _over(a, b))
defvjp(
    special.xlog1py, lambda g, y, a, b: g * _log(a, 1 + b), lambda g, y, a, b: g * _over(a, 1 + b)
)
defvjp(special.entr, lambda g, y, x: g * (-np.log(x) - 1))
defvjp(
    special.rel_entr,
    lambda g, y, a, b: g * (np.log(a / b) + 1),
    lambda g, y, a, b: -g * _over(a, b),
)
defvjp(
    special.kl_div,
    lambda g, y, a, b: g * np.log(a / b),
    lambda g, y, a, b: g * (1 - _over(a, b)),
)

# Bessel functions: the slope is a mean, or half the difference, of the neighbouring orders.

defvjp(
    special.jv, _no_closed_form,
    lambda g, y, v, x: g * 0.5 * (special.jv(v - 1, x) - special.jv(v + 1, x)),
)  # fmt: skip
defvjp(
    special.yv, _no_closed_form,
    lambda g, y, v, x: g * 0.5 * (special.yv(v - 1, x) - special.yv(v + 1, x)),
)  # fmt: skip
defvjp(
    special.iv, _no_closed_form,
    lambda g, y, v, x: g * 0.5 * (special.iv(v - 1, x) + special.iv(v + 1, x)),
)  # fmt: skip
defvjp(special.j0, lambda g, y, x: -g * special.j1(x))
defvjp(special.j1, lambda g, y, x: g * 0.5 * (special.j0(x) - special.jv(2.0, x)))
defvjp(special.y0, lambda g, y, x: -g * special.y1(x))
defvjp(special.y1, lambda g, y, x: g * 0.5 * (special.y0(x) - special.yv(2.0, x)))
defvjp(special.i0, lambda g, y, x: g * special.i1(x))
defvjp(special.i1, lambda g, y, x: g * 0.5 * (special.i0(x) + special.iv(2.0, x)))
