"""Our metrics, running over uneven batches, are scikit-learn's of all rows."""

import itertools

import numpy as np
import pytest
import sklearn.metrics as peer

from minigrad.train import accuracy, metrics, r2_score


def running(metric, outputs, targets, sizes=(7, 1, 20, 13)):
    begin = 0
    while begin < len(targets):
        for size in sizes:
            if begin < len(targets):
                metric.update(outputs[begin : begin + size], targets[begin : begin + size])
                begin += size
    return metric.compute()


def rows(n_classes, seed, n=200):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, n_classes, n)
    logits = rng.standard_normal((n, n_classes))
    logits[np.arange(n), labels] += 1
    return logits, labels


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n_classes", [2, 5, 60])
def test_counts_of_labels(n_classes, seed):
    logits, labels = rows(n_classes, seed)
    predicted = logits.argmax(axis=1)
    expected = peer.accuracy_score(labels, predicted)
    assert running(metrics.Accuracy(), logits, labels) == accuracy(logits, labels) == expected
    np.testing.assert_array_equal(
        running(metrics.ConfusionMatrix(), logits, labels),
        peer.confusion_matrix(labels, predicted, labels=np.arange(n_classes)),
    )


@pytest.mark.parametrize("k", [1, 2, 4])
def test_top_k(k):
    logits, labels = rows(5, 0)
    expected = peer.top_k_accuracy_score(labels, logits, k=k)
    assert running(metrics.TopK(k), logits, labels) == pytest.approx(expected, rel=1e-15)


AVERAGES = [("binary", 2), *itertools.product(("macro", "micro", None), (2, 5, 60))]


@pytest.mark.parametrize(("average", "n_classes"), AVERAGES)
@pytest.mark.parametrize("zero_division", [0.0, 1.0])
@pytest.mark.parametrize(
    ("kind", "score"),
    [
        (metrics.Precision, peer.precision_score),
        (metrics.Recall, peer.recall_score),
        (metrics.F1, peer.f1_score),
    ],
)
def test_precision_recall_f1(kind, score, average, zero_division, n_classes):
    for seed, n in [(0, 200), (1, 200), (2, 30)]:  # of 60 classes, some never occur in 30 rows
        logits, labels = rows(n_classes, seed, n)
        every = {"labels": np.arange(n_classes)} if average is None else {}
        expected = score(
            labels, logits.argmax(axis=1), average=average, zero_division=zero_division, **every
        )
        ours = running(kind(average, zero_division), logits, labels)
        np.testing.assert_allclose(ours, expected, rtol=1e-14)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("shape", [(7,), (50, 1), (20, 3), (500, 2)])
@pytest.mark.parametrize("centre", [0.0, 1e3, 1e6])
def test_r2(seed, shape, centre):
    rng = np.random.default_rng(seed)
    y = centre + rng.standard_normal(shape)
    p = y + rng.standard_normal(shape)
    expected = peer.r2_score(y, p)
    tolerance = 1e-12 * max(1, centre / 1e3)  # what the targets' own rounding leaves
    assert r2_score(p, y) == pytest.approx(expected, rel=tolerance)
    assert running(metrics.R2(), p, y) == pytest.approx(expected, rel=tolerance)


def test_perplexity():
    logits, labels = rows(5, 0)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = np.exp(peer.log_loss(labels, p))
    assert running(metrics.Perplexity(), logits, labels) == pytest.approx(expected, rel=1e-12)
