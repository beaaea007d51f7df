"""Clipping by the common norm and by value: the formulas, dtypes, refusals, compiled steps."""

import math

import numpy as np
import pytest
from compiled_runs import Run, assert_equal_runs

import minigrad as mg
import minigrad.functional as F
from minigrad import optim


def with_gradients(*gradients, dtype=np.float64):
    parameters = []
    for g in gradients:
        g = np.array(g, dtype)
        p = mg.Parameter(np.zeros_like(g))
        p.grad = mg.tensor(g)
        parameters.append(p)
    return parameters


@pytest.mark.parametrize(
    ("norm_type", "norm"), [(2, 13.0), (1, 19.0), (math.inf, 12.0), (3, 1819 ** (1 / 3))]
)
def test_one_factor_for_all(norm_type, norm):
    a, b = with_gradients([[3.0, -4.0]], [12.0])
    before = optim.clip_grad_norm([a, b], 2.0, norm_type)
    assert before.item() == pytest.approx(norm, rel=1e-14)
    factor = 2 / (norm + 1e-6)
    np.testing.assert_allclose(a.grad.data, [[3 * factor, -4 * factor]], rtol=1e-14)
    np.testing.assert_allclose(b.grad.data, [12 * factor], rtol=1e-14)


def test_short_gradients_keep_every_bit():
    g = np.random.default_rng(0).standard_normal(100).astype(np.float32)
    (p,) = with_gradients(g, dtype=np.float32)
    optim.clip_grad_norm(p, 1e3)
    np.testing.assert_array_equal(p.grad.data, g)


def test_a_gradient_of_zero_and_a_bound_of_zero():
    (p,) = with_gradients([0.0, 0.0])
    assert optim.clip_grad_norm([p], 1.0).item() == 0
    np.testing.assert_array_equal(p.grad.data, [0, 0])
    (p,) = with_gradients([3.0, 4.0])
    optim.clip_grad_norm([p], 0.0)
    np.testing.assert_array_equal(p.grad.data, [0, 0])


def test_parameters_without_a_gradient_are_left_out():
    a, b = with_gradients([3.0], [4.0])
    b.grad = None
    assert optim.clip_grad_norm([a, b], 1.0).item() == 3
    assert b.grad is None
    with pytest.raises(RuntimeError, match="found no gradient to clip; call backward"):
        optim.clip_grad_norm([b], 1.0)
    with pytest.raises(RuntimeError, match="found no gradient to clip; call backward"):
        optim.clip_grad_value([b], 1.0)


def test_squares_of_half_precision_do_not_overflow():
    (p,) = with_gradients([300.0, 400.0], dtype=np.float16)
    norm = optim.clip_grad_norm([p], 5.0)
    assert norm.item() == 500 and norm.dtype == np.float32
    assert p.grad.dtype == np.float16
    np.testing.assert_allclose(p.grad.data, [3, 4], rtol=1e-3)


def test_each_gradient_keeps_its_dtype():
    (a,), (b,) = with_gradients([3.0], dtype=np.float32), with_gradients([4.0])
    assert optim.clip_grad_norm([a, b], 1.0).dtype == np.float64
    assert (a.grad.dtype, b.grad.dtype) == (np.float32, np.float64)


def test_two_parameters_may_share_a_gradients_memory():
    a, b = with_gradients([3.0], [4.0])
    b.grad = a.grad
    optim.clip_grad_norm([a, b], 1.0)
    np.testing.assert_allclose([a.grad.item(), b.grad.item()], [0.5**0.5] * 2, rtol=1e-6)


def test_what_is_not_finite_is_named_if_asked_for():
    a, b = with_gradients([3.0], [math.nan])
    with pytest.raises(FloatingPointError, match=r"the gradient of second, shape \(1,\)"):
        optim.clip_grad_norm([("first", a), ("second", b)], 1.0, error_if_nonfinite=True)
    assert a.grad.item() == 3
    optim.clip_grad_norm([a, b], 1.0)
    assert math.isnan(a.grad.item())


@pytest.mark.parametrize(("max_norm", "norm_type"), [(-1, 2), (math.nan, 2), (1, 0), (1, -1)])
def test_bounds_out_of_range(max_norm, norm_type):
    with pytest.raises(ValueError, match="expected max_norm of at least 0 and norm_type above 0"):
        optim.clip_grad_norm(with_gradients([1.0]), max_norm, norm_type)


def test_by_value():
    (p,) = with_gradients([-3.0, 0.25, math.inf], dtype=np.float32)
    optim.clip_grad_value([p], 0.5)
    np.testing.assert_array_equal(p.grad.data, np.float32([-0.5, 0.25, 0.5]))
    assert p.grad.dtype == np.float32
    with pytest.raises(ValueError, match="expected max_value of at least 0, got -1"):
        optim.clip_grad_value([p], -1)


@pytest.mark.parametrize("norm_type", [2, 3.0, math.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_compiled_steps_are_the_same_to_the_last_bit(norm_type, dtype):
    draws = np.random.default_rng(0)
    batches = [[draws.standard_normal((6, 3)).astype(dtype)] for _ in range(20)]

    def build():
        w = mg.Parameter(np.linspace(-1, 1, 12).reshape(3, 4), dtype=dtype)
        b = mg.Parameter(np.zeros(4), dtype=dtype)
        optimizer = optim.Adam([w, b], lr=0.01)

        def step(x):
            optimizer.zero_grad()
            F.mse_loss(np.tanh(x @ w + b), np.ones((6, 4), dtype)).backward()
            norm = optim.clip_grad_norm([w, b], 0.3, norm_type, error_if_nonfinite=True)
            optim.clip_grad_value(optimizer, 0.1)
            optimizer.step()
            return norm

        return Run(step, tensors=[w, b], optimizers=[optimizer])

    assert_equal_runs(build, batches)


def test_a_programs_source_tells_where_it_clips():
    w = mg.Parameter(np.ones(3))
    optimizer = optim.SGD([w], lr=0.1)

    @mg.compile
    def step(x):
        optimizer.zero_grad()
        (w * x).sum().backward()
        optim.clip_grad_norm([w], 1.0)
        optimizer.step()

    step(np.ones(3))
    headings = [line.strip() for line in step.source.splitlines() if line.strip().startswith("# ")]
    assert headings[-2:] == ["# clip", "# update"]
