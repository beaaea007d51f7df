"""A small GPT writes Python's manual, and beats the LSTM in the same time.

The text of `char_lstm.py`. First that example's LSTM is trained, then the transformer, for as many
seconds: blocks of causal attention with the norms in front and rotary positions, which look twice
as far back. Muon makes the steps of the matrices in the blocks, AdamW all others; their rates warm
up and fall as a cosine. A cache of keys and values makes each new character cost one position only.

    python examples/char_transformer.py

Expected: nats saved against the LSTM >= 0.02, in about 2 minutes. The picture shows the loss on the
held-out text by time.
"""

from __future__ import annotations

import math
import time
from pathlib import Path

import char_lstm
import numpy as np
from example import PICTURES, Goal, panels, run, save
from topics import Topics, drawn, held_out

import minigrad as mg
import minigrad.functional as F
from minigrad import nn

GOAL = Goal("nats saved against the LSTM", ">=", 0.02, quick=-2.0)


class GPT(nn.Module):
    def __init__(self, kinds, rng, width=96, depth=3, heads=4):
        self.embedding = nn.Embedding(kinds, width, rng=rng)
        shape = {"dropout": 0.0, "activation": "gelu", "batch_first": True, "norm_first": True}
        blocks = [
            nn.TransformerEncoderLayer(
                width, heads, 4 * width, **shape, rotary=nn.RotaryPositions(), rng=rng
            )
            for _ in range(depth)
        ]
        self.blocks = nn.TransformerEncoder(blocks, nn.LayerNorm(width))
        self.head = nn.Linear(width, kinds, rng=rng)

    def forward(self, codes, cache=None):
        return self.head(self.blocks(self.embedding(codes), is_causal=True, cache=cache))


def train(model, text, seconds, rng):
    """As many steps as the time allows; returns (step, seconds, held-out nats) now and then."""
    spent = 0.0

    def rate(t):
        return 0.02 * min(t / 100, 0.5 + 0.5 * math.cos(math.pi * min(spent / seconds, 1)))

    optimizer = mg.optim.MuonWithAdamW(
        model.named_parameters(), rate, share=0.2, rest=["embedding*", "head*"], weight_decay=0.01
    )

    @mg.compile
    def train_step(codes, targets):
        logits = model(codes)
        loss = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    curve = []
    while spent < seconds:
        start = time.perf_counter()
        train_step(*text.batch(8, 128, rng))
        spent += time.perf_counter() - start
        if spent >= seconds * (len(curve) + 1) / 20:
            curve.append((optimizer.t, spent, held_out(model, text, pieces=20)))
            print("step {}: {:.3f} nats, {:.1f} s".format(*(curve[-1][k] for k in (0, 2, 1))))
    return curve


def write(model, text, start, length, rng):
    """Go on writing; nothing is read twice, for the cache has its keys and values."""
    codes, cache = text.encode(start), nn.KeyValueCache()
    with mg.no_grad():
        for _ in range(length):
            codes = drawn(model(codes[None], cache).data[0, -1], rng)
            start += text.decode(codes)
    return start


def main(seed: int = 0, quick: bool = False, out: Path = PICTURES) -> float:
    rng, text = np.random.default_rng(seed), Topics()
    kinds, limit = len(text.alphabet), 4 if quick else None
    lstm = char_lstm.CharLSTM(kinds, rng, hidden=32 if quick else 128)
    others = char_lstm.train(lstm, text, 60 if quick else 1500, rng)
    model = GPT(kinds, rng, *((16, 1, 2) if quick else ()))
    curve = train(model, text, others[-1][1], rng)
    nats = held_out(model, text, limit)
    other = held_out(lambda codes: lstm(codes)[0], text, limit)
    print(f"held-out text: {nats:.3f} nats per character, by the LSTM {other:.3f}")
    print(write(model, text, "The following ", 60 if quick else 400, rng))

    figure, (panel,) = panels(1, width=5)
    for points, label in ((curve, "transformer"), (others, "LSTM")):
        _, seconds, losses = np.transpose(points)
        panel.plot(seconds, losses, label=label)
    panel.set(xlabel="seconds of training", ylabel="held-out nats per character")
    panel.legend(frameon=False)
    save(figure, out, "char_transformer")
    return other - nats


if __name__ == "__main__":
    run(main, GOAL)
