"""value_and_grad, vjp, jvp, hvp, jacobian, hessian: structures, nesting, dtypes, errors."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.testing import gradcheck

RNG = np.random.default_rng(0)
X, W = RNG.normal(size=(2, 3)), RNG.normal(size=(3, 4))


class Pair(NamedTuple):
    a: object
    b: object


def double(net):
    """The module with parameters in float64."""
    for _, module in net.named_modules():
        for name, p in list(vars(module).items()):
            if isinstance(p, mg.Parameter):
                setattr(module, name, mg.Parameter(p.data.astype(np.float64)))
    return net


def gradient_of(f, argnums=0):
    return lambda *args: mg.value_and_grad(f, argnums)(*args)[1]


def mixed(x, y):
    """A function whose derivatives of all orders are different from zero."""
    return (np.sin(x * y) * np.exp(x) / (1 + y * y)).sum()


# Structures and argnums.


def test_the_gradient_has_the_structure_of_the_argument():
    params = {"layers": [(W, 2.0), Pair(mg.tensor([1.0, 2.0]), np.float64(3.0))], "empty": {}}

    def f(p, scale):
        (w, b), (c, d) = p["layers"]
        return (scale * (w.sum() * b + (c * d).sum()),)[0]

    value, g = mg.value_and_grad(f)(params, 10.0)
    assert value.item() == pytest.approx(10 * (W.sum() * 2 + 9))
    assert g.keys() == params.keys()
    assert g["empty"] == {}
    (dw, db), pair = g["layers"]
    assert isinstance(pair, Pair)
    np.testing.assert_allclose(dw.data, np.full((3, 4), 20.0))
    assert db.item() == pytest.approx(10 * W.sum())
    assert (pair.a.tolist(), pair.b.item()) == ([30.0, 30.0], 30.0)
    assert [t.dtype for t in (dw, db, pair.a, pair.b)] == [
        np.float64,
        np.float32,
        np.float32,
        np.float64,
    ]


@pytest.mark.parametrize("argnums", [1, -1, (1,), (0, 1), (1, 0), (-1, -2), (1, 1)])
def test_argnums(argnums):
    _, g = mg.value_and_grad(lambda x, y: (x * x * y).sum(), argnums)(X, 3 * X)
    both = [6 * X**2, X**2]
    if isinstance(argnums, tuple):
        assert isinstance(g, tuple)
        assert len(g) == len(argnums)
        for k, i in enumerate(argnums):
            np.testing.assert_allclose(g[k].data, both[i])
    else:
        np.testing.assert_allclose(g.data, both[argnums])


def test_keyword_arguments_and_aux_are_handed_through():
    f = mg.value_and_grad(
        lambda x, *, k, kind: ((x * k).sum(), {"kind": kind, "x": x}), has_aux=True
    )
    (value, aux), g = f(np.ones(2), k=np.array([2.0, 3.0]), kind="a")
    assert (value.item(), aux["kind"], g.tolist()) == (5.0, "a", [2.0, 3.0])
    assert not aux["x"].requires_grad


def test_vjp_takes_and_returns_structures():
    def f(p, z):
        return {"product": p["x"] @ p["w"], "others": [z * 2, p["x"].sum()]}

    value, pull_back = mg.vjp(f, {"x": X, "w": W}, 1.5)
    np.testing.assert_array_equal(value["product"].data, X @ W)
    v = RNG.normal(size=(2, 4))
    for _ in range(2):
        p, z = pull_back({"others": (np.float64(3), 5.0), "product": v})
        np.testing.assert_allclose(p["x"].data, v @ W.T + 5)
        np.testing.assert_allclose(p["w"].data, X.T @ v)
        assert z.item() == 6.0


def test_jvp_and_vjp_agree():
    def f(p, z):
        return np.tanh(p["x"] @ p["w"]) * z, p["w"].sum()

    args = ({"x": X, "w": W}, np.array(0.5))
    tangents = ({"w": RNG.normal(size=W.shape), "x": RNG.normal(size=X.shape)}, np.array(-2.0))
    value, pull_back = mg.vjp(f, *args)
    cotangent = [RNG.normal(size=y.shape) for y in value]
    forward, tangent = mg.jvp(f, args, tangents)
    p, z = pull_back(cotangent)
    left = sum((v * t.data).sum() for v, t in zip(cotangent, tangent, strict=True))
    right = sum((p[k].data * tangents[0][k]).sum() for k in p) + z.item() * -2.0
    assert left == pytest.approx(right, rel=1e-12)
    for a, b in zip(value, forward, strict=True):
        np.testing.assert_array_equal(a.data, b.data)


def test_the_jacobian_has_the_structure_of_result_and_argument():
    def f(p, z):
        return [p["x"] @ p["w"], np.sum(z)], {"z": z * z}

    z = np.array([1.0, 2.0])
    first, second = mg.jacobian(f, (0, 1))({"x": X, "w": W}, z)
    j = first[0]
    assert j[0]["x"].shape == (2, 4, 2, 3)
    np.testing.assert_allclose(j[0]["x"].data, np.einsum("ik,lj->ijkl", np.eye(2), W))
    np.testing.assert_allclose(j[0]["w"].data, np.einsum("il,jk->ijlk", X, np.eye(4)))
    assert not j[1].data.any() and j[1].shape == (2, 4, 2)
    assert first[1][1].tolist() == [1.0, 1.0]
    np.testing.assert_array_equal(second["z"][1].data, np.diag(2 * z))
    assert second["z"][0]["w"].shape == (2, 3, 4)


def test_the_hessian_has_the_structure_of_the_argument_twice():
    h = mg.hessian(lambda p: (p["a"] * p["b"]).sum() + p["b"].sum() ** 2)({"a": X, "b": 2 * X})
    assert h["a"]["b"].shape == (2, 3, 2, 3)
    np.testing.assert_array_equal(h["a"]["b"].data.reshape(6, 6), np.eye(6))
    np.testing.assert_array_equal(h["b"]["b"].data, np.full((2, 3, 2, 3), 2.0))
    assert not h["a"]["a"].data.any()


# Values.


@pytest.mark.parametrize("x", [np.array(0.7), np.array([0.3, -0.8]), RNG.normal(size=(2, 1, 2))])
def test_all_transforms_agree(x):
    y, v = x + 0.5, RNG.normal(size=x.shape)
    f = lambda x: mixed(x, y)
    h = mg.hessian(f)(x).data.reshape(x.size, x.size)
    np.testing.assert_allclose(h, h.T, rtol=1e-12)
    others = [
        mg.jacobian(mg.jacobian(f)),
        mg.jacobian(gradient_of(f)),
        lambda x: np.stack(
            [
                gradient_of(lambda z, i: gradient_of(f)(z).reshape(-1)[i])(x, i)
                for i in range(x.size)
            ]
        ),
    ]
    for other in others:
        np.testing.assert_allclose(other(x).data.reshape(h.shape), h, rtol=1e-12)
    expected = (h @ v.ravel()).reshape(x.shape)
    products = [
        mg.hvp(f, (x,), (v,))[0],
        mg.jvp(gradient_of(f), (x,), (v,))[1],
        mg.vjp(gradient_of(f), x)[1](v)[0],
        gradient_of(lambda z: mg.jvp(f, (z,), (v,))[1])(x),
        gradient_of(lambda z: (gradient_of(f)(z) * v).sum())(x),
    ]
    for product in products:
        np.testing.assert_allclose(product.data, expected, rtol=1e-11)


def test_hvp_of_several_arguments():
    args, v = (X, {"y": X + 0.5}), (RNG.normal(size=X.shape), {"y": RNG.normal(size=X.shape)})
    f = lambda x, p: mixed(x, p["y"])
    first, second = mg.hvp(f, args, v)
    h = mg.hessian(f, (0, 1))(*args)
    for got, row in ((first, h[0]), (second["y"], h[1]["y"])):
        expected = np.tensordot(row[0].data, v[0], 2) + np.tensordot(row[1]["y"].data, v[1]["y"], 2)
        np.testing.assert_allclose(got.data, expected, rtol=1e-11)


TRANSFORMED = {
    "value": lambda x: mg.value_and_grad(mixed)(x, 0.5 * x)[0],
    "gradient": lambda x: gradient_of(mixed, 1)(x, x),
    "vjp": lambda x: mg.vjp(mixed, x, x)[1](x.sum())[0],
    "jvp": lambda x: mg.jvp(lambda z: z * np.sin(z), (x,), (x * x,))[1],
    "hvp": lambda x: mg.hvp(lambda z: mixed(z, x), (x,), (x * x,))[0],
    "jacobian": lambda x: mg.jacobian(lambda z: np.tanh(z @ z.T) * x.sum())(x),
    "hessian": lambda x: mg.hessian(lambda z: mixed(z, x))(x),
}


@pytest.mark.parametrize("name", TRANSFORMED)
def test_results_are_differentiable(name):
    assert gradcheck(TRANSFORMED[name], [RNG.normal(size=(2, 2)) / 2], order=2)


@pytest.mark.parametrize("order", range(1, 6))
def test_any_order(order):
    f = np.sin
    for _ in range(order):
        f = mg.jacobian(f)
    assert f(np.array(0.7)).item() == pytest.approx(np.sin(0.7 + order * np.pi / 2), abs=1e-13)


def test_variables_of_nested_transforms_are_kept_apart():
    """d/dx (x d/dy (x + y)) = 1; a system that confuses the two gets 2."""
    g = gradient_of(lambda x: x * gradient_of(lambda y: x + y)(np.array(1.0)))
    assert g(np.array(1.0)).item() == 1.0
    x = mg.tensor(3.0, requires_grad=True)
    assert gradient_of(lambda y: x * y)(x).item() == 3.0


# What goes in and comes out.


@pytest.mark.parametrize("x", [2.0, np.float64(2), np.array(2.0, np.float16), mg.tensor(2.0)])
def test_dtypes(x):
    dtype = mg.tensor(x).dtype
    value, g = mg.value_and_grad(lambda x: x**3)(x)
    h, j = mg.hessian(lambda x: x**3)(x), mg.jacobian(lambda x: np.stack([x, x * x]))(x)
    (product,) = mg.hvp(lambda x: x**3, (x,), (1,))
    _, tangent = mg.jvp(lambda x: x**3, (x,), (1,))
    results = (value, g, h, j, product, tangent)
    assert {(type(t), t.dtype) for t in results} == {(mg.Tensor, dtype)}
    assert (g.item(), h.item(), product.item(), tangent.item()) == (12.0, 12.0, 12.0, 12.0)


def test_gradients_and_arguments_are_left_as_they_are():
    net = double(nn.Linear(3, 2))
    x = mg.tensor(X, requires_grad=True)
    x.grad = before = mg.tensor(np.ones_like(X))
    f = lambda x: (net(x) ** 2).sum()
    mg.value_and_grad(f)(x), mg.hessian(f)(x), mg.hvp(f, (x,), (X,))
    mg.jvp(f, (x,), (X,)), mg.jacobian(net)(x), mg.vjp(net, x)[1](np.ones((2, 2)))
    assert x.grad is before
    assert all(p.grad is None for p in net.parameters())
    np.testing.assert_array_equal(x.data, X)


def test_what_f_does_to_its_arguments_is_of_no_consequence():
    def f(x):
        y = x * 1
        x = x + 0
        x *= y
        return x.sum()

    assert gradient_of(f)(np.array([3.0])).tolist() == [6.0]
    assert mg.hessian(f)(np.array([3.0])).tolist() == [[2.0]]

    def g(x):
        x *= 3
        return (x * x).sum()

    x = mg.tensor([1.0, 2.0], requires_grad=True)
    assert gradient_of(g)(x * 1).tolist() == [18.0, 36.0]
    assert x.tolist() == [1.0, 2.0]


def test_results_share_no_memory_with_the_arguments():
    x, v = np.ones(3), np.ones(3)
    value, pull_back = mg.vjp(lambda x: x, x)
    (g,) = pull_back(v)
    for a in (value, g, mg.jvp(lambda x: x, (x,), (v,))[1]):
        assert not np.shares_memory(a.data, x) and not np.shares_memory(a.data, v)


def test_results_have_a_graph_only_if_something_outside_needs_one():
    def results(x, v):
        yield from mg.value_and_grad(mixed)(x, X)
        value, pull_back = mg.vjp(np.sin, x)
        yield from (value, *pull_back(v), *mg.jvp(np.sin, (x,), (v,)))
        yield from (*mg.hvp(mixed, (x, X), (v, v)), mg.jacobian(np.sin)(x))

    assert not any(t.requires_grad for t in results(X, X))
    assert all(t.requires_grad for t in results(mg.tensor(X, requires_grad=True), X))
    with mg.no_grad():
        assert not any(t.requires_grad for t in results(mg.tensor(X, requires_grad=True), X))
    linear = mg.vjp(np.sin, X)[1](mg.tensor(X, requires_grad=True))[0]
    assert linear.requires_grad


def test_a_gradient_penalty_reaches_the_parameters():
    net = double(nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)))
    f = lambda x: net(x).sum()
    g = gradient_of(f)(X)
    (g**2).sum().backward()
    ours = [p.grad.data for p in net.parameters() if p.grad is not None]
    net.zero_grad()
    x = mg.tensor(X, requires_grad=True)
    (mg.grad(f(x), x, create_graph=True) ** 2).sum().backward()
    theirs = [p.grad.data for p in net.parameters() if p.grad is not None]
    assert len(ours) == len(theirs) == 3
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)


def test_unused_arguments_and_constant_results_give_zeros():
    f = lambda x, y: np.stack([y * 0 + 5, y])
    j = mg.jacobian(f, (0, 1))(X, np.array(2.0))
    assert (j[0].shape, j[1].tolist()) == ((2, 2, 3), [0.0, 1.0])
    assert not j[0].data.any()
    constant = lambda x: mg.tensor(np.array([1.0, 2.0]))
    assert mg.jacobian(constant)(X).shape == (2, 2, 3)
    assert not mg.vjp(constant, X)[1]([1, 1])[0].data.any()
    assert mg.jvp(constant, (X,), (X,))[1].tolist() == [0.0, 0.0]
    assert mg.hessian(lambda x: x.sum())(X).shape == (2, 3, 2, 3)
    assert mg.hvp(lambda x: x.sum(), (X,), (X,))[0].shape == X.shape
    counted = lambda x: (x * 2, mg.tensor([1, 2]))
    assert mg.jvp(counted, (X,), (X,))[1][1].tolist() == [0, 0]
    assert mg.jacobian(counted)(X)[1].shape == (2, 2, 3)


def test_empty_arrays():
    x = np.zeros((0, 3))
    assert mg.value_and_grad(lambda x: x.sum())(x)[1].shape == (0, 3)
    assert mg.hessian(lambda x: (x * x).sum())(x).shape == (0, 3, 0, 3)
    assert mg.jacobian(lambda y: x * y)(np.ones(3)).shape == (0, 3, 3)
    assert mg.jacobian(lambda x: x.sum(axis=0))(x).shape == (3, 0, 3)
    assert mg.jvp(np.sin, (x,), (x,))[1].shape == (0, 3)
    assert mg.hvp(lambda x: (x * x).sum(), (x,), (x,))[0].shape == (0, 3)


def test_nothing_is_left_behind():
    """The graph is freed by reference counts alone."""
    import gc
    import weakref

    alive = []

    def f(x):
        h = np.sin(x)
        alive.append(weakref.ref(h))
        return (h * h).sum()

    gc.disable()
    try:
        mg.value_and_grad(f)(X), mg.hessian(f)(X), mg.jvp(f, (X,), (X,)), mg.hvp(f, (X,), (X,))
        assert [r() for r in alive] == [None] * 4
    finally:
        gc.enable()


# Compiled.


COMPILED = {
    "value_and_grad": lambda x, v: mg.value_and_grad(mixed, (0, 1))(x, v),
    "vjp": lambda x, v: mg.vjp(mixed, x, v)[1](2.0),
    "jvp": lambda x, v: mg.jvp(mixed, (x, v), (v, x)),
    "hvp": lambda x, v: mg.hvp(lambda z: mixed(z, x), (x,), (v,)),
    "jacobian": lambda x, v: mg.jacobian(lambda z: np.tanh(z @ v.T))(x),
    "hessian": lambda x, v: mg.hessian(mixed, (0, 1))(x, v),
}


def flat(structure):
    return [a for s in structure for a in flat(s)] if isinstance(structure, tuple) else [structure]


@pytest.mark.parametrize("name", COMPILED)
@pytest.mark.parametrize("convert", [np.array, mg.tensor], ids=["arrays", "tensors"])
def test_compiled_equals_eager(name, convert):
    compiled = mg.compile(COMPILED[name])
    for k in range(3):
        x, v = convert(X + k), convert(0.3 * X - k)
        eager = flat(COMPILED[name](x, v))
        for a, b in zip(flat(compiled(x, v)), eager, strict=True):
            np.testing.assert_array_equal(a.data, b.data)
    assert compiled.cache_info().hits == 2


def test_a_compiled_transform_of_a_float_and_of_parameters():
    cube = mg.compile(mg.value_and_grad(lambda x: x**3))
    assert [cube(float(k))[1].item() for k in range(3)] == [0.0, 3.0, 12.0]
    net = double(nn.Linear(3, 2))
    step = mg.compile(lambda x: mg.hessian(lambda w: (np.tanh(x @ w.T) ** 2).sum())(net.weight))
    for k in range(3):
        with mg.no_grad():
            net.weight *= 0.5
        h = mg.hessian(lambda w: (np.tanh((X + k) @ w.T) ** 2).sum())(net.weight)  # noqa: B023
        np.testing.assert_array_equal(step(X + k).data, h.data)


@pytest.mark.parametrize("transform", [mg.value_and_grad, mg.jacobian, mg.hessian])
def test_a_transform_of_a_compiled_function_is_refused(transform):
    with pytest.raises(TypeError, match=r"differentiate inside: mg.compile\(mg.value_and_grad"):
        transform(mg.compile(lambda x: (x * x).sum()))(X)


def test_a_compiled_function_refuses_to_lose_a_gradient():
    f = mg.compile(lambda x: (x * x).sum())
    x = mg.tensor(X, requires_grad=True)
    with pytest.raises(TypeError, match="returning a tensor through which a gradient would flow"):
        f(x)
    with mg.no_grad():
        assert f(x).item() == pytest.approx((X * X).sum())
    assert mg.compile(lambda x: (x * x).sum().detach())(x).item() == f(X).item()


# Errors.


def product(x):
    return x * 2


ERRORS = [
    (lambda: mg.value_and_grad(product)(X), ValueError, r"shape \(2, 3\).*mg.jacobian"),
    (lambda: mg.value_and_grad(lambda x: (x.sum(), x))(X), ValueError, "one number"),
    (lambda: mg.hvp(product, (X,), (X,)), ValueError, "one number"),
    (lambda: mg.value_and_grad(product, 1)(X), ValueError, "argnums=1 is out.*product.* 1 pos"),
    (lambda: mg.jacobian(product, (0, -2))(X), ValueError, r"argnums=\(0, -2\)"),
    (lambda: mg.jacobian(product, 0.5)(X), TypeError, "integer"),
    (lambda: mg.jacobian(product)(np.arange(3)), TypeError, "argument 0 of product .* int64"),
    (lambda: mg.vjp(lambda p: p["a"], {"a": 1}), TypeError, r"argument 0 of <lambda>\['a'\]"),
    (lambda: mg.vjp(product, True), TypeError, "dtype bool"),
    (lambda: mg.vjp(product, "text"), TypeError, "real numbers"),
    (lambda: mg.value_and_grad(lambda x: x.data.sum())(X), TypeError, "return a tensor.*float64"),
    (lambda: mg.jacobian(lambda x: None)(X), TypeError, "NoneType"),
    (lambda: mg.value_and_grad(np.sum, has_aux=True)(X), TypeError, r"pair \(value, aux\)"),
    (lambda: mg.jvp(product, X, X), TypeError, r"\(x,\) for one"),
    (lambda: mg.hvp(np.sum, X, X), TypeError, r"\(x,\) for one"),
    (lambda: mg.jvp(product, (X,), [X, X]), ValueError, "a tuple of 1, got a list of 2"),
    (lambda: mg.jvp(product, (X,), (X.T,)), ValueError, r"tangents\[0\] must .* \(2, 3\)"),
    (lambda: mg.jvp(product, (X,), X), ValueError, "got a ndarray"),
    (lambda: mg.vjp(product, X)[1](X.T), ValueError, r"cotangent must .*\(2, 3\), got \(3, 2\)"),
    (lambda: mg.vjp(lambda x: {"a": x}, X)[1]({"b": X}), ValueError, r"\['a'\], got .* \['b'\]"),
    (lambda: mg.hvp(np.sum, (X,), (X[0],)), ValueError, r"v\[0\] must have shape \(2, 3\)"),
]


@pytest.mark.parametrize(("call", "error", "words"), ERRORS)
def test_errors(call, error, words):
    with pytest.raises(error, match=words):
        call()
