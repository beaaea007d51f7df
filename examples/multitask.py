"""Two tasks with losses in different units share a network, and the louder one must not take all.

From 8 numbers that a trunk computes of a digit, one head names the digit (cross-entropy, in nats)
and one draws it again (squared error, in dots^2, a thousand times as large at first). Three ways to
learn both, by gradient descent with momentum:

    fixed sum         L1 + L2: the trunk serves the drawing, and the digits stay unread
    PCGrad            each gradient without its part against the other one, so that neither loses
    learned weights   L_i / (2 s_i^2) + log s_i with s_i learnt: neither the units nor the noise of
                      a task matter any longer, and rates can be a hundred times as large

    python examples/multitask.py

Expected: accuracy gained over the fixed sum >= 0.5, by the weaker of the others, in about 1
second: from 0.2 to 0.87 by PCGrad, with drawings as good, and to 0.97 by learned weights, with
drawings somewhat coarser. No rate helps the fixed sum; at twice the one here, it begins to diverge.
Adam, which measures each gradient by its own size, leaves less of a difference: 0.91, 0.92, 0.93.

Source: Yu et al. 2020, "Gradient surgery for multi-task learning"; Kendall, Gal & Cipolla 2018,
"Multi-task learning using uncertainty to weigh losses for scene geometry and semantics".
"""

from pathlib import Path

import numpy as np
from example import PICTURES, Goal, panels, run, save

import minigrad as mg
import minigrad.functional as F
from minigrad import nn
from minigrad.optim import schedules
from minigrad.train import LearnedWeights, pcgrad_backward

GOAL = Goal("accuracy gained over the fixed sum", ">=", 0.5, quick=0.2)
RATES = {"fixed sum": 1.5e-4, "PCGrad": 1.5e-4, "learned weights": 3e-2}
DOTS = 16  # a pixel


def main(seed: int = 0, quick: bool = False, out: Path = PICTURES) -> float:
    train, test = mg.data.datasets.digits().split(0.25, np.random.default_rng(seed))
    curves = {}
    for way in RATES:
        curves[way] = learn(way, train, test, epochs=15 if quick else 60, seed=seed)
        accuracy, error = curves[way][-1]
        print(f"{way}: accuracy {accuracy:.3f}, squared error {error:.2f} dots^2 a pixel")
    draw(curves, out)
    fixed, *others = [accuracies[-1][0] for accuracies in curves.values()]
    return float(min(others) - fixed)


def learn(way, train, test, epochs, seed):
    """Test accuracy and drawing error after each epoch; the same start and batches for each way."""
    rng = np.random.default_rng(seed)
    loader = mg.data.DataLoader(train, batch_size=64, shuffle=True, drop_last=True, rng=rng)
    trunk = nn.Sequential(nn.Linear(64, 64, rng=rng), nn.ReLU(), nn.Linear(64, 8, rng=rng))
    reader = nn.Linear(8, 10, rng=rng)
    drawer = nn.Sequential(nn.Linear(8, 64, rng=rng), nn.ReLU(), nn.Linear(64, 64, rng=rng))
    shared = nn.Sequential(trunk=trunk, reader=reader, drawer=drawer)
    rate = schedules.Cosine(RATES[way], steps=epochs * len(loader))
    optimizer = mg.optim.Momentum(shared.named_parameters(), lr=rate)

    def tasks(images, labels):
        code = trunk(images)
        squares = (DOTS * drawer(code) - DOTS * images) ** 2
        return [F.cross_entropy(reader(code), labels), squares.sum() / len(images)]

    weighted = LearnedWeights(2)
    weighted.log_variance.data[...] = np.log([loss.item() for loss in tasks(train.x, train.y)])
    weights_optimizer = mg.optim.Adam(weighted.parameters(), lr=0.02)

    @mg.compile
    def train_step(images, labels):
        losses = tasks(images, labels)
        optimizer.zero_grad()
        if way == "fixed sum":
            (losses[0] + losses[1]).backward()
        elif way == "PCGrad":
            pcgrad_backward(losses, shared, rng)
        else:
            weights_optimizer.zero_grad()
            weighted(losses).backward()
            weights_optimizer.step()
        optimizer.step()

    history = []
    for _ in range(epochs):
        for images, labels in loader:
            train_step(images, labels)
        with mg.no_grad():
            code = trunk(test.x)
            accuracy = np.mean(reader(code).argmax(axis=1) == test.y)
            error = np.mean((DOTS * drawer(code).data - DOTS * test.x) ** 2)
        history.append([float(accuracy), float(error)])
    return history


def draw(curves, out):
    figure, axes = panels(2)
    for way, history in curves.items():
        for panel, values in zip(axes, np.transpose(history), strict=True):
            panel.plot(values, label=way)
    axes[0].set(xlabel="epoch", ylabel="accuracy (test)", ylim=(0, 1))
    axes[1].set(xlabel="epoch", ylabel="error of the drawing (test)", yscale="log")
    axes[1].legend(frameon=False)
    save(figure, out, "multitask")


if __name__ == "__main__":
    run(main, GOAL)
