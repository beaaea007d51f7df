"""The rule table against HIPS autograd: first and second derivatives of the same samples."""

import warnings

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from samples import SAMPLES

import minigrad as mg
from minigrad.vjps import name_of

# NumPy's functions of which autograd 1.9 has no derivative in any of the samples.
LACKING = {np.add.reduce, np.positive, np.cbrt, np.copy, np.matrix_transpose, np.flip}
LACKING |= {np.take, np.take_along_axis}
SHARED = [fn for fn in SAMPLES if fn.__module__ in ("numpy", "numpy.linalg") and fn not in LACKING]


def theirs(fn):
    return anp.linalg.norm if fn is np.linalg.norm else getattr(anp, name_of(fn))


def project(outputs):
    """A number that depends on every element of the output, or of each of several."""
    parts = [outputs] if hasattr(outputs, "shape") else list(outputs)
    weights = iter(np.random.default_rng(0).standard_normal(200))
    return sum(
        (y * np.reshape([next(weights) for _ in range(y.size)], y.shape)).sum() for y in parts
    )


def our_derivatives(fn, sample):
    xs = [mg.tensor(x, requires_grad=True) for x in sample.inputs]
    first = mg.grad(project(sample.call(fn, xs)), xs, create_graph=True)
    total = project(first)
    none = [None] * len(xs)
    second = mg.grad(total, xs, allow_unused=True) if total.requires_grad else none
    zeros = [np.zeros_like(x) for x in sample.inputs]
    return first, [z if g is None else g for g, z in zip(second, zeros, strict=True)]


def their_derivatives(fn, sample):
    first = autograd.grad(lambda xs: project(sample.call(theirs(fn), xs)))
    second = autograd.grad(lambda xs: project(first(xs)))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Output seems independent of input")
        return first(sample.inputs), second(sample.inputs)


@pytest.mark.parametrize("fn", SHARED, ids=name_of)
def test_first_and_second_derivative(fn):
    compared = 0
    for sample in SAMPLES[fn]:
        if fn is np.repeat and sample.params.get("axis") == -1:
            continue  # autograd is wrong here: finite differences agree with us
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
