"""Recurrent layers; the recurrence itself is tested with the functions."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.testing import gradcheck

KINDS = ["RNN", "LSTM", "GRU"]
over_kinds = pytest.mark.parametrize("kind", KINDS)
GATES = {"RNN": 1, "LSTM": 4, "GRU": 3}


def layer(kind, *args, seed=0, **options):
    return getattr(nn, kind)(*args, rng=np.random.default_rng(seed), **options)


def normal(*shape, seed=1, dtype=np.float32):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def states(after):
    return list(after) if isinstance(after, tuple) else [after]


@over_kinds
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
def test_shapes_and_dtypes(kind, batch_first, bidirectional):
    net = layer(kind, 3, 4, 2, batch_first=batch_first, bidirectional=bidirectional)
    directions = 1 + bidirectional
    out, after = net(normal(2, 5, 3) if batch_first else normal(5, 2, 3))
    lead = (2, 5) if batch_first else (5, 2)
    assert (out.shape, out.dtype) == ((*lead, 4 * directions), np.float32)
    assert [s.shape for s in states(after)] == [(2 * directions, 2, 4)] * (1 + (kind == "LSTM"))
    out, after = net(normal(5, 3))
    assert out.shape == (5, 4 * directions)
    assert [s.shape for s in states(after)] == [(2 * directions, 4)] * (1 + (kind == "LSTM"))
    out, after = net(normal(0, 5, 3) if batch_first else normal(5, 0, 3))
    assert out.size == 0


@over_kinds
def test_parameters(kind):
    rows = GATES[kind] * 4
    net = layer(kind, 3, 4, 2, bidirectional=True)
    found = [(name, p.shape, p.dtype.name) for name, p in net.named_parameters()]
    expected = []
    for width, place in [(3, "0"), (3, "0_reverse"), (8, "1"), (8, "1_reverse")]:
        shapes = {"weight_ih": (rows, width), "weight_hh": (rows, 4), "bias_ih": (rows,)}
        shapes["bias_hh"] = (rows,)
        expected += [(f"{name}_l{place}", shape, "float32") for name, shape in shapes.items()]
    assert found == expected
    without = layer(kind, 3, 4, bias=False)
    assert list(without.state_dict()) == ["weight_ih_l0", "weight_hh_l0"]
    assert without.bias_ih_l0 is None
    assert all(np.abs(p.data).max() <= 0.5 for p in net.parameters())


@over_kinds
def test_a_single_sequence_is_a_batch_of_one(kind):
    net = layer(kind, 3, 4, 2, bidirectional=True)
    x = normal(5, 3)
    out, after = net(x)
    expected, end = net(x[:, np.newaxis])
    np.testing.assert_array_equal(out.data, expected.data[:, 0])
    for a, b in zip(states(after), states(end), strict=True):
        np.testing.assert_array_equal(a.data, b.data[:, 0])
    again, _ = net(x, after)
    expected, _ = net(x[:, np.newaxis], end)
    np.testing.assert_array_equal(again.data, expected.data[:, 0])


@over_kinds
@pytest.mark.parametrize("layers", [1, 2])
def test_a_sequence_in_two_pieces(kind, layers):
    """The state carries over what the first piece was."""
    net, x = layer(kind, 3, 4, layers), normal(6, 2, 3)
    out, after = net(x)
    first, between = net(x[:2])
    second, end = net(x[2:], between)
    np.testing.assert_allclose(out.data, np.concatenate([first.data, second.data]), atol=1e-6)
    for a, b in zip(states(after), states(end), strict=True):
        np.testing.assert_allclose(a.data, b.data, atol=1e-6)


@over_kinds
def test_the_second_direction_is_the_first_one_backwards(kind):
    net = layer(kind, 3, 4, bidirectional=True)
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        getattr(net, f"{name}_l0_reverse").data[...] = getattr(net, f"{name}_l0").data
    x = normal(5, 2, 3)
    out, after = net(x)
    turned, _ = net(x[::-1])
    np.testing.assert_array_equal(out.data[..., 4:], turned.data[::-1, :, :4])
    np.testing.assert_array_equal(states(after)[0].data[1], out.data[0, :, 4:])
    np.testing.assert_array_equal(states(after)[0].data[0], out.data[-1, :, :4])


# Lengths and masks.


@over_kinds
@pytest.mark.parametrize("bidirectional", [False, True])
def test_what_lies_behind_the_end_does_not_matter(kind, bidirectional):
    net = layer(kind, 3, 4, 2, bidirectional=bidirectional)
    x, lengths = normal(5, 3, 3), [2, 5, 3]
    out, after = net(x, lengths=lengths)
    for n, length in enumerate(lengths):
        alone, end = net(x[:length, n])
        np.testing.assert_allclose(out.data[:length, n], alone.data, atol=1e-6)
        assert (out.data[length:, n] == 0).all()
        for a, b in zip(states(after), states(end), strict=True):
            np.testing.assert_allclose(a.data[:, n], b.data, atol=1e-6)
        x[length:, n] = np.nan
    other, _ = net(x, lengths=np.array(lengths))
    np.testing.assert_array_equal(other.data, out.data)


@over_kinds
def test_a_mask_says_the_same_as_lengths(kind):
    net = layer(kind, 3, 4, batch_first=True)
    x, lengths = normal(3, 5, 3), np.array([2, 5, 0])
    mask = np.arange(5) < lengths[:, np.newaxis]
    expected, end = net(x, lengths=lengths)
    for given in (mask, mask.tolist()):
        out, after = net(x, mask=given)
        np.testing.assert_array_equal(out.data, expected.data)
        for a, b in zip(states(after), states(end), strict=True):
            np.testing.assert_array_equal(a.data, b.data)
            assert (a.data[0, 2] == 0).all()  # of no steps: the state is that of the beginning


@over_kinds
def test_holes_in_a_mask_are_left_out(kind):
    net, x = layer(kind, 3, 4), normal(4, 1, 3)
    kept = np.array([True, False, True, True])
    out, _ = net(x, mask=kept[:, np.newaxis])
    np.testing.assert_allclose(out.data[kept], net(x[kept])[0].data, atol=1e-6)


def test_lengths_are_read_anew_by_a_compiled_program():
    net, x = layer("LSTM", 3, 4), normal(4, 2, 3)

    @mg.compile
    def outputs(x, lengths):
        return net(x, lengths=lengths)[0].detach()

    for lengths in ([4, 2], [1, 3], [4, 4]):
        expected = net(x, lengths=lengths)[0]
        np.testing.assert_array_equal(outputs(x, np.array(lengths)).data, expected.data)
    assert outputs.cache_info().misses == 1
    with pytest.raises(ValueError, match=r"lengths must lie in \[0, 4\]"):
        outputs(x, np.array([5, 1]))


# Derivatives.


@over_kinds
@pytest.mark.parametrize(
    ("form", "options"),
    [({"num_layers": 2}, {}), ({"bidirectional": True}, {"lengths": [3, 1]})],
    ids=["layers", "directions and lengths"],
)
def test_derivatives_to_second_order(kind, form, options):
    """In the input, the state and all parameters."""
    net = layer(kind, 2, 2, **form)
    names = [name for name, _ in net.named_parameters()]
    rng = np.random.default_rng(3)
    shapes = [p.shape for p in net.parameters()]
    arrays = [rng.standard_normal((3, 2, 2)), rng.standard_normal((2, 2, 2))]
    arrays += [0.5 * rng.standard_normal(shape) for shape in shapes]

    def f(x, h, *parameters):
        for name, p in zip(names, parameters, strict=True):
            setattr(net, name, p)
        out, after = net(x, (h, 2 * h) if kind == "LSTM" else h, **options)
        return np.concatenate([a.reshape(-1) for a in (out, *states(after))])

    assert gradcheck(f, arrays, order=2)


# Dropout between layers.


def test_dropout_is_reproducible_and_spares_the_last_layer():
    x = normal(5, 2, 3)
    one, two = (layer("GRU", 3, 40, 2, dropout=0.5) for _ in range(2))
    first = one(x)[0].data
    np.testing.assert_array_equal(first, two(x)[0].data)
    assert (first != 0).all()
    assert not np.array_equal(one(x)[0].data, first)
    plain = layer("GRU", 3, 40, 2)
    np.testing.assert_array_equal(one.eval()(x)[0].data, plain(x)[0].data)
    above = layer("GRU", 3, 40, 1, dropout=0.9)
    np.testing.assert_array_equal(above(x)[0].data, layer("GRU", 3, 40)(x)[0].data)


def test_all_is_dropped_with_probability_one():
    net = layer("LSTM", 3, 4, 2, dropout=1.0)
    out = net(normal(5, 2, 3))[0].data
    np.testing.assert_array_equal(out, net(normal(5, 2, 3, seed=7))[0].data)


# Initialisation.


def test_the_bias_of_the_forget_gates():
    net = layer("LSTM", 3, 4, 2, bidirectional=True, forget_bias=1.0)
    for place in ("_l0", "_l0_reverse", "_l1", "_l1_reverse"):
        total = getattr(net, "bias_ih" + place).data + getattr(net, "bias_hh" + place).data
        np.testing.assert_array_equal(total[4:8], 1)
        assert (np.abs(total[:4]) < 1).all()
        assert np.ptp(total[8:]) > 0
    usual = layer("LSTM", 3, 4)
    assert np.ptp(usual.bias_ih_l0.data[4:8]) > 0


def test_a_seed_reproduces():
    for a, b in zip(layer("GRU", 3, 4).parameters(), layer("GRU", 3, 4).parameters(), strict=True):
        np.testing.assert_array_equal(a.data, b.data)
    first, second = nn.RNN(3, 4), nn.RNN(3, 4)
    assert not np.array_equal(first.weight_hh_l0.data, second.weight_hh_l0.data)


def test_the_default_dtype():
    mg.set_default_dtype(np.float64)
    try:
        net = layer("LSTM", 3, 4, forget_bias=1)
    finally:
        mg.set_default_dtype(np.float32)
    assert {p.dtype.name for p in net.parameters()} == {"float64"}
    assert layer("LSTM", 3, 4)(normal(5, 2, 3, dtype=np.float64))[0].dtype == np.float64


def test_the_printed_form():
    assert layer("RNN", 3, 4).extra_repr() == "3, 4"
    net = layer("LSTM", 3, 4, 2, bidirectional=True, bias=False, batch_first=True, dropout=0.1)
    assert net.extra_repr() == (
        "3, 4, num_layers=2, bias=False, batch_first=True, dropout=0.1, bidirectional=True"
    )


# What is refused.


@pytest.mark.parametrize(
    ("kind", "args", "options", "message"),
    [
        ("RNN", (0, 4), {}, "at least one input and one unit, got 0, 4"),
        ("GRU", (3, -1), {}, "at least one input and one unit, got 3, -1"),
        ("LSTM", (3, 4, 0), {}, "LSTM needs at least one layer"),
        ("GRU", (3, 4, 2), {"dropout": 1.5}, r"dropout in \[0, 1\], got num_layers=2, dropout=1.5"),
        ("RNN", (3, 4), {"nonlinearity": "sine"}, "nonlinearity must be .*, got 'sine'"),
        ("LSTM", (3, 4), {"bias": False, "forget_bias": 1.0}, "forget_bias needs bias=True"),
    ],
)
def test_arguments_that_make_no_layer(kind, args, options, message):
    with pytest.raises(ValueError, match=message):
        layer(kind, *args, **options)


@over_kinds
@pytest.mark.parametrize("shape", [(5, 2, 4), (3,), (1, 5, 2, 3), (5, 2, 0)])
def test_an_input_of_the_wrong_shape(kind, shape):
    with pytest.raises(ValueError) as error:
        layer(kind, 3, 4)(np.zeros(shape, np.float32))
    assert str(error.value).endswith(
        f"weight_ih_l0 of shape ({4 * GATES[kind]}, 3) takes inputs of shape (T, input_size) or "
        f"(T, B, input_size) with 3 features, got {shape}"
    )


@over_kinds
def test_other_inputs(kind):
    net = layer(kind, 3, 4)
    with pytest.raises(TypeError, match="floating-point numbers, got int64: convert them"):
        net(np.zeros((5, 2, 3), int))
    with pytest.raises(TypeError, match="floating-point numbers, got list"):
        net([[[0.0, 0.0, 0.0]]])
    for x in (np.zeros((0, 2, 3), np.float32), np.zeros((0, 3), np.float32)):
        with pytest.raises(ValueError, match=f"{kind} needs at least one step, got none"):
            net(x)
    swapped = layer(kind, 3, 4, batch_first=True)
    with pytest.raises(ValueError, match="at least one step"):
        swapped(np.zeros((2, 0, 3), np.float32))


H = np.zeros((1, 2, 4), np.float32)


@pytest.mark.parametrize(
    ("kind", "state", "message"),
    [
        (
            "RNN",
            H[:, :1],
            r"the state of RNN is h, of shape \(1, 2, 4\), got ndarray of \(1, 1, 4\)",
        ),
        ("GRU", H[0], r"got ndarray of \(2, 4\)"),
        ("GRU", (H, H), r"got tuple of \(1, 2, 4\), \(1, 2, 4\)"),
        ("LSTM", H, r"is the tuple \(h, c\), of shape \(1, 2, 4\) each, got ndarray"),
        ("LSTM", (H,), r"got tuple of \(1, 2, 4\)$"),
        ("LSTM", (H, H[0]), r"got tuple of \(1, 2, 4\), \(2, 4\)"),
    ],
)
def test_a_state_that_does_not_fit(kind, state, message):
    with pytest.raises(ValueError, match=message):
        layer(kind, 3, 4)(normal(5, 2, 3), state)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lengths": [5]}, r"integers of shape \(2,\), one for each sequence, got int64 of shape"),
        ({"lengths": [5.0, 2.0]}, r"lengths must be integers of shape \(2,\).*, got float64"),
        ({"lengths": [6, 2]}, r"lie in \[0, 5\], as there are 5 steps, got 2 to 6"),
        ({"lengths": [5, -1]}, r"lie in \[0, 5\], as there are 5 steps, got -1 to 5"),
        (
            {"mask": np.ones((2, 5), bool)},
            r"booleans of shape \(5, 2\), .*, got bool of shape \(2, 5\)",
        ),
        (
            {"mask": np.ones((5, 2))},
            r"booleans of shape \(5, 2\), .*, got float64 of shape \(5, 2\)",
        ),
        ({"mask": np.ones((5, 2), bool), "lengths": [5, 2]}, "either lengths or a mask"),
    ],
)
def test_lengths_and_masks_that_do_not_fit(options, message):
    with pytest.raises(ValueError, match=message):
        layer("GRU", 3, 4)(normal(5, 2, 3), **options)


def test_a_single_sequence_has_no_padding():
    with pytest.raises(ValueError, match="a single sequence neither"):
        layer("GRU", 3, 4)(normal(5, 3), lengths=[3])
