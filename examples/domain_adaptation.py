"""What was learnt on clean digits is carried over to turned and noisy ones, without their labels.

Source: half of scikit-learn's digits, with labels. Target: the others, turned by 30 degrees, with
noise of deviation 0.1; one half of them to learn from, without labels, one to be tested on. A
network reads the digit from 64 features, and a second one tells from the same features which domain
an image comes from. Between features and this second network stands a layer that hands values on
unchanged, but reverses gradients:

    forward: x          backward: -0.3 g

So the second network learns to tell the domains apart, while the features unlearn whatever tells
them apart, and what reads the source's digits comes to read the target's.

    python examples/domain_adaptation.py

Expected: accuracy gained over source only >= 0.35, on the target's test half, in about 2 seconds:
from 0.2 to 0.7. The picture shows both domains, accuracies, and the features in two dimensions.

Source: Ganin & Lempitsky 2015, "Unsupervised domain adaptation by backpropagation", section 3.
"""

from pathlib import Path

import numpy as np
from example import PICTURES, Goal, mosaic, panels, run, save
from scipy.ndimage import rotate

import minigrad as mg
import minigrad.functional as F
from minigrad import nn
from minigrad.optim import schedules

GOAL = Goal("accuracy gained over source only", ">=", 0.35, quick=0.15)


def disturbed(images, rng):
    turned = rotate(images.reshape(-1, 8, 8), -30, axes=(1, 2), reshape=False, order=1)
    noisy = turned.reshape(-1, 64) + 0.1 * rng.standard_normal(images.shape)
    return np.clip(noisy, 0, 1).astype(np.float32)


def main(seed: int = 0, quick: bool = False, out: Path = PICTURES) -> float:
    rng = np.random.default_rng(seed)
    source, others = mg.data.datasets.digits().split(test_fraction=0.5, rng=rng)
    target, labels = disturbed(others.x, rng), others.y
    seen, test = target[:450], (target[450:], labels[450:])
    epochs = 40 if quick else 150
    curves, features = {}, {}
    for way in ["source only", "gradient reversal"]:
        learner = np.random.default_rng(seed)
        curves[way], body = learn(source, seen, test, epochs, way != "source only", learner)
        print(f"{way}: accuracy on the target {curves[way][-1]:.3f}")
        with mg.no_grad():
            features[way] = body(source.x[:449]).data, body(test[0]).data
    draw(source.x, test[0], curves, features, out)
    return curves["gradient reversal"][-1] - curves["source only"][-1]


def learn(source, target, test, epochs, reverses, rng):
    """Test accuracy after each epoch, and the network that computes the features."""
    loader = mg.data.DataLoader(source, batch_size=64, shuffle=True, drop_last=True, rng=rng)
    body = nn.Sequential(
        nn.Linear(64, 128, rng=rng), nn.ReLU(), nn.Linear(128, 64, rng=rng), nn.ReLU()
    )
    reader = nn.Sequential(nn.Dropout(0.5, rng=rng), nn.Linear(64, 10, rng=rng))
    judge = nn.Sequential(
        nn.GradientReversal(0.3), nn.Linear(64, 128, rng=rng), nn.ReLU(), nn.Linear(128, 1, rng=rng)
    )
    model = nn.Sequential(body=body, reader=reader, judge=judge)
    rate = schedules.Cosine(2e-3, steps=epochs * len(loader))
    optimizer = mg.optim.Adam(model.named_parameters(), lr=rate)

    @mg.compile
    def train_step(images, labels, foreign):
        features = body(images)
        loss = F.cross_entropy(reader(features), labels)
        if reverses:  # -log p(source) of the source's images, -log p(target) of the target's
            loss += F.softplus(-judge(features)).mean() + F.softplus(judge(body(foreign))).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    accuracies = []
    for _ in range(epochs):
        model.train()
        for images, labels in loader:
            train_step(images, labels, target[rng.integers(0, len(target), 64)])
        model.eval()
        with mg.no_grad():
            predictions = reader(body(test[0])).argmax(axis=1)
        accuracies.append(float(np.mean(predictions == test[1])))
    return accuracies, body


def draw(source, target, curves, features, out):
    figure, axes = panels(4, width=2.9, height=2.9)
    rows = np.stack([source[:10], target[:10]]).reshape(4, 5, 8, 8)
    axes[0].imshow(mosaic(rows), cmap="gray_r", vmin=0, vmax=1)
    axes[0].set_title("source (above), target")
    axes[0].axis("off")
    for way, accuracies in curves.items():
        axes[1].plot(accuracies, label=way)
    axes[1].set(xlabel="epoch", title="accuracy on the target", ylim=(0, 1))
    axes[1].legend(frameon=False)
    for panel, (way, (ours, theirs)) in zip(axes[2:], features.items(), strict=True):
        mean = np.mean([*ours, *theirs], axis=0)
        _, _, directions = np.linalg.svd(np.concatenate([ours, theirs]) - mean)
        for points, name in [(ours, "source"), (theirs, "target")]:
            panel.plot(*((points - mean) @ directions[:2].T).T, ".", markersize=3, label=name)
        panel.set(title=f"features: {way}", xticks=[], yticks=[])
    axes[3].legend(frameon=False, markerscale=3)
    save(figure, out, "domain_adaptation")


if __name__ == "__main__":
    run(main, GOAL)
