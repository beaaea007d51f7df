"""The transforms against torch.func and HIPS autograd, in float64."""

from __future__ import annotations

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import torch
import torch.utils.checkpoint
from autograd.differential_operators import make_jvp_reversemode
from torch import func

import minigrad as mg

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")

rng = np.random.default_rng(0)
X, W, V, U = (rng.normal(size=s) for s in [(2, 3), (3, 2), (2, 3), (3, 2)])
SHIFT = rng.normal(size=(2, 2))


def layer(x, w, tanh):
    return tanh(x @ w + SHIFT_OF[tanh]) * w.sum()


SHIFT_OF = {np.tanh: SHIFT, torch.tanh: torch.tensor(SHIFT), anp.tanh: SHIFT}


def ours(x, w):
    return layer(x, w, np.tanh)


def theirs(x, w):
    return layer(x, w, torch.tanh)


def scalar(f):
    return lambda x, w: (f(x, w) ** 3).sum()


def same(a, b):
    """Structures of tensors are equal."""
    if isinstance(a, (tuple, list)):
        assert len(a) == len(b)
        for c, d in zip(a, b, strict=True):
            same(c, d)
    elif isinstance(a, dict):
        assert a.keys() == b.keys()
        for key in a:
            same(a[key], b[key])
    else:
        assert a.shape == tuple(b.shape)
        np.testing.assert_allclose(a.data, b.detach().numpy(), rtol=1e-11, atol=1e-13)


x, w, v, u = map(torch.tensor, (X, W, V, U))


@pytest.mark.parametrize("argnums", [0, 1, (0, 1), (1, 0)])
def test_torch_func(argnums):
    gradient, value = func.grad_and_value(scalar(theirs), argnums)(x, w)
    same(mg.value_and_grad(scalar(ours), argnums)(X, W), (value, gradient))
    same(mg.jacobian(ours, argnums)(X, W), func.jacrev(theirs, argnums)(x, w))
    same(mg.hessian(scalar(ours), argnums)(X, W), func.hessian(scalar(theirs), argnums)(x, w))
    same(mg.hessian(ours, argnums)(X, W), func.hessian(theirs, argnums)(x, w))


def test_torch_func_products():
    same(mg.jvp(ours, (X, W), (V, U)), func.jvp(theirs, (x, w), (v, u)))
    cotangent = rng.normal(size=(2, 2))
    value, pull_back = mg.vjp(ours, X, W)
    expected, pull_back_of_torch = func.vjp(theirs, x, w)
    same((value, pull_back(cotangent)), (expected, pull_back_of_torch(torch.tensor(cotangent))))
    _, expected = torch.autograd.functional.hvp(scalar(theirs), (x, w), (v, u))
    same(mg.hvp(scalar(ours), (X, W), (V, U)), expected)


def test_torch_func_structures():
    def f(tanh):
        return lambda p: [layer(p["x"], p["w"][0], tanh), {"w": p["w"][0] ** 2}]

    a, b = {"x": X, "w": [W]}, {"x": x, "w": [w]}
    same(mg.jacobian(f(np.tanh))(a), func.jacrev(f(torch.tanh))(b))


def test_torch_func_nested():
    """Derivatives with respect to one argument of those with respect to another."""
    mixed = mg.jacobian(lambda w: mg.value_and_grad(scalar(ours))(X, w)[1])(W)
    same(mixed, func.jacrev(lambda w: func.grad(scalar(theirs))(x, w))(w))
    mixed = mg.jvp(lambda w: mg.jacobian(ours)(X, w), (W,), (U,))[1]
    same(mixed, func.jvp(lambda w: func.jacrev(theirs)(x, w), (w,), (u,))[1])


def test_hips_autograd():
    def f(tanh):
        return lambda x: layer(x, W, tanh)

    def total(tanh):
        return lambda x: (layer(x, W, tanh) ** 3).sum()

    def equal(a, b):
        np.testing.assert_allclose(a.data, b, rtol=1e-11, atol=1e-13)

    equal(mg.jacobian(f(np.tanh))(X), autograd.jacobian(f(anp.tanh))(X))
    equal(mg.hessian(total(np.tanh))(X), autograd.hessian(total(anp.tanh))(X))
    product = autograd.hessian_vector_product(total(anp.tanh))(X, V)
    equal(mg.hvp(total(np.tanh), (X,), (V,))[0], product)
    equal(mg.jvp(f(np.tanh), (X,), (V,))[1], make_jvp_reversemode(f(anp.tanh))(X)(V))


def test_checkpoint_and_function_against_torch():
    class Cube(mg.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            return g * 3 * ctx.saved_tensors[0] ** 2

    same(mg.hessian(lambda x: Cube.apply(x * x).sum())(X), func.hessian(lambda x: (x**6).sum())(x))
    a = [mg.tensor(t, requires_grad=True) for t in (X, W)]
    b = [torch.tensor(t, requires_grad=True) for t in (X, W)]
    (mg.checkpoint(ours, *a) ** 2).sum().backward()
    (torch.utils.checkpoint.checkpoint(theirs, *b, use_reentrant=False) ** 2).sum().backward()
    same([t.grad for t in a], [t.grad for t in b])
