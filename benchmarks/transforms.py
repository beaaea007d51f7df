"""Hessian, Hessian-vector product and Jacobian of a network with 50 parameters.

    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OMP_NUM_THREADS=2 python benchmarks/transforms.py

Against HIPS autograd and torch.func: float64, the same network, each library's own function; the
candidates take turns in one process, medians, and must agree to 1e-8 before anything is timed.
Needs the `parity` extra.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
import torch
from harness import here, interleave, table

import minigrad as mg

WIDTHS = (3, 8, 2)  # 3 * 8 + 8 + 8 * 2 + 2 = 50 parameters, in one vector
BATCH = 16

rng = np.random.default_rng(0)
THETA, V = rng.normal(size=(2, 50))
X, Y = rng.normal(size=(BATCH, WIDTHS[0])), rng.normal(size=(BATCH, WIDTHS[-1]))


def network(theta: Any, x: Any, tanh: Callable[[Any], Any]) -> Any:
    """A layer of tanh and a linear one, written alike for all three libraries."""
    hidden = tanh(x @ theta[:24].reshape(3, 8) + theta[24:32])
    return hidden @ theta[32:48].reshape(8, 2) + theta[48:]


def minigrad_calls(compiled: bool = False) -> dict[str, Callable[[], Any]]:
    def loss(theta: Any) -> Any:
        return ((network(theta, X, np.tanh) - Y) ** 2).mean()

    made = mg.compile if compiled else lambda f: f
    hessian = made(mg.hessian(loss))
    product = made(lambda theta, v: mg.hvp(loss, (theta,), (v,))[0])
    jacobian = made(mg.jacobian(lambda theta: network(theta, X, np.tanh)))
    return {
        "hessian": lambda: hessian(THETA).numpy(),
        "hvp": lambda: product(THETA, V).numpy(),
        "jacobian": lambda: jacobian(THETA).numpy(),
    }


def autograd_calls() -> dict[str, Callable[[], Any]]:
    def loss(theta: Any) -> Any:
        return anp.mean((network(theta, X, anp.tanh) - Y) ** 2)

    hessian = autograd.hessian(loss)
    product = autograd.hessian_vector_product(loss)
    jacobian = autograd.jacobian(lambda t: network(t, X, anp.tanh))
    return {
        "hessian": lambda: hessian(THETA),
        "hvp": lambda: product(THETA, V),
        "jacobian": lambda: jacobian(THETA),
    }


def torch_calls() -> dict[str, Callable[[], Any]]:
    theta, v, x, y = map(torch.from_numpy, (THETA, V, X, Y))

    def loss(theta: Any) -> Any:
        return ((network(theta, x, torch.tanh) - y) ** 2).mean()

    gradient, hessian = torch.func.grad(loss), torch.func.hessian(loss)
    jacobian = torch.func.jacrev(lambda t: network(t, x, torch.tanh))
    return {
        "hessian": lambda: hessian(theta).numpy(),
        "hvp": lambda: torch.func.jvp(gradient, (theta,), (v,))[1].numpy(),
        "jacobian": lambda: jacobian(theta).numpy(),
    }


def main() -> None:
    torch.set_num_threads(2)
    candidates = {
        "minigrad": minigrad_calls(),
        "minigrad compiled": minigrad_calls(compiled=True),
        "HIPS autograd": autograd_calls(),
        "torch.func": torch_calls(),
    }
    rows = {}
    for case, expected in candidates["minigrad"].items():
        calls = {name: made[case] for name, made in candidates.items()}
        for call in calls.values():
            np.testing.assert_allclose(call(), expected(), rtol=1e-8, atol=1e-8)
        times = interleave({name: here(call) for name, call in calls.items()})
        peers = ("HIPS autograd", "torch.func")
        speedups = {f"x {name}": times[name] / times["minigrad"] for name in peers}
        rows[case] = {**times, **speedups}
    print(table(rows, "us per call"))


if __name__ == "__main__":
    main()
