"""Attention and the blocks of transformers against PyTorch's, with the same weights."""

import numpy as np
import pytest
import torch
import torch.nn.functional as TF
from twins import as_torch, assert_twins, in_double, share_weights

import minigrad as mg
import minigrad.functional as F
from minigrad import nn

rng = np.random.default_rng(0)
N, L, S, E, HEADS = 2, 5, 4, 6, 3

CAUSAL = np.triu(np.ones((L, L), bool), 1)
PADDING = np.arange(L) >= np.array([[L], [3]])  # the end of the second example
BIAS = rng.standard_normal((L, L))
PER_HEAD = rng.standard_normal((N * HEADS, L, L)) > 1
PER_HEAD[:, :, 0] = False
MASKS = {
    "none": {},
    "causal": {"attn_mask": CAUSAL},
    "causal, floats": {"attn_mask": np.where(CAUSAL, -np.inf, 0)},
    "bias": {"attn_mask": BIAS},
    "padding": {"key_padding_mask": PADDING},
    "padding, floats": {"key_padding_mask": np.where(PADDING, -2.0, 0.0)},
    "for each head": {"attn_mask": PER_HEAD},
    "causal and padding": {"attn_mask": CAUSAL, "key_padding_mask": PADDING},
}
with_masks = pytest.mark.parametrize("masks", MASKS.values(), ids=MASKS)


def draw(*shape):
    return rng.standard_normal(shape)


class Told:
    """A module of either kind that is called with these keyword arguments.

    Attributes:
        times: how often the inputs are given: one that is given three times sees itself.
    """

    def __init__(self, module, options, times=1):
        self.module, self.options, self.times = module, options, times

    def __call__(self, *inputs):
        options = self.options
        if isinstance(self.module, torch.nn.Module):
            arrays = {k: a for k, a in options.items() if isinstance(a, np.ndarray)}
            options = {**options, **{k: as_torch(a) for k, a in arrays.items()}}
        return self.module(*inputs * self.times, **options)

    def __getattr__(self, name):
        return getattr(self.module, name)

    def double(self):
        return Told(self.module.double(), self.options, self.times)


def assert_told_twins(ours, theirs, folder, *inputs, times=1, **options):
    assert_twins(Told(ours, options, times), Told(theirs, options, times), folder, *inputs)


def attention(n, **options):
    if n is nn:
        return in_double(lambda: n.MultiheadAttention(E, HEADS, **options))
    return n.MultiheadAttention(E, HEADS, **options)


def pair(build):
    return build(nn), build(torch.nn)


@with_masks
@pytest.mark.parametrize("average", [True, False])
def test_self_attention(masks, average, tmp_path):
    ours, theirs = pair(lambda n: attention(n, batch_first=True))
    options = {"average_attn_weights": average, **masks}
    assert_told_twins(ours, theirs, tmp_path, draw(N, L, E), times=3, **options)


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("bias", [True, False])
def test_cross_attention(batch_first, bias, tmp_path):
    ours, theirs = pair(lambda n: attention(n, batch_first=batch_first, bias=bias))
    order = (lambda t: (N, t, E)) if batch_first else (lambda t: (t, N, E))
    inputs = draw(*order(L)), draw(*order(S)), draw(*order(S))
    assert_told_twins(ours, theirs, tmp_path, *inputs, attn_mask=draw(L, S))


def test_without_a_batch(tmp_path):
    ours, theirs = pair(attention)
    options = {"key_padding_mask": np.array([False, False, True, False])}
    assert_told_twins(ours, theirs, tmp_path, draw(L, E), draw(S, E), draw(S, E), **options)


def test_the_default_distribution_is_theirs():
    ours, theirs = nn.MultiheadAttention(128, 4), torch.nn.MultiheadAttention(128, 4)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    share = np.linspace(0, 1, 11)
    for (name, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        wanted = np.quantile(q.detach().numpy(), share)
        np.testing.assert_allclose(np.quantile(p.data, share), wanted, atol=4e-3, err_msg=name)


@pytest.mark.parametrize("mask", [None, "floats", "booleans"])
@pytest.mark.parametrize("is_causal", [True, False])
@pytest.mark.parametrize("keys", [L, S])
def test_scaled_dot_product_attention(mask, is_causal, keys):
    if mask is not None and is_causal:
        return  # which PyTorch refuses
    arrays = draw(N, HEADS, L, 4), draw(N, HEADS, keys, 4), draw(N, HEADS, keys, 2)
    options = {"is_causal": is_causal, "scale": 0.3}
    masks = {"floats": draw(L, keys), "booleans": draw(N, 1, L, keys) < 1}
    xs = [mg.tensor(a, requires_grad=True) for a in arrays]
    ts = [as_torch(a, requires_grad=True) for a in arrays]
    y = F.scaled_dot_product_attention(*xs, masks.get(mask), **options)
    theirs = None if mask is None else as_torch(masks[mask])
    t = TF.scaled_dot_product_attention(*ts, theirs, **options)
    np.testing.assert_allclose(y.data, t.detach().numpy(), rtol=1e-11, atol=1e-13)
    g = draw(*y.shape)
    t.backward(as_torch(g))
    for found, wanted in zip(mg.grad([y], xs, [g]), ts, strict=True):
        np.testing.assert_allclose(found.data, wanted.grad.numpy(), rtol=1e-10, atol=1e-12)


BLOCKS = {
    "post-LN, relu": {},
    "pre-LN, gelu": {"norm_first": True, "activation": "gelu"},
    "without biases": {"bias": False},
    "another eps": {"layer_norm_eps": 1e-2, "norm_first": True},
}
as_blocks = pytest.mark.parametrize("options", BLOCKS.values(), ids=BLOCKS)


def block(n, kind, **options):
    def build():
        return getattr(n, kind)(E, HEADS, 7, dropout=0.0, batch_first=True, **options)

    return in_double(build) if n is nn else build()


@as_blocks
@pytest.mark.parametrize(
    "masks", [{}, {"src_mask": CAUSAL, "src_key_padding_mask": PADDING}], ids=["all", "masked"]
)
def test_encoder_blocks(options, masks, tmp_path):
    ours, theirs = pair(lambda n: block(n, "TransformerEncoderLayer", **options))
    assert_told_twins(ours, theirs, tmp_path, draw(N, L, E), **masks)


@as_blocks
@pytest.mark.parametrize(
    "masks",
    [
        {},
        {
            "tgt_mask": CAUSAL,
            "memory_mask": np.eye(L, S, 1, dtype=bool),
            "tgt_key_padding_mask": PADDING,
            "memory_key_padding_mask": np.array([[False] * 4, [False, True, True, False]]),
        },
    ],
    ids=["all", "masked"],
)
def test_decoder_blocks(options, masks, tmp_path):
    ours, theirs = pair(lambda n: block(n, "TransformerDecoderLayer", **options))
    assert_told_twins(ours, theirs, tmp_path, draw(N, L, E), draw(N, S, E), **masks)


@pytest.mark.parametrize("normalised", [True, False])
def test_stacks(normalised, tmp_path):
    def stack(n, kind, **plain):
        def build():
            norm = n.LayerNorm(E) if normalised else None
            if n is nn:
                layer = getattr(n, f"{kind}Layer")
                blocks = (layer(E, HEADS, 7, 0.0, norm_first=True) for _ in range(2))
                return getattr(n, kind)(blocks, norm)
            layer = getattr(n, f"{kind}Layer")(E, HEADS, 7, 0.0, norm_first=True)
            return getattr(n, kind)(layer, 2, norm, **plain)

        return in_double(build) if n is nn else build()

    ours, theirs = pair(lambda n: stack(n, "TransformerEncoder", enable_nested_tensor=False))
    assert_twins(ours, theirs, tmp_path, draw(L, N, E))
    ours, theirs = pair(lambda n: stack(n, "TransformerDecoder"))
    assert_twins(ours, theirs, tmp_path, draw(L, N, E), draw(S, N, E))


def test_float32_agrees_too(tmp_path):
    ours = nn.TransformerEncoderLayer(E, HEADS, 7, 0.0, batch_first=True)
    theirs = torch.nn.TransformerEncoderLayer(E, HEADS, 7, 0.0, batch_first=True)
    share_weights(ours, theirs.double(), tmp_path)
    x = draw(N, L, E)
    expected = theirs(as_torch(x)).detach().numpy()
    found = ours(x.astype(np.float32))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.data, expected, rtol=1e-5, atol=1e-5)
