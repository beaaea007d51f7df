"""A network solves a differential equation, with its own derivatives inside the loss.

A damped oscillation from rest, for 0 <= t <= 6, with d = 0.3 and w = 3:

    u'' + 2 d u' + w^2 u = 0,   u(0) = 1,   u'(0) = 0

The solution is sought as u(t) = 1 + tanh(t)^2 net(t), which starts as it should whatever the
network does. The loss is the mean square of the equation's left side at 64 times. It holds two
derivatives with respect to t, and training takes a third, with respect to the weights. No solution
is shown to the network; the exact one only measures the error. Its activations are sines, whose
derivatives are as lively as themselves: with tanh, the error is 7 to 57 times as large.

    python examples/physics_informed.py

Expected: relative error <= 0.001, in about 2 seconds. The picture shows the solution on its way.

Source: Raissi, Perdikaris & Karniadakis 2019, "Physics-informed neural networks"; the form of u:
Lagaris, Likas & Fotiadis 1998, "Artificial neural networks for solving ordinary and partial
differential equations"; sines: Sitzmann et al. 2020, "Implicit neural representations with periodic
activation functions".
"""

from pathlib import Path

import numpy as np
from example import PICTURES, Goal, panels, run, save

import minigrad as mg
from minigrad import nn
from minigrad.optim import schedules

GOAL = Goal("relative error", "<=", 1e-3, quick=0.05)
DAMPING, FREQUENCY, END = 0.3, 3.0, 6.0


class Sine(nn.Module):
    def forward(self, x):
        return np.sin(x)


def exact(t):
    w = (FREQUENCY**2 - DAMPING**2) ** 0.5
    return np.exp(-DAMPING * t) * (np.cos(w * t) + DAMPING / w * np.sin(w * t))


def main(seed: int = 0, quick: bool = False, out: Path = PICTURES) -> float:
    rng = np.random.default_rng(seed)
    net = nn.Sequential(
        nn.Linear(1, 32, rng=rng),
        Sine(),
        nn.Linear(32, 32, rng=rng),
        Sine(),
        nn.Linear(32, 1, rng=rng),
    )
    steps = 2000 if quick else 10_000
    optimizer = mg.optim.Adam(net.named_parameters(), lr=schedules.Cosine(5e-3, steps=steps))

    def solution(t):
        return 1 + np.tanh(t) ** 2 * net(t - END / 2)

    def residual(t):
        u = solution(t)
        du = mg.grad(u.sum(), t, create_graph=True)
        ddu = mg.grad(du.sum(), t, create_graph=True)
        return ddu + 2 * DAMPING * du + FREQUENCY**2 * u

    @mg.compile
    def train_step(times):
        loss = (residual(mg.Tensor(times, requires_grad=True)) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    times = np.linspace(0, END, 64, dtype=np.float32)[:, None]
    between = np.linspace(0, END, 500, dtype=np.float32)[:, None]
    errors, shown = {}, {}
    for step in range(1, steps + 1):
        loss = train_step(times)
        if step % 100 == 0:
            with mg.no_grad():
                u = solution(between).data
            error = np.linalg.norm(u - exact(between)) / np.linalg.norm(exact(between))
            errors[step] = float(error)
            if step in (100, 300, steps):
                print(f"step {step}: loss {loss:.2g}, relative error {error:.2g}")
                shown[f"step {step}"] = u

    draw(errors, between, shown, out)
    return errors[steps]


def draw(errors, t, shown, out):
    figure, (left, right) = panels(2)
    left.plot(t, exact(t), color="#cccccc", linewidth=5, label="exact")
    for (name, u), style in zip(shown.items(), [":", "--", "-"], strict=True):
        left.plot(t, u, style, label=name)
    left.set(xlabel="t", ylabel="u")
    left.legend(frameon=False)
    right.plot(list(errors), list(errors.values()))
    right.set(xlabel="step", ylabel="relative error", yscale="log")
    save(figure, out, "physics_informed")


if __name__ == "__main__":
    run(main, GOAL)
