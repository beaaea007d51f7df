"""Losses: values from the definitions, derivatives, extremes and refusals."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.functional as F
from minigrad.testing import assert_grads, gradcheck

rng = np.random.default_rng(0)
LOGITS = rng.standard_normal((4, 3))
LABELS = np.array([0, 2, 1, 2])
WEIGHT = np.array([0.5, 2.0, 1.5])
DEEP = rng.standard_normal((2, 3, 2, 2))  # (N, C, d1, d2)
DEEP_LABELS = np.array([[[0, 2], [1, 1]], [[2, -100], [0, 0]]])
PROBABILITIES = np.exp(F.log_softmax(rng.standard_normal((4, 3))))
P, T = rng.permutation(np.linspace(-2.3, 2.5, 6)).reshape(2, 3), rng.uniform(-0.2, 0.2, (2, 3))
SIGNS = np.array([[1.0, -1.0, 1.0], [-1.0, -1.0, 1.0]])
BITS = np.array([[1.0, 0.0, 0.3], [0.0, 1.0, 1.0]])

LOSSES = {
    "cross_entropy": (F.cross_entropy, LOGITS, LABELS),
    "cross_entropy of probabilities": (F.cross_entropy, LOGITS, PROBABILITIES),
    "nll_loss": (F.nll_loss, LOGITS, LABELS),
    "mse_loss": (F.mse_loss, P, T),
    "l1_loss": (F.l1_loss, P, T),
    "huber_loss": (F.huber_loss, P, T),
    "binary_cross_entropy_with_logits": (F.binary_cross_entropy_with_logits, P, BITS),
    "hinge_loss": (F.hinge_loss, P, SIGNS),
}
over_all_losses = pytest.mark.parametrize(
    ("loss", "prediction", "target"), LOSSES.values(), ids=LOSSES
)


# Every loss.


@over_all_losses
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_a_tensor_gives_what_an_array_gives(loss, prediction, target, dtype, reduction):
    x = prediction.astype(dtype)
    t = target.astype(dtype) if target.dtype.kind == "f" else target
    value = np.asarray(loss(x, t, reduction=reduction))
    y = loss(mg.tensor(x, requires_grad=True), mg.tensor(t), reduction=reduction)
    assert (value.dtype, y.dtype) == (dtype, dtype)
    assert value.shape == y.shape
    np.testing.assert_array_equal(y.data, value)


@over_all_losses
def test_the_reductions_agree(loss, prediction, target):
    each = loss(prediction, target, reduction="none")
    np.testing.assert_allclose(loss(prediction, target, reduction="sum"), each.sum(), rtol=1e-14)
    np.testing.assert_allclose(loss(prediction, target), each.mean(), rtol=1e-14)


@over_all_losses
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_derivatives_in_prediction_and_target(loss, prediction, target, reduction):
    assert gradcheck(lambda x, t: loss(x, t, reduction=reduction), (prediction, target))


@over_all_losses
def test_an_unknown_reduction_is_refused(loss, prediction, target):
    with pytest.raises(ValueError, match='reduction must be "mean", "sum" or "none", got \'avg\''):
        loss(prediction, target, reduction="avg")


@over_all_losses
def test_shapes_that_do_not_fit_are_refused(loss, prediction, target):
    with pytest.raises(ValueError, match=rf"^{loss.__name__}: .*shape.*got \("):
        loss(prediction, target[:-1])


# Cross-entropy.

OPTIONS = [
    {},
    {"label_smoothing": 0.1},
    {"label_smoothing": 1.0},
    {"weight": WEIGHT},
    {"weight": WEIGHT, "label_smoothing": 0.2},
    {"ignore_index": 2},
    {"ignore_index": 2, "weight": WEIGHT, "label_smoothing": 0.2},
    {"weight": [1, 2, 3]},
]


def by_definition(logits, labels, weight=(1, 1, 1), ignore_index=-100, label_smoothing=0.0):
    """One example after another, in the words of the docstring."""
    losses, weights = [], []
    for z, label in zip(logits, labels, strict=True):
        if label == ignore_index:
            losses.append(0.0)
            continue
        q = (1 - label_smoothing) * np.eye(3)[label] + label_smoothing / 3
        losses.append(-np.sum(weight * q * np.log(np.exp(z) / np.exp(z).sum())))
        weights.append(weight[label])
    return np.array(losses), sum(losses) / sum(weights)


@pytest.mark.parametrize("options", OPTIONS)
def test_cross_entropy_by_its_definition(options):
    each, mean = by_definition(LOGITS, LABELS, **options)
    found = F.cross_entropy(LOGITS, LABELS, reduction="none", **options)
    np.testing.assert_allclose(found, each, rtol=1e-13)
    np.testing.assert_allclose(F.cross_entropy(LOGITS, LABELS, **options), mean, rtol=1e-13)


@pytest.mark.parametrize("options", OPTIONS)
def test_derivatives_of_cross_entropy(options):
    assert gradcheck(lambda x: F.cross_entropy(x, LABELS, **options), LOGITS)
    assert gradcheck(lambda x: F.cross_entropy(x, DEEP_LABELS % 3, **options), DEEP)


@pytest.mark.parametrize("options", [o for o in OPTIONS if "label_smoothing" not in o])
def test_nll_loss_is_the_second_half_of_cross_entropy(options):
    expected = F.cross_entropy(LOGITS, LABELS, **options)
    np.testing.assert_allclose(F.nll_loss(F.log_softmax(LOGITS), LABELS, **options), expected)
    assert gradcheck(lambda x: F.nll_loss(x, LABELS, **options), LOGITS)


@pytest.mark.parametrize("smoothing", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_cross_entropy_of_probabilities(smoothing, weight):
    q = (1 - smoothing) * PROBABILITIES + smoothing / 3
    w = 1 if weight is None else weight
    each = -np.sum(w * q * F.log_softmax(LOGITS), axis=1)
    options = {"weight": weight, "label_smoothing": smoothing}
    found = F.cross_entropy(LOGITS, PROBABILITIES, reduction="none", **options)
    np.testing.assert_allclose(found, each, rtol=1e-13)
    np.testing.assert_allclose(F.cross_entropy(LOGITS, PROBABILITIES, **options), each.mean())
    assert gradcheck(lambda x, q: F.cross_entropy(x, q, **options), (LOGITS, PROBABILITIES))


@pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_classes_stand_on_axis_1(loss, reduction):
    rows = np.moveaxis(DEEP, 1, -1).reshape(-1, 3)
    expected = loss(rows, DEEP_LABELS.ravel(), reduction=reduction)
    found = loss(DEEP, DEEP_LABELS, reduction=reduction)
    np.testing.assert_allclose(np.ravel(found), np.ravel(expected), rtol=1e-14)
    assert gradcheck(lambda x: loss(x, DEEP_LABELS, reduction=reduction), DEEP)


def test_deep_probabilities_stand_on_axis_1_too():
    q = np.moveaxis(F.softmax(np.moveaxis(DEEP[::-1], 1, -1)), -1, 1)
    rows, targets = (np.moveaxis(a, 1, -1).reshape(-1, 3) for a in (DEEP, q))
    np.testing.assert_allclose(F.cross_entropy(DEEP, q), F.cross_entropy(rows, targets))
    assert gradcheck(F.cross_entropy, (DEEP, q))


@pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss])
def test_one_example_and_labels_in_a_list(loss):
    assert np.shape(loss(LOGITS[0], 1)) == ()
    np.testing.assert_allclose(loss(LOGITS[0], 1), loss(LOGITS[:1], [1]))
    assert gradcheck(lambda x: loss(x, 1), LOGITS[0])


@pytest.mark.parametrize("ignore_index", [-100, -1, 0, 2, 3, 255])
def test_ignored_examples_count_for_nothing(ignore_index):
    labels = np.array([1, ignore_index, 1, ignore_index])
    expected = F.cross_entropy(LOGITS[::2], [1, 1])
    np.testing.assert_allclose(F.cross_entropy(LOGITS, labels, ignore_index=ignore_index), expected)
    x = mg.tensor(LOGITS, requires_grad=True)
    g = mg.grad(F.cross_entropy(x, labels, None, ignore_index, label_smoothing=0.1), x).data
    np.testing.assert_array_equal(g[1::2], 0)
    assert g[::2].all()


def test_the_gradient_is_probabilities_minus_one_hot():
    expected = F.softmax(LOGITS) - np.eye(3)[LABELS]
    assert_grads(
        lambda x: F.cross_entropy(x, LABELS, reduction="sum"), LOGITS, expected, rtol=1e-14
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1e4, 1e30])
@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.5}, {"weight": [1.0, 1.0, 2.0]}])
def test_cross_entropy_of_huge_logits(dtype, size, options):
    """Finite and right, without a warning: the test run turns warnings into errors."""
    logits = np.array([[size, -size, -size], [-size, size, -size]], dtype)
    x = mg.tensor(logits, requires_grad=True)
    losses = F.cross_entropy(x, [0, 2], reduction="none", **options)
    s, w = options.get("label_smoothing", 0.0), options.get("weight", [1.0, 1.0, 1.0])
    gap = 2 * float(dtype(size))
    expected = [gap * s * (w[1] + w[2]) / 3, gap * (w[2] * (1 - s) + s * (w[0] + w[2]) / 3)]
    np.testing.assert_allclose(losses.data, expected, rtol=1e-6)
    g = mg.grad(losses.sum(), x, create_graph=True)
    assert (losses.dtype, g.dtype) == (dtype, dtype)
    q = np.multiply((1 - s) * np.eye(3)[[0, 2]] + s / 3, w)
    slopes = np.eye(3)[[0, 1]] * q.sum(axis=1, keepdims=True) - q
    np.testing.assert_allclose(g.data, slopes, rtol=1e-6, atol=1e-7)
    assert np.isfinite(mg.grad(np.square(g).sum(), x).data).all()


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("target", [LABELS, PROBABILITIES.astype(np.float32)])
def test_cross_entropy_stays_in_float32(options, target):
    x = mg.tensor(LOGITS.astype(np.float32), requires_grad=True)
    for reduction in ("mean", "sum", "none"):
        loss = F.cross_entropy(x, target, reduction=reduction, **options)
        assert loss.dtype == np.float32
        assert mg.grad(loss.sum(), x).dtype == np.float32


@pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss])
@pytest.mark.parametrize(
    ("logits", "labels", "message"),
    [
        (
            LOGITS,
            [0, 1, 2, 3],
            r"labels must lie in \[0, 3\) or be ignore_index = -100, got 0 to 3",
        ),
        (LOGITS, [0, 1, 2, -1], "got -1 to 2"),
        (LOGITS, [0, 1], r"shape \(4, 3\) .* need labels of shape \(4,\), got \(2,\)"),
        (LOGITS, np.zeros((4, 1), int), r"need labels of shape \(4,\), got \(4, 1\)"),
        (DEEP, np.zeros((2, 2), int), r"need labels of shape \(2, 2, 2\), got \(2, 2\)"),
    ],
)
def test_labels_that_do_not_fit_are_refused(loss, logits, labels, message):
    with pytest.raises(ValueError, match=rf"^{loss.__name__}: .*{message}"):
        loss(logits, labels)


@pytest.mark.parametrize("smoothing", [-0.1, 1.5, float("nan")])
def test_smoothing_must_be_a_share(smoothing):
    with pytest.raises(ValueError, match=r"label_smoothing must lie in \[0, 1\], got"):
        F.cross_entropy(LOGITS, LABELS, label_smoothing=smoothing)


def test_float_labels_must_be_probabilities():
    with pytest.raises(ValueError, match=r"cross_entropy: .*\(4, 3\) and \(4,\)"):
        F.cross_entropy(LOGITS, LABELS.astype(float))
    with pytest.raises(ValueError, match="nll_loss: .*class indices"):
        F.nll_loss(LOGITS, PROBABILITIES)


# Regression.


def test_regression_losses_by_their_definitions():
    r = P - T
    np.testing.assert_allclose(F.mse_loss(P, T, reduction="none"), r**2)
    np.testing.assert_allclose(F.l1_loss(P, T, reduction="none"), abs(r))


@pytest.mark.parametrize("delta", [0.3, 1.0, 10.0])
def test_huber_loss(delta):
    r = P - T
    expected = np.where(abs(r) <= delta, r * r / 2, delta * (abs(r) - delta / 2))
    np.testing.assert_allclose(F.huber_loss(P, T, delta, "none"), expected, rtol=1e-14)
    assert gradcheck(lambda p, t: F.huber_loss(p, t, delta), (P, T))


def test_huber_loss_where_its_parts_meet_and_at_zero():
    x = np.array([-1.0, 0.0, 1.0, 3.0])
    assert_grads(lambda x: F.huber_loss(x, np.zeros(4), reduction="sum"), x, [[-1, 0, 1, 1]])
    p = mg.tensor(x, requires_grad=True)
    g = mg.grad(F.huber_loss(p, np.zeros(4), reduction="sum"), p, create_graph=True)
    np.testing.assert_array_equal(mg.grad(g.sum(), p).data[[1, 3]], [1, 0])


@pytest.mark.parametrize("delta", [0, -1.0])
def test_huber_loss_refuses_a_delta_that_is_not_positive(delta):
    with pytest.raises(ValueError, match=f"delta must be positive, got {delta}"):
        F.huber_loss(P, T, delta)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", [F.l1_loss, F.huber_loss])
@pytest.mark.parametrize("size", [1e4, 1e30])
def test_robust_losses_of_huge_residuals(loss, dtype, size):
    x = mg.tensor(np.array([size, -size], dtype), requires_grad=True)
    losses = loss(x, np.zeros(2, dtype), reduction="none")
    np.testing.assert_allclose(losses.data, size, rtol=1e-4)
    np.testing.assert_array_equal(mg.grad(losses.sum(), x).data, [1, -1])


# Two classes.


@pytest.mark.parametrize("weight", [None, 2.0, np.array([1.0, 0.5, 2.0])])
@pytest.mark.parametrize("pos_weight", [None, 3.0, np.array([1.0, 0.5, 2.0])])
def test_binary_cross_entropy(weight, pos_weight):
    sigma = 1 / (1 + np.exp(-P))
    p = 1 if pos_weight is None else pos_weight
    w = 1 if weight is None else weight
    expected = -w * (p * BITS * np.log(sigma) + (1 - BITS) * np.log(1 - sigma))

    def loss(x, t, reduction="mean"):
        return F.binary_cross_entropy_with_logits(x, t, weight, pos_weight, reduction)

    np.testing.assert_allclose(loss(P, BITS, "none"), expected, rtol=1e-12)
    assert gradcheck(loss, (P, BITS))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1e4, 1e30])
def test_binary_cross_entropy_of_huge_logits(dtype, size):
    x = mg.tensor(np.array([size, -size, size, -size], dtype), requires_grad=True)
    t = np.array([1, 0, 0, 1], dtype)
    losses = F.binary_cross_entropy_with_logits(x, t, reduction="none")
    np.testing.assert_allclose(losses.data, [0, 0, size, size], rtol=1e-6)
    g = mg.grad(losses.sum(), x, create_graph=True)
    np.testing.assert_array_equal(g.data, [0, 0, 1, -1])
    assert (losses.dtype, g.dtype) == (dtype, dtype)
    np.testing.assert_array_equal(mg.grad(g.sum(), x).data, 0)


@pytest.mark.parametrize("margin", [0.5, 1.0, 2.0])
def test_hinge_loss(margin):
    expected = np.maximum(0, margin - SIGNS * P)
    np.testing.assert_allclose(F.hinge_loss(P, SIGNS, margin, "none"), expected, rtol=1e-14)
    assert gradcheck(lambda s, t: F.hinge_loss(s, t, margin), (P, SIGNS))


def test_hinge_loss_at_the_hinge_has_slope_zero():
    assert_grads(lambda s: F.hinge_loss(s, np.ones(3)), np.array([1.0, 2.0, 0.0]), [[0, 0, -1 / 3]])


def test_a_class_that_is_ruled_out_by_an_infinite_logit_costs_nothing():
    logits = np.array([[0.0, 0.0, -np.inf], [1.0, -np.inf, 1.0]])
    x = mg.tensor(logits, requires_grad=True)
    losses = F.cross_entropy(x, np.array([0, 2]), reduction="none")
    np.testing.assert_allclose(losses.data, np.log([2.0, 2.0]))
    losses.sum().backward()
    np.testing.assert_allclose(x.grad.data, [[-0.5, 0.5, 0.0], [0.5, 0.0, -0.5]])


def test_whole_number_targets_take_the_dtype_of_the_prediction():
    x = np.array([0.5, -0.5], np.float32)
    for loss in (F.mse_loss, F.l1_loss, F.huber_loss, F.binary_cross_entropy_with_logits):
        assert loss(x, np.array([1, 0])).dtype == np.float32
        assert loss(x, [1, 0]) == loss(x, np.array([1.0, 0.0], np.float32))
