"""Samples of SciPy's special functions, where SciPy is installed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np

from .draws import Fixed, S, between, nonzero, normal, positive, unary


def inside(*shape: int) -> np.ndarray:
    return between(0.1, 0.9, *shape)


def pairs(left: Any, right: Any) -> list[S]:
    """As `binary`, without whole numbers: SciPy makes float64 of them, whatever the other is."""
    return [
        S(left(2, 3), right(2, 3)),
        S(left(2, 3), right(3)),
        S(left(2, 1), right(1, 3)),
        S(left(), right(2)),
        S(left(2), Fixed(right(3, 2))),
        S(left(0, 2), right(2)),
        S(left(2, 3), 0.7),
        S(0.6, right(2, 3)),
    ]


def of_order(draw: Any) -> list[S]:
    """Functions whose order, the first argument, is a constant."""
    return [S(2.5, draw(2, 3)), S(1.5, draw()), S(0.5, draw(0, 2)), S(Fixed(draw(3)), draw(2, 3))]


def _samples() -> dict[Any, list[S]]:
    from scipy import special

    from minigrad.vjps.special import zeta

    return {
        special.erf: unary(normal),
        special.erfc: unary(normal),
        special.erfcx: unary(normal),
        special.erfinv: unary(lambda *shape: between(-0.8, 0.8, *shape)),
        special.erfcinv: unary(lambda *shape: between(0.2, 1.8, *shape)),
        special.ndtr: unary(normal),
        special.ndtri: unary(inside),
        special.log_ndtr: unary(normal),
        special.gammaln: unary(positive),
        special.loggamma: unary(positive),
        special.gamma: [*unary(positive), S(between(-0.8, -0.2, 3))],
        special.rgamma: [*unary(positive), S(between(-0.8, -0.2, 3))],
        special.psi: unary(positive),
        special.beta: pairs(positive, positive),
        special.betaln: pairs(positive, positive),
        special.gammainc: of_order(positive),
        special.gammaincc: of_order(positive),
        zeta: [S(2.0, positive(2, 3)), S(3.5, positive()), S(2.0, positive(0, 2))],
        special.expit: unary(normal),
        special.logit: unary(inside),
        special.log_expit: unary(normal),
        special.xlogy: pairs(nonzero, positive),
        special.xlog1py: pairs(nonzero, positive),
        special.entr: unary(positive),
        special.rel_entr: pairs(positive, positive),
        special.kl_div: pairs(positive, positive),
        special.jv: of_order(positive),
        special.yv: of_order(positive),
        special.iv: of_order(positive),
        special.j0: unary(nonzero),
        special.j1: unary(nonzero),
        special.y0: unary(positive),
        special.y1: unary(positive),
        special.i0: unary(nonzero),
        special.i1: unary(nonzero),
    }


SAMPLES: dict[Any, list[S]] = _samples() if find_spec("scipy") else {}
