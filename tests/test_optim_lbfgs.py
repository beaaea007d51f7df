"""L-BFGS: minima, its direction, saved state, and what it refuses."""

import copy
import math

import numpy as np
import pytest
from compiled_runs import bits

import minigrad as mg
import minigrad.functional as F
from minigrad import nn, optim
from minigrad.optim import schedules

RNG = np.random.default_rng(0)
A, B = RNG.standard_normal((30, 5)), RNG.standard_normal(30)


def rosenbrock(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def closure_of(f, x):
    def closure():
        loss = f(x)
        loss.backward()
        return loss

    return closure


def least_squares(w):
    return ((A @ w - B) ** 2).mean()


@pytest.mark.parametrize("start", [(-1.5, 1.5), (1.5, 1.5), (0.0, 0.0), (-10.0, 20.0)])
def test_rosenbrocks_minimum_is_reached(start):
    x = mg.Parameter(np.array(start))
    optimizer = optim.LBFGS([x], max_iter=200, tolerance_change=1e-15)
    before = optimizer.step(closure_of(rosenbrock, x))
    assert before.item() == pytest.approx(rosenbrock(np.array(start)))
    np.testing.assert_allclose(x.data, [1, 1], atol=1e-8)
    assert optimizer.evaluations < 100


def test_least_squares_over_several_parameters_and_shapes():
    w, b = mg.Parameter(np.zeros((1, 5))), mg.Parameter(np.zeros(()))
    optimizer = optim.LBFGS([w, b], max_iter=100, tolerance_change=1e-16, tolerance_grad=1e-12)
    optimizer.step(closure_of(lambda _: ((A @ w[0] + b - B) ** 2).mean(), None))
    expected = np.linalg.lstsq(np.c_[A, np.ones(30)], B, rcond=None)[0]
    np.testing.assert_allclose([*w.data[0], b.item()], expected, rtol=1e-6)


def test_a_quadratic_with_exact_memory_has_newtons_direction():
    """Once it has as many pairs as dimensions, -H g is close to Newton's step."""
    w = mg.Parameter(np.zeros(5))
    optimizer = optim.LBFGS([w], max_iter=12, tolerance_change=0.0, tolerance_grad=1e-9)
    optimizer.step(closure_of(least_squares, w))
    hessian, g = 2 * A.T @ A / 30, RNG.standard_normal(5)
    newton = -np.linalg.solve(hessian, g)
    np.testing.assert_allclose(optimizer._direction(g), newton, rtol=0.05)


def test_without_a_line_search_steps_have_the_length_of_lr():
    w = mg.Parameter(np.ones(1))
    optimizer = optim.LBFGS([w], lr=0.5, max_iter=1, line_search=None)
    optimizer.step(closure_of(lambda w: (2 * w * w).sum(), w))
    assert w.item() == 1 - 0.5  # the first: lr min(1, 1 / |g|_1) g
    optimizer.step(closure_of(lambda w: (2 * w * w).sum(), w))
    assert w.item() == 0.5 - 0.5 * 2 / 4  # then lr H g, and H = 1/4 is known


def test_gradients_are_cleared_and_a_missing_one_is_zero():
    w, idle = mg.Parameter(np.ones(2)), mg.Parameter(np.ones(2))
    w.grad = mg.tensor([1e9, 1e9], dtype=np.float64)
    optimizer = optim.LBFGS([w, idle])
    optimizer.step(closure_of(lambda w: (w * w).sum(), w))
    np.testing.assert_allclose(w.data, 0, atol=1e-7)
    np.testing.assert_array_equal(idle.data, [1, 1])


def test_it_stops_at_a_minimum():
    w = mg.Parameter(np.zeros(2))
    optimizer = optim.LBFGS([w])
    optimizer.step(closure_of(lambda w: (w * w).sum(), w))
    assert optimizer.evaluations == 1 and optimizer.t == 1


def test_max_eval_bounds_a_step():
    x = mg.Parameter(np.array([-1.5, 1.5]))
    optimizer = optim.LBFGS([x], max_iter=100, max_eval=7)
    optimizer.step(closure_of(rosenbrock, x))
    assert optimizer.evaluations <= 8


def test_one_iteration_moves():
    x = mg.Parameter(np.array([-1.5, 1.5]))
    optimizer = optim.LBFGS([x], max_iter=1)
    before = optimizer.step(closure_of(rosenbrock, x)).item()
    assert rosenbrock(x.data) < before


@pytest.mark.parametrize("line_search", ["strong_wolfe", None])
def test_a_run_cut_in_two_is_the_same_to_the_last_bit(line_search):
    def new():
        x = mg.Parameter(np.array([-1.5, 1.5]))
        settings = {"lr": 1.0 if line_search else 0.01, "max_iter": 3, "history_size": 4}
        return x, optim.LBFGS([("x", x)], line_search=line_search, **settings)

    def run(x, optimizer, steps):
        for _ in range(steps):
            optimizer.step(closure_of(rosenbrock, x))

    (x, whole), (y, before), (z, after) = new(), new(), new()
    run(x, whole, 6)
    run(y, before, 2)
    z.data = y.data.copy()
    after.load_state_dict(copy.deepcopy(before.state_dict()))
    run(z, after, 4)
    assert bits(z) == bits(x)
    assert bits(after.state_dict()) == bits(whole.state_dict())


def test_a_scheduled_run_cut_in_two_is_the_same_to_the_last_bit():
    def new():
        x = mg.Parameter(np.array([-1.5, 1.5]))
        falling = schedules.Linear(1e-3, 1e-4, steps=6)
        return x, optim.LBFGS([("x", x)], lr=falling, line_search=None, max_iter=2)

    def run(x, optimizer, steps):
        for _ in range(steps):
            optimizer.step(closure_of(rosenbrock, x))

    (x, whole), (y, before), (z, after) = new(), new(), new()
    run(x, whole, 6)
    run(y, before, 2)
    z.data = y.data.copy()
    after.load_state_dict(copy.deepcopy(before.state_dict()))
    assert after.lr == schedules.Linear(1e-3, 1e-4, steps=6)(3)
    run(z, after, 4)
    assert bits(z) == bits(x)
    with pytest.raises(ValueError, match="this optimizer has 1.0; make it with the same schedule"):
        optim.LBFGS([("x", x)]).load_state_dict(before.state_dict())


def test_a_state_that_does_not_fit_changes_nothing():
    x, y = mg.Parameter(np.array([-1.5, 1.5])), mg.Parameter(np.ones(3))
    optimizer, other = optim.LBFGS([("x", x)]), optim.LBFGS([("x", y)])
    other.step(closure_of(lambda y: (y**4).sum(), y))
    before = bits(optimizer.state_dict())
    with pytest.raises(ValueError, match=r"expected vectors of 2 numbers, got shape \(3,\)"):
        optimizer.load_state_dict(other.state_dict())
    with pytest.raises(ValueError, match="the state is of other parameters"):
        optimizer.load_state_dict(optim.LBFGS([("y", x)]).state_dict())
    assert bits(optimizer.state_dict()) == before


def test_a_loss_that_is_not_finite_at_the_start_is_named():
    w = mg.Parameter(np.ones(2))
    optimizer = optim.LBFGS([w])
    with pytest.raises(FloatingPointError, match="the loss"):
        optimizer.step(closure_of(lambda w: (w * math.inf).sum(), w))
    np.testing.assert_array_equal(w.data, [1, 1])


def test_a_trial_beyond_the_domain_is_taken_back():
    w = mg.Parameter(np.array([0.5]))
    optimizer = optim.LBFGS([w], lr=8.0)  # the first trials are at w <= 0
    with np.errstate(invalid="ignore", divide="ignore"):
        optimizer.step(closure_of(lambda w: (w - np.log(w) + 3 * w).sum(), w))
    assert w.item() == pytest.approx(0.25, rel=1e-4)


def test_what_is_refused():
    w = mg.Parameter(np.ones(2))
    with pytest.raises(ValueError, match='expected line_search "strong_wolfe" or None'):
        optim.LBFGS([w], line_search="armijo")
    with pytest.raises(ValueError, match="expected max_iter and history_size of at least 1"):
        optim.LBFGS([w], history_size=0)
    with pytest.raises(ValueError, match=r"lr must lie in \[0, inf\)"):
        optim.LBFGS([w], lr=-1)
    with pytest.raises(TypeError, match="one group"):
        optim.LBFGS([{"params": [w]}])
    optimizer = optim.LBFGS([w])
    with pytest.raises(TypeError, match="one group"):
        optimizer.add_group({"params": [mg.Parameter([1.0])]})
    with pytest.raises(TypeError, match=r"call step\(closure\)"):
        optimizer.step()
    with pytest.raises(RuntimeError, match="the closure left no gradient"):
        optimizer.step(lambda: mg.tensor(1.0))


def test_a_step_cannot_be_compiled_but_its_closure_can():
    x = np.random.default_rng(0).standard_normal((20, 3)).astype(np.float32)
    y = np.sin(x[:, :1])
    results = []
    for wrap in (lambda fn: fn, mg.compile):
        rng = np.random.default_rng(1)
        net = nn.Sequential(nn.Linear(3, 4, rng=rng), nn.Tanh(), nn.Linear(4, 1, rng=rng))
        optimizer = optim.LBFGS(net.named_parameters(), max_iter=5)

        def closure(net=net, optimizer=optimizer):
            optimizer.zero_grad()
            loss = F.mse_loss(net(x), y)
            loss.backward()
            return loss

        run = wrap(closure)
        for _ in range(4):
            optimizer.step(run)
        results.append(bits([net.state_dict(), optimizer.state_dict()]))
    assert results[0] == results[1]

    @mg.compile
    def step():
        return optimizer.step(closure)

    with pytest.raises(mg.compiler.RecordingError, match="a step of L-BFGS, which branches"):
        step()
