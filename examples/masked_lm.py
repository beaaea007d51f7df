"""Pre-training as BERT does it: characters of Python's manual are hidden, and guessed.

Of each text 15 % of the characters are chosen: 80 % of these are replaced by a mask, 10 % by any
character, 10 % stay, so that no place can be trusted. Attention looks both ways. To know what this
is worth, the same characters are guessed by counts of their two neighbours. Muon makes the steps.

    python examples/masked_lm.py

Expected: accuracy gained over the neighbours >= 0.1, in two minutes. The picture shows accuracy on
the held-out text; a line with holes and its restoration are printed.

Source: Devlin et al. 2019, "BERT: pre-training of deep bidirectional transformers for language
understanding", section 3.1. Deviations: characters, not parts of words, and rotary positions.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from example import PICTURES, Goal, panels, run, save
from topics import Topics

import minigrad as mg
import minigrad.functional as F
from minigrad import nn
from minigrad.optim import schedules

GOAL = Goal("accuracy gained over the neighbours", ">=", 0.1, quick=-1.0)
LENGTH, IGNORED = 128, -100


class Encoder(nn.Module):
    def __init__(self, kinds, rng, width=96, depth=3):
        self.embedding = nn.Embedding(kinds + 1, width, rng=rng)  # the last one is the mask
        shape = {"activation": "gelu", "batch_first": True, "norm_first": True}
        layers = [
            nn.TransformerEncoderLayer(
                width, 4, 4 * width, 0.0, **shape, rotary=nn.RotaryPositions(), rng=rng
            )
            for _ in range(depth)
        ]
        self.blocks = nn.TransformerEncoder(layers, nn.LayerNorm(width))
        self.head = nn.Linear(width, kinds, rng=rng)

    def forward(self, codes):
        return self.head(self.blocks(self.embedding(codes)))


def hidden(codes, kinds, rng):
    """The text with holes, and what stood at the chosen places; elsewhere `IGNORED`."""
    chosen, fate = rng.random(codes.shape) < 0.15, rng.random(codes.shape)
    holes = np.where(chosen & (fate < 0.8), kinds, codes)
    holes = np.where(chosen & (fate >= 0.9), rng.integers(kinds, size=codes.shape), holes)
    return holes, np.where(chosen, codes, IGNORED)


def neighbours_accuracy(text, codes, answers):
    """Of guessing the character that was most frequent between the two beside it."""
    kinds = len(text.alphabet)
    counts = np.zeros((kinds,) * 3, np.int32)
    np.add.at(counts, (text.train[:-2], text.train[2:], text.train[1:-1]), 1)
    rows, columns = np.nonzero(answers[:, 1:-1] != IGNORED)
    guesses = counts[codes[rows, columns], codes[rows, columns + 2]].argmax(axis=1)
    return float((guesses == answers[rows, columns + 1]).mean())


def guesses_of(model, holes):
    with mg.no_grad():
        return np.concatenate([model(part).argmax(axis=-1) for part in np.array_split(holes, 20)])


def main(seed: int = 0, quick: bool = False, out: Path = PICTURES) -> float:
    rng, text = np.random.default_rng(seed), Topics()
    kinds, steps = len(text.alphabet), 60 if quick else 2000
    model = Encoder(kinds, rng, *((16, 1) if quick else ()))
    rate = schedules.Warmup(schedules.Cosine(0.02, steps), steps // 20)
    optimizer = mg.optim.MuonWithAdamW(
        model.named_parameters(), rate, share=0.2, rest=["embedding*", "head*"]
    )

    @mg.compile
    def train_step(holes, answers):
        logits = model(holes)
        loss = F.cross_entropy(np.moveaxis(logits, -1, 1), answers, ignore_index=IGNORED)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    whole = text.pieces(LENGTH)[:, :-1]
    holes, answers = hidden(whole, kinds, np.random.default_rng(1))
    asked, curve = answers != IGNORED, []
    for step in range(1, steps + 1):
        train_step(*hidden(text.batch(8, LENGTH, rng)[0], kinds, rng))
        if step % (steps // 15) == 0:
            guesses = guesses_of(model, holes)
            curve.append((step, (guesses == answers)[asked].mean()))
            print(f"step {step}: {curve[-1][1]:.3f} of the hidden characters")
    by_neighbours = neighbours_accuracy(text, whole, answers)
    print(f"held-out text: {curve[-1][1]:.3f}, by the two neighbours {by_neighbours:.3f}")
    for codes in (np.where(asked, text.encode("_"), holes)[5], np.where(asked, guesses, whole)[5]):
        print(text.decode(codes).replace("\n", " "))

    figure, (panel,) = panels(1, width=5)
    panel.plot(*np.transpose(curve), label="transformer")
    panel.axhline(by_neighbours, color="gray", linestyle="--", label="by the two neighbours")
    panel.set(xlabel="step", ylabel="accuracy on hidden characters")
    panel.legend(frameon=False)
    save(figure, out, "masked_lm")
    return float(curve[-1][1]) - by_neighbours


if __name__ == "__main__":
    run(main, GOAL)
