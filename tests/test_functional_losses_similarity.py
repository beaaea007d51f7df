"""Losses of vectors that shall lie near each other, or far apart."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad.testing import gradcheck

rng = np.random.default_rng(0)
A, B, C = (rng.standard_normal((5, 3)) for _ in range(3))
SIGNS = np.array([1, -1, -1, 1, 1])


def cosines(a, b):
    return np.array([x @ y / np.sqrt((x @ x) * (y @ y)) for x, y in zip(a, b, strict=True)])


# Cosines.


def test_cosine_similarity():
    np.testing.assert_allclose(F.cosine_similarity(A, B), cosines(A, B), rtol=1e-13)
    np.testing.assert_allclose(F.cosine_similarity(A, B, axis=0), cosines(A.T, B.T), rtol=1e-13)
    every = F.cosine_similarity(A[:, None], B, axis=-1)
    assert every.shape == (5, 5)
    np.testing.assert_allclose(np.diagonal(every), cosines(A, B), rtol=1e-13)
    np.testing.assert_allclose(every[1, 3], cosines(A[1:2], B[3:4])[0], rtol=1e-13)
    np.testing.assert_allclose(F.cosine_similarity(A[:, None], B, axis=2), every, rtol=1e-13)


def test_lengths_do_not_matter():
    np.testing.assert_allclose(F.cosine_similarity(1e150 * A, 1e-5 * B), cosines(A, B), rtol=1e-12)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_derivatives_of_cosines(axis):
    assert gradcheck(lambda a, b: F.cosine_similarity(a, b, axis), [A, B], order=2)


def test_vectors_of_zeros():
    x = mg.tensor(np.zeros((2, 3)), requires_grad=True)
    y = F.cosine_similarity(x, x * 1.0, axis=1)
    np.testing.assert_array_equal(y.data, 0)
    y.sum().backward()
    assert np.isfinite(x.grad.data).all()


@pytest.mark.parametrize(
    ("a", "b", "axis", "message"),
    [
        (A, B[:, :2], 1, r"shapes \(5, 3\) and \(5, 2\) do not broadcast"),
        (A[0], B[0], 1, r"axis 1 need as many axes, got \(3,\) and \(3,\)"),
        (A, B, -3, "axis -3 need as many axes"),
    ],
)
def test_refusals_of_cosines(a, b, axis, message):
    with pytest.raises(ValueError, match=message):
        F.cosine_similarity(a, b, axis)


# Pairs.


@pytest.mark.parametrize("margin", [0.0, 0.3, -0.5])
def test_cosine_embedding_loss(margin):
    each = F.cosine_embedding_loss(A, B, SIGNS, margin, "none")
    c = cosines(A, B)
    expected = np.where(SIGNS == 1, 1 - c, np.maximum(c - margin, 0))
    np.testing.assert_allclose(each, expected, rtol=1e-12)
    np.testing.assert_allclose(F.cosine_embedding_loss(A, B, SIGNS, margin), expected.mean())
    one = F.cosine_embedding_loss(A[0], B[0], 1)
    np.testing.assert_allclose(one, expected[0])


def test_derivatives_of_pairs():
    assert gradcheck(lambda a, b: F.cosine_embedding_loss(a, b, SIGNS, -0.9), [A, B], order=2)


@pytest.mark.parametrize("sign", [1, -1])
def test_pairs_of_zeros(sign):
    x = mg.tensor(np.zeros((2, 3)), requires_grad=True)
    F.cosine_embedding_loss(x, A[:2], np.full(2, sign), -0.5).backward()
    assert np.isfinite(x.grad.data).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((A, B[:2], SIGNS), r"cosine_embedding_loss: .* same shape, got \(5, 3\) and \(2, 3\)"),
        ((A, B, SIGNS[:2]), r"same shape, got \(5,\) and \(2,\)"),
        ((A[None], B[None], SIGNS), r"vectors of shape \(N, D\) or \(D,\), got \(1, 5, 3\)"),
        ((A, B, np.array([1, 0, 1, 2, -1])), "targets must be 1 or -1; 2 of 5 break that"),
        ((A, B, SIGNS, 1.5), r"margin must lie in \[-1, 1\], got 1.5"),
        ((A, B, SIGNS, 0.0, "all"), "reduction must be"),
    ],
)
def test_refusals_of_pairs(arguments, message):
    with pytest.raises(ValueError, match=message):
        F.cosine_embedding_loss(*arguments)


# Triplets.


@pytest.mark.parametrize("p", [1, 2.0, 3])
@pytest.mark.parametrize("swap", [False, True])
def test_triplet_margin_loss(p, swap):
    def distance(x, y):
        return (np.abs(x - y + 0.01) ** p).sum(axis=1) ** (1 / p)

    far = np.minimum(distance(A, C), distance(B, C)) if swap else distance(A, C)
    expected = np.maximum(distance(A, B) - far + 0.5, 0)
    assert (expected == 0).any() and (expected > 0).any()
    options = {"margin": 0.5, "p": p, "eps": 0.01, "swap": swap}
    found = F.triplet_margin_loss(A, B, C, reduction="none", **options)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_allclose(F.triplet_margin_loss(A, B, C, **options), expected.mean())
    assert F.triplet_margin_loss(A[0], B[0], C[0]).shape == ()


@pytest.mark.parametrize("swap", [False, True])
def test_derivatives_of_triplets(swap):
    assert gradcheck(lambda *x: F.triplet_margin_loss(*x, swap=swap), [A, B, C], order=2)


def test_triplets_of_the_same_vector():
    x = mg.tensor(np.zeros((2, 3)), requires_grad=True)
    for eps in (0.0, 1e-6):
        x.grad = None
        y = F.triplet_margin_loss(x, x * 1.0, x * 1.0, eps=eps)
        assert y.item() == 1
        y.backward()
        assert np.isfinite(x.grad.data).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((A, B[:2], C), r"triplet_margin_loss: .* same shape, got \(5, 3\) and \(2, 3\)"),
        ((A, B, C[:2]), r"same shape, got \(5, 3\) and \(2, 3\)"),
        ((A[None], B[None], C[None]), r"vectors of shape \(N, D\) or \(D,\), got \(1, 5, 3\)"),
        ((A, B, C, 0.0), "margin must be positive, got 0"),
    ],
)
def test_refusals_of_triplets(arguments, message):
    with pytest.raises(ValueError, match=message):
        F.triplet_margin_loss(*arguments)


# Contrastive.


@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_info_nce(temperature):
    every = np.exp(F.cosine_similarity(A[:, None], B, axis=-1) / temperature)
    own = np.diagonal(every)
    forth, back = -np.log(own / every.sum(axis=1)), -np.log(own / every.sum(axis=0))
    found = F.info_nce(A, B, temperature, reduction="none")
    np.testing.assert_allclose(found, forth, rtol=1e-11)
    both = F.info_nce(A, B, temperature, symmetric=True, reduction="none")
    np.testing.assert_allclose(both, (forth + back) / 2, rtol=1e-11)
    np.testing.assert_allclose(F.info_nce(A, B, temperature), forth.mean())
    np.testing.assert_allclose(F.info_nce(B, A, temperature), back.mean())


@pytest.mark.parametrize("symmetric", [False, True])
def test_derivatives_of_info_nce(symmetric):
    assert gradcheck(lambda a, b: F.info_nce(a, b, 0.5, symmetric), [A, B], order=2)


def test_queries_without_a_direction():
    x = mg.tensor(np.zeros((3, 2)), requires_grad=True)
    y = F.info_nce(x, x * 1.0)
    np.testing.assert_allclose(y.item(), np.log(3))
    y.backward()
    assert np.isfinite(x.grad.data).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((A, B[:2]), r"info_nce: .* same shape, got \(5, 3\) and \(2, 3\)"),
        ((A[0], B[0]), r"shape \(N, D\) with N >= 2, .* got \(3,\)"),
        ((A[:1], B[:1]), r"with N >= 2, .* got \(1, 3\)"),
        ((A, B, 0.0), "temperature must be positive, got 0"),
        ((A, B, 0.1, False, "all"), "reduction must be"),
    ],
)
def test_refusals_of_info_nce(arguments, message):
    with pytest.raises(ValueError, match=message):
        F.info_nce(*arguments)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes(dtype):
    a, b, c = (x.astype(dtype) for x in (A, B, C))
    values = [
        F.cosine_similarity(a, b),
        F.cosine_embedding_loss(a, b, SIGNS),
        F.triplet_margin_loss(a, b, c),
        F.info_nce(a, b, symmetric=True),
        F.gaussian_nll_loss(a, b, c * c),
    ]
    assert {np.asarray(v).dtype for v in values} == {np.dtype(dtype)}
