"""A small convolutional network in VGG's style reads handwritten digits.

VGG's idea is to build from one kind of block: two convolutions of 3 x 3 pixels, which keep the size
of the picture, then a maximum over 2 x 2, which halves it, while the number of channels doubles.
Batch normalization after each convolution, which VGG did not have yet, allows for large rates. Each
digit is moved by up to one pixel, another way each time it is seen, and its label is smoothed: 0.91
for the right digit, 0.01 for each other one.

    python examples/digits_vgg.py

Expected: test accuracy >= 0.985, in about 5 seconds, with a third of the errors that a network
without convolutions makes (`digits_mlp.py`). The picture shows test accuracies, and what the two
blocks make of a digit.

Source: Simonyan & Zisserman 2015, "Very deep convolutional networks for large-scale image
recognition"; Ioffe & Szegedy 2015, "Batch normalization"; label smoothing: Szegedy et al. 2016,
"Rethinking the inception architecture for computer vision", section 7.
"""

from pathlib import Path

import numpy as np
from example import PICTURES, Goal, mosaic, panels, run, save

import minigrad as mg
import minigrad.functional as F
from minigrad import nn
from minigrad.optim import schedules

GOAL = Goal("test accuracy", ">=", 0.985, quick=0.9)


def block(channels_in, channels_out, rng):
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 3, padding=1, rng=rng),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(),
        nn.Conv2d(channels_out, channels_out, 3, padding=1, rng=rng),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(),
        nn.MaxPool2d(2),
    )


def moved(images, rng):
    """Each image of shape (1, 8, 8), moved by -1, 0 or 1 pixel down and to the right."""
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    corners = rng.integers(0, 3, (len(images), 2))
    return np.stack(
        [image[:, i : i + 8, j : j + 8] for image, (i, j) in zip(padded, corners, strict=True)]
    )


def main(seed: int = 0, quick: bool = False, out: Path = PICTURES) -> float:
    rng = np.random.default_rng(seed)
    train, test = mg.data.datasets.digits().split(test_fraction=0.25, rng=rng)
    train_images, test_images = train.x.reshape(-1, 1, 8, 8), test.x.reshape(-1, 1, 8, 8)
    loader = mg.data.DataLoader(
        (train_images, train.y), batch_size=64, shuffle=True, drop_last=True, rng=rng
    )
    model = nn.Sequential(
        block(1, 24, rng),
        block(24, 48, rng),
        nn.Flatten(),
        nn.Dropout(0.3, rng=rng),
        nn.Linear(48 * 2 * 2, 10, rng=rng),
    )
    epochs = 4 if quick else 40
    rate = schedules.Cosine(3e-3, steps=epochs * len(loader))
    optimizer = mg.optim.Adam(model.named_parameters(), lr=rate)

    @mg.compile
    def train_step(images, labels):
        loss = F.cross_entropy(model(images), labels, label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    accuracies = []
    for epoch in range(1, epochs + 1):
        model.train()
        for images, labels in loader:
            loss = train_step(moved(images, rng), labels)
        model.eval()
        with mg.no_grad():
            predictions = model(test_images).argmax(axis=1)
        accuracies.append(float(np.mean(predictions == test.y)))
        if epoch % 10 == 0:
            print(f"epoch {epoch}: loss {loss:.4f}, test accuracy {accuracies[-1]:.4f}")

    with mg.no_grad():
        first = model[0](test_images[:1])
        second = model[1](first)
    draw(accuracies, test_images[0, 0], first.data[0], second.data[0], out)
    return accuracies[-1]


def draw(accuracies, digit, first, second, out):
    figure, (left, *others) = panels(4, width=2.8)
    left.plot(accuracies)
    left.set(xlabel="epoch", ylabel="test accuracy", ylim=(0.9, 1))
    maps = [digit, mosaic(first.reshape(4, 6, 4, 4)), mosaic(second.reshape(6, 8, 2, 2))]
    titles = ["digit", "24 channels of 4 x 4", "48 channels of 2 x 2"]
    for panel, values, title in zip(others, maps, titles, strict=True):
        panel.imshow(values, cmap="gray_r")
        panel.set_title(title, fontsize=9)
        panel.axis("off")
    save(figure, out, "digits_vgg")


if __name__ == "__main__":
    run(main, GOAL)
