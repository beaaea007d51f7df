"""SciPy's special functions against torch.special."""

import numpy as np
import pytest
import torch
from samples.special import SAMPLES
from scipy import special
from torch_derivatives import compare

import minigrad as mg
from minigrad.vjps import name_of

THEIRS = {
    special.erf: torch.special.erf,
    special.erfc: torch.special.erfc,
    special.erfinv: torch.special.erfinv,
    special.ndtr: torch.special.ndtr,
    special.gammaln: torch.special.gammaln,
    special.psi: torch.special.psi,
    special.expit: torch.special.expit,
    special.logit: torch.special.logit,
    special.log_expit: torch.nn.functional.logsigmoid,
    special.xlogy: torch.special.xlogy,
    special.xlog1py: torch.special.xlog1py,
    special.entr: torch.special.entr,
    special.i0: torch.special.i0,
    special.i1: torch.special.i1,
    special.erfcx: torch.special.erfcx,
    special.log_ndtr: torch.special.log_ndtr,
    special.ndtri: torch.special.ndtri,
}


@pytest.mark.parametrize("fn", THEIRS, ids=name_of)
def test_value_first_and_second_derivative(fn):
    assert compare(fn, THEIRS[fn], SAMPLES[fn]) > 0


@pytest.mark.parametrize(("x", "y"), [(0.0, 0.5), (0.0, 0.0), (1.5, 0.5)])
def test_a_logarithm_times_zero(x, y):
    """At x = y = 0 the slope in y is 0 here, as 0 log y is for every y; torch gives nan."""
    ours = [mg.tensor(a, requires_grad=True, dtype=np.float64) for a in (x, y)]
    theirs = [torch.tensor(a, requires_grad=True, dtype=torch.float64) for a in (x, y)]
    special.xlogy(*ours).backward()
    torch.special.xlogy(*theirs).backward()
    expected = [t.grad.nan_to_num(0.0).item() for t in theirs]
    np.testing.assert_allclose([t.grad.item() for t in ours], expected, rtol=1e-14)
