"""Lookahead, sharpness-aware minimization and debiased averages, against Optax in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import optax.contrib
import pytest

import minigrad as mg
from minigrad import optim

START = np.array([1.0, 1.5])


@pytest.fixture(autouse=True)
def _double_precision():
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def beale(p):
    x, y = p[0], p[1]
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


@pytest.mark.parametrize(("k", "alpha"), [(5, 0.5), (3, 0.8), (1, 0.2)])
def test_lookahead(k, alpha):
    w = mg.Parameter(START.copy())
    ours = optim.Lookahead(optim.Adam([w], lr=0.05), k, alpha)
    theirs = optax.lookahead(optax.adam(0.05), sync_period=k, slow_step_size=alpha)
    params = optax.LookaheadParams.init_synced(jnp.array(START))
    state = theirs.init(params)
    for _ in range(60):
        ours.zero_grad()
        beale(w).backward()
        ours.step()
        updates, state = theirs.update(jax.grad(beale)(params.fast), state, params)
        params = optax.apply_updates(params, updates)
        np.testing.assert_allclose(w.data, params.fast, rtol=1e-11)


def test_sharpness_aware_minimization():
    w = mg.Parameter(START.copy())
    ours = optim.SAM(optim.Momentum([w], lr=0.002, momentum=0.9), rho=0.1)
    adversary = optax.chain(optax.contrib.normalize(), optax.sgd(0.1))
    theirs = optax.contrib.sam(
        optax.sgd(0.002, momentum=0.9), adversary, sync_period=2, opaque_mode=True,
        reset_state=False,
    )  # fmt: skip
    params = jnp.array(START)
    state = theirs.init(params)

    def closure():
        loss = beale(w)
        loss.backward()
        return loss

    def gradient_at(params, _):
        return jax.grad(beale)(params)

    for _ in range(60):
        ours.step(closure)
        updates, state = theirs.update(jax.grad(beale)(params), state, params, grad_fn=gradient_at)
        params = optax.apply_updates(params, updates)
        np.testing.assert_allclose(w.data, params, rtol=1e-10)


def test_bias_corrected_averages():
    rows = np.random.default_rng(0).standard_normal((30, 3))
    w = mg.Parameter(np.ones(3))
    ours, theirs = optim.EMA([("w", w)], optim.bias_corrected(0.9)), optax.ema(0.9, debias=True)
    state = theirs.init(jnp.zeros(3))
    for row in rows:
        w.data = row
        ours.update()
        expected, state = theirs.update(jnp.array(row), state)
        found = ours.state_dict()["average"]["w"]
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("max_norm", [0.1, 100.0])
def test_clipping_by_norm_apart_from_the_margin(max_norm):
    """Optax divides by the norm itself, PyTorch and minigrad by the norm + 1e-6."""
    g = np.random.default_rng(0).standard_normal((4, 3))
    p = mg.Parameter(np.zeros((4, 3)))
    p.grad = mg.tensor(g)
    norm = optim.clip_grad_norm([p], max_norm).item()
    clip = optax.clip_by_global_norm(max_norm)
    expected, _ = clip.update(jnp.array(g), clip.init(jnp.array(g)))
    margin = 1 if norm < max_norm else norm / (norm + 1e-6)
    np.testing.assert_allclose(p.grad.data, expected * margin, rtol=1e-12)
