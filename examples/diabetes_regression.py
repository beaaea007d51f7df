"""Linear regression three ways, each to the digits of ordinary least squares.

Scikit-learn's diabetes data: ten measurements of 442 patients, and how far the disease went in a
year. The squared error is a quadratic function of the weights, so theory knows how quick each
method can be. With m and M, the least and the largest eigenvalue of the Hessian, and k = M / m:

    gradient descent   lr = 2 / (m + M)                     error times (k - 1) / (k + 1) a step
    heavy ball         lr = 4 / (sqrt m + sqrt M)^2,        error times (sqrt k - 1) / (sqrt k + 1),
                       momentum that factor squared         in the long run
    L-BFGS             no rate: it guesses the Hessian from the last steps

    python examples/diabetes_regression.py

Expected: R² >= 0.517748, the least of the three, in about 1 second. Least squares has 0.51774841,
and no linear model more. The picture shows how much loss is left after so many gradients.

Source: Polyak 1964, "Some methods of speeding up the convergence of iteration methods".
"""

from pathlib import Path

import numpy as np
from example import PICTURES, Goal, panels, run, save

import minigrad as mg
import minigrad.functional as F
from minigrad import optim

GOAL = Goal("R²", ">=", 0.517748, quick=0.517)


def main(seed: int = 0, quick: bool = False, out: Path = PICTURES) -> float:
    rng = np.random.default_rng(seed)
    data = mg.data.datasets.diabetes()
    x, y = data.x.astype(np.float64), data.y.astype(np.float64)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    start = rng.standard_normal((10, 1))

    curvatures = np.linalg.eigvalsh(2 / len(x) * x.T @ x)
    low, high = curvatures[0], curvatures[-1]
    factor = (high - low) / (high + low)
    root_factor = (high**0.5 - low**0.5) / (high**0.5 + low**0.5)
    print(f"curvatures {low:.4f} to {high:.4f}: factors {factor:.4f} and {root_factor:.4f}")
    rate = 4 / (low**0.5 + high**0.5) ** 2
    methods = {
        "gradient descent": (lambda p: optim.GD(p, lr=2 / (low + high)), 3000),
        "heavy ball": (lambda p: optim.Momentum(p, lr=rate, momentum=root_factor**2), 300),
        "L-BFGS": (lambda p: optim.LBFGS(p, max_iter=10), 5),
    }

    reached, curves = [], {}
    for name, (make, steps) in methods.items():
        losses = descend(x, y, start, make, steps // 2 if quick else steps)
        reached.append(1 - losses[-1] / y.var())
        curves[name] = losses
        print(f"{name}: R² {reached[-1]:.8f} after {len(losses)} gradients")
    design = np.hstack([x, np.ones((len(x), 1))])
    _, (squares,), _, _ = np.linalg.lstsq(design, y)
    draw(curves, squares / len(x), {"gradient descent": factor, "heavy ball": root_factor}, out)
    return float(min(reached))


def descend(x, y, start, make_optimizer, steps):
    """The loss at each gradient that was taken."""
    w, b = mg.Parameter(start), mg.Parameter(np.zeros(1))
    optimizer = make_optimizer([w, b])
    losses = []

    def closure():
        loss = F.mse_loss(x @ w + b, y)
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
        return loss

    for _ in range(steps):
        if isinstance(optimizer, optim.LBFGS):
            optimizer.step(closure)  # ten iterations, with a line search in each
        else:
            closure()
            optimizer.step()
    return losses


def draw(curves, least, factors, out):
    figure, (panel,) = panels(1, width=7)
    for name, losses in curves.items():
        (line,) = panel.plot(np.subtract(losses, least), label=name)
        if name in factors:  # the loss is quadratic in the error
            steps = np.arange(len(losses))
            theory = (losses[0] - least) * factors[name] ** (2.0 * steps)
            panel.plot(theory, ":", color=line.get_color(), label=f"${factors[name]:.4f}^{{2t}}$")
    panel.set(xlabel="gradients", ylabel="loss - least loss", xscale="symlog", yscale="log")
    panel.set_ylim(1e-9, 1e6)
    panel.legend(frameon=False, ncols=2)
    save(figure, out, "diabetes_regression")


if __name__ == "__main__":
    run(main, GOAL)
