"""An LSTM learns to write Python's manual, character by character.

The help topics of Python's own reference manual, 465,000 characters, the last tenth held out. What
comes next is guessed from up to 64 characters before. Gradients through time may explode, so their
norm is bounded; the forget gates begin open (Jozefowicz et al. 2015).

    python examples/char_lstm.py

Expected: nats saved against bigrams >= 0.8, in about a minute. A nat is 1.44 bits: without any
knowledge a character takes 4.6 nats, from counts of pairs 2.3. The picture shows the loss on the
held-out text; a sample of what the network writes is printed.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from example import PICTURES, Goal, panels, run, save
from topics import Topics, drawn, held_out

import minigrad as mg
import minigrad.functional as F
from minigrad import nn

GOAL = Goal("nats saved against bigrams", ">=", 0.8, quick=-1.0)


class CharLSTM(nn.Module):
    def __init__(self, kinds, rng, hidden=128):
        self.embedding = nn.Embedding(kinds, hidden, rng=rng)
        self.lstm = nn.LSTM(hidden, hidden, batch_first=True, forget_bias=1.0, rng=rng)
        self.head = nn.Linear(hidden, kinds, rng=rng)

    def forward(self, codes, state=None):
        hidden, state = self.lstm(self.embedding(codes), state)
        return self.head(hidden), state


def train(model, text, steps, rng):
    """Adam with a falling rate; returns (step, seconds, held-out nats) at twenty moments."""
    schedule = mg.optim.schedules.Cosine(4e-3, steps)
    optimizer = mg.optim.Adam(model.named_parameters(), lr=schedule)

    @mg.compile
    def train_step(codes, targets):
        logits, _ = model(codes)
        loss = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        mg.optim.clip_grad_norm(optimizer, 1.0)
        optimizer.step()
        return loss

    curve, seconds = [], 0.0
    for step in range(1, steps + 1):
        start = time.perf_counter()
        train_step(*text.batch(32, 64, rng))
        seconds += time.perf_counter() - start
        if step % (steps // 20) == 0:
            nats = held_out(lambda codes: model(codes)[0], text, pieces=20)
            curve.append((step, seconds, nats))
            print(f"step {step}: {nats:.3f} nats, {seconds:.1f} s")
    return curve


def write(model, text, start, length, rng):
    """Go on writing: each character is drawn from what the network thinks, then read by it."""
    codes, state = text.encode(start), None
    with mg.no_grad():
        for _ in range(length):
            logits, state = model(codes[None], state)
            codes = drawn(logits.data[0, -1], rng)
            start += text.decode(codes)
    return start


def main(seed: int = 0, quick: bool = False, out: Path = PICTURES) -> float:
    rng, text = np.random.default_rng(seed), Topics()
    model = CharLSTM(len(text.alphabet), rng, hidden=32 if quick else 128)
    curve = train(model, text, 60 if quick else 1500, rng)
    limit = 4 if quick else None
    nats, bigrams = held_out(lambda codes: model(codes)[0], text, limit), text.bigrams()
    print(f"held-out text: {nats:.3f} nats per character, by bigrams {bigrams:.3f}")
    print(write(model, text, "The following ", 60 if quick else 400, rng))

    figure, (panel,) = panels(1, width=5)
    steps, _, losses = np.transpose(curve)
    panel.plot(steps, losses, label="LSTM")
    panel.axhline(bigrams, color="gray", linestyle="--", label="bigrams")
    panel.set(xlabel="step", ylabel="held-out nats per character")
    panel.legend(frameon=False)
    save(figure, out, "char_lstm")
    return bigrams - nats


if __name__ == "__main__":
    run(main, GOAL)
