"""Two networks play against each other until one of them draws samples like the data's.

The data are drawn from eight Gaussians on a circle. The discriminator D learns to tell them from
what the generator G makes of noise z; G learns to be taken for data:

    loss of D = mean -log sigmoid(D(x)) - log(1 - sigmoid(D(G(z))))
    loss of G = mean -log sigmoid(D(G(z)))       ("non-saturating": strong where D is sure)

A generator likes to stay with a few of the modes. Tanh networks and Adam with betas (0.5, 0.999)
find all of them; with ReLU networks of this size, one seed in two misses some.

    python examples/gan_ring.py

Expected: modes found >= 8, in about 3 seconds. A mode counts as found if at least 5 % of the
samples (12.5 % would be just) lie within three deviations of it. The picture shows samples.

Source: Goodfellow et al. 2014, "Generative adversarial nets", algorithm 1 and the end of section 3;
Adam's beta1: Radford, Metz & Chintala 2016, "Unsupervised representation learning with deep
convolutional generative adversarial networks".
"""

from pathlib import Path

import numpy as np
from example import PICTURES, Goal, panels, run, save

import minigrad as mg
import minigrad.functional as F
from minigrad import nn

GOAL = Goal("modes found", ">=", 8, quick=6)
ANGLES = 2 * np.pi * np.arange(8) / 8
CENTRES = 2 * np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
SPREAD = 0.05
BATCH, NOISE = 256, 8


def network(inputs, outputs, rng):
    return nn.Sequential(
        nn.Linear(inputs, 64, rng=rng),
        nn.Tanh(),
        nn.Linear(64, 64, rng=rng),
        nn.Tanh(),
        nn.Linear(64, outputs, rng=rng),
    )


def main(seed: int = 0, quick: bool = False, out: Path = PICTURES) -> float:
    rng = np.random.default_rng(seed)
    generator, discriminator = network(NOISE, 2, rng), network(2, 1, rng)
    adam = {"lr": 1e-3, "betas": (0.5, 0.999)}
    generator_optimizer = mg.optim.Adam(generator.named_parameters(), **adam)
    discriminator_optimizer = mg.optim.Adam(discriminator.named_parameters(), **adam)

    def data(count):
        x = CENTRES[rng.integers(0, 8, count)] + SPREAD * rng.standard_normal((count, 2))
        return x.astype(np.float32)

    def noise(count):
        return rng.standard_normal((count, NOISE)).astype(np.float32)

    @mg.compile
    def discriminator_step(real, z):
        with mg.no_grad():
            fake = generator(z)
        loss = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake)).mean()
        discriminator_optimizer.zero_grad()
        loss.backward()
        discriminator_optimizer.step()
        return loss

    @mg.compile
    def generator_step(z):
        loss = F.softplus(-discriminator(generator(z))).mean()
        generator_optimizer.zero_grad()
        loss.backward()
        generator_optimizer.step()
        return loss

    snapshots = {}
    for step in range(1, (1000 if quick else 4000) + 1):
        d_loss = discriminator_step(data(BATCH), noise(BATCH))
        g_loss = generator_step(noise(BATCH))
        if step in (300, 1000, 4000):
            with mg.no_grad():
                samples = generator(noise(4000)).data
            share = shares(samples)
            print(f"step {step}: losses {d_loss:.3f} and {g_loss:.3f}, shares {share.round(3)}")
            snapshots[f"step {step}: {share.sum():.0%} near a mode"] = samples

    draw(snapshots, data(4000), out)
    return float(np.sum(share >= 0.05))


def shares(samples):
    """The part of the samples that lies within three deviations of each centre."""
    distances = np.linalg.norm(samples[:, None] - CENTRES, axis=2)
    return np.mean(distances < 3 * SPREAD, axis=0)


def draw(snapshots, data, out):
    figure, axes = panels(len(snapshots) + 1, width=2.5, height=2.7)
    for panel, (title, points) in zip(axes, [*snapshots.items(), ("data", data)], strict=True):
        panel.hist2d(*points.T, bins=80, range=[[-2.6, 2.6]] * 2, cmap="Blues", vmax=25)
        panel.set_title(title, fontsize=9)
        panel.set_aspect("equal")
        panel.axis("off")
    save(figure, out, "gan_ring")


if __name__ == "__main__":
    run(main, GOAL)
