"""Steps in JAX, compiled as one function that gives its state away to be overwritten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from by_numpy import Step
from cases import Case, draw

State = tuple[Any, Any, Any, Any]  # parameters, m, v, t


def initial(params: list[Any], optimizer: str = "Adam") -> State:
    """The state before the first step; SGD has no m and v."""
    arrays = [jnp.array(p) for p in params]
    slots = ([jnp.zeros_like(p) for p in arrays] for _ in range(2))
    m, v = ([], []) if optimizer == "SGD" else slots
    return arrays, m, v, jnp.float32(0)


def updated(state: State, grads: Any, optimizer: str, lr: float) -> State:
    """Adam as in the paper, with eps outside of the root; or SGD."""
    p, m, v, t = state
    if optimizer == "SGD":
        return [a - lr * g for a, g in zip(p, grads, strict=True)], m, v, t
    t = t + 1
    m = [0.9 * a + 0.1 * g for a, g in zip(m, grads, strict=True)]
    v = [0.999 * a + 0.001 * g * g for a, g in zip(v, grads, strict=True)]
    c1, c2 = 1 - 0.9**t, 1 - 0.999**t
    p = [a - lr * (b / c1) / (jnp.sqrt(c / c2) + 1e-8) for a, b, c in zip(p, m, v, strict=True)]
    return p, m, v, t


def jax_step(case: Case, steps: int | None = None) -> Step:
    """One step a call; or `steps` of them in one call, whose losses it returns."""
    params, *data = draw(case)
    x, y = map(jnp.array, data)
    depth = len(case.sizes) - 1

    def loss_of(params: Any, x: Any, y: Any) -> Any:
        h = x
        for k in range(depth):
            h = h @ params[2 * k].T + params[2 * k + 1]
            if k < depth - 1:
                h = jnp.tanh(h) if case.activation == "tanh" else jax.nn.relu(h)
        if case.loss == "mse":
            return ((h - y) ** 2).mean()
        return -jnp.take_along_axis(jax.nn.log_softmax(h), y[:, None], 1).mean()

    def step(state: State, x: Any, y: Any) -> tuple[Any, State]:
        loss, grads = jax.value_and_grad(loss_of)(state[0], x, y)
        return loss, updated(state, grads, case.optimizer, case.lr)

    return called(step, initial(params, case.optimizer), steps, x, y)


def called(
    step: Callable[..., tuple[Any, State]], state: State, steps: int | None, *data: Any
) -> Step:
    """Compile a step, or a loop of steps, and keep its state between calls."""

    def loop(state: State, *data: Any) -> tuple[Any, State]:
        def body(i: Any, carried: Any) -> Any:
            losses, state = carried
            loss, state = step(state, *data)
            return losses.at[i].set(loss), state

        return jax.lax.fori_loop(0, steps, body, (jnp.zeros(steps), state))

    compiled = jax.jit(step if steps is None else loop, donate_argnums=0)

    def call() -> Any:
        nonlocal state
        loss, state = compiled(state, *data)
        jax.block_until_ready(state)  # calls return before they have ended
        return loss

    return call
