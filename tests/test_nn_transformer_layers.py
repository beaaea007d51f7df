"""The blocks of transformers."""

import re

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad import nn
from minigrad.testing import gradcheck

N, L, S, E, HEADS, INNER = 2, 4, 3, 6, 3, 5
draws = np.random.default_rng(0)
X = draws.standard_normal((N, L, E)).astype(np.float32)
MEMORY = draws.standard_normal((N, S, E)).astype(np.float32)
KINDS = {"encoder": nn.TransformerEncoderLayer, "decoder": nn.TransformerDecoderLayer}
of_both_kinds = pytest.mark.parametrize("kind", KINDS)


def block(kind, seed=0, dropout=0.0, **options):
    rng = np.random.default_rng(seed)
    options = {"batch_first": True, **options}
    return KINDS[kind](E, HEADS, INNER, dropout, **options, rng=rng)


def called(made, kind, x, memory=MEMORY, causal=False, **options):
    if kind == "encoder":
        return made(x, is_causal=causal, **options)
    return made(x, memory, tgt_is_causal=causal, **options)


@of_both_kinds
@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("activation", ["relu", "gelu", np.tanh])
def test_value_from_the_definition(kind, norm_first, activation):
    made = block(kind, norm_first=norm_first, activation=activation)
    act = {"relu": F.relu, "gelu": F.gelu}.get(activation, activation)
    parts = [lambda x: made.self_attn(x)[0], lambda x: made.linear2(act(made.linear1(x)))]
    if kind == "decoder":
        parts.insert(1, lambda x: made.multihead_attn(x, MEMORY)[0])
    norms = [made.norm1, made.norm2, *([made.norm3] if kind == "decoder" else [])]
    x = X
    for part, norm in zip(parts, norms, strict=True):
        x = x + part(norm(x)) if norm_first else norm(x + part(x))
    np.testing.assert_array_equal(called(made, kind, X).data, x.data)


@of_both_kinds
@pytest.mark.parametrize("norm_first", [True, False])
def test_derivatives_to_second_order(kind, norm_first):
    made = KINDS[kind](4, 2, 3, 0.0, "gelu", 1e-2, norm_first=norm_first)

    def f(x, memory, w, v):
        made.linear1.weight, made.self_attn.in_proj_weight = w, v
        return called(made, kind, x, memory, causal=True)

    rng = np.random.default_rng(1)
    shapes = (3, 4), (2, 4), (3, 4), (12, 4)
    assert gradcheck(f, [rng.standard_normal(s) for s in shapes], order=2)


@of_both_kinds
def test_what_comes_later_changes_nothing(kind):
    made, changed = block(kind), X.copy()
    changed[:, 2:] += 1
    y, other = (called(made, kind, x, causal=True).data for x in (X, changed))
    np.testing.assert_allclose(y[:, :2], other[:, :2], rtol=1e-5, atol=1e-6)
    assert np.abs(y[:, 2:] - other[:, 2:]).max() > 0.1


@of_both_kinds
@pytest.mark.parametrize("rotary", [None, nn.RotaryPositions()], ids=["plain", "rotary"])
def test_step_by_step_equals_the_whole(kind, rotary):
    made = block(kind, norm_first=True, rotary=rotary)
    whole = called(made, kind, X, causal=True)
    cache = nn.KeyValueCache()
    with mg.no_grad():
        parts = [
            called(made, kind, X[:, t : t + 1], causal=True, cache=cache).data for t in range(L)
        ]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole.data, rtol=1e-4, atol=1e-5)
    assert cache.length == L


@of_both_kinds
def test_dropout_only_while_training(kind):
    made = block(kind, dropout=0.3)
    assert (called(made, kind, X).data != called(made, kind, X).data).any()
    again = [called(block(kind, dropout=0.3), kind, X).data for _ in range(2)]
    np.testing.assert_array_equal(*again)
    made.eval()
    np.testing.assert_array_equal(called(made, kind, X).data, called(block(kind), kind, X).data)


def test_dropout_of_each_part():
    """With everything dropped, pre-LN leaves the input as it is."""
    for kind in KINDS:
        y = called(block(kind, dropout=1.0, norm_first=True), kind, X)
        np.testing.assert_array_equal(y.data, X)


def test_masks_reach_both_attentions():
    made = block("decoder")
    none = np.zeros((L, S), bool)
    expected = made(X, MEMORY).data
    hidden = np.array([[False, False, True], [False] * 3])
    for name, mask in {
        "tgt_mask": np.triu(np.ones((L, L), bool), 1),
        "memory_mask": np.eye(L, S, dtype=bool),
        "tgt_key_padding_mask": np.array([[False] * 3 + [True], [False] * 4]),
        "memory_key_padding_mask": hidden,
        "memory_is_causal": True,
    }.items():
        assert (made(X, MEMORY, **{name: mask}).data != expected).any(), name
    np.testing.assert_array_equal(made(X, MEMORY, memory_mask=none).data, expected)
    changed = MEMORY.copy()
    changed[0, 2] += 1
    y, other = (made(X, m, memory_key_padding_mask=hidden).data for m in (MEMORY, changed))
    np.testing.assert_array_equal(y, other)


def test_an_encoder_block_takes_masks():
    made = block("encoder")
    later = np.triu(np.ones((L, L), bool), 1)
    np.testing.assert_array_equal(made(X, later).data, made(X, is_causal=True).data)
    padding = np.array([[False] * 3 + [True], [False] * 4])
    cut = made(X[:1, :3]).data
    found = made(X, src_key_padding_mask=padding).data[:1, :3]
    np.testing.assert_allclose(found, cut, rtol=1e-5, atol=1e-6)


def test_names_and_printed_tree():
    names = [n for n, _ in block("decoder").named_modules() if n]
    assert names == [
        "self_attn", "self_attn.out_proj", "multihead_attn", "multihead_attn.out_proj", "linear1",
        "dropout", "linear2", "norm1", "norm2", "norm3", "dropout1", "dropout2", "dropout3",
    ]  # fmt: skip
    assert not [n for n in block("encoder", bias=False).state_dict() if "bias" in n]


@of_both_kinds
def test_wrong_arguments(kind):
    with pytest.raises(ValueError, match='"relu", "gelu" or a function, got \'swish\''):
        block(kind, activation="swish")
    with pytest.raises(ValueError, match="multiple of num_heads, got 6 and 4"):
        KINDS[kind](6, 4)
    with pytest.raises(ValueError, match="at least one feature"):
        KINDS[kind](6, 2, 0)
    with pytest.raises(ValueError, match=r"\[0, 1\], got 1.5"):
        KINDS[kind](6, 2, dropout=1.5)


@of_both_kinds
@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("shape", [(E,), (2, 3, E + 1), (2, 2, 3, E)])
def test_inputs_of_another_shape(kind, norm_first, shape):
    with pytest.raises(ValueError, match=re.escape(f"got {shape}")):
        called(block(kind, norm_first=norm_first), kind, np.ones(shape, np.float32))


@of_both_kinds
def test_inputs_of_another_kind(kind):
    with pytest.raises(TypeError, match="floating-point numbers, got int64"):
        called(block(kind), kind, np.ones((N, L, E), int))


def test_a_memory_that_does_not_fit():
    for shape in [(N, S, E + 1), (N + 1, S, E), (N, 0, E)]:
        with pytest.raises(ValueError, match=re.escape(str(shape))):
            block("decoder")(X, np.ones(shape, np.float32))
