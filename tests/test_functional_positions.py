"""Waves and turns."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad.testing import gradcheck

rng = np.random.default_rng(0)


@pytest.mark.parametrize(("length", "dim"), [(7, 6), (1, 1), (4, 5), (0, 4), (3, 0)])
@pytest.mark.parametrize("base", [10_000.0, 100.0])
def test_sinusoidal_positions(length, dim, base):
    table = F.sinusoidal_positions(length, dim, base=base, dtype=np.float64)
    assert (table.shape, table.dtype) == ((length, dim), np.float64)
    for p in range(length):
        for i in range(dim):
            angle = p / base ** (2 * (i // 2) / dim)
            expected = np.cos(angle) if i % 2 else np.sin(angle)
            np.testing.assert_allclose(table[p, i], expected, rtol=1e-12, atol=1e-15)


def test_positions_go_on_at_an_offset():
    whole = F.sinusoidal_positions(9, 4)
    assert whole.dtype == np.float32
    np.testing.assert_array_equal(F.sinusoidal_positions(4, 4, offset=5), whole[5:])
    with pytest.raises(ValueError, match="read-only"):
        whole[0] = 1


@pytest.mark.parametrize("base", [10_000.0, 7.0])
def test_rotary_multiplies_complex_numbers(base):
    x = rng.standard_normal((2, 5, 6))
    y = F.rotary(x, offset=3, base=base)
    turns = np.exp(1j * np.arange(3, 8)[:, None] / base ** (np.arange(0, 6, 2) / 6))
    expected = (x[..., 0::2] + 1j * x[..., 1::2]) * turns
    np.testing.assert_allclose(y[..., 0::2] + 1j * y[..., 1::2], expected, rtol=1e-12)


def test_products_depend_on_the_distance_alone():
    q, k = rng.standard_normal((2, 1, 8))

    def product(i, j):
        return (F.rotary(q, offset=i) @ F.rotary(k, offset=j).T).item()

    assert product(5, 2) == pytest.approx(product(103, 100))
    assert product(5, 2) != pytest.approx(product(5, 3))
    np.testing.assert_allclose(np.linalg.norm(F.rotary(q, offset=50)), np.linalg.norm(q))


def test_rotary_goes_on_at_an_offset():
    x = rng.standard_normal((2, 6, 4)).astype(np.float32)
    parts = F.rotary(x[:, :2]), F.rotary(x[:, 2:], offset=2)
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), F.rotary(x))
    assert F.rotary(x).dtype == np.float32


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 2), (1, 2, 2, 2), (0, 4), (2, 0, 4)])
def test_derivatives_to_second_order(shape):
    assert gradcheck(lambda x: F.rotary(x, offset=1), [rng.standard_normal(shape)], order=2)
    x = mg.tensor(np.ones(shape), requires_grad=True)
    np.testing.assert_array_equal(F.rotary(x).data, F.rotary(np.ones(shape)))


@pytest.mark.parametrize("x", [np.ones((3, 5)), np.ones(4), np.ones((2, 4), int), [[1.0, 2.0]]])
def test_what_cannot_be_turned(x):
    with pytest.raises(ValueError, match=r"floating-point.*\(..., length, d\), d even; got"):
        F.rotary(x)


@pytest.mark.parametrize("options", [{"offset": -1}, {"base": 0.0}])
def test_no_such_positions(options):
    for call in (lambda: F.rotary(np.ones((2, 4)), **options),
                 lambda: F.sinusoidal_positions(2, 4, **options)):  # fmt: skip
        with pytest.raises(ValueError, match="offset of at least 0 and a positive base, got 2, 4"):
            call()
