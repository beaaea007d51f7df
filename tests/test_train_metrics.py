import numpy as np
import pytest
import sklearn.metrics

import minigrad as mg
from minigrad.train import accuracy, metrics, r2_score
from minigrad.train.metrics import count_correct


@pytest.mark.parametrize("prediction", [[0.5, 0.5, 0.5], [0.5, 0.5, 1.0]])
def test_r2_of_a_constant_target_is_scikit_learns(prediction):
    y = np.array([0.5, 0.5, 0.5])
    assert r2_score(np.array(prediction), y) == sklearn.metrics.r2_score(y, prediction)


def test_r2_of_a_constant_target_whose_mean_is_rounded():
    y = np.full(3, 0.1)
    assert y.mean() != 0.1
    assert r2_score(y, y) == 1.0
    assert r2_score(y + 0.1, y) == 0.0


def test_r2_of_one_row():
    assert r2_score(np.array([[2.0]]), np.array([[2.0]])) == 1.0
    assert r2_score(np.array([[2.0]]), np.array([[3.0]])) == 0.0


def test_r2_sums_in_float64():
    y = (1e4 + np.linspace(0, 1, 1000)).astype(np.float32)
    p = y + np.float32(0.01)
    expected = sklearn.metrics.r2_score(y.astype(float), p.astype(float))
    assert r2_score(p, y) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("shapes", [((3, 1), (3,)), ((3,), (4,)), ((0,), (0,)), ((), ())])
def test_r2_of_shapes_that_do_not_fit(shapes):
    with pytest.raises(ValueError, match="of one shape"):
        r2_score(np.ones(shapes[0]), np.ones(shapes[1]))


def test_accuracy_of_tensors():
    rng = np.random.default_rng(0)
    logits, labels = rng.standard_normal((50, 4)), rng.integers(0, 4, 50)
    expected = np.mean(logits.argmax(1) == labels)
    assert accuracy(logits, labels) == expected
    assert accuracy(mg.tensor(logits, requires_grad=True), labels) == expected


def test_of_equal_logits_the_first_counts():
    assert count_correct(np.zeros((3, 2)), np.array([0, 0, 1])) == 2


@pytest.mark.parametrize("shapes", [((3,), (3,)), ((3, 2), (3, 1)), ((3, 2), (2,))])
def test_accuracy_of_shapes_that_do_not_fit(shapes):
    with pytest.raises(ValueError, match=r"expected logits of shape \(N, C\)"):
        accuracy(np.ones(shapes[0], dtype=int), np.ones(shapes[1], dtype=int))


def test_accuracy_of_nothing():
    with pytest.raises(ValueError, match="at least one row"):
        accuracy(np.ones((0, 2)), np.ones(0, dtype=int))


RNG = np.random.default_rng(3)
LOGITS, LABELS = RNG.standard_normal((41, 3)), RNG.integers(0, 3, 41)
OUTPUTS, TARGETS = 10 + RNG.standard_normal((41, 2)), 10 + RNG.standard_normal((41, 2))
ALL = [
    (metrics.Accuracy(), LOGITS, LABELS),
    (metrics.TopK(2), LOGITS, LABELS),
    (metrics.ConfusionMatrix(), LOGITS, LABELS),
    *[
        (kind(average), LOGITS, LABELS)
        for kind in (metrics.Precision, metrics.Recall, metrics.F1)
        for average in ("macro", "micro", None)
    ],
    *[(kind("binary"), LOGITS[:, :2], LABELS % 2)
      for kind in (metrics.Precision, metrics.Recall, metrics.F1)],
    (metrics.Perplexity(), LOGITS, LABELS),
    (metrics.MeanLoss(mg.functional.mse_loss), OUTPUTS, TARGETS),
    (metrics.R2(), OUTPUTS, TARGETS),
]  # fmt: skip


@pytest.mark.parametrize("sizes", [(41,), (40, 1), (1, 13, 27), (1,) * 41])
@pytest.mark.parametrize(("metric", "outputs", "targets"), ALL)
def test_batches_of_any_sizes_are_the_whole(metric, outputs, targets, sizes):
    metric.reset()
    begin = 0
    for size in sizes:
        metric.update(outputs[begin : begin + size], targets[begin : begin + size])
        begin += size
    np.testing.assert_allclose(metric.compute(), metric(outputs, targets), rtol=1e-12)


@pytest.mark.parametrize(("metric", "outputs", "targets"), ALL)
def test_reset_forgets_and_a_call_leaves_no_trace(metric, outputs, targets):
    metric.reset()
    with pytest.raises(ValueError, match=f"{metric.name} needs at least one row"):
        metric.compute()
    metric.update(outputs[:5], targets[:5])
    metric(outputs, targets)
    metric.update(mg.tensor(outputs[5:9], requires_grad=True), targets[5:9])
    np.testing.assert_allclose(metric.compute(), metric(outputs[:9], targets[:9]), rtol=1e-12)


def test_a_batch_is_not_kept():
    """A loader, or a compiled step, may use its memory again."""
    metric = metrics.R2()
    outputs, targets = np.zeros(3), np.array([1.0, 2.0, 3.0])
    metric.update(outputs, targets)
    before = metric.compute()
    outputs[...] = targets[...] = 7
    assert metric.compute() == before == -6


def test_names():
    named = [metric.name for metric, *_ in ALL]
    assert list(dict.fromkeys(named)) == [
        "accuracy", "top_2", "confusion_matrix", "precision", "recall", "f1", "perplexity",
        "mse_loss", "r2",
    ]  # fmt: skip


def test_logits_of_two_classes_in_one_column():
    z, y = np.array([0.5, -0.5, 2.0, 0.0]), np.array([1, 1, 1, 0])
    two = np.stack([np.zeros(4), z], axis=1)
    for metric in (metrics.Accuracy(), metrics.Recall("binary"), metrics.ConfusionMatrix()):
        for shape in ((4,), (4, 1)):
            value = metric(z.reshape(shape), y.reshape(shape).astype(np.float32))
            np.testing.assert_array_equal(value, metric(two, y))
    assert metrics.Recall("binary")(z, y) == 2 / 3


def test_logits_with_more_axes():
    """(N, C, d1), as cross_entropy takes them."""
    logits = LOGITS[:40].reshape(4, 10, 3)
    labels = LABELS[:40].reshape(4, 10)
    for metric in (metrics.Accuracy(), metrics.F1(), metrics.TopK(2), metrics.Perplexity()):
        expected = metric(LOGITS[:40], LABELS[:40])
        assert metric(np.moveaxis(logits, -1, 1), labels) == pytest.approx(expected, rel=1e-12)


def test_ties_give_the_best_place():
    assert metrics.TopK(1)(np.zeros((2, 3)), np.array([0, 2])) == 1.0


@pytest.mark.parametrize("zero_division", [0.0, 1.0])
def test_zero_division(zero_division):
    logits, labels = np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([0, 0])
    assert metrics.Precision("binary", zero_division)(logits, labels) == zero_division
    assert metrics.Recall("binary", zero_division)(logits, labels) == zero_division
    assert metrics.F1("binary", zero_division)(logits, labels) == zero_division
    assert metrics.F1("macro", zero_division)(logits, labels) == 1.0  # class 1 never occurs
    np.testing.assert_array_equal(
        metrics.F1(None, zero_division)(logits, labels), [1, zero_division]
    )


def test_perplexity():
    assert metrics.Perplexity()(np.array([[0.0, 1e4]]), np.array([0])) == np.inf
    some = np.where(np.arange(41) % 3 == 0, -100, LABELS)
    kept = some != -100
    expected = metrics.Perplexity()(LOGITS[kept], LABELS[kept])
    assert metrics.Perplexity()(LOGITS, some) == pytest.approx(expected, rel=1e-12)
    with pytest.raises(ValueError, match="not ignored"):
        metrics.Perplexity()(LOGITS, np.full(41, -100))


@pytest.mark.parametrize("label", [-1, 3])
@pytest.mark.parametrize("metric", [metrics.TopK(2), metrics.F1()])
def test_labels_that_are_no_class(metric, label):
    with pytest.raises(ValueError, match=f"expected labels 0 to 2, found {label}"):
        metric(LOGITS[:2], np.array([0, label]))


def test_arguments():
    with pytest.raises(ValueError, match="positive integer k"):
        metrics.TopK(0)
    with pytest.raises(ValueError, match="expected average to be one of"):
        metrics.F1("weighted")
    with pytest.raises(ValueError, match="average='binary' expects 2 classes, found 3"):
        metrics.F1("binary")(LOGITS, LABELS)
