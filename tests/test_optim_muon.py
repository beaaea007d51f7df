"""Muon: matrices only, and steps with singular values of about 1."""

import copy
import pickle

import numpy as np
import pytest
from compiled_runs import Run, assert_equal_runs

import minigrad as mg
from minigrad import nn, optim
from minigrad.optim.muon import orthogonalized


def matrix(*shape, seed=0, dtype=np.float64):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4), (1, 6), (6, 1), (1, 1)])
def test_orthogonalization_keeps_the_directions(shape):
    """The singular vectors stay, the singular values come near to 1."""
    g = matrix(*shape)
    u, _, vt = np.linalg.svd(g, full_matrices=False)
    inside = u.T @ orthogonalized(g) @ vt.T
    sizes = np.diag(inside)
    np.testing.assert_allclose(inside, np.diag(sizes), atol=1e-12)
    assert np.all((sizes > 0.6) & (sizes < 1.25))


def test_orthogonalization_is_the_polynomial_of_the_singular_values():
    s = 0.3
    for _ in range(3):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    g = 5 * np.diag([0.3, np.sqrt(1 - 0.3**2)])
    np.testing.assert_allclose(orthogonalized(g, steps=3)[0, 0], s, rtol=1e-13)


def test_orthogonalization_of_nothing():
    np.testing.assert_array_equal(orthogonalized(np.zeros((2, 3))), np.zeros((2, 3)))


@pytest.mark.parametrize("shape", [(4, 2), (2, 4), (3, 3)])
@pytest.mark.parametrize("weight_decay", [0.0, 0.5])
def test_formula(shape, weight_decay):
    w = mg.Parameter(matrix(*shape))
    optimizer = optim.Muon([w], lr=0.1, momentum=0.5, weight_decay=weight_decay)
    expected, v = w.data.copy(), np.zeros(shape)
    for t in range(1, 5):
        g = matrix(*shape, seed=t)
        w.grad = mg.tensor(g)
        optimizer.step()
        v = 0.5 * v + g
        scale = np.sqrt(max(1, shape[0] / shape[1]))
        expected = expected * (1 - 0.1 * weight_decay)
        expected -= 0.1 * scale * orthogonalized(g + 0.5 * v)
        np.testing.assert_allclose(w.data, expected, rtol=1e-13)


@pytest.mark.parametrize("shape", [(), (3,), (2, 2, 2)])
def test_what_is_no_matrix_is_refused(shape):
    told = rf"Muon takes matrices, got parameter 'other' of shape \({', '.join(map(str, shape))}"
    pairs = [("one", mg.Parameter(matrix(2, 2))), ("other", mg.Parameter(np.ones(shape)))]
    with pytest.raises(ValueError, match=told):
        optim.Muon(pairs)
    optimizer = optim.Muon(pairs[:1])
    with pytest.raises(ValueError, match="such as AdamW"):
        optimizer.add_group({"params": pairs[1:]})
    assert [g["params"] for g in optimizer.state_dict()["groups"]] == [["one"]]


def train(weights, optimizer, steps):
    for t in range(steps):
        optimizer.zero_grad()
        sum(((w - matrix(*w.shape, seed=t)) ** 2).sum() for w in weights).backward()
        optimizer.step()


@pytest.mark.parametrize("carry", [copy.deepcopy, lambda a: pickle.loads(pickle.dumps(a))])
def test_a_run_goes_on_from_its_state(carry):
    one, two = ([mg.Parameter(matrix(3, 2)), mg.Parameter(matrix(2, 4))] for _ in range(2))
    optimizer, resumed = optim.Muon(one), optim.Muon(two)
    train(one, optimizer, 3)
    resumed.load_state_dict(carry(optimizer.state_dict()))
    for a, b in zip(one, two, strict=True):
        b.data[...] = a.data
    train(one, optimizer, 3)
    train(two, resumed, 3)
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(b.data, a.data)


def test_beside_adamw_compiled():
    def build():
        rng = np.random.default_rng(0)
        net = nn.Sequential(nn.Linear(3, 4, rng=rng), nn.Tanh(), nn.Linear(4, 2, rng=rng))
        named = list(net.named_parameters())
        optimizers = [
            optim.Muon([(n, p) for n, p in named if p.ndim == 2]),
            optim.AdamW([(n, p) for n, p in named if p.ndim != 2]),
        ]

        def step(x, y):
            loss = ((net(x) - y) ** 2).mean()
            loss.backward()
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad()
            return loss

        return Run(step, [net], optimizers)

    calls = [(matrix(6, 3, seed=k), matrix(6, 2, seed=k + 100)) for k in range(20)]
    assert_equal_runs(build, calls)
