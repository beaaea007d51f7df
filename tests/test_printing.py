"""How tensors show themselves, as text and in a notebook."""

from xml.etree import ElementTree

import numpy as np
import pytest

import minigrad as mg


def leaf(data):
    return mg.tensor(data, requires_grad=True)


@pytest.mark.parametrize(
    ("t", "expected"),
    [
        (mg.tensor(1.5), "tensor(1.5)"),
        (mg.tensor([1.0, 2.5]), "tensor([1. , 2.5])"),
        (mg.tensor([1, -2]), "tensor([ 1, -2])"),
        (mg.tensor([True, False]), "tensor([ True, False])"),
        (mg.tensor([]), "tensor([])"),
        (mg.tensor(np.zeros((2, 0))), "tensor([], dtype=float64)"),
        (mg.tensor([np.nan, -np.inf]), "tensor([ nan, -inf])"),
        (mg.tensor(np.float64(0.1)), "tensor(0.1, dtype=float64)"),
        (mg.tensor([1, 2], dtype=np.uint8), "tensor([1, 2], dtype=uint8)"),
        (leaf([3.0]), "tensor([3.], requires_grad=True)"),
        (leaf(np.float64(3.0)), "tensor(3., dtype=float64, requires_grad=True)"),
        (leaf([1.0, 2.0]) * 2, "tensor([2., 4.], op=multiply)"),
        (leaf([1.0, 2.0]).sum(), "tensor(3., op=add.reduce)"),
        (leaf([1.0, 2.0])[0], "tensor(1., op=getitem)"),
        (mg.tensor([1.0, 2.0]) * 2, "tensor([2., 4.])"),
        (leaf([1.0]).detach(), "tensor([1.])"),
        (mg.Parameter([0.5]), "Parameter([0.5], requires_grad=True)"),
        (mg.Parameter([0.5], requires_grad=False), "Parameter([0.5])"),
        (
            mg.tensor([[1.0, 2.0], [3.0, 4.0]]),
            "tensor([[1., 2.],\n        [3., 4.]])",
        ),
        (
            mg.Parameter([[1.0], [2.0]]),
            "Parameter([[1.],\n           [2.]], requires_grad=True)",
        ),
        (mg.arange(2000), "tensor([   0,    1,    2, ..., 1997, 1998, 1999])"),
    ],
)
def test_repr(t, expected):
    assert repr(t) == str(t) == f"{t!s}" == expected


@pytest.mark.parametrize(
    "t",
    [mg.tensor([[1.5, -2.0]]), leaf([0.1, 0.2]), mg.tensor([1, 2]), mg.Parameter([[0.5], [1.5]])],
)
def test_the_text_is_the_call_that_makes_the_tensor(t):
    again = eval(repr(t), {"tensor": mg.tensor, "Parameter": mg.Parameter})
    assert (type(again), again.dtype, again.requires_grad) == (type(t), t.dtype, t.requires_grad)
    np.testing.assert_array_equal(again.data, t.data)


def parsed(t):
    """What a notebook gets, as a tree: well-formed, but for HTML's name of the middle dot."""
    entities = '<!DOCTYPE div [<!ENTITY middot "&#183;">]>'
    return ElementTree.fromstring(entities + t._repr_html_())


def text(t):
    return " ".join(" ".join(parsed(t).itertext()).split())


@pytest.mark.parametrize(
    ("t", "facts"),
    [
        (mg.tensor([[1.0, 2.0]]), ["Tensor", "shape (1, 2)", "float32", "a leaf", "[[1. 2.]]"]),
        (mg.Parameter([1.0, 2.0]), ["Parameter", "shape (2,)", "requires grad"]),
        (leaf(np.ones(3)).sum(), ["shape ()", "float64", "made by add.reduce", "requires grad"]),
        (mg.tensor([1, 2, 6]), ["int64", "min 1 ", "mean 3 ", "max 6"]),
        (mg.tensor([True, True, False, False]), ["bool", "min 0 ", "mean 0.5 ", "max 1"]),
        (mg.tensor([1.0, np.nan, np.inf, -np.inf, 3.0]), ["mean 2 ", "max 3", "3 not finite"]),
    ],
)
def test_html_states_the_facts(t, facts):
    shown = text(t)
    for fact in facts:
        assert fact in shown


def test_html_does_not_claim_what_is_not_so():
    assert "requires grad" not in text(mg.tensor([1.0, 2.0]))
    assert "not finite" not in text(mg.tensor([1.0, 2.0]))
    assert "made by" not in text(leaf([1.0]))


def bars(t):
    return [float(rect.get("height")) for rect in parsed(t).iter("rect")]


def test_the_histogram_has_the_shape_of_the_values():
    heights = bars(mg.tensor([0.0] * 10 + [1.0] * 5 + [0.5]))
    peak = max(heights)
    assert heights[0] == peak
    assert heights[-1] == pytest.approx(peak / 2, abs=0.1)
    assert sum(h > 0 for h in heights) == 3


@pytest.mark.parametrize(
    "data",
    [
        np.zeros(0),
        np.zeros((3, 0)),
        np.array(2.0),
        np.array([np.nan]),
        np.full(3, np.inf),
        np.array([1.0]),
    ],
    ids=["empty", "empty rows", "0-d", "nan", "inf", "one"],
)
def test_fewer_than_two_finite_values_have_no_histogram(data):
    assert bars(mg.tensor(data)) == []
    assert str(data.shape) in text(mg.tensor(data))


@pytest.mark.parametrize(
    "data",
    [
        np.full(5, 3.25),
        np.array([1.0, np.nextafter(1.0, 2.0)]),
        np.array([0.0, 5e-324]),
        np.array([-1e308, 1e308]),
        np.array([2**64 - 1, 0], np.uint64),
        np.full(100, 60000.0, np.float16),
        np.array([1e300, np.nan, -np.inf, 2.0]),
    ],
    ids=["constant", "neighbours", "subnormal", "widest", "uint64", "half", "mixed"],
)
def test_extreme_values_can_be_shown(data):
    assert len(bars(mg.tensor(data))) > 0


def test_large_tensors_are_summarised():
    small, large = mg.zeros(20), mg.zeros((100, 100))
    assert parsed(small).find("pre") is not None
    assert parsed(large).find("pre") is None
    assert len(large._repr_html_()) < 4000


def test_markup_in_names_is_escaped():
    @mg.primitive
    def double(x):
        return x + x

    mg.defvjp(double, lambda g, y, x: g + g)
    double.__name__ = "<b>&"
    assert "made by <b>&" in text(double(leaf([1.0])))
