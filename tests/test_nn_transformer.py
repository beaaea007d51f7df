"""Stacks of blocks, and a small language model that generates."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad import nn


def blocks(kind, n=2, **options):
    rng = np.random.default_rng(0)
    options = {"dropout": 0.0, "batch_first": True, "norm_first": True, **options}
    return [getattr(nn, kind)(8, 2, 16, **options, rng=rng) for _ in range(n)]


X = np.random.default_rng(1).standard_normal((2, 5, 8)).astype(np.float32)
MEMORY = X[:, :3] + 1


def test_a_stack_is_its_blocks():
    layers, norm = blocks("TransformerEncoderLayer"), nn.LayerNorm(8)
    y = nn.TransformerEncoder(layers)(X, is_causal=True)
    expected = layers[1](layers[0](X, is_causal=True), is_causal=True)
    np.testing.assert_array_equal(y.data, expected.data)
    y = nn.TransformerEncoder(iter(layers), norm)(X, is_causal=True)
    np.testing.assert_array_equal(y.data, norm(expected).data)
    layers = blocks("TransformerDecoderLayer")
    mask = np.triu(np.ones((5, 5), bool), 1)
    y = nn.TransformerDecoder(layers, norm)(X, MEMORY, mask)
    expected = norm(layers[1](layers[0](X, MEMORY, mask), MEMORY, mask))
    np.testing.assert_array_equal(y.data, expected.data)


def test_layers_begin_with_weights_of_their_own():
    stack = nn.TransformerEncoder(blocks("TransformerEncoderLayer"))
    first, second = (layer.linear1.weight.data for layer in stack.layers)
    assert (first != second).all()
    names = list(stack.state_dict())
    assert names[0] == "layers.0.self_attn.in_proj_weight"
    assert names[-1] == "layers.1.norm2.bias"
    assert len(names) == 24


@pytest.mark.parametrize("kind", ["TransformerEncoder", "TransformerDecoder"])
def test_what_is_no_stack(kind):
    with pytest.raises(TypeError, match=rf"each made for itself: \[{kind}Layer\(...\) for _"):
        getattr(nn, kind)(blocks(f"{kind}Layer")[0], 2)
    with pytest.raises(ValueError, match="at least one layer"):
        getattr(nn, kind)([])
    with pytest.raises(TypeError, match="holds modules, got str"):
        getattr(nn, kind)(["layer"])


class LanguageModel(nn.Module):
    """A small GPT."""

    def __init__(self, positions, rotary=None, vocabulary=11):
        rng = np.random.default_rng(0)
        self.tokens = nn.Embedding(vocabulary, 8, rng=rng)
        self.positions = positions
        layers = blocks("TransformerEncoderLayer", rotary=rotary)
        self.body = nn.TransformerEncoder(layers, nn.LayerNorm(8))
        self.head = nn.Linear(8, vocabulary, rng=rng)

    def forward(self, tokens, cache=None):
        x = self.tokens(tokens)
        if self.positions is not None:
            x = self.positions(x, offset=0 if cache is None else cache.length)
        return self.head(self.body(x, is_causal=True, cache=cache))


MODELS = {
    "learned": lambda: LanguageModel(nn.LearnedPositions(16, 8, rng=np.random.default_rng(2))),
    "sinusoidal": lambda: LanguageModel(nn.SinusoidalPositions(8)),
    "rotary": lambda: LanguageModel(None, nn.RotaryPositions()),
}


@pytest.mark.parametrize("name", MODELS)
@mg.no_grad()
def test_generation_with_a_cache_is_generation_without(name):
    model = MODELS[name]().eval()
    text = np.array([[3, 1, 4], [1, 5, 9]])
    cache, new = nn.KeyValueCache(), text
    while text.shape[1] < 14:
        logits = model(new, cache).data[:, -1]
        np.testing.assert_allclose(logits, model(text).data[:, -1], rtol=1e-4, atol=1e-5)
        new = logits.argmax(axis=-1)[:, None]
        text = np.concatenate([text, new], axis=1)
    assert cache.length == 13


@mg.no_grad()
def test_translation_with_a_cache_is_translation_without():
    decoder = nn.TransformerDecoder(blocks("TransformerDecoderLayer"), nn.LayerNorm(8))
    whole = decoder(X, MEMORY, tgt_is_causal=True).data
    cache = nn.KeyValueCache()
    parts = [
        decoder(X[:, t : t + 1], MEMORY, tgt_is_causal=True, cache=cache).data for t in range(5)
    ]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("compiled", [False, True])
def test_it_learns(compiled):
    """To say what came three places before, which positions and attention have to find."""
    model = MODELS["learned"]()
    optimizer = mg.optim.AdamW(model.named_parameters(), lr=0.01)
    rng = np.random.default_rng(0)

    def train_step(text):
        logits = model(text)[:, 3:]
        loss = F.cross_entropy(np.moveaxis(logits, 1, 2), text[:, :-3])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    step = mg.compile(train_step) if compiled else train_step
    losses = [step(rng.integers(11, size=(16, 8))).item() for _ in range(300)]
    assert losses[0] > 2
    assert np.mean(losses[-10:]) < 0.5
