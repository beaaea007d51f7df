"""mg.grad: several outputs and inputs, cotangents, unused inputs, and derivatives of any order."""

import math

import numpy as np
import pytest

import minigrad as mg


def leaf(data):
    return mg.tensor(np.array(data, float), requires_grad=True)


def test_one_input_gives_a_tensor_and_several_a_tuple():
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    g = mg.grad((x * w).sum(), x)
    assert type(g) is mg.Tensor
    assert g.tolist() == [3.0, 4.0]
    several = mg.grad((x * w).sum(), [x, w])
    assert type(several) is tuple
    assert [g.tolist() for g in several] == [[3.0, 4.0], [1.0, 2.0]]
    assert len(mg.grad((x * w).sum(), (w,))) == 1
    assert mg.grad(x.sum(), []) == ()


@pytest.mark.parametrize("create_graph", [False, True])
def test_grad_is_left_as_it_is(create_graph):
    x, w = leaf(2.0), leaf(3.0)
    w.grad = before = mg.tensor(7.0)
    mg.grad((x * w) ** 2, x, create_graph=create_graph)
    assert x.grad is None
    assert w.grad is before


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_retained_grad_is_left_as_it_is(create_graph):
    x = leaf(2.0)
    h = x * 3
    h.retain_grad()
    mg.grad(h * h, x, create_graph=create_graph)
    assert h.grad is None


def test_gradients_of_intermediate_results():
    x = leaf(2.0)
    h = x * 3
    y = np.exp(h) + x
    dh, dx = mg.grad(y, [h, x])
    assert dh.item() == math.exp(6)
    assert dx.item() == 3 * math.exp(6) + 1


def test_below_an_intermediate_input_nothing_is_computed():
    @mg.primitive
    def once(x):
        return x + 0

    mg.defvjp(once, lambda g, y, x: pytest.fail("was not asked for"))
    h = once(leaf(1.0) + 1) * 1
    assert mg.grad(h * h, h).item() == 4.0


@pytest.mark.parametrize("create_graph", [False, True])
def test_the_same_input_twice(create_graph):
    x = leaf([2.0, 3.0])
    first, second = mg.grad((x * x).sum(), [x, x], create_graph=create_graph)
    assert first.tolist() == second.tolist() == [4.0, 6.0]
    assert not np.shares_memory(first.data, second.data)


@pytest.mark.parametrize("create_graph", [False, True])
def test_an_output_may_be_an_input(create_graph):
    x = leaf(2.0)
    y = x * x
    z = y * 3
    dy, dx = mg.grad(y, [y, x], create_graph=create_graph, retain_graph=True)
    assert (dy.item(), dx.item()) == (1.0, 4.0)
    dy, dx = mg.grad([y, z], [y, x], create_graph=create_graph, retain_graph=True)
    assert (dy.item(), dx.item()) == (4.0, 16.0)
    assert mg.grad(x, x, create_graph=create_graph).item() == 1.0


def test_several_outputs_add_up():
    x = leaf([1.0, 2.0])
    a, b = x * x, np.sin(x)
    va, vb = np.array([1.0, 10.0]), np.array([5.0, 7.0])
    (g,) = mg.grad([a, b], [x], grad_outputs=[va, mg.tensor(vb)])
    np.testing.assert_allclose(g.data, va * 2 * x.data + vb * np.cos(x.data), rtol=1e-15)
    y = x.sum()
    assert mg.grad([y, y, y], x).tolist() == [3.0, 3.0]


def test_scalars_and_vectors_together():
    x = leaf([1.0, 2.0])
    (g,) = mg.grad((x.sum(), x * 2), [x], [None, [1.0, 1.0]])
    assert g.tolist() == [3.0, 3.0]


@pytest.mark.parametrize(
    ("shape", "cotangent", "message"),
    [
        ((3,), None, r"shape \(3,\) needs a scalar to start from"),
        ((3,), np.ones(2), r"gradient has shape \(2,\), but the output has \(3,\)"),
        ((3,), 1.0, r"gradient has shape \(\), but the output has \(3,\)"),
        ((3,), np.ones((1, 3)), r"gradient has shape \(1, 3\)"),
        ((), np.ones(1), r"gradient has shape \(1,\), but the output has \(\)"),
        ((0,), None, r"shape \(0,\) needs a scalar"),
    ],
)
def test_cotangents_of_another_shape_are_refused(shape, cotangent, message):
    x = leaf(np.ones(shape))
    for outputs, cotangents in ((x * 1.0, cotangent), ([x * 1.0], [cotangent])):
        with pytest.raises(ValueError, match=message):
            mg.grad(outputs, x, cotangents)


def test_as_many_cotangents_as_outputs():
    x = leaf(1.0)
    with pytest.raises(ValueError, match="2 outputs need as many grad_outputs, got 1"):
        mg.grad([x * 1, x * 2], x, [1.0])


@pytest.mark.parametrize("create_graph", [False, True])
def test_an_unused_input(create_graph):
    x, other = leaf(2.0), leaf([1.0, 2.0])
    y = x * x
    message = r"do not depend on input 1 \(shape \(2,\)\).*allow_unused=True"
    with pytest.raises(RuntimeError, match=message):
        mg.grad(y, [x, other], create_graph=create_graph, retain_graph=True)
    dx, unused = mg.grad(y, [x, other], create_graph=create_graph, allow_unused=True)
    assert (dx.item(), unused) == (4.0, None)


def test_an_input_that_only_a_later_result_depends_on_is_unused():
    x = leaf(2.0)
    y, later = x * x, np.sin(x)
    with pytest.raises(RuntimeError, match="do not depend on input 0"):
        mg.grad(y, later)


@pytest.mark.parametrize("inputs", [mg.tensor(1.0), leaf(1.0).detach()])
def test_an_input_without_gradient_is_refused(inputs):
    with pytest.raises(RuntimeError, match="requires_grad=True"):
        mg.grad(leaf(2.0) * inputs, inputs)


def test_an_output_without_graph_is_refused():
    x = leaf(1.0)
    with mg.no_grad():
        y = x * 2
    for outputs in (y, [x * 2, y], mg.tensor(1.0)):
        with pytest.raises(RuntimeError, match=r"no graph.*mg\.no_grad"):
            mg.grad(outputs, x)


def test_the_graph_is_freed_unless_retained():
    x = leaf(2.0)
    y = np.sin(x)
    assert mg.grad(y, x, retain_graph=True).item() == math.cos(2)
    assert mg.grad(y, x).item() == math.cos(2)
    with pytest.raises(RuntimeError, match="backward through sin: its saved values were freed"):
        mg.grad(y, x)


@pytest.mark.parametrize("create_graph", [False, True])
def test_create_graph_decides_whether_gradients_can_be_differentiated(create_graph):
    x = leaf(2.0)
    dy = mg.grad(x**3, x, create_graph=create_graph)
    assert dy.requires_grad == create_graph
    if create_graph:
        assert mg.grad(dy, x).item() == 12.0


def test_create_graph_works_under_no_grad():
    x = leaf(2.0)
    y = x**3
    with mg.no_grad():
        dy = mg.grad(y, x, create_graph=True)
    assert mg.grad(dy, x).item() == 12.0


def test_cotangents_can_be_differentiated_too():
    """d/dv of v^T J is J: the double-backward way to a forward derivative."""
    x, v = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    (g,) = mg.grad([x * x], [x], [v], create_graph=True)
    (jvp,) = mg.grad([g], [v], [[5.0, 7.0]])
    assert jvp.tolist() == [2 * 1.0 * 5.0, 2 * 2.0 * 7.0]


def test_a_function_is_referred_to_value_and_grad():
    with pytest.raises(TypeError, match=r"mg.value_and_grad\(f\)"):
        mg.grad(np.sin, leaf(1.0))


# Derivatives of any order.


def derivatives(f, x, order):
    """f(x), f'(x), ... as numbers, until one no longer depends on x."""
    values = [f(x)]
    while len(values) <= order and values[-1].requires_grad:
        values.append(mg.grad(values[-1].sum(), x, create_graph=True))
    return [v.data for v in values]


@pytest.mark.parametrize("at", [0.7, [0.3, -1.2]])
def test_derivatives_of_the_sine(at):
    at = np.array(at)
    expected = [np.sin(at + k * np.pi / 2) for k in range(8)]
    np.testing.assert_allclose(derivatives(np.sin, leaf(at), 7), expected, atol=1e-14)


@pytest.mark.parametrize(
    "power",
    [
        lambda x: x**6,
        lambda x: x * x * x * x * x * x,
        lambda x: (x * x) ** 3.0,
        lambda x: np.prod(np.stack([x] * 6)),
    ],
)
def test_derivatives_of_the_sixth_power(power):
    expected = [math.perm(6, k) * 1.5 ** (6 - k) for k in range(7)]
    found = derivatives(power, leaf(1.5), 6)
    np.testing.assert_allclose(found, expected, rtol=1e-13)


@pytest.mark.parametrize(
    ("f", "nth"),
    [
        (np.exp, lambda k: math.exp(0.5)),
        (lambda x: np.exp(-2 * x), lambda k: (-2) ** k * math.exp(-1)),
        (np.log, lambda k: (-1) ** (k + 1) * math.factorial(k - 1) / 0.5**k),
        (lambda x: 1 / x, lambda k: (-1) ** k * math.factorial(k) / 0.5 ** (k + 1)),
    ],
)
def test_six_derivatives_in_closed_form(f, nth):
    found = derivatives(f, leaf(0.5), 6)[1:]
    np.testing.assert_allclose(found, [nth(k) for k in range(1, 7)], rtol=1e-12)


def test_derivatives_by_backward_with_create_graph():
    x = leaf(0.7)
    y = np.sin(x)
    for k in range(1, 7):
        x.grad = None
        y.backward(create_graph=True)
        y = x.grad
        assert y.item() == pytest.approx(math.sin(0.7 + k * math.pi / 2), abs=1e-14)


def surface(x, y):
    return (np.sin(x * y) * np.exp(x) / (1 + y * y)).sum()


def test_mixed_partial_derivatives_are_symmetric():
    x, y = leaf([0.3, -0.8]), leaf([1.2, 0.4])
    dx, dy = mg.grad(surface(x, y), [x, y], create_graph=True)
    dxdy, dydx = mg.grad(dx.sum(), y, create_graph=True), mg.grad(dy.sum(), x, create_graph=True)
    np.testing.assert_allclose(dxdy.data, dydx.data, rtol=1e-13)
    dxdydx, dydxdx = mg.grad(dxdy.sum(), x, retain_graph=True), mg.grad(dydx.sum(), x)
    np.testing.assert_allclose(dxdydx.data, dydxdx.data, rtol=1e-12)
    assert np.abs(dxdy.data).min() > 0.01


def quartic(x):
    a = np.array([[2.0, 1.0, 0.0], [1.0, 3.0, -1.0], [0.0, -1.0, 4.0]])
    return x @ a @ x / 2 + (x**4).sum() / 12, a


def test_a_hessian_vector_product():
    x, v = leaf([1.0, -2.0, 0.5]), np.array([0.3, 0.7, -1.1])
    y, a = quartic(x)
    g = mg.grad(y, x, create_graph=True)
    (hv,) = mg.grad([g], [x], [v])
    np.testing.assert_allclose(hv.data, (a + np.diag(x.data**2)) @ v, rtol=1e-14)


def test_a_hessian_is_symmetric():
    x = leaf([1.0, -2.0, 0.5])
    y, a = quartic(x)
    g = mg.grad(y, x, create_graph=True)
    rows = [mg.grad(g_i, x, retain_graph=True).data for g_i in g]
    np.testing.assert_allclose(rows, a + np.diag(x.data**2), rtol=1e-14)


def test_a_gradient_in_the_loss():
    """A penalty on the slope, as in a Wasserstein critic."""
    x, w = leaf([0.5, 1.5]), leaf([1.0, -2.0])
    y = np.tanh(x * w).sum()
    slope = mg.grad(y, x, create_graph=True)
    (slope**2).sum().backward()
    t, s = np.tanh(x.data * w.data), 1 - np.tanh(x.data * w.data) ** 2
    expected = 2 * w.data * s * (s - 2 * w.data * t * s * x.data)
    np.testing.assert_allclose(w.grad.data, expected, rtol=1e-13)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_higher_derivatives_keep_the_dtype(dtype):
    x = mg.tensor(np.array([0.5, 1.5], dtype), requires_grad=True)
    y = (x**3 * np.exp(x) / 2 + np.float64(1) * x).sum()
    for _ in range(3):
        g = mg.grad(y, x, create_graph=True)
        assert g.dtype == dtype
        y = g.sum()
