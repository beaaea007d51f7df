"""A variational autoencoder finds the two numbers that say most about a digit, and draws new ones.

A digit x is thought to be drawn by a law: two numbers z from N(0, I), then 64 pixels, each of which
counts how many of 16 dots are inked, from Binomial(16, p(z)). The decoder computes p. The encoder
guesses z from x, as N(m(x), s(x)^2), and the two are trained to raise a bound of log p(x):

    ELBO(x) = E log p(x | z)  -  KL( N(m, s^2) | N(0, I) ),        z = m + s e,   e ~ N(0, I)
    KL      = sum (m^2 + s^2 - 1 - log s^2) / 2

What it has to beat is a mixture of ten laws without z, one for each digit, whose p are the means of
the pixels in that class. They are found with the labels, which the autoencoder never sees.

    python examples/vae_digits.py

Expected: nats saved against the mixture >= 15 an image of the test set, in about 2 seconds. The
picture shows what the decoder draws for z on a grid, and where the encoder puts the test set.

Source: Kingma & Welling 2014, "Auto-encoding variational Bayes", section 3 and appendix B.
"""

from pathlib import Path

import numpy as np
from example import PICTURES, Goal, mosaic, panels, run, save

import minigrad as mg
import minigrad.functional as F
from minigrad import nn
from minigrad.optim import schedules

GOAL = Goal("nats saved against the mixture", ">=", 15, quick=5)
DOTS = 16  # a pixel; the terms log C(16, count), which no model changes, are left out


def main(seed: int = 0, quick: bool = False, out: Path = PICTURES) -> float:
    rng = np.random.default_rng(seed)
    train, test = mg.data.datasets.digits().split(test_fraction=0.25, rng=rng)
    loader = mg.data.DataLoader(train.x, batch_size=64, shuffle=True, drop_last=True, rng=rng)

    def network(inputs, outputs):
        return nn.Sequential(
            nn.Linear(inputs, 128, rng=rng),
            nn.ReLU(),
            nn.Linear(128, 128, rng=rng),
            nn.ReLU(),
            nn.Linear(128, outputs, rng=rng),
        )

    encoder, decoder = network(64, 4), network(2, 64)
    epochs = 80 if quick else 200
    rate = schedules.Cosine(2e-3, steps=epochs * len(loader))
    optimizer = mg.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=rate)

    def negative_elbo(x, e):
        """In nats an image."""
        code = encoder(x)
        mean, log_variance = code[:, :2], code[:, 2:]
        z = mean + np.exp(log_variance / 2) * e
        dots = DOTS * F.binary_cross_entropy_with_logits(decoder(z), x, reduction="sum")
        divergence = (mean**2 + np.exp(log_variance) - 1 - log_variance).sum() / 2
        return (dots + divergence) / len(x)

    def noise(images):
        return rng.standard_normal((len(images), 2)).astype(np.float32)

    @mg.compile
    def train_step(x, e):
        loss = negative_elbo(x, e)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    for epoch in range(epochs):
        for (images,) in loader:
            loss = train_step(images, noise(images))
        if epoch % 40 == 39:
            with mg.no_grad():
                nats = np.mean([negative_elbo(test.x, noise(test.x)).item() for _ in range(20)])
            print(f"epoch {epoch + 1}: {loss:.1f} nats (batch), {nats:.1f} nats (test)")

    mixture = mixture_of_classes(train, test)
    print(f"mixture of ten: {mixture:.1f} nats (test)")
    with mg.no_grad():
        draw(decoder, encoder(test.x).data[:, :2], test.y, out)
    return float(mixture - nats)


def mixture_of_classes(train, test):
    """-log p(x) in nats an image, if each class has a p of its own (Laplace's estimate)."""
    members = train.y == np.arange(10)[:, None]
    ink = (DOTS * members @ train.x + 1) / (DOTS * members.sum(axis=1, keepdims=True) + 2)
    logs = DOTS * (test.x @ np.log(ink).T + (1 - test.x) @ np.log(1 - ink).T)
    return -np.mean(F.logsumexp(logs + np.log(members.mean(axis=1)), axis=1))


def draw(decoder, codes, labels, out):
    figure, (left, right) = panels(2, width=4.4, height=4.2)
    z1, z2 = np.meshgrid(np.linspace(-2.5, 2.5, 15), np.linspace(2.5, -2.5, 15))
    drawn = F.sigmoid(decoder(np.stack([z1, z2], axis=-1).astype(np.float32)).data)
    left.imshow(
        mosaic(drawn.reshape(15, 15, 8, 8), gap=2), cmap="gray_r", extent=[-2.5, 2.5, -2.5, 2.5]
    )
    points = right.scatter(*codes.T, c=labels, cmap="tab10", s=8)
    right.legend(*points.legend_elements(), frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    left.set(xlabel="$z_1$", ylabel="$z_2$", title="drawn")
    right.set(xlabel="$z_1$", ylabel="$z_2$", title="read")
    save(figure, out, "vae_digits")


if __name__ == "__main__":
    run(main, GOAL)
