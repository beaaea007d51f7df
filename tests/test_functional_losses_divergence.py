"""The Kullback-Leibler divergence, and the likelihood of numbers."""

import math

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad.testing import gradcheck

rng = np.random.default_rng(0)
LOG_P = F.log_softmax(rng.standard_normal((4, 3)))
Q = F.softmax(rng.standard_normal((4, 3)))
MEAN, TARGET, VARIANCE = (rng.standard_normal((4, 3)) for _ in range(3))
VARIANCE = 0.5 + VARIANCE**2


# Kullback-Leibler.


def test_divergence():
    each = F.kl_div(LOG_P, Q, reduction="none")
    np.testing.assert_allclose(each, Q * (np.log(Q) - LOG_P), rtol=1e-13)
    np.testing.assert_allclose(F.kl_div(LOG_P, Q), each.mean(), rtol=1e-13)
    np.testing.assert_allclose(F.kl_div(LOG_P, Q, "sum"), each.sum(), rtol=1e-13)
    np.testing.assert_allclose(F.kl_div(LOG_P, Q, "batchmean"), each.sum() / 4, rtol=1e-13)
    np.testing.assert_allclose(
        F.kl_div(LOG_P, np.log(Q), "none", log_target=True), each, rtol=1e-12
    )
    assert F.kl_div(LOG_P, Q, "batchmean") > 0
    np.testing.assert_allclose(F.kl_div(np.log(Q), Q), 0, atol=1e-16)


@pytest.mark.parametrize("log_target", [False, True])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none", "batchmean"])
def test_derivatives_of_the_divergence(log_target, reduction):
    q = np.log(Q) if log_target else Q
    assert gradcheck(lambda p, q: F.kl_div(p, q, reduction, log_target), [LOG_P, q], order=2)


@pytest.mark.parametrize("log_p", [[-np.inf, 0.0], [-1.0, -0.5]])
def test_nothing_where_the_target_is_zero(log_p):
    p = mg.tensor(np.array(log_p), requires_grad=True)
    q = mg.tensor(np.array([0.0, 1.0]), requires_grad=True)
    y = F.kl_div(p, q, "sum")
    np.testing.assert_array_equal(y.data, -log_p[1])
    y.backward()
    np.testing.assert_array_equal(p.grad.data, [0, -1])
    np.testing.assert_array_equal(q.grad.data, [0, 1 - log_p[1]])


def test_an_outcome_that_was_ruled_out():
    assert F.kl_div(np.array([-np.inf]), np.array([0.5])) == np.inf


def test_dtype_of_the_divergence():
    y = F.kl_div(LOG_P.astype(np.float32), Q.astype(np.float32))
    assert y.dtype == np.float32


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((LOG_P, Q[:2]), r"kl_div: .* same shape, got \(4, 3\) and \(2, 3\)"),
        ((LOG_P, Q, "batch"), "reduction must be"),
        ((np.array(-1.0), np.array(1.0), "batchmean"), "batchmean needs a first axis"),
    ],
)
def test_refusals_of_the_divergence(arguments, message):
    with pytest.raises(ValueError, match=message):
        F.kl_div(*arguments)


# Gaussians.


def test_likelihood():
    each = F.gaussian_nll_loss(MEAN, TARGET, VARIANCE, full=True, reduction="none")
    density = np.exp(-((TARGET - MEAN) ** 2) / (2 * VARIANCE)) / np.sqrt(2 * np.pi * VARIANCE)
    np.testing.assert_allclose(each, -np.log(density), rtol=1e-12)
    short = F.gaussian_nll_loss(MEAN, TARGET, VARIANCE, reduction="none")
    np.testing.assert_allclose(each - short, math.log(2 * math.pi) / 2, rtol=1e-12)
    np.testing.assert_allclose(F.gaussian_nll_loss(MEAN, TARGET, VARIANCE), short.mean())


@pytest.mark.parametrize("shape", [(4, 3), (4, 1), (4,), ()])
def test_shapes_of_a_variance(shape):
    variance = rng.uniform(0.5, 2, shape)
    spread = np.broadcast_to(variance[..., None] if shape == (4,) else variance, (4, 3))
    found = F.gaussian_nll_loss(MEAN, TARGET, variance, reduction="none")
    np.testing.assert_allclose(found, F.gaussian_nll_loss(MEAN, TARGET, spread, reduction="none"))
    assert gradcheck(F.gaussian_nll_loss, [MEAN, TARGET, variance], order=2)


def test_a_number_as_a_variance():
    assert F.gaussian_nll_loss(MEAN, TARGET, 1.0) == F.gaussian_nll_loss(
        MEAN, TARGET, np.ones((4, 3))
    )


def test_a_small_variance_counts_as_eps_and_can_grow_again():
    v = mg.tensor(np.array([0.0, 0.2]), requires_grad=True)
    y = F.gaussian_nll_loss(np.ones(2), np.zeros(2), v, eps=0.1, reduction="none")
    np.testing.assert_allclose(y.data, [0.5 * (math.log(e) + 1 / e) for e in (0.1, 0.2)])
    y.sum().backward()
    np.testing.assert_allclose(v.grad.data, [0.5 * (1 / e - 1 / e**2) for e in (0.1, 0.2)])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((MEAN, TARGET[:2], VARIANCE), r"same shape, got \(4, 3\) and \(2, 3\)"),
        ((MEAN, TARGET, VARIANCE[:2]), r"mean of shape \(4, 3\) needs a variance .* got \(2, 3\)"),
        ((MEAN, TARGET, -VARIANCE), "variances must not be negative; 12 of 12 break that"),
        ((MEAN, TARGET, VARIANCE, False, 0.0), "eps must be positive, got 0"),
        ((MEAN, TARGET, VARIANCE, False, 1e-6, "batchmean"), "reduction must be"),
    ],
)
def test_refusals_of_the_likelihood(arguments, message):
    with pytest.raises(ValueError, match=message):
        F.gaussian_nll_loss(*arguments)


def test_a_compiled_program_keeps_the_check():
    compiled = mg.compile(lambda m, v: F.gaussian_nll_loss(m, TARGET, v))
    for _ in range(3):
        compiled(MEAN, VARIANCE)
    with pytest.raises(ValueError, match="must not be negative; 1 of 12"):
        compiled(MEAN, np.where(np.arange(12).reshape(4, 3) == 5, -1, VARIANCE))
