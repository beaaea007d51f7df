"""The demo of micrograd: two half moons, told apart by a small network with a max-margin loss.

Data, model, loss and rates are micrograd's: 100 points of scikit-learn's `make_moons` with noise
0.1; a network 2-16-16-1 with ReLU, its weights from U(-1, 1) and biases 0; the hinge loss plus
1e-4 times the sum of all squared parameters; 100 steps over all points with rates that fall from
1.0 to 0.1. Micrograd differentiates number by number, minigrad array by array.

    python examples/micrograd_moons.py

Expected: accuracy >= 1, in 0.1 seconds. The picture shows the loss, and the boundary.

Source: A. Karpathy 2020, micrograd, demo.ipynb.
"""

from pathlib import Path

import numpy as np
from example import PICTURES, Goal, panels, run, save
from sklearn.datasets import make_moons

import minigrad as mg
import minigrad.functional as F
from minigrad import nn

GOAL = Goal("accuracy", ">=", 1.0, quick=0.9)
STEPS = 100


def main(seed: int = 0, quick: bool = False, out: Path = PICTURES) -> float:
    rng = np.random.default_rng(seed)
    x, label = make_moons(n_samples=100, noise=0.1, random_state=seed)
    x, y = x.astype(np.float32), (2 * label[:, None] - 1).astype(np.float32)  # -1 or +1

    def uniform(shape, rng):
        return rng.uniform(-1, 1, shape).astype(np.float32)

    model = nn.Sequential(
        nn.Linear(2, 16, init=uniform, rng=rng),
        nn.ReLU(),
        nn.Linear(16, 16, init=uniform, rng=rng),
        nn.ReLU(),
        nn.Linear(16, 1, init=uniform, rng=rng),
    )
    optimizer = mg.optim.SGD(model.named_parameters(), lr=lambda t: 1.0 - 0.9 * (t - 1) / STEPS)

    losses = []
    for step in range(STEPS // 2 if quick else STEPS):
        scores = model(x)
        squares = sum((p**2).sum() for p in model.parameters())
        loss = F.hinge_loss(scores, y) + 1e-4 * squares
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step % 10 == 0:
            accuracy = np.mean((scores.data > 0) == (y > 0))
            print(f"step {step}: loss {losses[-1]:.4f}, accuracy {accuracy:.0%}")

    with mg.no_grad():
        accuracy = float(np.mean((model(x).data > 0) == (y > 0)))
        draw(losses, x, label, model, out)
    return accuracy


def draw(losses, x, label, model, out):
    figure, (left, right) = panels(2)
    left.plot(losses)
    left.set(xlabel="step", ylabel="hinge loss + penalty", yscale="log")
    first, second = np.meshgrid(np.linspace(-1.6, 2.6, 200), np.linspace(-1.2, 1.7, 200))
    scores = model(np.stack([first, second], axis=-1).astype(np.float32)).data[..., 0]
    right.contourf(first, second, scores, [-99, 0, 99], colors=["#0072b240", "#d55e0040"])
    right.contour(first, second, scores, [-1, 0, 1], colors="#666666", linestyles=[":", "-", ":"])
    right.scatter(*x.T, c=np.where(label, "#d55e00", "#0072b2"), s=16, edgecolors="white")
    right.set_title("boundary, and margins (dotted)")
    save(figure, out, "micrograd_moons")


if __name__ == "__main__":
    run(main, GOAL)
