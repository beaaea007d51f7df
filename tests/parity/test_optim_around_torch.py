"""What stands around an update rule, against PyTorch: clipping, L-BFGS, averages, accumulation."""

import math

import numpy as np
import pytest
import torch

import minigrad as mg
from minigrad import optim

TOLERANCE = 1e-12


def rosenbrock(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def beale(p):
    x, y = p[0], p[1]
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def gradients(dtype=np.float64):
    rng = np.random.default_rng(0)
    return [rng.standard_normal(shape).astype(dtype) for shape in [(3, 4), (4,), (), (2, 2, 2)]]


def both(arrays):
    ours, theirs = [], []
    for g in arrays:
        p, q = mg.Parameter(np.zeros_like(g)), torch.nn.Parameter(torch.zeros(g.shape).double())
        p.grad, q.grad = mg.tensor(g), torch.tensor(g)
        ours.append(p)
        theirs.append(q)
    return ours, theirs


def assert_same_gradients(ours, theirs):
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(p.grad.data, q.grad.numpy(), rtol=TOLERANCE)


@pytest.mark.parametrize("norm_type", [2.0, 1.0, 3.5, math.inf])
@pytest.mark.parametrize("max_norm", [0.0, 0.1, 1.0, 100.0])
def test_clipping_by_norm(max_norm, norm_type):
    ours, theirs = both(gradients())
    found = optim.clip_grad_norm(ours, max_norm, norm_type)
    expected = torch.nn.utils.clip_grad_norm_(theirs, max_norm, norm_type)
    assert found.item() == pytest.approx(expected.item(), rel=TOLERANCE)
    assert_same_gradients(ours, theirs)


def test_clipping_by_value():
    ours, theirs = both(gradients())
    optim.clip_grad_value(ours, 0.3)
    torch.nn.utils.clip_grad_value_(theirs, 0.3)
    assert_same_gradients(ours, theirs)


SETTINGS = [
    {},
    {"max_iter": 4, "max_eval": 5, "history_size": 3},
    {"max_iter": 15, "max_eval": 18, "tolerance_change": 1e-14, "history_size": 10},
    {"max_iter": 8, "max_eval": 10, "lr": 0.3},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("line_search", ["strong_wolfe", None])
@pytest.mark.parametrize(
    ("f", "start"), [(rosenbrock, (-1.5, 1.5)), (rosenbrock, (1.5, 1.5)), (beale, (1, 1.5))]
)
def test_lbfgs_takes_the_same_way(f, start, line_search, settings):
    if line_search is None:
        settings = settings | {"lr": 0.02}
    x, y = mg.Parameter(np.array(start, float)), torch.tensor(start).double().requires_grad_()
    ours = optim.LBFGS([x], line_search=line_search, **settings)
    theirs = torch.optim.LBFGS([y], line_search_fn=line_search, **settings)

    def closure():
        loss = f(x)
        loss.backward()
        return loss

    def torch_closure():
        theirs.zero_grad()
        loss = f(y)
        loss.backward()
        return loss

    for step in range(6):
        if step == 3:  # a round trip through the saved state
            state = ours.state_dict()
            ours = optim.LBFGS([x], line_search=line_search, **settings)
            ours.load_state_dict(state)
        found, expected = ours.step(closure).item(), theirs.step(torch_closure).item()
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)
        np.testing.assert_allclose(x.data, y.detach().numpy(), rtol=1e-10, atol=1e-10)
        assert ours.evaluations == theirs.state[y]["func_evals"]


def test_lbfgs_on_least_squares():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((40, 6)), rng.standard_normal(40)
    w, v = mg.Parameter(np.zeros(6)), torch.zeros(6).double().requires_grad_()
    ours = optim.LBFGS([w], max_iter=5, max_eval=6)
    theirs = torch.optim.LBFGS([v], max_iter=5, line_search_fn="strong_wolfe")

    def closure():
        loss = ((a @ w - b) ** 2).mean()
        loss.backward()
        return loss

    def torch_closure():
        theirs.zero_grad()
        loss = ((torch.tensor(a) @ v - torch.tensor(b)) ** 2).mean()
        loss.backward()
        return loss

    for _ in range(4):
        ours.step(closure)
        theirs.step(torch_closure)
        np.testing.assert_allclose(w.data, v.detach().numpy(), rtol=1e-10)


def averaged_by_torch(average, rows):
    layer = torch.nn.Linear(3, 1, bias=False).double()
    model = torch.optim.swa_utils.AveragedModel(layer, avg_fn=average)
    for row in rows:
        with torch.no_grad():
            layer.weight.copy_(torch.tensor(row)[None])
        model.update_parameters(layer)
    return model.module.weight.detach().numpy()[0]


@pytest.mark.parametrize(
    ("decay", "average"),
    [
        (optim.plain_average, torch.optim.swa_utils.get_swa_avg_fn()),
        # PyTorch's average begins with the first update, whatever the decay.
        (lambda t: 0.0 if t == 1 else 0.9, torch.optim.swa_utils.get_ema_avg_fn(0.9)),
    ],
    ids=["swa", "ema"],
)
def test_averages_of_weights(decay, average):
    rows = np.random.default_rng(0).standard_normal((25, 3))
    w = mg.Parameter(np.zeros(3))
    ema = optim.EMA([("w", w)], decay)
    for row in rows:
        w.data = row
        ema.update()
    expected = averaged_by_torch(average, rows)
    np.testing.assert_allclose(ema.state_dict()["average"]["w"], expected, rtol=1e-12)


def test_accumulation_with_clipping_over_a_run():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((20, 3)), rng.standard_normal(20)
    w, v = mg.Parameter(np.ones(3)), torch.ones(3).double().requires_grad_()
    ours, theirs = optim.Adam([w], lr=0.05), torch.optim.Adam([v], lr=0.05)
    for _ in range(30):
        ours.zero_grad()
        pieces = [(x[a : a + 6], y[a : a + 6]) for a in range(0, 20, 6)]
        optim.accumulate(lambda x, y: ((x @ w - y) ** 2).mean(), pieces)
        optim.clip_grad_norm([w], 0.5)
        ours.step()
        theirs.zero_grad()
        ((torch.tensor(x) @ v - torch.tensor(y)) ** 2).mean().backward()
        torch.nn.utils.clip_grad_norm_([v], 0.5)
        theirs.step()
        np.testing.assert_allclose(w.data, v.detach().numpy(), rtol=1e-11)
