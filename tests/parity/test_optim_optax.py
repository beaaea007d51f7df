"""The optimizers against Optax's, step by step in float64.

`minigrad.optim.conventions.optax` has Optax's names and arguments, so both sides are made with the
very same ones, where Optax has the rule under its own name.
"""

import numpy as np
import optax
import pytest

import minigrad as mg
from minigrad import optim
from minigrad.optim import conventions
from minigrad.optim.muon import orthogonalized

jax = pytest.importorskip("jax")
STEPS = 60
SHAPES = {"scalar": (), "vector": (3,), "matrix": (4, 5), "stack": (2, 3, 4)}


@pytest.fixture(autouse=True)
def float64():
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", False)


def differences(make, reference, shapes=SHAPES):
    """The largest one after each step, with random gradients and a new optimizer halfway."""
    rng = np.random.default_rng(0)
    theirs = {name: np.asarray(rng.standard_normal(shape)) for name, shape in shapes.items()}
    ours = {name: mg.Parameter(a.copy()) for name, a in theirs.items()}
    optimizer, state = make(ours.items()), reference.init(theirs)
    update = jax.jit(reference.update)
    for i in range(STEPS):
        if i == STEPS // 2:
            saved, optimizer = optimizer.state_dict(), make(ours.items())
            optimizer.load_state_dict(saved)
        size = 10.0 ** (i % 3 - 1)
        gs = {n: np.asarray(rng.standard_normal(p.shape) * size) for n, p in ours.items()}
        for name, p in ours.items():
            p.grad = mg.tensor(gs[name])
        optimizer.step()
        moves, state = update(gs, state, theirs)
        theirs = optax.apply_updates(theirs, moves)
        yield max(np.abs(p.data - np.asarray(theirs[name])).max() for name, p in ours.items())


SHARED = [
    ("sgd", {}),
    ("sgd", {"momentum": 0.9}),
    ("sgd", {"momentum": 0.9, "nesterov": True}),
    ("adam", {}),
    ("adam", {"b1": 0.7, "b2": 0.9, "eps": 0.1}),
    ("adam", {"nesterov": True}),
    ("adamw", {"weight_decay": 0.3}),
    ("nadam", {}),
    ("amsgrad", {}),
    ("adamax", {}),
    ("adagrad", {}),
    ("adagrad", {"initial_accumulator_value": 0.5, "eps": 0.1}),
    ("adadelta", {}),
    ("rmsprop", {}),
    ("rmsprop", {"decay": 0.7, "eps": 0.1}),
    ("rmsprop", {"eps_in_sqrt": False}),
    ("rmsprop", {"centered": True}),
    ("rmsprop", {"momentum": 0.9}),
    ("rmsprop", {"momentum": 0.9, "nesterov": True}),
    ("rmsprop", {"momentum": 0.5, "centered": True}),
    ("rmsprop", {"momentum": 0.9, "centered": True, "nesterov": True}),
    ("lion", {}),
    ("lion", {"b1": 0.7, "b2": 0.8, "weight_decay": 0.3}),
    ("lamb", {}),
    ("lamb", {"b1": 0.7, "eps": 0.1, "weight_decay": 0.3}),
]


@pytest.mark.parametrize(
    ("name", "numbers"), SHARED, ids=[f"{name} {' '.join(a)}".strip() for name, a in SHARED]
)
def test_a_trajectory(name, numbers):
    ours = getattr(conventions.optax, name)
    theirs = getattr(optax, name)(0.05, **numbers)
    found = differences(lambda params: ours(params, 0.05, **numbers), theirs)
    assert max(found) <= 1e-12


def test_adafactor():
    """Optax has the learning rate of the paper as a schedule, and 1 - t^-0.8 in float32."""
    theirs = optax.adafactor(lambda n: jax.numpy.minimum(0.1, (n + 1.0) ** -0.5))
    small = {"matrix": (128, 130), "tall": (200, 128), "vector": (5,)}
    assert max(differences(lambda params: optim.Adafactor(params, lr=0.1), theirs, small)) <= 1e-6


@pytest.mark.parametrize("shape", [(4, 4), (3, 7), (7, 3)])
def test_orthogonalization(shape):
    """eps is added there; here it is a bound."""
    g = np.random.default_rng(0).standard_normal(shape)
    coefficients = jax.numpy.array([3.4445, -4.7750, 2.0315])
    theirs = optax.contrib._muon.orthogonalize_via_newton_schulz(g, coefficients, 5, eps=0.0)
    np.testing.assert_allclose(orthogonalized(g, 5), np.asarray(theirs), rtol=1e-12, atol=1e-13)
