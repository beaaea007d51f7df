"""`minigrad.functional` against PyTorch: values, first and second derivatives, in float64."""

import numpy as np
import pytest
import torch
import torch.nn.functional as TF

import minigrad as mg
import minigrad.functional as F

rng = np.random.default_rng(0)
REDUCTIONS = ["mean", "sum", "none"]


def normal(*shape):
    return rng.standard_normal(shape)


def compare(ours, theirs, *arrays, rtol=1e-11, atol=1e-13):
    """The value, the gradients g of a projection of it, and the gradients of a projection of g."""
    xs = [mg.tensor(a, requires_grad=True) for a in arrays]
    ts = [torch.tensor(a, requires_grad=True) for a in arrays]
    y, expected = ours(*xs), theirs(*ts)
    projections = np.random.default_rng(1)

    def agree(a, b):
        np.testing.assert_allclose(a.data, b.detach().numpy(force=True), rtol=rtol, atol=atol)

    agree(y, expected)
    v = projections.standard_normal(y.shape)
    found = mg.grad([y], xs, [v], create_graph=True)
    wanted = torch.autograd.grad(expected, ts, torch.tensor(v), create_graph=True)
    for g, w in zip(found, wanted, strict=True):
        agree(g, w)
    vs = [projections.standard_normal(a.shape) for a in arrays]
    again = sum((g * v).sum() for g, v in zip(found, vs, strict=True))
    total = sum((w * torch.tensor(v)).sum() for w, v in zip(wanted, vs, strict=True))
    if not total.requires_grad:
        assert not again.requires_grad
        return
    seconds = torch.autograd.grad(total, ts, allow_unused=True)
    ours_too = mg.grad(again, xs, allow_unused=True) if again.requires_grad else [None] * len(xs)
    for x, g, w in zip(arrays, ours_too, seconds, strict=True):
        zeros = torch.zeros(x.shape, dtype=torch.float64)
        agree(mg.zeros(x.shape) if g is None else g, zeros if w is None else w)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (F.relu, TF.relu),
        (F.leaky_relu, TF.leaky_relu),
        (lambda x: F.leaky_relu(x, 0.3), lambda x: TF.leaky_relu(x, 0.3)),
        (F.sigmoid, torch.sigmoid),
        (F.softplus, TF.softplus),
        (F.silu, TF.silu),
        (F.gelu, TF.gelu),
        (lambda x: F.gelu(x, "tanh"), lambda x: TF.gelu(x, approximate="tanh")),
        (F.erf, torch.erf),
    ],
    ids=["relu", "leaky_relu", "slope 0.3", "sigmoid", "softplus", "silu", "gelu", "tanh", "erf"],
)  # fmt: skip
def test_activation(ours, theirs):
    compare(ours, theirs, 3 * normal(4, 5))


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (F.softmax, torch.softmax),
        (F.log_softmax, torch.log_softmax),
        (F.logsumexp, torch.logsumexp),
        (lambda x, a: F.logsumexp(x, a, keepdims=True), lambda x, a: torch.logsumexp(x, a, True)),
    ],
    ids=["softmax", "log_softmax", "logsumexp", "keepdims"],
)
def test_softmax(ours, theirs, axis):
    compare(lambda x: ours(x, axis), lambda x: theirs(x, axis), 3 * normal(2, 3, 4))


@pytest.mark.parametrize("lead", [(), (4,), (2, 3)])
@pytest.mark.parametrize("bias", [[], [normal(5)]], ids=["plain", "bias"])
def test_linear(lead, bias):
    compare(F.linear, TF.linear, normal(*lead, 3), normal(5, 3), *bias)


@pytest.mark.parametrize("num_classes", [None, 7])
def test_one_hot(num_classes):
    labels = rng.integers(0, 5, (3, 4))
    expected = TF.one_hot(torch.tensor(labels), -1 if num_classes is None else num_classes)
    np.testing.assert_array_equal(F.one_hot(labels, num_classes), expected.numpy())


def test_dropout_scales_what_it_keeps_alike():
    torch.manual_seed(0)
    kept = TF.dropout(torch.ones(1000, dtype=torch.float64), 0.3).numpy()
    ours = F.dropout(np.ones(1000), 0.3, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(np.unique(ours), np.unique(kept))


# Cross-entropy.

SHAPES = [(5,), (4, 5), (3, 5, 2), (2, 5, 2, 3)]  # (C,), (N, C) and (N, C, d1, ...)


def labels_for(shape, ignore_index):
    """Class indices without the axis of classes; about a third of them ignored."""
    rest = shape[:0] if len(shape) == 1 else (shape[0], *shape[2:])
    labels = np.asarray(rng.integers(0, 5, rest))
    if len(shape) == 1:
        return labels + (labels == ignore_index)  # torch's mean of nothing would be nan
    labels[rng.random(rest) < 0.3] = ignore_index
    labels.flat[0] = 4 if ignore_index == 3 else 3
    return labels


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ignore_index", [-100, 0, 3])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
def test_cross_entropy(shape, reduction, weighted, ignore_index, smoothing):
    labels, weight = labels_for(shape, ignore_index), rng.uniform(0.2, 2, 5) if weighted else None
    compare(
        lambda x: F.cross_entropy(x, labels, weight, ignore_index, reduction, smoothing),
        lambda x: TF.cross_entropy(
            x,
            torch.tensor(labels),
            weight=None if weight is None else torch.tensor(weight),
            ignore_index=ignore_index,
            reduction=reduction,
            label_smoothing=smoothing,
        ),
        2 * normal(*shape),
    )


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_cross_entropy_of_probabilities(shape, reduction, weighted, smoothing):
    weight = rng.uniform(0.2, 2, 5) if weighted else None
    compare(
        lambda x, q: F.cross_entropy(x, q, weight, reduction=reduction, label_smoothing=smoothing),
        lambda x, q: TF.cross_entropy(
            x,
            q,
            weight=None if weight is None else torch.tensor(weight),
            reduction=reduction,
            label_smoothing=smoothing,
        ),
        2 * normal(*shape),
        F.softmax(normal(*shape), axis=min(1, len(shape) - 1)),
    )


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ignore_index", [-100, 0, 3])
def test_nll_loss(shape, reduction, weighted, ignore_index):
    labels, weight = labels_for(shape, ignore_index), rng.uniform(0.2, 2, 5) if weighted else None
    compare(
        lambda x: F.nll_loss(x, labels, weight, ignore_index, reduction),
        lambda x: TF.nll_loss(
            x,
            torch.tensor(labels),
            weight=None if weight is None else torch.tensor(weight),
            ignore_index=ignore_index,
            reduction=reduction,
        ),
        normal(*shape),
    )


# The other losses.


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(
    ("ours", "theirs", "options"),
    [
        (F.mse_loss, TF.mse_loss, {}),
        (F.l1_loss, TF.l1_loss, {}),
        (F.huber_loss, TF.huber_loss, {}),
        (F.huber_loss, TF.huber_loss, {"delta": 0.4}),
        (F.huber_loss, TF.huber_loss, {"delta": 3.0}),
    ],
    ids=["mse", "l1", "huber 1", "huber 0.4", "huber 3"],
)
def test_regression_loss(ours, theirs, options, reduction):
    options = {"reduction": reduction, **options}
    compare(
        lambda p, t: ours(p, t, **options),
        lambda p, t: theirs(p, t, **options),
        normal(4, 3),
        normal(4, 3),
    )


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weight", [None, rng.uniform(0.2, 2, 3), rng.uniform(0.2, 2, (4, 1))])
@pytest.mark.parametrize("pos_weight", [None, rng.uniform(0.2, 3, 3)])
def test_binary_cross_entropy(reduction, weight, pos_weight):
    def tensor(a):
        return None if a is None else torch.tensor(a)

    compare(
        lambda x, t: F.binary_cross_entropy_with_logits(x, t, weight, pos_weight, reduction),
        lambda x, t: TF.binary_cross_entropy_with_logits(
            x, t, tensor(weight), pos_weight=tensor(pos_weight), reduction=reduction
        ),
        3 * normal(4, 3),
        rng.uniform(0, 1, (4, 3)),
    )


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("margin", [0.5, 1.0])
def test_hinge_loss(reduction, margin):
    """PyTorch has it only for another sign convention, so its formula stands here."""

    def theirs(s, t):
        losses = torch.clamp(margin - t * s, min=0)
        return losses if reduction == "none" else getattr(losses, reduction)()

    signs = rng.choice([-1.0, 1.0], (4, 3))
    compare(lambda s, t: F.hinge_loss(s, t, margin, reduction), theirs, normal(4, 3), signs)


# Distributions, numbers and vectors.


@pytest.mark.parametrize("reduction", [*REDUCTIONS, "batchmean"])
@pytest.mark.parametrize("log_target", [False, True])
@pytest.mark.filterwarnings("ignore:reduction")
def test_kl_div(reduction, log_target):
    p, q = F.log_softmax(normal(4, 3)), F.softmax(normal(4, 3))
    options = {"reduction": reduction, "log_target": log_target}
    compare(
        lambda p, q: F.kl_div(p, q, **options),
        lambda p, q: TF.kl_div(p, q, **options),
        p,
        np.log(q) if log_target else q,
    )


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("shape", [(4, 3), (4, 1), (4,)])
def test_gaussian_nll_loss(reduction, full, shape):
    variance = rng.uniform(0.01, 2, shape)
    options = {"full": full, "eps": 0.2, "reduction": reduction}
    compare(
        lambda *args: F.gaussian_nll_loss(*args, **options),
        lambda *args: TF.gaussian_nll_loss(*args, **options),
        normal(4, 3),
        normal(4, 3),
        variance,
    )


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("shapes", [((4, 3), (4, 3)), ((4, 1, 3), (1, 5, 3)), ((2, 4, 3), (4, 3))])
def test_cosine_similarity(axis, shapes):
    compare(
        lambda a, b: F.cosine_similarity(a, b, axis),
        lambda a, b: TF.cosine_similarity(a, b, axis),
        *(normal(*shape) for shape in shapes),
        rtol=1e-10,
        atol=1e-11,
    )


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("margin", [0.0, 0.3])
@pytest.mark.parametrize("shape", [(6, 3), (3,)])
def test_cosine_embedding_loss(reduction, margin, shape):
    signs = rng.choice([-1, 1], shape[:-1])
    compare(
        lambda a, b: F.cosine_embedding_loss(a, b, signs, margin, reduction),
        lambda a, b: TF.cosine_embedding_loss(
            a, b, torch.tensor(signs), margin=margin, reduction=reduction
        ),
        normal(*shape),
        normal(*shape),
        rtol=1e-9,  # PyTorch adds 1e-12 to squared norms
        atol=1e-10,
    )


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(
    "options", [{}, {"margin": 0.3, "p": 3.0}, {"swap": True}, {"eps": 0.1, "p": 1.0}]
)
def test_triplet_margin_loss(reduction, options):
    options = {"reduction": reduction, **options}
    compare(
        lambda *args: F.triplet_margin_loss(*args, **options),
        lambda *args: TF.triplet_margin_loss(*args, **options),
        *(normal(6, 4) for _ in range(3)),
        rtol=1e-10,
    )


@pytest.mark.parametrize("symmetric", [False, True])
def test_info_nce(symmetric):
    """PyTorch has its parts."""

    def theirs(a, b):
        logits = TF.normalize(a, dim=1) @ TF.normalize(b, dim=1).T / 0.2
        own = torch.arange(len(a))
        forth, back = TF.cross_entropy(logits, own), TF.cross_entropy(logits.T, own)
        return (forth + back) / 2 if symmetric else forth

    compare(lambda a, b: F.info_nce(a, b, 0.2, symmetric), theirs, normal(5, 3), normal(5, 3))
