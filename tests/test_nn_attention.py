"""Attention with several heads: masks, weights, generation, and what is refused."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad import nn
from minigrad.testing import gradcheck

N, L, S, E, HEADS = 2, 4, 3, 6, 2
draws = np.random.default_rng(0)
X, MEMORY = draws.standard_normal((N, L, E)), draws.standard_normal((N, S, E))
X32, MEMORY32 = X.astype(np.float32), MEMORY.astype(np.float32)


def layer(seed=0, batch_first=True, **options):
    rng = np.random.default_rng(seed)
    made = nn.MultiheadAttention(E, HEADS, batch_first=batch_first, rng=rng, **options)
    for p in made.parameters():  # biases, too
        p.data = rng.standard_normal(p.shape).astype(p.dtype)
    return made


def test_value_from_the_definition():
    attend = layer()
    w, b = (p.data.astype(float) for p in (attend.in_proj_weight, attend.in_proj_bias))
    q, k, v = (
        (x @ w[i : i + E].T + b[i : i + E]) for x, i in ((X, 0), (MEMORY, E), (MEMORY, 2 * E))
    )
    heads, all_weights = [], []
    for h in range(HEADS):
        part = slice(h * 3, h * 3 + 3)
        weights = F.softmax(q[..., part] @ np.swapaxes(k[..., part], 1, 2) / np.sqrt(3))
        heads.append(weights @ v[..., part])
        all_weights.append(weights)
    joined = np.concatenate(heads, axis=-1)
    expected = joined @ attend.out_proj.weight.data.T + attend.out_proj.bias.data
    y, weights = attend(X, MEMORY, MEMORY)
    np.testing.assert_allclose(y.data, expected, rtol=1e-10)
    np.testing.assert_allclose(weights.data, np.mean(all_weights, axis=0), rtol=1e-10)
    _, weights = attend(X, MEMORY, average_attn_weights=False)
    np.testing.assert_allclose(weights.data, np.stack(all_weights, axis=1), rtol=1e-10)
    assert attend(X, MEMORY, need_weights=False)[1] is None


def test_key_and_value_may_be_left_out():
    attend = layer()
    for short, full in (((X32,), (X32,) * 3), ((X32, MEMORY32), (X32, MEMORY32, MEMORY32))):
        for a, b in zip(attend(*short), attend(*full), strict=True):
            np.testing.assert_array_equal(a.data, b.data)
    y, _ = attend(X32, X32.copy(), X32.copy())  # three products in place of one
    np.testing.assert_allclose(y.data, attend(X32)[0].data, rtol=1e-5, atol=1e-6)


def test_without_batch_first_time_comes_first():
    y, weights = layer()(X32, MEMORY32)
    other, same = layer(batch_first=False)(np.swapaxes(X32, 0, 1), np.swapaxes(MEMORY32, 0, 1))
    np.testing.assert_allclose(np.swapaxes(other.data, 0, 1), y.data, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(same.data, weights.data, rtol=1e-5, atol=1e-6)
    for attend in (layer(), layer(batch_first=False)):
        y1, weights1 = attend(X32[1], MEMORY32[1])
        np.testing.assert_allclose(y1.data, y.data[1], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(weights1.data, weights.data[1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("options", [{}, {"is_causal": True}], ids=["all", "causal"])
@pytest.mark.parametrize("seen", ["itself", "memory"])
def test_derivatives_to_second_order(options, seen):
    attend = layer()
    padding = np.array([False, True, False, False]) if seen == "itself" else np.zeros(S, bool)

    def f(x, memory, w, b, out):
        attend.in_proj_weight, attend.in_proj_bias, attend.out_proj.weight = w, b, out
        key = x if seen == "itself" else memory
        y, weights = attend(x, key, key_padding_mask=padding, **options)
        return np.concatenate([np.reshape(y, -1), np.reshape(weights, -1)])

    shapes = (L, E), (S, E), (3 * E, E), (3 * E,), (E, E)
    rng = np.random.default_rng(3)
    assert gradcheck(f, [0.5 * rng.standard_normal(s) for s in shapes], order=2)


# Masks.


def test_what_comes_later_changes_nothing():
    attend, changed = layer(), X32.copy()
    changed[:, 2:] += 1
    y, _ = attend(X32, is_causal=True)
    other, _ = attend(changed, is_causal=True)
    np.testing.assert_array_equal(y.data[:, :2], other.data[:, :2])
    assert (y.data[:, 2:] != other.data[:, 2:]).any()


def test_is_causal_is_a_mask_of_booleans_or_floats():
    attend = layer()
    later = np.triu(np.ones((L, L), bool), 1)
    expected = attend(X32, is_causal=True)
    for mask in (later, np.where(later, -np.inf, 0), F.causal_mask(L)):
        for a, b in zip(attend(X32, attn_mask=mask), expected, strict=True):
            np.testing.assert_array_equal(a.data, b.data)


def test_padding_is_as_if_it_were_not_there():
    attend, padded = layer(), MEMORY32.copy()
    padded[0, 2] = 1e3
    mask = np.array([[False, False, True], [False, False, False]])
    y, weights = attend(X32, padded, key_padding_mask=mask)
    alone, _ = attend(X32[:1], MEMORY32[:1, :2])
    np.testing.assert_allclose(y.data[:1], alone.data, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(weights.data[0, :, 2], 0)
    np.testing.assert_allclose(weights.data.sum(axis=-1), 1, rtol=1e-6)


def test_masks_for_each_head_and_all_at_once():
    attend = layer()
    rng = np.random.default_rng(1)
    per_head = rng.random((N * HEADS, L, L)) > 0.7
    padding = np.array([[False] * 4, [False, False, True, False]])
    both = (
        per_head.reshape(N, HEADS, L, L)
        | padding[:, None, None]
        | np.triu(np.ones((L, L), bool), 1)
    )
    options = {"average_attn_weights": False}
    _, weights = attend(
        X32, attn_mask=per_head, key_padding_mask=padding, is_causal=True, **options
    )
    assert (weights.data[both] == 0).all()
    assert (weights.data[~both] > 0).all()


def test_a_query_that_sees_nothing_gets_the_bias_alone():
    attend = layer()
    x = mg.tensor(X32, requires_grad=True)
    y, weights = attend(x, key_padding_mask=np.array([[True] * L, [False] * L]))
    np.testing.assert_array_equal(y.data[0], np.tile(attend.out_proj.bias.data, (L, 1)))
    assert (weights.data[0] == 0).all()
    (y * y).sum().backward()
    assert all(np.isfinite(t.grad.data).all() for t in [x, *attend.parameters()])
    assert (x.grad.data[0] == 0).all()


# Weights, dropout, initialisation.


def test_parameters():
    made = nn.MultiheadAttention(E, HEADS, rng=np.random.default_rng(0))
    assert [(n, p.shape) for n, p in made.named_parameters()] == [
        ("in_proj_weight", (3 * E, E)),
        ("in_proj_bias", (3 * E,)),
        ("out_proj.weight", (E, E)),
        ("out_proj.bias", (E,)),
    ]
    bound = np.sqrt(6 / (4 * E))
    assert 0.9 * bound < np.abs(made.in_proj_weight.data).max() <= bound
    assert not made.in_proj_bias.data.any()
    assert not made.out_proj.bias.data.any()
    assert list(layer(bias=False).state_dict()) == ["in_proj_weight", "out_proj.weight"]
    assert repr(made).startswith("MultiheadAttention(6, 2): 168 parameters: in_proj_weight (18, 6)")


def test_dropout_only_while_training():
    attend = layer(dropout=0.5)
    assert (attend(X32)[0].data != attend(X32)[0].data).any()
    again = [layer(dropout=0.5)(X32)[0].data for _ in range(2)]
    np.testing.assert_array_equal(*again)
    np.testing.assert_array_equal(attend.eval()(X32)[0].data, layer()(X32)[0].data)


def test_dtypes():
    assert layer()(X32)[0].dtype == layer()(X32)[1].dtype == np.float32
    assert layer()(X)[0].dtype == np.float64
    mg.set_default_dtype(np.float64)
    try:
        made = nn.MultiheadAttention(E, HEADS)
    finally:
        mg.set_default_dtype(np.float32)
    assert {p.dtype for p in made.parameters()} == {np.dtype(np.float64)}


# Generation.


@pytest.mark.parametrize("rotary", [None, nn.RotaryPositions()], ids=["plain", "rotary"])
@pytest.mark.parametrize("lengths", [(1,) * 12, (4, 8), (5, 1, 1, 5), (12,)])
def test_step_by_step_equals_the_whole(rotary, lengths):
    attend = nn.MultiheadAttention(8, 2, batch_first=True, rotary=rotary)
    x = np.random.default_rng(1).standard_normal((3, 12, 8)).astype(np.float32)
    whole, _ = attend(x, is_causal=True)
    cache, parts, start = nn.KeyValueCache(), [], 0
    for n in lengths:
        assert cache.length == start
        y, weights = attend(x[:, start : start + n], is_causal=True, cache=cache)
        start += n
        assert weights.shape == (3, n, start)
        parts.append(y.data)
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole.data, rtol=1e-4, atol=1e-6)


def test_a_cache_counts_padding_from_the_beginning():
    attend = layer()
    padding = np.array([[True, False, False, False], [False] * 4])
    whole, _ = attend(X32, is_causal=True, key_padding_mask=padding)
    cache = nn.KeyValueCache()
    attend(X32[:, :2], is_causal=True, key_padding_mask=padding[:, :2], cache=cache)
    y, _ = attend(X32[:, 2:], is_causal=True, key_padding_mask=padding, cache=cache)
    np.testing.assert_allclose(y.data, whole.data[:, 2:], rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match=r"key_padding_mask must have shape \(2, 5\)"):
        attend(X32[:, :1], key_padding_mask=padding, cache=cache)


def test_the_memory_is_looked_at_once():
    attend, cache = layer(), nn.KeyValueCache()
    expected, _ = attend(X32, MEMORY32)
    for memory in (MEMORY32, 0 * MEMORY32):
        y, _ = attend(X32, memory, cache=cache)
        np.testing.assert_array_equal(y.data, expected.data)
    assert cache.length == 0


def test_gradients_go_through_a_cache():
    attend = layer()
    x = mg.tensor(X32, requires_grad=True)
    expected = mg.grad(attend(x, is_causal=True)[0].sum(), x)
    cache = nn.KeyValueCache()
    parts = [attend(x[:, t : t + 2], is_causal=True, cache=cache)[0] for t in (0, 2)]
    found = mg.grad(sum(p.sum() for p in parts), x)
    np.testing.assert_allclose(found.data, expected.data, rtol=1e-4, atol=1e-5)


# What is refused.


@pytest.mark.parametrize("sizes", [(6, 4), (0, 1), (6, 0), (-6, 2)])
def test_heads_that_do_not_divide(sizes):
    with pytest.raises(ValueError, match=rf"multiple of num_heads, got {sizes[0]} and {sizes[1]}"):
        nn.MultiheadAttention(*sizes)


def test_no_probability():
    with pytest.raises(ValueError, match=r"in \[0, 1\], got 1.5"):
        nn.MultiheadAttention(6, 2, 1.5)


@pytest.mark.parametrize("shape", [(E,), (2, 3, E + 1), (2, 2, 3, E)])
def test_inputs_of_another_shape(shape):
    with pytest.raises(ValueError) as error:
        layer()(np.ones(shape, np.float32))
    assert f"(N, T, 6) or (T, 6), got {shape}" in str(error.value)
    with pytest.raises(ValueError, match=r"\(T, N, 6\) or \(T, 6\)"):
        layer(batch_first=False)(np.ones(shape, np.float32))


def test_inputs_of_another_kind():
    with pytest.raises(TypeError, match="floating-point numbers, got int64"):
        layer()(np.ones((2, 3, E), int))
    with pytest.raises(TypeError, match="an array or a tensor, got list"):
        layer()([[1.0] * E])


@pytest.mark.parametrize(
    "shapes",
    [
        ((2, 3, E), (1, 3, E), (1, 3, E)),
        ((2, 3, E), (2, 4, E), (2, 3, E)),
        ((2, 3, E), (2, 0, E), (2, 0, E)),
        ((2, 0, E), (2, 0, E), (2, 0, E)),
        ((3, E), (2, 3, E), (2, 3, E)),
    ],
)
def test_inputs_that_do_not_fit_each_other(shapes):
    with pytest.raises(ValueError, match=r"one batch, with as many values as keys and at least"):
        layer()(*(np.ones(s, np.float32) for s in shapes))


@pytest.mark.parametrize(
    ("masks", "error", "message"),
    [
        ({"attn_mask": np.zeros((L, L + 1))}, ValueError, r"\(4, 4\), or \(4, 4, 4\) for each"),
        ({"attn_mask": np.zeros((N, L, L))}, ValueError, r"got \(2, 4, 4\)"),
        ({"attn_mask": np.zeros((L, L), int)}, TypeError, "booleans, or floats.*int64"),
        ({"key_padding_mask": np.zeros(L)}, ValueError, r"shape \(2, 4\), one value.*\(4,\)"),
        ({"key_padding_mask": np.zeros((N, L), int)}, TypeError, "booleans, or floats.*int64"),
    ],
)
def test_masks_that_do_not_fit(masks, error, message):
    with pytest.raises(error, match=message):
        layer()(X32, **masks)


def test_rotary_is_for_one_sequence():
    attend = nn.MultiheadAttention(8, 2, rotary=nn.RotaryPositions())
    with pytest.raises(ValueError, match="within one sequence.*rotary=None"):
        attend(np.ones((3, 8)), np.ones((4, 8)))
