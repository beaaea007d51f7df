"""A small GPT writes Python's manual, better than an LSTM that had as much time.

First the LSTM of `char_lstm.py` learns; then the transformer gets as many seconds as that took. Its
three blocks see all characters before by attention with rotary positions, normalise first (pre-LN),
and are trained by Muon with warm-up and cosine: on pieces of 128 characters, which are cheap, and
in the end of 256, the length at which it is used, for it is lost at distances that it never met.
When it writes, keys and values of what it has read are kept, so that only what is new is computed.

    python examples/char_transformer.py

Expected: nats saved against the LSTM >= 0.05, in about two minutes. The picture shows the loss on
the held-out text by the seconds of training; a sample of what the network writes is printed.

Source: Radford et al. 2018, "Improving language understanding by generative pre-training".
Deviations: characters, rotary positions, ReLU in place of GELU (half of the time in NumPy).
"""

from __future__ import annotations

import time
from pathlib import Path

import char_lstm
import numpy as np
from example import PICTURES, Goal, panels, run, save
from topics import Topics, drawn, held_out

import minigrad as mg
import minigrad.functional as F
from minigrad import nn
from minigrad.optim import schedules

GOAL = Goal("nats saved against the LSTM", ">=", 0.05, quick=-2.0)


class GPT(nn.Module):
    def __init__(self, kinds, rng, width=96, depth=3, heads=4):
        self.embedding = nn.Embedding(kinds, width, rng=rng)
        shape = {"dropout": 0.0, "batch_first": True, "norm_first": True}
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
    """Train for so many seconds; returns (seconds, held-out nats) at twenty moments."""
    rate = schedules.Warmup(schedules.Cosine(0.02, 1000), 50)  # of thousandths of the time
    optimizer = mg.optim.MuonWithAdamW(
        model.named_parameters(), share=0.2, rest=["embedding*", "head*"], weight_decay=0.01
    )

    @mg.compile
    def train_step(codes, targets):
        logits = model(codes)
        loss = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    curve, spent = [], 0.0
    while spent < seconds:
        start = time.perf_counter()
        optimizer.lr = rate(1 + int(1000 * spent / seconds))
        length = 128 if spent < 0.7 * seconds else 256
        train_step(*text.batch(1024 // length, length, rng))
        spent += time.perf_counter() - start
        if spent >= seconds * (len(curve) + 1) / 20:
            curve.append((spent, held_out(model, text, pieces=20)))
            print(f"{spent:.1f} s: {curve[-1][1]:.3f} nats")
    return curve


def write(model, text, start, length, rng):
    """Go on writing: each character is drawn from what the network thinks, then read by it."""
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
    by_lstm = char_lstm.train(lstm, text, 60 if quick else 2000, rng)
    seconds = by_lstm[-1][1]
    model = GPT(kinds, rng, *((16, 1, 2) if quick else ()))
    by_gpt = train(model, text, seconds, rng)
    theirs, ours = held_out(lambda x: lstm(x)[0], text, limit), held_out(model, text, limit)
    print(f"after {seconds:.0f} s: {ours:.3f} nats per character, by the LSTM {theirs:.3f}")
    print(write(model, text, "The following ", 60 if quick else 240, rng))

    figure, (panel,) = panels(1, width=5)
    panel.plot(*np.transpose(by_lstm)[1:], label="LSTM")
    panel.plot(*np.transpose(by_gpt), label="transformer")
    panel.set(xlabel="seconds of training", ylabel="held-out nats per character")
    panel.legend(frameon=False)
    save(figure, out, "char_transformer")
    return theirs - ours


if __name__ == "__main__":
    run(main, GOAL)
