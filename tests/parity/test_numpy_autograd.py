"""The rule table against HIPS autograd: first and second derivatives of the same samples."""

import warnings

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from derivatives import our_derivatives, project
from samples import SAMPLES

from minigrad.vjps import name_of

# NumPy's functions of which autograd 1.9 has no derivative in any of the samples.
LACKING = {np.add.reduce, np.positive, np.cbrt, np.copy, np.matrix_transpose, np.flip}
LACKING |= {np.take, np.take_along_axis}
LACKING |= {np.i0, np.fmod, np.divmod, np.modf, np.ldexp, np.float_power, np.heaviside}
LACKING |= {np.nansum, np.nanmean, np.nanprod, np.nanvar, np.nanstd, np.nanmax, np.nanmin}
LACKING |= {np.median, np.quantile, np.percentile, np.ptp, np.average}
LACKING |= {np.copysign, np.cumprod, np.nancumsum, np.nancumprod}
LACKING |= {fn for fn in SAMPLES if name_of(fn) in ("cumulative_sum", "cumulative_prod")}
LACKING |= {np.vdot, np.vecdot, np.diagflat, np.diagonal, np.linalg.matrix_power, np.linalg.qr}
LACKING |= {np.linalg.eigvalsh, np.linalg.svdvals, np.linalg.tensorsolve, np.linalg.tensorinv}
LACKING |= {np.linalg.matmul, np.linalg.tensordot, np.linalg.outer, np.linalg.vecdot}
LACKING |= {np.linalg.cross, np.linalg.trace, np.linalg.diagonal, np.linalg.matrix_transpose}
LACKING |= {np.linalg.vector_norm, np.linalg.matrix_norm}
LACKING |= {fn for fn in SAMPLES if name_of(fn) in ("matvec", "vecmat")}
LACKING |= {np.broadcast_arrays, np.meshgrid, np.delete, np.insert, np.resize, np.extract}
LACKING |= {np.compress, np.ediff1d, np.trapezoid, np.interp, np.convolve, np.correlate}
LACKING |= {fn for fn in SAMPLES if name_of(fn) == "unstack"}
MODULES = ("numpy", "numpy.linalg")
SHARED = [fn for fn in SAMPLES if getattr(fn, "__module__", "") in MODULES and fn not in LACKING]


def theirs(fn):
    return getattr(anp.linalg if fn.__module__ == "numpy.linalg" else anp, name_of(fn))


def their_derivatives(fn, sample):
    first = autograd.grad(lambda xs: project(sample.call(theirs(fn), xs)))
    second = autograd.grad(lambda xs: project(first(xs)))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Output seems independent of input")
        return first(sample.inputs), second(sample.inputs)


def is_wrong_there(fn, sample):
    """Where autograd 1.9 differs from finite differences, which agree with us."""
    if fn is np.repeat:
        return sample.params.get("axis") == -1
    return fn is np.tile and sample.inputs[0].ndim == 2 and type(sample.args[-1]) is int


@pytest.mark.parametrize("fn", SHARED, ids=name_of)
def test_first_and_second_derivative(fn):
    compared = 0
    for sample in SAMPLES[fn]:
        if is_wrong_there(fn, sample):
            continue
        if fn is np.linalg.cholesky and sample.inputs[0].shape[-1] > 1:
            continue  # autograd's is the symmetric one; test_linalg_torch.py compares those
        try:
            expected = their_derivatives(fn, sample)
        except Exception:
            continue  # autograd cannot do this call: an option, a broadcast, a warning
        found = our_derivatives(fn, sample)
        for ours, wanted in zip(found, expected, strict=True):
            for g, w in zip(ours, wanted, strict=True):
                np.testing.assert_allclose(getattr(g, "data", g), w, rtol=1e-10, atol=1e-12)
        compared += 1
    assert compared > 0


@pytest.mark.parametrize("fn", sorted(LACKING, key=name_of), ids=name_of)
def test_what_autograd_lacks_is_still_lacking(fn):
    """When it gains one, take it off the list."""
    for sample in SAMPLES[fn]:
        with pytest.raises((NotImplementedError, AttributeError, TypeError)):
            their_derivatives(fn, sample)
