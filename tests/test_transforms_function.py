"""mg.Function: operations whose backward is written by hand, and differentiates in turn."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing import gradcheck


class Scale(mg.Function):
    """x * y for arrays that broadcast, and an option."""

    @staticmethod
    def forward(ctx, x, y, kind="times"):
        ctx.save_for_backward(x, y)
        ctx.sign = {"times": 1, "minus": -1}[kind]
        return ctx.sign * x * y

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return ctx.sign * g * y, ctx.sign * g * x, None


class Exp(mg.Function):
    """The output is saved."""

    @staticmethod
    def forward(ctx, x):
        y = np.exp(x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0]


class Softplus(mg.Function):
    """An intermediate result is saved."""

    @staticmethod
    def forward(ctx, x):
        e = np.exp(x)
        ctx.save_for_backward(e)
        return np.log(1 + e)

    @staticmethod
    def backward(ctx, g):
        (e,) = ctx.saved_tensors
        return (g * e / (1 + e),)


def leaf(data):
    return mg.tensor(np.array(data, float), requires_grad=True)


@pytest.mark.parametrize("shapes", [((2, 3), (2, 3)), ((2, 3), (3,)), ((), (2,)), ((0, 2), (1,))])
def test_derivatives(shapes):
    rng = np.random.default_rng(0)
    inputs = [rng.normal(size=s) for s in shapes]
    assert gradcheck(lambda x, y: Scale.apply(x, y, "minus"), inputs, order=2)
    assert gradcheck(lambda x: Scale.apply(x, x, "times"), inputs[:1], order=2)
    assert gradcheck(Exp.apply, inputs[:1], order=3)
    assert gradcheck(Softplus.apply, inputs[:1], order=1)


def test_only_some_arguments_need_a_gradient():
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    (g,) = mg.grad([Scale.apply(x, np.array([3.0, 4.0]), "times").sum()], [x])
    assert g.tolist() == [3.0, 4.0]
    z = Scale.apply(x, y, "times").sum()
    assert mg.grad(z, y, retain_graph=True).tolist() == [1.0, 2.0]
    assert [g.tolist() for g in mg.grad(z, [x, y])] == [[3.0, 4.0], [1.0, 2.0]]


def test_values():
    assert type(Scale.apply(np.ones(2), 2.0, "times")) is np.ndarray
    assert not Exp.apply(mg.tensor([1.0])).requires_grad
    assert repr(Exp.apply(leaf([0.0]))).find("Exp") > 0
    x = mg.tensor([1.0], requires_grad=True)
    y = Scale.apply(x, np.float64(2), "times")
    y.sum().backward()
    assert (y.dtype, x.grad.dtype) == (np.float64, np.float32)


def test_a_saved_intermediate_result_has_no_second_derivative():
    x = leaf([1.0])
    g = mg.grad(Softplus.apply(x).sum(), x, create_graph=True)
    with pytest.raises(TypeError, match="Softplus saved an intermediate result.*second derivative"):
        mg.grad(g, x)


class Keeps(mg.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.mask = x > 0
        ctx.count = x.size
        ctx.kept = x * 2
        return x

    backward = Exp.backward


class Wrong(mg.Function):
    returned = None

    @staticmethod
    def forward(ctx, x, y):
        return x + y

    @staticmethod
    def backward(ctx, g):
        return Wrong.returned


class Empty(mg.Function):
    pass


def test_errors():
    with pytest.raises(TypeError, match="ctx.kept.*float64.*save_for_backward"):
        Keeps.apply(leaf([1.0]))
    with pytest.raises(NotImplementedError, match="forward"):
        Empty.apply(leaf([1.0]))
    x = leaf([1.0, 2.0])
    for returned, error, words in [
        (np.ones(2), TypeError, r"Wrong.backward returned 1 gradients, but forward takes 2"),
        ((np.ones(2),) * 3, TypeError, r"returned 3 gradients, but forward takes 2"),
        ((None, np.ones(2)), TypeError, "Wrong in argument 0 returned None"),
        ((np.ones(3), np.ones(2)), ValueError, r"Wrong in argument 0 returned shape \(3,\)"),
    ]:
        Wrong.returned = returned
        with pytest.raises(error, match=words):
            Wrong.apply(x, np.ones(2)).sum().backward()


def test_compiled_equals_eager():
    def f(x, y):
        return mg.hessian(lambda x: (Scale.apply(Exp.apply(x), y, "minus") ** 2).sum())(x)

    compiled = mg.compile(f)
    for k in range(3):
        x, y = np.array([0.3, -0.5]) + k, np.array([1.0, 2.0]) - k
        np.testing.assert_array_equal(compiled(x, y).data, f(x, y).data)
    assert compiled.cache_info().hits == 2


SLOPE = 2.0


class Steep(mg.Function):
    @staticmethod
    def forward(ctx, x):
        return x * SLOPE

    @staticmethod
    def backward(ctx, g):
        return g * SLOPE


def test_a_compiled_program_notices_what_the_methods_use(monkeypatch):
    compiled = mg.compile(lambda x: mg.value_and_grad(lambda x: Steep.apply(x).sum())(x)[1])
    assert compiled(np.ones(2)).tolist() == [2.0, 2.0]
    monkeypatch.setattr(f"{__name__}.SLOPE", 5.0)
    assert compiled(np.ones(2)).tolist() == [5.0, 5.0]


def test_the_graph_is_freed_by_reference_counts():
    gc.disable()
    try:
        for create_graph in (False, True):
            x = leaf([1.0])
            y = Scale.apply(Exp.apply(x), x, "times")
            alive = weakref.ref(y)
            g = mg.grad(y.sum(), x, create_graph=create_graph)
            del x, y, g
            assert alive() is None
    finally:
        gc.enable()
