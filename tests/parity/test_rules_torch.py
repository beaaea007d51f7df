"""The rule table against torch: value, first and second derivative of the same samples.

Where torch's function has another name, or takes its arguments otherwise, `OTHERWISE` says how to
call it; all others are looked up by name. Samples that torch cannot compute are passed over, but
every function here must have one that it can.
"""

import numpy as np
import pytest
import torch
from samples import SAMPLES
from torch_derivatives import compare

import minigrad as mg
from minigrad.vjps import name_of


def dims(axis, x):
    return tuple(range(x.ndim)) if axis is None else axis


def from_lower(a):
    """The symmetric matrix with this lower triangle, the only part that NumPy reads.

    torch spreads the gradient over both triangles, as if all symmetric matrices were meant.
    """
    return torch.tril(a) + torch.tril(a, -1).mT


OTHERWISE = {
    np.power: torch.pow,
    np.rint: torch.round,
    np.fabs: torch.abs,
    np.conjugate: torch.conj,
    np.floor_divide: lambda a, b: torch.floor(a / b),
    np.max: lambda x, dim=None, keepdim=False: torch.amax(x, dims(dim, x), keepdim),
    np.min: lambda x, dim=None, keepdim=False: torch.amin(x, dims(dim, x), keepdim),
    np.add.reduce: lambda x, dim=0, keepdim=False: torch.sum(x, dims(dim, x), keepdim),
    np.var: lambda x, dim=None, correction=0, keepdim=False: torch.var(
        x, dim, correction=correction, keepdim=keepdim
    ),
    np.std: lambda x, dim=None, correction=0, keepdim=False: torch.std(
        x, dim, correction=correction, keepdim=keepdim
    ),
    np.reshape: lambda x, shape: torch.reshape(x, shape if isinstance(shape, tuple) else (shape,)),
    np.transpose: lambda x, axes=None: torch.permute(x, axes or tuple(range(x.ndim))[::-1]),
    np.expand_dims: torch.unsqueeze,
    np.flip: lambda x, dim=None: torch.flip(
        x, (dim,) if isinstance(dim, int) else tuple(range(x.ndim)) if dim is None else dim
    ),
    np.roll: lambda x, shift, dim=None: torch.roll(x, shift, dim),
    np.repeat: lambda x, repeats, dim=None: torch.repeat_interleave(x, repeats, dim),
    np.matrix_transpose: lambda x: x.mT,
    np.take: lambda x, indices, dim: torch.index_select(x, dim % x.ndim, indices),
    np.concatenate: torch.cat,
    np.sort: lambda x, dim=-1: torch.sort(x, dim).values,
    np.ldexp: lambda x, exponent: torch.ldexp(x, torch.as_tensor(exponent).double()),
    np.linalg.cholesky: lambda a: torch.linalg.cholesky(from_lower(a)),
    np.linalg.eigh: lambda a: torch.linalg.eigh(from_lower(a)),
    np.linalg.eigvalsh: lambda a: torch.linalg.eigvalsh(from_lower(a)),
}

# Where torch's function of the same name does something else.
DIFFERENT = {
    np.copy, np.round, np.median, np.nanmedian, np.split, np.array_split, np.select, np.gradient,
    np.average, np.put, np.partition, np.choose, np.unstack,
    np.heaviside,  # has no derivative
    np.linalg.svd,  # has other signs
}  # fmt: skip

IMPRECISE = {np.sinc: 1e-8}  # torch's own error, near 0


def theirs(fn):
    if fn in OTHERWISE:
        return OTHERWISE[fn]
    if fn in DIFFERENT:
        return None
    where = torch.linalg if getattr(fn, "__module__", None) == "numpy.linalg" else torch
    return getattr(where, name_of(fn), None)


SHARED = [
    fn
    for fn in SAMPLES
    if (getattr(fn, "__module__", None) or "").startswith("numpy") and theirs(fn) is not None
]


@pytest.mark.parametrize("fn", SHARED, ids=name_of)
def test_value_first_and_second_derivative(fn):
    with np.errstate(all="ignore"):
        assert compare(fn, theirs(fn), SAMPLES[fn], IMPRECISE.get(fn, 1e-11)) > 0


# Conventions at kinks. Each row: the function, where, our slopes, and torch's where they differ.

KINKS = [
    (np.absolute, torch.abs, [0.0], 0.0, None),
    (np.sign, torch.sign, [0.0], 0.0, None),
    (np.maximum, torch.maximum, [1.0, 1.0], 0.5, None),
    (np.fmin, torch.fmin, [1.0, 1.0], 0.5, 1.0),  # torch: all of it to the first
    (np.max, torch.amax, [[2.0, 2.0, 1.0]], [0.5, 0.5, 0.0], None),
    (np.prod, torch.prod, [[0.0, 2.0, 3.0]], [6.0, 0.0, 0.0], None),
    (np.linalg.norm, torch.linalg.vector_norm, [[0.0, 0.0]], [0.0, 0.0], None),
    (np.std, lambda x: torch.std(x, correction=0), [[2.0, 2.0]], [0.0, 0.0], None),
    (lambda x: np.clip(x, -1.0, 1.0), lambda x: torch.clamp(x, -1.0, 1.0), [1.0], 1.0, None),
    (lambda x: np.power(x, 0.0), lambda x: torch.pow(x, 0.0), [0.0], 0.0, None),
    (np.hypot, torch.hypot, [0.0, 0.0], np.nan, None),
]


@pytest.mark.parametrize(("fn", "their_fn", "inputs", "ours", "torchs"), KINKS)
def test_convention_at_a_kink(fn, their_fn, inputs, ours, torchs):
    xs = [mg.tensor(np.array(x), requires_grad=True) for x in inputs]
    ts = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in inputs]
    with np.errstate(invalid="ignore"):
        found = mg.grad(fn(*xs), xs[0])
    (theirs,) = torch.autograd.grad(their_fn(*ts), ts[:1])
    np.testing.assert_array_equal(found.data, ours)
    np.testing.assert_array_equal(theirs.numpy(), ours if torchs is None else torchs)
