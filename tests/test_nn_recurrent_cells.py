"""Recurrent cells."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.testing import gradcheck

CELLS = {"RNNCell": ("RNN", 1), "LSTMCell": ("LSTM", 4), "GRUCell": ("GRU", 3)}
over_cells = pytest.mark.parametrize("kind", CELLS)


def cell(kind, *args, seed=0, **options):
    return getattr(nn, kind)(*args, rng=np.random.default_rng(seed), **options)


def normal(*shape, seed=1):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def states(after):
    return list(after) if isinstance(after, tuple) else [after]


@over_cells
@pytest.mark.parametrize("bias", [True, False])
def test_parameters(kind, bias):
    rows = 4 * CELLS[kind][1]
    net = cell(kind, 3, 4, bias)
    shapes = {"weight_ih": (rows, 3), "weight_hh": (rows, 4)}
    shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)} if bias else {}
    assert {name: p.shape for name, p in net.named_parameters()} == shapes
    assert list(net.state_dict()) == list(shapes)
    assert net.extra_repr() == ("3, 4" if bias else "3, 4, bias=False")
    assert all(np.abs(p.data).max() <= 0.5 for p in net.parameters())


@over_cells
@pytest.mark.parametrize("lead", [(2,), (), (0,)])
def test_step_by_step_a_cell_is_the_layer(kind, lead):
    sequence, _ = CELLS[kind]
    net, layer = cell(kind, 3, 4), getattr(nn, sequence)(3, 4)
    layer.load_state_dict({f"{name}_l0": a for name, a in net.state_dict().items()})
    x, state, outs = normal(5, *lead, 3), None, []
    for t in range(5):
        state = net(x[t], state)
        outs.append(states(state)[0].data)
        assert [s.shape for s in states(state)] == [(*lead, 4)] * len(states(state))
        assert states(state)[0].dtype == np.float32
    expected, after = layer(x)
    np.testing.assert_allclose(np.stack(outs), expected.data, rtol=1e-5, atol=1e-6)
    for a, b in zip(states(state), states(after), strict=True):
        np.testing.assert_allclose(a.data, b.data[0], rtol=1e-5, atol=1e-6)


@over_cells
@pytest.mark.parametrize("lead", [(2,), ()])
def test_derivatives_to_second_order(kind, lead):
    net = cell(kind, 2, 3)
    names = [name for name, _ in net.named_parameters()]
    rng = np.random.default_rng(3)
    arrays = [rng.standard_normal((*lead, 2)), rng.standard_normal((*lead, 3))]
    arrays += [0.5 * rng.standard_normal(p.shape) for p in net.parameters()]

    def f(x, h, *parameters):
        for name, p in zip(names, parameters, strict=True):
            setattr(net, name, p)
        return np.stack(states(net(x, (h, 2 * h) if kind == "LSTMCell" else h)))

    assert gradcheck(f, arrays, order=2)


def test_the_formula_of_the_rectifier():
    net, x, h = cell("RNNCell", 3, 4, nonlinearity="relu"), normal(2, 3), normal(2, 4, seed=2)
    z = x @ net.weight_ih.data.T + net.bias_ih.data + h @ net.weight_hh.data.T + net.bias_hh.data
    np.testing.assert_allclose(net(x, h).data, np.maximum(z, 0), rtol=1e-5, atol=1e-6)


def test_the_bias_of_the_forget_gate():
    net = cell("LSTMCell", 3, 4, forget_bias=1.0)
    np.testing.assert_array_equal((net.bias_ih.data + net.bias_hh.data)[4:8], 1)
    with pytest.raises(ValueError, match="forget_bias needs bias=True, got bias=False"):
        cell("LSTMCell", 3, 4, False, forget_bias=1.0)


def test_a_memory_that_does_not_forget():
    """Gates that are shut and open keep c as it is over many steps."""
    net = cell("LSTMCell", 3, 4)
    for p in net.parameters():
        p.data[...] = 0
    net.bias_ih.data[:4], net.bias_ih.data[4:8] = -50, 50
    c = start = normal(2, 4)
    for t in range(20):
        _, c = net(normal(2, 3, seed=t), (normal(2, 4), c))
    np.testing.assert_array_equal(c.data, start)


def test_float64_inputs_are_not_cut_down():
    assert states(cell("LSTMCell", 3, 4)(normal(2, 3).astype(np.float64)))[1].dtype == np.float64


@over_cells
def test_what_is_refused(kind):
    net = cell(kind, 3, 4)
    with pytest.raises(ValueError, match=r"shape \(input_size,\) or \(B, input_size\) with 3 feat"):
        net(normal(2, 4))
    with pytest.raises(ValueError, match=r"got \(5, 2, 3\)"):
        net(normal(5, 2, 3))
    with pytest.raises(TypeError, match="floating-point numbers, got int64"):
        net(np.zeros((2, 3), int))
    with pytest.raises(ValueError, match=rf"the state of {kind} is .*of shape \(2, 4\)"):
        net(normal(2, 3), normal(2, 3))
    with pytest.raises(ValueError, match="one input and one unit, got 0, 4"):
        cell(kind, 0, 4)


def test_another_nonlinearity():
    with pytest.raises(ValueError, match="nonlinearity must be"):
        cell("RNNCell", 3, 4, nonlinearity="gelu")


def test_gradients_of_single_tensors_reach_the_state():
    h = mg.tensor(normal(2, 4), requires_grad=True)
    cell("GRUCell", 3, 4)(normal(2, 3), h).sum().backward()
    assert (h.grad.data != 0).all()
