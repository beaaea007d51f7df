"""The architectures in JAX, each a function of its weights by name, compiled with the update."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from by_jax import State, called, initial, updated
from by_numpy import Step
from models import HEADS, MODELS, WIDTH, draw


def dense(w: Any, name: str, x: Any) -> Any:
    return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]


def convolved(w: Any, name: str, x: Any) -> Any:
    y = jax.lax.conv_general_dilated(x, w[f"{name}.weight"], (1, 1), "VALID")
    return y + w[f"{name}.bias"][:, None, None]


def pooled(x: Any) -> Any:
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")


def lenet(w: Any, x: Any) -> Any:
    h = pooled(jax.nn.relu(convolved(w, "0", x)))
    h = pooled(jax.nn.relu(convolved(w, "3", h))).reshape(len(x), -1)
    h = jax.nn.relu(dense(w, "9", jax.nn.relu(dense(w, "7", h))))
    return dense(w, "11", h)


def lstm(w: Any, x: Any) -> Any:
    bias = w["lstm.bias_ih_l0"] + w["lstm.bias_hh_l0"]
    rows = w["embedding.weight"][x.T] @ w["lstm.weight_ih_l0"].T + bias  # (T, N, 4H)

    def cell(state: Any, row: Any) -> Any:
        h, c = state
        i, f, g, o = jnp.split(row + h @ w["lstm.weight_hh_l0"].T, 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    zeros = jnp.zeros((rows.shape[1], rows.shape[2] // 4), rows.dtype)
    _, hidden = jax.lax.scan(cell, (zeros, zeros), rows)
    return dense(w, "head", hidden.swapaxes(0, 1))


def normalized(w: Any, name: str, x: Any) -> Any:
    centred = x - x.mean(axis=-1, keepdims=True)
    scale = jax.lax.rsqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
    return centred * scale * w[f"{name}.weight"] + w[f"{name}.bias"]


def attended(w: Any, name: str, x: Any) -> Any:
    n, length, _ = x.shape
    qkv = x @ w[f"{name}.in_proj_weight"].T + w[f"{name}.in_proj_bias"]
    q, k, v = qkv.reshape(n, length, 3, HEADS, WIDTH // HEADS).transpose(2, 0, 3, 1, 4)
    scores = q @ k.swapaxes(-1, -2) / (WIDTH // HEADS) ** 0.5
    scores = jnp.where(jnp.tril(jnp.ones((length, length), bool)), scores, -jnp.inf)
    mixed = jax.nn.softmax(scores) @ v
    return dense(w, f"{name}.out_proj", mixed.swapaxes(1, 2).reshape(n, length, WIDTH))


def transformer(w: Any, x: Any) -> Any:
    h = w["tokens.weight"][x] + w["positions"]
    for name in ("blocks.0", "blocks.1"):
        h = h + attended(w, f"{name}.self_attn", normalized(w, f"{name}.norm1", h))
        inner = dense(w, f"{name}.linear1", normalized(w, f"{name}.norm2", h))
        h = h + dense(w, f"{name}.linear2", jax.nn.gelu(inner, approximate=True))
    return dense(w, "head", normalized(w, "norm", h))


FORWARD = {"lenet": lenet, "lstm": lstm, "transformer": transformer}


def step(key: str) -> Step:
    weights, x, y = draw(key)
    names, model = list(weights), MODELS[key]

    def loss_of(arrays: Any, x: Any, y: Any) -> Any:
        logits = FORWARD[key](dict(zip(names, arrays, strict=True)), x)
        log_probs = jax.nn.log_softmax(logits)
        return -jnp.take_along_axis(log_probs, y[..., None], -1).mean()

    def train_step(state: State, x: Any, y: Any) -> tuple[Any, State]:
        loss, grads = jax.value_and_grad(loss_of)(state[0], x, y)
        if model.optimizer == "AdamW":
            kept = 1 - model.lr * 0.01
            state = ([a * kept for a in state[0]], *state[1:])
        return loss, updated(state, grads, "Adam", model.lr)

    data = jnp.array(x), jnp.array(y)
    return called(train_step, initial(list(weights.values())), None, *data)
