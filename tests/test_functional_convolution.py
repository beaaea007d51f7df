"""Convolutions: values by the definition, derivatives, settings that do not fit."""

import itertools

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad.functional.convolution import sums_of_products
from minigrad.testing import gradcheck


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def by_definition(x, weight, bias, stride, padding, dilation, groups):
    """The formula in the docstring, number by number; `padding` for each side of each axis."""
    n, _, *space = x.shape
    n_out, per_group, *size = weight.shape
    x = np.pad(x, ((0, 0), (0, 0), *padding))
    rows = zip(x.shape[2:], size, stride, dilation, strict=True)
    places = [(length - d * (k - 1) - 1) // s + 1 for length, k, s, d in rows]
    y = np.zeros((n, n_out, *places))
    for i, o, place in itertools.product(range(n), range(n_out), np.ndindex(*places)):
        first = o // (n_out // groups) * per_group
        for c, element in itertools.product(range(per_group), np.ndindex(*size)):
            rows = zip(place, stride, element, dilation, strict=True)
            at = tuple(p * s + e * d for p, s, e, d in rows)
            y[(i, o, *place)] += weight[(o, c, *element)] * x[(i, first + c, *at)]
    return y + bias.reshape(-1, *(1,) * len(space))


SETTINGS = [
    {},
    {"stride": 2},
    {"padding": 2},
    {"dilation": 2},
    {"groups": 2},
    {"stride": (1, 3), "padding": (2, 0), "dilation": (2, 1), "groups": 2},
    {"stride": [2, 1], "padding": [0, 1]},
    {"padding": "same"},
    {"padding": "same", "dilation": (3, 1)},
    {"padding": "valid", "stride": 2},
]


def per_axis(value):
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)


def sides(padding, size, dilation):
    if padding == "same":
        total = [d * (k - 1) for k, d in zip(size, dilation, strict=True)]
        return [(t // 2, t - t // 2) for t in total]
    return [(p, p) for p in per_axis(0 if padding == "valid" else padding)]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_conv2d_is_its_definition(settings):
    x, weight, bias = normal(2, 4, 8, 7), normal(6, 4 // settings.get("groups", 1), 3, 2), normal(6)
    dilation = per_axis(settings.get("dilation", 1))
    expected = by_definition(
        x,
        weight,
        bias,
        per_axis(settings.get("stride", 1)),
        sides(settings.get("padding", 0), (3, 2), dilation),
        dilation,
        settings.get("groups", 1),
    )
    y = F.conv2d(x, weight, bias, **settings)
    assert y.shape == expected.shape
    np.testing.assert_allclose(y, expected, atol=1e-12)
    without = F.conv2d(x, weight, **settings)
    np.testing.assert_allclose(without, y - bias[:, None, None], atol=1e-12)


@pytest.mark.parametrize("settings", [{}, {"stride": 2, "padding": 1}, {"dilation": 2}], ids=str)
def test_conv1d_is_conv2d_on_a_single_row(settings):
    x, weight, bias = normal(2, 3, 9), normal(4, 3, 3), normal(4)
    wide = {k: (v, 0 if k == "padding" else 1)[::-1] for k, v in settings.items()}
    expected = F.conv2d(x[:, :, None], weight[:, :, None], bias, **wide)[:, :, 0]
    np.testing.assert_allclose(F.conv1d(x, weight, bias, **settings), expected, atol=1e-12)


TRANSPOSED = [
    {},
    {"stride": 2},
    {"stride": 2, "output_padding": 1},
    {"padding": 1, "groups": 2},
    {"stride": (1, 3), "padding": (1, 0), "output_padding": (0, 2), "dilation": (2, 1)},
    {"dilation": 3, "output_padding": 2},
]


@pytest.mark.parametrize("settings", TRANSPOSED, ids=str)
@pytest.mark.parametrize("ndim", [1, 2])
def test_the_transpose_is_the_adjoint_of_a_convolution(ndim, settings):
    """<conv(a), b> = <a, conv_transpose(b)> for all a and b."""
    if ndim == 1:
        settings = {k: v if isinstance(v, int) else v[1] for k, v in settings.items()}
    conv, transposed = [(F.conv1d, F.conv_transpose1d), (F.conv2d, F.conv_transpose2d)][ndim - 1]
    weight = normal(4, 6 // settings.get("groups", 1), *(3, 2)[:ndim], seed=1)
    b = normal(2, 4, *(5, 4)[:ndim], seed=2)
    y = transposed(b, weight, **settings)
    a = normal(*y.shape, seed=3)
    rest = {k: v for k, v in settings.items() if k != "output_padding"}
    forward = conv(a, weight, **rest)
    forward = forward[(..., *map(slice, b.shape[2:]))]  # output_padding may make room for more
    np.testing.assert_allclose(np.sum(forward * b), np.sum(a * y), rtol=1e-12)


def test_the_bias_of_a_transpose_is_added_once():
    x, weight, bias = normal(2, 3, 4, 4), normal(3, 2, 3, 3), normal(2)
    difference = F.conv_transpose2d(x, weight, bias) - F.conv_transpose2d(x, weight)
    np.testing.assert_allclose(difference, np.broadcast_to(bias[:, None, None], difference.shape))


@pytest.mark.parametrize(
    ("f", "x", "weight", "n_out", "settings"),
    [
        (F.conv2d, (2, 2, 4, 3), (3, 2, 2, 2), 3, {}),
        (
            F.conv2d,
            (1, 2, 4, 5),
            (2, 1, 2, 2),
            2,
            {"stride": (2, 1), "padding": (1, 0), "groups": 2},
        ),
        (F.conv2d, (1, 1, 3, 4), (2, 1, 2, 2), 2, {"padding": "same", "dilation": (1, 2)}),
        (F.conv1d, (2, 2, 5), (2, 2, 3), 2, {"stride": 2, "padding": 1}),
        (F.conv_transpose2d, (1, 2, 2, 3), (2, 1, 2, 2), 2, {"padding": 1, "groups": 2}),
        (F.conv_transpose2d, (2, 2, 2, 1), (2, 2, 2, 3), 2, {"stride": 2, "output_padding": 1}),
        (F.conv_transpose1d, (2, 2, 3), (2, 1, 2), 1, {"stride": 2, "dilation": 2}),
    ],
)
def test_derivatives_to_second_order(f, x, weight, n_out, settings):
    arrays = normal(*x), normal(*weight), normal(n_out)
    assert gradcheck(lambda x, w, b: f(x, w, b, **settings), arrays, order=2)


def test_an_input_without_gradient_costs_no_fold(monkeypatch):
    from minigrad import vjps
    from minigrad.vjps import VJPS

    def refuse(*args):
        raise AssertionError("the input's gradient was computed")

    monkeypatch.setitem(VJPS, vjps.unfold, (refuse,))
    weight = mg.tensor(normal(2, 1, 2, 2), requires_grad=True)
    F.conv2d(normal(1, 1, 4, 4), weight).sum().backward()
    assert weight.grad is not None


def test_all_stays_in_memory_as_the_examples_come_last():
    """Between layers nothing is transposed: the result's memory is (C, H, W, N) again."""
    x = normal(3, 2, 5, 6)
    y = F.conv2d(x, normal(4, 2, 2, 2))
    assert y.transpose(1, 2, 3, 0).flags.c_contiguous
    assert F.max_pool2d(np.maximum(y, 0), 2).transpose(1, 2, 3, 0).flags.c_contiguous


@pytest.mark.parametrize("length", [1024, 36864, 50_021])
def test_long_rows_are_cut_without_loss(length):
    a, b = normal(2, 3, length), normal(2, 25, length, seed=1)
    expected = np.einsum("gol,gkl->gok", a, b)
    np.testing.assert_allclose(sums_of_products(a, b), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("shape", [(0, 2, 4, 4), (1, 2, 3, 3)])
def test_no_example_and_a_single_place(shape):
    x = mg.tensor(normal(*shape), requires_grad=True)
    weight = mg.tensor(normal(5, 2, 3, 3), requires_grad=True)
    y = F.conv2d(x, weight)
    assert y.shape == (shape[0], 5, shape[2] - 2, shape[3] - 2)
    y.sum().backward()
    assert x.grad.shape == shape
    if not shape[0]:
        assert not weight.grad.data.any()


@pytest.mark.parametrize(("x", "w"), [(np.float32, np.float32), (np.float32, np.float64)])
def test_dtypes(x, w):
    a = mg.tensor(normal(1, 1, 3, 3).astype(x), requires_grad=True)
    weight = mg.tensor(normal(1, 1, 2, 2).astype(w), requires_grad=True)
    bias = mg.tensor(normal(1).astype(w), requires_grad=True)
    for f in (F.conv2d, F.conv_transpose2d):
        y = f(a, weight, bias)
        assert y.dtype == np.result_type(x, w)
        found = mg.grad(y.sum(), (a, weight, bias))
        assert [g.dtype for g in found] == [x, w, w]


X, W, B = normal(2, 4, 5, 6), normal(6, 4, 3, 3), normal(6)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda: F.conv2d(X[0], W),
            ValueError,
            r"\(N, C, H, W\), got \(4, 5, 6\); add the axis of",
        ),
        (lambda: F.conv2d(X[0, 0], W), ValueError, r"\(N, C, H, W\), got \(5, 6\)$"),
        (lambda: F.conv1d(X, W), ValueError, r"\(N, C, L\), got \(2, 4, 5, 6\)"),
        (lambda: F.conv2d(X.astype(int), W), TypeError, r"got int64; convert them: x\.astype"),
        (lambda: F.conv2d([[1.0]], W), TypeError, "floating-point numbers, got list"),
        (
            lambda: F.conv2d(X[:, :3], W),
            ValueError,
            r"of 4 channels, got \(2, 3, 5, 6\), which has 3",
        ),
        (lambda: F.conv2d(X, W[0]), ValueError, r"weight must have 4 axes, got shape \(4, 3, 3\)"),
        (lambda: F.conv2d(X, W, B[:5]), ValueError, r"bias must have shape \(6,\), got \(5,\)"),
        (lambda: F.conv2d(X, W[:, :1], groups=4), ValueError, "4 in, 6 out, 4 groups"),
        (lambda: F.conv2d(X, W, groups=0), ValueError, "groups must divide"),
        (
            lambda: F.conv2d(X[..., :2], W),
            ValueError,
            r"window of \(3, 3\).*does not fit.*\(5, 2\)",
        ),
        (
            lambda: F.conv2d(X, W, dilation=3),
            ValueError,
            r"window of \(7, 7\) \(kernel \(3, 3\), dil",
        ),
        (lambda: F.conv2d(X, W, stride=0), ValueError, "stride must be an integer >= 1.*got 0"),
        (lambda: F.conv2d(X, W, stride=1.5), ValueError, "stride must be an integer >= 1.*got 1.5"),
        (lambda: F.conv2d(X, W, stride=(1, 2, 3)), ValueError, "tuple of 2 of them"),
        (lambda: F.conv2d(X, W, padding=-1), ValueError, "padding must be an integer >= 0"),
        (lambda: F.conv2d(X, W, padding="full"), ValueError, '"same" or "valid", got \'full\''),
        (lambda: F.conv2d(X, W, 2, padding="same"), ValueError, "bias"),
        (lambda: F.conv2d(X, W, None, 2, "same"), ValueError, r"needs stride 1, got \(2, 2\)"),
        (lambda: F.conv_transpose2d(X, W), ValueError, r"of 6 channels, got \(2, 4, 5, 6\)"),
        (
            lambda: F.conv_transpose2d(X, W[:4], output_padding=1),
            ValueError,
            "output_padding must be less than the stride",
        ),
        (
            lambda: F.conv_transpose2d(X, W[:4], padding=4),
            ValueError,
            r"would become \(-1, 0\)",
        ),
        (lambda: F.conv_transpose2d(X[:, :, :0], W[:4]), ValueError, r"an input of \(0, 6\)"),
        (lambda: F.conv2d(X[:, :, :0], W), ValueError, "does not fit"),
    ],
)
def test_what_does_not_fit(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
