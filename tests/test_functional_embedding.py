"""Rows of a table, and what a wrong index says."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad.testing import gradcheck

rng = np.random.default_rng(0)
TABLE = rng.standard_normal((5, 3))


@pytest.mark.parametrize("indices", [2, [], [4, 0, 4], [[1, 1], [0, 3]], np.zeros((2, 0, 1), int)])
@pytest.mark.parametrize("padding_idx", [None, 4, -2])
def test_value_and_derivatives(indices, padding_idx):
    expected = TABLE[np.asarray(indices, int)]
    for given in (indices, np.asarray(indices, np.int32), np.asarray(indices, np.uint8)):
        np.testing.assert_array_equal(F.embedding(given, TABLE, padding_idx), expected)
    np.testing.assert_array_equal(F.embedding(mg.tensor(indices, dtype=int), TABLE), expected)

    def f(table):
        return np.tanh(F.embedding(indices, table))

    assert gradcheck(f, [TABLE], order=2)


def test_repeated_rows_add_up_and_padding_gets_nothing():
    indices, g = np.array([[1, 4, 1], [2, 2, 1]]), rng.standard_normal((2, 3, 3))
    table = mg.tensor(TABLE, requires_grad=True)
    expected = np.zeros_like(TABLE)
    np.add.at(expected, indices, g)
    (found,) = mg.grad([F.embedding(indices, table)], [table], [g])
    np.testing.assert_allclose(found.data, expected, rtol=1e-14)
    g[0, 0] = np.nan  # even this does not get through
    expected[1] = 0
    for padding_idx in (1, -4):
        (found,) = mg.grad([F.embedding(indices, table, padding_idx)], [table], [g])
        np.testing.assert_allclose(found.data, expected, rtol=1e-14)


@pytest.mark.parametrize("indices", [[5], [0, -1], [[0, 7], [1, 2]]])
def test_an_index_outside_the_table(indices):
    low, high = np.min(indices), np.max(indices)
    with pytest.raises(IndexError, match=rf"lie in \[0, 5\).*got {low} to {high}"):
        F.embedding(indices, TABLE)


@pytest.mark.parametrize("indices", [[1.0], [True], mg.tensor([0.5])])
def test_indices_that_are_no_integers(indices):
    with pytest.raises(TypeError, match=r"integers as indices, got (float|bool).*astype\(int\)"):
        F.embedding(indices, TABLE)


@pytest.mark.parametrize("shape", [(3,), (2, 3, 4), ()])
def test_a_table_of_other_axes(shape):
    with pytest.raises(ValueError, match=r"table of shape \(num_embeddings, embedding_dim\), got"):
        F.embedding([0], np.ones(shape))


@pytest.mark.parametrize("padding_idx", [5, -6])
def test_padding_outside_the_table(padding_idx):
    with pytest.raises(ValueError, match=f"padding_idx.*5 of the table, got {padding_idx}"):
        F.embedding([0], TABLE, padding_idx)


def test_compiled_programs_keep_the_check():
    look_up = mg.compile(lambda i: F.embedding(i, TABLE) * 2)
    for indices in ([0, 1], [4, 4]):
        np.testing.assert_array_equal(look_up(np.array(indices)), TABLE[indices] * 2)
    with pytest.raises(IndexError, match="got 0 to 5"):
        look_up(np.array([0, 5]))
    with pytest.raises(IndexError, match="got -1 to 0"):
        look_up(np.array([0, -1]))
    assert look_up.cache_info().misses == 1
