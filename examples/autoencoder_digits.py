"""An autoencoder squeezes a digit's 64 pixels into 8 numbers, and draws the digit again from them.

Encoder and decoder are networks with two hidden layers each, trained together to give back what
goes in. Principal components do the same with matrices alone, and are the best that matrices can
do; so they are what has to be beaten, on digits that neither of the two has seen.

    python examples/autoencoder_digits.py

Expected: error / principal components' error <= 0.6, in about 3 seconds. The picture shows digits
of the test set, and what is left of them.

Source: Hinton & Salakhutdinov 2006, "Reducing the dimensionality of data with neural networks".
"""

from pathlib import Path

import numpy as np
from example import PICTURES, Goal, mosaic, panels, run, save

import minigrad as mg
import minigrad.functional as F
from minigrad import nn
from minigrad.optim import schedules

GOAL = Goal("error / principal components' error", "<=", 0.6, quick=0.8)
CODE = 8  # numbers


def main(seed: int = 0, quick: bool = False, out: Path = PICTURES) -> float:
    rng = np.random.default_rng(seed)
    train, test = mg.data.datasets.digits().split(test_fraction=0.25, rng=rng)
    loader = mg.data.DataLoader(train.x, batch_size=64, shuffle=True, rng=rng)

    def network(inputs, outputs):
        return nn.Sequential(
            nn.Linear(inputs, 128, rng=rng),
            nn.ReLU(),
            nn.Linear(128, 128, rng=rng),
            nn.ReLU(),
            nn.Linear(128, outputs, rng=rng),
        )

    model = nn.Sequential(encoder=network(64, CODE), decoder=network(CODE, 64), pixels=nn.Sigmoid())
    epochs = 60 if quick else 150
    rate = schedules.Cosine(2e-3, steps=epochs * len(loader))
    optimizer = mg.optim.Adam(model.named_parameters(), lr=rate)

    errors = []
    for epoch in range(epochs):
        for (images,) in loader:
            loss = F.mse_loss(model(images), images)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with mg.no_grad():
            drawn = model(test.x).data
        errors.append(np.mean((drawn - test.x) ** 2))
        if epoch % 30 == 29:
            print(f"epoch {epoch + 1}: test error {errors[-1]:.5f}")

    projected = principal_components(train.x, test.x)
    linear_error = np.mean((projected - test.x) ** 2)
    print(f"principal components: test error {linear_error:.5f}")
    _, one_each = np.unique(test.y, return_index=True)
    draw(errors, linear_error, np.stack([test.x, drawn, projected])[:, one_each], out)
    return float(errors[-1] / linear_error)


def principal_components(train, test):
    """The test set, projected on the CODE directions in which the training set varies most."""
    mean = train.mean(axis=0)
    _, _, directions = np.linalg.svd(train - mean, full_matrices=False)
    plane = directions[:CODE]
    return mean + (test - mean) @ plane.T @ plane


def draw(errors, linear_error, versions, out):
    figure, (left, right) = panels(2, width=4.6)
    left.plot(errors, label="autoencoder")
    left.axhline(linear_error, color="#666666", linestyle=":", label="principal components")
    left.set(xlabel="epoch", ylabel="mean squared error (test)", yscale="log")
    left.legend(frameon=False)
    right.imshow(mosaic(versions.reshape(3, 10, 8, 8)), cmap="gray_r", vmin=0, vmax=1)
    right.set_title("digit, autoencoder, principal components", fontsize=9)
    right.axis("off")
    save(figure, out, "autoencoder_digits")


if __name__ == "__main__":
    run(main, GOAL)
