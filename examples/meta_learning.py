"""A network learns to learn: one gradient step on ten points, and it knows a new sine wave.

MAML looks for a start w from which a step of gradient descent on a task leads far:

    w_task  = w - a dL(w; ten points of the task)/dw
    L_meta  = mean over tasks of L(w_task; ten other points)

The gradient of L_meta goes through that of L, and so needs second derivatives. The networks of 25
tasks are computed at once: each weight gets a leading axis, of tasks. The same network, pretrained
on the same waves without the step inside, is the rival: it learns their mean, which helps nobody.

    python examples/meta_learning.py

Expected: error after one step / pretrained network's <= 0.25, on 600 new waves, in about 7
seconds. The rival takes the best of four rates a. The picture shows one wave, and the errors.

Source: Finn, Abbeel & Levine 2017, "Model-agnostic meta-learning for fast adaptation of deep
networks", algorithm 1 and section 5.1; with tanh in place of ReLU, and 10,000 iterations.
"""

from pathlib import Path

import numpy as np
from example import PICTURES, Goal, panels, run, save

import minigrad as mg

GOAL = Goal("error after one step / pretrained network's", "<=", 0.25, quick=0.6)
STEPS = [0, 1, 2, 5, 10]


def waves(count, points, rng):
    """y = A sin(x - phase); x and y of shape (count, points, 1)."""
    amplitude = rng.uniform(0.1, 5, (count, 1, 1))
    phase = rng.uniform(0, np.pi, (count, 1, 1))
    x = rng.uniform(-5, 5, (count, points, 1))
    return x.astype(np.float32), (amplitude * np.sin(x - phase)).astype(np.float32)


def predict(weights, x):
    w1, b1, w2, b2, w3, b3 = weights
    return np.tanh(np.tanh(x @ w1 + b1) @ w2 + b2) @ w3 + b3


def adapt(weights, x, y, steps, rate=0.01):
    """A copy of the weights for each task, after so many steps of gradient descent on it."""
    weights = [np.broadcast_to(w, (len(x), *w.shape)) for w in weights]
    for _ in range(steps):
        loss = ((predict(weights, x) - y) ** 2).mean(axis=(1, 2)).sum()  # tasks do not mix
        gradients = mg.grad(loss, weights, create_graph=True)
        weights = [w - rate * g for w, g in zip(weights, gradients, strict=True)]
    return weights


def meta_train(inner_steps, iterations, rng):
    weights = []
    for fan_in, fan_out in [(1, 40), (40, 40), (40, 1)]:
        w = rng.normal(0, (2 / fan_in) ** 0.5, (fan_in, fan_out))
        weights += [mg.Parameter(w.astype(np.float32)), mg.Parameter(np.zeros((1, fan_out), "f4"))]
    optimizer = mg.optim.Adam(weights, lr=1e-3)

    @mg.compile
    def train_step(x, y, other_x, other_y):
        adapted = adapt(weights, x, y, inner_steps)
        loss = ((predict(adapted, other_x) - other_y) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    for iteration in range(1, iterations + 1):
        x, y = waves(25, 20, rng)
        loss = train_step(x[:, :10], y[:, :10], x[:, 10:], y[:, 10:])
        if iteration % (iterations // 4) == 0:
            print(f"{inner_steps} steps inside, iteration {iteration}: loss {loss:.3f}")
    return weights


def main(seed: int = 0, quick: bool = False, out: Path = PICTURES) -> float:
    rng = np.random.default_rng(seed)
    iterations = 1500 if quick else 10_000
    models = {"MAML": meta_train(1, iterations, rng), "pretrained": meta_train(0, iterations, rng)}
    x, y = waves(600, 110, rng)

    def error(name, steps, rate):
        adapted = adapt(models[name], x[:, :10], y[:, :10], steps, rate)
        return np.mean((predict(adapted, x[:, 10:]).data - y[:, 10:]) ** 2)

    best = min([0.001, 0.003, 0.01, 0.03], key=lambda rate: error("pretrained", 1, rate))
    rates = {"MAML": 0.01, "pretrained": best}
    curves = {name: [error(name, n, rate) for n in STEPS] for name, rate in rates.items()}
    for name, errors in curves.items():
        print(f"{name}: errors {np.round(errors, 3)} after {STEPS} steps")
    draw(models, rates, x[0], y[0], curves, out)
    return float(curves["MAML"][1] / curves["pretrained"][1])


def draw(models, rates, x, y, curves, out):
    figure, axes = panels(3, width=3.6)
    grid = np.linspace(-5, 5, 200, dtype=np.float32)[:, None]
    order = np.argsort(x[:, 0])
    for panel, (name, weights) in zip(axes, models.items(), strict=False):
        panel.plot(x[order, 0], y[order, 0], color="#666666", label="wave")
        panel.plot(x[:10, 0], y[:10, 0], "o", color="#666666", markersize=4)
        for steps, style in [(0, ":"), (1, "--"), (10, "-")]:
            adapted = adapt(weights, x[None, :10], y[None, :10], steps, rates[name])
            drawn = predict(adapted, grid).data[0, :, 0]
            panel.plot(grid[:, 0], drawn, style, color="#d55e00", label=f"{steps} steps")
        panel.set_title(name)
    axes[0].legend(frameon=False, fontsize=8)
    for name, errors in curves.items():
        axes[2].plot(STEPS, errors, "o-", label=name)
    axes[2].set(xlabel="steps", title="error on 600 new waves", ylim=(0, None))
    axes[2].legend(frameon=False)
    save(figure, out, "meta_learning")


if __name__ == "__main__":
    run(main, GOAL)
