"""Linear algebra against PyTorch: values, first and second derivatives, in float64."""

import numpy as np
import pytest
import torch

import minigrad as mg

rng = np.random.default_rng(0)
TL = torch.linalg


def normal(*shape):
    return rng.standard_normal(shape)


def regular(*shape):
    return 0.3 * normal(*shape) + np.diag(np.linspace(1.5, 2.5, shape[-1]))


def distant(*shape):
    """Square matrices with well separated eigenvalues, all positive in the symmetric part."""
    return 0.2 * normal(*shape) + np.diag(np.arange(1.0, shape[-1] + 1))


def pieces(result):
    return [result] if hasattr(result, "shape") else list(result)


def symmetric(fn):
    """The function of the symmetric part, in which the convention for triangles has no say."""
    return lambda x: fn((x + x.mT) / 2)


def without_signs(u, s, vt):
    """What does not change with the sign of a pair of singular vectors, which is arbitrary."""
    return u * u, s, vt * vt, u @ vt


def compare(ours, theirs, *arrays, rtol=1e-9, atol=1e-10):
    """The values, the gradients g of a projection of them, and those of a projection of g."""
    xs = [mg.tensor(a, requires_grad=True) for a in arrays]
    ts = [torch.tensor(a, requires_grad=True) for a in arrays]
    ys, expected = pieces(ours(*xs)), pieces(theirs(*ts))
    assert len(ys) == len(expected)
    draws = np.random.default_rng(1)

    def agree(a, b):
        np.testing.assert_allclose(a.data, b.detach().numpy(force=True), rtol=rtol, atol=atol)

    for y, e in zip(ys, expected, strict=True):
        agree(y, e)
    vs = [draws.standard_normal(y.shape) for y in ys]
    total = sum(((y + y * y) * v).sum() for y, v in zip(ys, vs, strict=True))
    wanted = sum(((e + e * e) * torch.tensor(v)).sum() for e, v in zip(expected, vs, strict=True))
    first = mg.grad(total, xs, create_graph=True)
    their_first = torch.autograd.grad(wanted, ts, create_graph=True)
    for g, w in zip(first, their_first, strict=True):
        agree(g, w)
    vs = [draws.standard_normal(a.shape) for a in arrays]
    again = sum((g * v).sum() for g, v in zip(first, vs, strict=True))
    their_again = sum((w * torch.tensor(v)).sum() for w, v in zip(their_first, vs, strict=True))
    seconds = mg.grad(again, xs)
    for g, w in zip(seconds, torch.autograd.grad(their_again, ts), strict=True):
        agree(g, w)


@pytest.mark.parametrize("shape", [(3, 3), (2, 3, 3), (1, 1)])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (np.linalg.inv, TL.inv),
        (np.linalg.pinv, TL.pinv),
        (np.linalg.det, TL.det),
        (lambda x: np.linalg.slogdet(x)[1], lambda x: TL.slogdet(x)[1]),
        (lambda x: np.linalg.matrix_power(x, 3), lambda x: TL.matrix_power(x, 3)),
        (lambda x: np.linalg.matrix_power(x, -2), lambda x: TL.matrix_power(x, -2)),
        (symmetric(np.linalg.eigvalsh), symmetric(TL.eigvalsh)),
        (symmetric(np.linalg.eigh), symmetric(TL.eigh)),
        (symmetric(lambda x: np.linalg.eigh(x, "U")), symmetric(lambda x: TL.eigh(x, "U"))),
        (symmetric(np.linalg.cholesky), symmetric(TL.cholesky)),
        (
            symmetric(lambda x: np.linalg.cholesky(x, upper=True)),
            symmetric(lambda x: TL.cholesky(x, upper=True)),
        ),
    ],
)
def test_functions_of_a_square_matrix(ours, theirs, shape):
    compare(ours, theirs, distant(*shape))


@pytest.mark.parametrize("shape", [(3, 2), (2, 3), (3, 3), (2, 4, 2)])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (
            lambda x: without_signs(*np.linalg.svd(x, False)),
            lambda x: without_signs(*TL.svd(x, False)),
        ),
        (np.linalg.svdvals, TL.svdvals),
        (np.linalg.pinv, TL.pinv),
        (lambda x: np.linalg.matrix_norm(x, ord="nuc"), lambda x: TL.matrix_norm(x, "nuc")),
        (lambda x: np.linalg.matrix_norm(x, ord=2), lambda x: TL.matrix_norm(x, 2)),
        (lambda x: np.linalg.matrix_norm(x, ord=-2), lambda x: TL.matrix_norm(x, -2)),
        (lambda x: np.linalg.matrix_norm(x, ord=1), lambda x: TL.matrix_norm(x, 1)),
        (lambda x: np.linalg.matrix_norm(x, ord=-np.inf), lambda x: TL.matrix_norm(x, -np.inf)),
        (lambda x: np.linalg.vector_norm(x, ord=3), lambda x: TL.vector_norm(x, 3)),
        (lambda x: np.linalg.vector_norm(x, axis=-1), lambda x: TL.vector_norm(x, dim=-1)),
    ],
)
def test_functions_of_any_matrix(ours, theirs, shape):
    compare(ours, theirs, normal(*shape))


@pytest.mark.parametrize("shape", [(3, 2), (3, 3), (2, 4, 2)])
def test_qr(shape):
    compare(np.linalg.qr, TL.qr, normal(*shape))


@pytest.mark.parametrize(
    "shapes", [((3, 3), (3,)), ((3, 3), (3, 2)), ((2, 3, 3), (2, 3, 1)), ((3, 3), (2, 3, 2))]
)
def test_solve(shapes):
    compare(np.linalg.solve, TL.solve, regular(*shapes[0]), normal(*shapes[1]))


@pytest.mark.parametrize(
    ("ours", "theirs", "shapes"),
    [
        (np.inner, torch.inner, [(2, 3), (4, 3)]),
        (np.vdot, torch.vdot, [(3,), (3,)]),
        (np.kron, torch.kron, [(2, 3), (3, 2)]),
        (np.cross, TL.cross, [(2, 3), (2, 3)]),
        (np.linalg.vecdot, TL.vecdot, [(2, 3), (3,)]),
        (lambda *a: np.linalg.multi_dot(a), lambda *a: TL.multi_dot(a), [(2, 3), (3, 4), (4, 1)]),
        (
            lambda a, b: np.einsum("...ij,...jk", a, b),
            lambda a, b: torch.einsum("...ij,...jk", a, b),
            [(2, 2, 3), (3, 2)],
        ),
        (
            lambda a, b: np.einsum("iij,j->i", a, b),
            lambda a, b: torch.einsum("iij,j->i", a, b),
            [(2, 2, 3), (3,)],
        ),
    ],
)
def test_products(ours, theirs, shapes):
    compare(ours, theirs, *(normal(*shape) for shape in shapes))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (np.trace, torch.trace),
        (lambda x: np.diagonal(x, -1), lambda x: torch.diagonal(x, -1)),
        (lambda x: np.diag(np.diag(x), 1), lambda x: torch.diag(torch.diag(x), 1)),
    ],
)
def test_diagonals(ours, theirs):
    compare(ours, theirs, normal(3, 3))


@pytest.mark.parametrize(
    ("ours", "theirs", "lower"),
    [
        (np.linalg.cholesky, TL.cholesky, True),
        (lambda x: np.linalg.cholesky(x, upper=True), lambda x: TL.cholesky(x, upper=True), False),
        (np.linalg.eigvalsh, TL.eigvalsh, True),
        (lambda x: np.linalg.eigh(x, "U")[1], lambda x: TL.eigh(x, "U")[1], False),
    ],
)
def test_the_gradient_stands_in_the_triangle_that_is_read(ours, theirs, lower):
    """PyTorch's is symmetric: both of its halves belong to the element that NumPy reads."""
    a = distant(3, 3)
    a = (a + a.T) / 2
    x, t = mg.tensor(a, requires_grad=True), torch.tensor(a, requires_grad=True)
    y, e = ours(x), theirs(t)
    v = rng.standard_normal(y.shape)
    g = mg.grad([y], x, [v]).data
    (s,) = torch.autograd.grad((e * torch.tensor(v)).sum(), t)
    halves = (s + s.T).numpy() / 2
    in_triangle = np.tril(halves + halves.T, -1) + np.diag(np.diag(halves))
    np.testing.assert_allclose(g, in_triangle if lower else in_triangle.T, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("fn", [lambda x: np.linalg.eigh(x)[1], lambda x: np.linalg.svd(x)[0]])
def test_vectors_of_repeated_values_have_no_derivative(fn):
    x = mg.tensor(np.eye(2), requires_grad=True)
    with np.errstate(all="ignore"):
        assert not np.isfinite(mg.grad([fn(x)], x, [np.ones((2, 2))]).data).all()
