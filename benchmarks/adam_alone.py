"""Adam's update and nothing else, on parameters with gradients that stay the same.

Each maker takes the number of parameters and their shape, and returns a step that makes one
update; it returns the first element of the first parameter, for the comparison.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from by_numpy import Step, Update

LR = 1e-3


def draw(count: int, shape: tuple[int, ...]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Parameters and their gradients."""
    rng = np.random.default_rng(0)
    params, grads = (
        [rng.standard_normal(shape, dtype=np.float32) for _ in range(count)] for _ in range(2)
    )
    return params, grads


def by_numpy(count: int, shape: tuple[int, ...]) -> Step:
    params, grads = draw(count, shape)
    update, first = Update(params, "Adam", LR), params[0].reshape(-1)

    def step() -> Any:
        update(grads)
        return first[0]

    return step


def by_minigrad(count: int, shape: tuple[int, ...], backend: str | None = None) -> Step:
    import minigrad as mg

    arrays, grads = draw(count, shape)
    params = [mg.Parameter(a) for a in arrays]
    optimizer = mg.optim.Adam(params, lr=LR)
    for p, g in zip(params, grads, strict=True):
        p.grad = mg.tensor(g)
    first = params[0].data.reshape(-1)

    def update() -> None:
        optimizer.step()

    if backend is not None:
        update = mg.compile(update, backend=backend)

    def step() -> Any:
        update()
        return first[0]

    return step


def by_torch(count: int, shape: tuple[int, ...], compiled: bool = False, **options: bool) -> Step:
    import torch

    torch.set_num_threads(2)
    arrays, grads = draw(count, shape)
    params = [torch.nn.Parameter(torch.from_numpy(a)) for a in arrays]
    for p, g in zip(params, grads, strict=True):
        p.grad = torch.from_numpy(g)
    optimizer = torch.optim.Adam(params, lr=LR, **options)
    update = torch.compile(optimizer.step) if compiled else optimizer.step
    first = arrays[0].reshape(-1)  # the same memory

    def step() -> Any:
        update()
        return first[0]

    return step


def by_jax(count: int, shape: tuple[int, ...], steps: int | None = None) -> Step:
    import jax.numpy as jnp
    from by_jax import State, called, initial, updated

    arrays, grads = draw(count, shape)
    given = [jnp.array(g) for g in grads]

    def step(state: State, grads: Any) -> tuple[Any, State]:
        state = updated(state, grads, "Adam", LR)
        return state[0][0].reshape(-1)[0], state

    return called(step, initial(arrays), steps, given)
