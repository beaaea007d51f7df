"""Attention, its weights and its masks."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad.testing import gradcheck

rng = np.random.default_rng(0)
L, S = 3, 4
Q, K, V = (rng.standard_normal((2, 2, n, d)) for n, d in ((L, 4), (S, 4), (S, 5)))


def by_definition(q, k, v, mask=0.0, scale=0.5):
    """Equation 1, line by line."""
    scores = scale * np.einsum("...id,...jd->...ij", q, k) + mask
    e = np.exp(scores)
    return np.einsum("...ij,...jd->...id", e / e.sum(axis=-1, keepdims=True), v)


BIAS = rng.standard_normal((2, 1, L, S))
SEEN = np.array([[True, False, True, True], [False, False, False, True], [True, True, False, True]])


def test_value():
    np.testing.assert_allclose(F.scaled_dot_product_attention(Q, K, V), by_definition(Q, K, V))
    y = F.scaled_dot_product_attention(Q, K, V, BIAS, scale=0.1)
    np.testing.assert_allclose(y, by_definition(Q, K, V, BIAS, 0.1))
    y = F.scaled_dot_product_attention(Q, K, V, SEEN)
    np.testing.assert_allclose(y, by_definition(Q, K, V, np.where(SEEN, 0, -np.inf)))


def test_the_weights_mix_the_values():
    weights = F.attention_weights(Q, K, BIAS)
    assert weights.shape == (2, 2, L, S)
    np.testing.assert_allclose(weights.sum(axis=-1), 1)
    y = F.scaled_dot_product_attention(Q, K, V, BIAS)
    np.testing.assert_allclose(weights @ V, y, rtol=1e-12)


def test_it_is_its_plain_composition():
    """With its derivatives: the primitives inside against those of NumPy's functions."""

    def plain(q, k, v, mask):
        return F.softmax(q @ np.swapaxes(k, -1, -2) / 2 + mask) @ v

    arrays = Q, K, V, BIAS
    g = rng.standard_normal((2, 2, L, 5))
    results = []
    for f in (F.scaled_dot_product_attention, plain):
        xs = [mg.tensor(a, requires_grad=True) for a in arrays]
        y = f(*xs)
        first = mg.grad([y], xs, [g], create_graph=True)
        second = mg.grad(sum((t * t).sum() for t in first), xs)
        results.append([y, *first, *second])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a.data, b.data, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("mask", [None, SEEN, BIAS])
@pytest.mark.parametrize("is_causal", [False, True])
def test_derivatives_to_second_order(mask, is_causal):
    def f(q, k, v):
        return F.scaled_dot_product_attention(q, k, v, mask, is_causal=is_causal)

    assert gradcheck(f, [Q[0], K[0], V[0]] if mask is not BIAS else [Q, K, V], order=2)


def test_a_mask_may_be_learnt():
    def f(mask):
        return F.scaled_dot_product_attention(Q, K, V, mask)

    assert gradcheck(f, [BIAS], order=2)
    mask = mg.tensor(BIAS.astype(np.float32), requires_grad=True)
    assert mg.grad(f(mask).sum(), mask).dtype == np.float32


def test_what_comes_later_changes_nothing():
    before = F.scaled_dot_product_attention(Q, K[..., :L, :], V[..., :L, :], is_causal=True)
    k, v = K[..., :L, :].copy(), V[..., :L, :].copy()

    k[..., 2, :], v[..., 2, :] = 1e3, -1e3
    after = F.scaled_dot_product_attention(Q, k, v, is_causal=True)
    np.testing.assert_array_equal(before[..., :2, :], after[..., :2, :])
    assert not np.allclose(before[..., 2, :], after[..., 2, :])


def test_masks_add_up():
    both = SEEN & np.tril(np.ones((L, S), bool))
    both[1] = SEEN[1] & [True, True, False, False]
    found = F.attention_weights(Q, K, SEEN, is_causal=True)
    np.testing.assert_allclose(found, F.attention_weights(Q, K, both))
    assert (found[..., ~both] == 0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_query_that_sees_nothing_gets_zeros(dtype):
    """And no nan reaches any gradient."""
    mask = SEEN.copy()
    mask[1] = False
    xs = [mg.tensor(a.astype(dtype), requires_grad=True) for a in (Q, K, V)]
    y = F.scaled_dot_product_attention(*xs, mask)
    assert (y.data[..., 1, :] == 0).all()
    assert (F.attention_weights(Q, K, mask)[..., 1, :] == 0).all()
    grads = mg.grad((y * y).sum(), xs, create_graph=True)
    assert all(np.isfinite(g.data).all() for g in grads)
    assert (grads[0].data[..., 1, :] == 0).all()
    second = mg.grad(sum((g * g).sum() for g in grads), xs)
    assert all(np.isfinite(g.data).all() and g.dtype == dtype for g in second)
    assert gradcheck(lambda q, k, v: F.scaled_dot_product_attention(q, k, v, mask), [Q, K, V])


@pytest.mark.parametrize("size", [1e4, -1e4])
def test_large_scores_do_not_overflow(size):
    q, k = np.full((2, 1), size), np.array([[1.0], [2.0], [2.0]])
    expected = [0, 0.5, 0.5] if size > 0 else [1, 0, 0]
    np.testing.assert_array_equal(F.attention_weights(q, k, scale=1.0), [expected] * 2)


def test_dropout_zeroes_weights():
    k, v = np.zeros((1000, 4)), np.ones((1000, 1))
    rngs = [np.random.default_rng(7) for _ in range(2)]
    a, b = (F.scaled_dot_product_attention(Q[0, 0], k, v, dropout_p=0.25, rng=r) for r in rngs)
    np.testing.assert_array_equal(a, b)
    np.testing.assert_allclose(a, 1, atol=0.1)
    assert (a != 1).any()


# Masks.


def test_causal_mask():
    np.testing.assert_array_equal(F.causal_mask(3) == 0, np.tril(np.ones((3, 3), bool)))
    np.testing.assert_array_equal(F.causal_mask(2, 4) == 0, np.tril(np.ones((2, 4), bool)))
    np.testing.assert_array_equal(F.causal_mask(2, 4, 1) == 0, np.tril(np.ones((2, 4), bool), 1))
    assert (F.causal_mask(1, offset=5) == 0).all()
    assert F.causal_mask(1, offset=5).shape == (1, 6)
    assert F.causal_mask(2).dtype == np.float32
    assert F.causal_mask(2, dtype=np.float64).dtype == np.float64
    assert F.causal_mask(2) is not F.causal_mask(3)
    with pytest.raises(ValueError, match="read-only"):
        F.causal_mask(2)[0] = 1
    with pytest.raises(ValueError, match="at least 0, got -1 queries, 2 keys"):
        F.causal_mask(-1, 2)


@pytest.mark.parametrize("mask", [np.zeros((L, S), int), [[0] * S] * L])
def test_a_mask_of_whole_numbers(mask):
    with pytest.raises(TypeError, match=r"booleans, or floats.*got int64.*astype\(bool\)"):
        F.scaled_dot_product_attention(Q, K, V, mask)


@pytest.mark.parametrize("shape", [(S,), (S, L), (L + 1, S), (2, 2, L, S - 1)])
def test_a_mask_of_another_shape(shape):
    with pytest.raises(ValueError, match=r"attn_mask must broadcast to 3 queries and 4 keys"):
        F.scaled_dot_product_attention(Q, K, V, np.zeros(shape))


@pytest.mark.parametrize(
    "shapes",
    [((L, 4), (S, 3), (S, 5)), ((L, 4), (S, 4), (S + 1, 5)), ((L, 4), (0, 4), (0, 5))],
)
def test_shapes_that_do_not_fit(shapes):
    with pytest.raises(ValueError, match=r"keys \(..., S, d\).*at least one key; got"):
        F.scaled_dot_product_attention(*map(np.ones, shapes))


@pytest.mark.parametrize("query", [np.ones(4), np.ones((L, 4), int), [[1.0, 2.0]]])
def test_queries_of_other_axes_or_kinds(query):
    with pytest.raises(ValueError, match=r"takes a query of shape \(..., length, features\)"):
        F.attention_weights(query, K[0, 0])
    with pytest.raises(ValueError, match="takes a key"):
        F.attention_weights(K[0, 0], query)


def test_float32_stays_float32():
    q, k, v = (a.astype(np.float32) for a in (Q, K, V))
    for mask in (None, SEEN, BIAS):
        assert F.scaled_dot_product_attention(q, k, v, mask, is_causal=True).dtype == np.float32
