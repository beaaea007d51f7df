"""Sharpness-aware minimization: its formula, both forms of a step, compiled steps."""

import numpy as np
import pytest
from compiled_runs import Run, assert_equal_runs, bits

import minigrad as mg
import minigrad.functional as F
from minigrad import nn, optim

X = np.random.default_rng(0).standard_normal((6, 3)).astype(np.float32)
Y = np.sin(X[:, :2])
A = np.array([1.0, 4.0, 10.0])


def network():
    rng = np.random.default_rng(1)
    return nn.Sequential(nn.Linear(3, 4, rng=rng), nn.Tanh(), nn.Linear(4, 2, rng=rng))


def parabola(w):
    loss = (A * w * w / 2).sum()
    loss.backward()
    return loss


@pytest.mark.parametrize("adaptive", [False, True])
def test_on_a_parabola_it_is_the_formula(adaptive):
    lr, rho = 0.05, 0.3
    w = mg.Parameter(np.array([1.0, -0.5, 0.25]))
    optimizer = optim.SAM(optim.SGD([w], lr=lr), rho, adaptive)
    expected = w.data.copy()
    for _ in range(10):
        before = expected
        g = A * expected
        scale = np.abs(expected) if adaptive else 1.0
        e = rho * scale**2 * g / (np.linalg.norm(scale * g) + 1e-12)
        expected = expected - lr * A * (expected + e)
        assert optimizer.step(lambda: parabola(w)).item() == pytest.approx((A @ before**2) / 2)
        np.testing.assert_allclose(w.data, expected, rtol=1e-13)


def test_both_halves_are_the_closure_form():
    (a, one), (b, two) = (
        (net, optim.SAM(optim.Adam(net.named_parameters()), 0.1)) for net in (network(), network())
    )

    def closure():
        loss = F.mse_loss(a(X), Y)
        loss.backward()
        return loss

    for _ in range(5):
        one.step(closure)
        two.zero_grad()
        F.mse_loss(b(X), Y).backward()
        two.first_step()
        two.zero_grad()
        F.mse_loss(b(X), Y).backward()
        two.second_step()
    assert bits(a.state_dict()) == bits(b.state_dict())
    assert bits(one.state_dict()) == bits(two.state_dict())


def test_rho_0_is_the_wrapped_optimizer():
    w, v = mg.Parameter(np.ones(3)), mg.Parameter(np.ones(3))
    sam, plain = optim.SAM(optim.Adam([w], lr=0.1), rho=0), optim.Adam([v], lr=0.1)
    for _ in range(5):
        sam.step(lambda: parabola(w))
        plain.zero_grad()
        parabola(v)
        plain.step()
    np.testing.assert_array_equal(w.data, v.data)


def test_a_zero_gradient_and_a_parameter_without_one():
    w, idle = mg.Parameter(np.zeros(3)), mg.Parameter(np.ones(2))
    optimizer = optim.SAM(optim.SGD([w, idle], lr=0.1))
    optimizer.step(lambda: parabola(w))
    np.testing.assert_array_equal(w.data, np.zeros(3))
    np.testing.assert_array_equal(idle.data, np.ones(2))


def test_a_closure_that_fails_leaves_the_weights_as_they_were():
    w = mg.Parameter(np.ones(3))
    optimizer = optim.SAM(optim.SGD([w], lr=0.1))
    calls = []

    def closure():
        calls.append(w.data.copy())
        if len(calls) == 2:
            raise KeyError("the second time")
        return parabola(w)

    with pytest.raises(KeyError):
        optimizer.step(closure)
    assert (calls[1] != 1).all()
    np.testing.assert_array_equal(w.data, np.ones(3))
    optimizer.step(lambda: parabola(w))


def test_halves_in_the_wrong_order():
    w = mg.Parameter(np.ones(3))
    optimizer = optim.SAM(optim.SGD([w], lr=0.1))
    with pytest.raises(RuntimeError, match=r"second_step\(\) needs first_step\(\) before it"):
        optimizer.second_step()
    with pytest.raises(RuntimeError, match=r"first_step\(\) found no gradient"):
        optimizer.first_step()
    parabola(w)
    optimizer.first_step()
    with pytest.raises(RuntimeError, match=r"call second_step\(\) before the next"):
        optimizer.first_step()


def test_what_is_refused():
    inner = optim.SGD([mg.Parameter([1.0])])
    with pytest.raises(TypeError, match=r"call step\(closure\)"):
        optim.SAM(inner).step()
    with pytest.raises(ValueError, match="expected rho of at least 0, got -1"):
        optim.SAM(inner, rho=-1)


def test_a_group_may_be_added_and_the_state_is_the_wrapped_optimizers():
    w, b = mg.Parameter(np.ones(3)), mg.Parameter(np.ones(3))
    optimizer = optim.SAM(optim.Momentum([("w", w)], lr=0.1))
    optimizer.add_group({"params": [("b", b)]})
    optimizer.step(lambda: parabola(w + b))
    assert (w.data != 1).all() and (b.data != 1).all()
    state = optimizer.state_dict()
    assert bits(state["optimizer"]) == bits(optimizer.optimizer.state_dict())
    optimizer.load_state_dict(state)
    assert bits(optimizer.state_dict()) == bits(state)


@pytest.mark.parametrize("adaptive", [False, True])
@pytest.mark.parametrize("form", ["closure", "halves"])
def test_compiled_it_is_the_same_to_the_last_bit(form, adaptive):
    def build():
        net = network()
        optimizer = optim.SAM(optim.Adam(net.named_parameters(), lr=0.01), 0.1, adaptive)

        def closure_form(x):
            def closure():
                loss = F.mse_loss(net(x), Y)
                loss.backward()
                return loss

            return optimizer.step(closure)

        def halves(x):
            optimizer.zero_grad()
            F.mse_loss(net(x), Y).backward()
            optimizer.first_step()
            optimizer.zero_grad()
            F.mse_loss(net(x), Y).backward()
            optimizer.second_step()

        return Run(closure_form if form == "closure" else halves, [net], [optimizer])

    assert_equal_runs(build, [(X + k,) for k in range(20)])
