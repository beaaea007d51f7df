"""The table of learnt vectors."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad import nn
from minigrad.nn import init
from minigrad.testing import gradcheck


def layer(*args, seed=0, **kwargs):
    return nn.Embedding(*args, rng=np.random.default_rng(seed), **kwargs)


def test_value_and_parameters():
    table = layer(5, 3)
    assert [(n, p.shape, p.dtype.name) for n, p in table.named_parameters()] == [
        ("weight", (5, 3), "float32")
    ]
    indices = np.array([[0, 4], [2, 2]])
    np.testing.assert_array_equal(table(indices).data, table.weight.data[indices])
    np.testing.assert_array_equal(table(indices).data, F.embedding(indices, table.weight).data)
    assert repr(layer(5, 3, -1)) == ("Embedding(5, 3, padding_idx=4): 15 parameters: weight (5, 3)")


def test_derivatives_to_second_order():
    table, indices = layer(4, 2, padding_idx=1), np.array([3, 0, 3])

    def f(weight):
        table.weight = weight
        return np.tanh(table(indices))

    assert gradcheck(f, [np.random.default_rng(1).standard_normal((4, 2))], order=2)


def test_the_default_is_a_standard_normal_distribution():
    values = layer(1000, 100).weight.data
    np.testing.assert_allclose([values.mean(), values.std()], [0, 1], atol=0.01)
    np.testing.assert_allclose(np.quantile(values, [0.1587, 0.8413]), [-1, 1], atol=0.02)


def test_init_draws_the_table():
    table = layer(4, 3, init=init.he_normal, seed=5)
    expected = init.he_normal((4, 3), np.random.default_rng(5))
    np.testing.assert_array_equal(table.weight.data, expected)


@pytest.mark.parametrize("padding_idx", [1, -4])
def test_padding_begins_as_zeros_and_stays(padding_idx):
    table = layer(5, 3, padding_idx)
    assert table.padding_idx == 1
    assert (table.weight.data == 0).all(axis=1).tolist() == [False, True, False, False, False]
    optimizer = mg.optim.SGD(table.named_parameters(), lr=0.1)
    before = table.weight.data.copy()
    table(np.array([1, 2, 1])).sum().backward()
    optimizer.step()
    moved = (table.weight.data != before).any(axis=1)
    assert moved.tolist() == [False, False, True, False, False]


def test_a_seed_reproduces_and_the_default_dtype_counts():
    np.testing.assert_array_equal(layer(3, 4).weight.data, layer(3, 4).weight.data)
    assert not np.array_equal(nn.Embedding(3, 4).weight.data, nn.Embedding(3, 4).weight.data)
    mg.set_default_dtype(np.float64)
    try:
        assert layer(3, 4).weight.dtype == np.float64
    finally:
        mg.set_default_dtype(np.float32)


@pytest.mark.parametrize("sizes", [(0, 3), (3, 0), (-1, 2)])
def test_too_few_vectors_or_numbers(sizes):
    with pytest.raises(ValueError, match=f"at least one number, got {sizes[0]}, {sizes[1]}"):
        nn.Embedding(*sizes)


@pytest.mark.parametrize("padding_idx", [5, -6])
def test_padding_outside_the_table(padding_idx):
    with pytest.raises(ValueError, match=f"padding_idx.*5 of the table, got {padding_idx}"):
        nn.Embedding(5, 3, padding_idx)


def test_wrong_indices():
    with pytest.raises(IndexError, match=r"\[0, 5\).*got 1 to 5"):
        layer(5, 3)(np.array([1, 5]))
    with pytest.raises(TypeError, match="got float32"):
        layer(5, 3)(np.zeros(2, np.float32))
