"""A network with one hidden layer reads handwritten digits.

The smallest whole example: data, model, loss, gradients, update. Scikit-learn's 1,797 digits of
8 x 8 pixels are split into 1,348 to learn from and 449 to be tested on. Dropout keeps a network
with more weights than it needs from learning the former by heart.

    python examples/digits_mlp.py

Expected: test accuracy >= 0.97, in about 1 second. Scikit-learn's MLPClassifier with 64 hidden
units reaches 0.976 to 0.982. The picture shows both losses, and the digits that are misread.
"""

from pathlib import Path

import numpy as np
from example import PICTURES, Goal, mosaic, panels, run, save

import minigrad as mg
import minigrad.functional as F
from minigrad import nn

GOAL = Goal("test accuracy", ">=", 0.97, quick=0.9)


def main(seed: int = 0, quick: bool = False, out: Path = PICTURES) -> float:
    rng = np.random.default_rng(seed)
    train, test = mg.data.datasets.digits().split(test_fraction=0.25, rng=rng)
    loader = mg.data.DataLoader(train, batch_size=64, shuffle=True, rng=rng)
    model = nn.Sequential(
        nn.Linear(64, 256, rng=rng),
        nn.ReLU(),
        nn.Dropout(0.5, rng=rng),
        nn.Linear(256, 10, rng=rng),
    )
    optimizer = mg.optim.Adam(model.named_parameters(), lr=2e-3)

    curves = []
    for epoch in range(10 if quick else 60):
        model.train()
        losses = []
        for images, labels in loader:
            loss = F.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())

        model.eval()
        with mg.no_grad():
            logits = model(test.x)
        predictions = logits.argmax(axis=1)
        accuracy = float((predictions == test.y).mean())
        curves.append([np.mean(losses), F.cross_entropy(logits, test.y).item()])
        if epoch % 10 == 9:
            print(f"epoch {epoch + 1}: test loss {curves[-1][1]:.4f}, accuracy {accuracy:.4f}")

    wrong = np.flatnonzero(predictions != test.y)[:10]
    draw(curves, test.x[wrong], predictions[wrong], test.y[wrong], out)
    return accuracy


def draw(curves, images, read, written, out):
    figure, (left, right) = panels(2)
    for losses, label in zip(np.transpose(curves), ["training, with dropout", "test"], strict=True):
        left.plot(losses, label=label)
    left.set(xlabel="epoch", ylabel="cross-entropy (nats)", yscale="log")
    left.legend(frameon=False)
    grid = np.full((10, 64), np.nan)
    grid[: len(images)] = images
    right.imshow(mosaic(grid.reshape(2, 5, 8, 8), gap=4), cmap="gray_r")
    for i, (a, b) in enumerate(zip(read, written, strict=True)):
        right.text(12 * (i % 5) + 3.5, 12 * (i // 5) + 9, f"{b} as {a}", ha="center", va="center")
    right.set_title("misread")
    right.axis("off")
    save(figure, out, "digits_mlp")


if __name__ == "__main__":
    run(main, GOAL)
