import numpy as np
import pytest
import sklearn.metrics

import minigrad as mg
from minigrad.train import accuracy, r2_score
from minigrad.train.metrics import count_correct


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("shape", [(7,), (50, 1), (20, 3)])
def test_r2_is_scikit_learns(seed, shape):
    rng = np.random.default_rng(seed)
    y = 1e3 + rng.standard_normal(shape)
    p = y + rng.standard_normal(shape)
    assert r2_score(p, y) == pytest.approx(sklearn.metrics.r2_score(y, p), rel=1e-12)


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


def test_accuracy_is_scikit_learns():
    rng = np.random.default_rng(0)
    logits, labels = rng.standard_normal((50, 4)), rng.integers(0, 4, 50)
    expected = sklearn.metrics.accuracy_score(labels, logits.argmax(1))
    assert accuracy(logits, labels) == expected
    assert accuracy(mg.tensor(logits, requires_grad=True), labels) == expected


def test_of_equal_logits_the_first_counts():
    assert count_correct(np.zeros((3, 2)), np.array([0, 0, 1])) == 2


@pytest.mark.parametrize("shapes", [((3,), (3,)), ((3, 2), (3, 1)), ((3, 2), (2,))])
def test_accuracy_of_shapes_that_do_not_fit(shapes):
    with pytest.raises(ValueError, match=r"expected logits of shape \(N, C\)"):
        accuracy(np.ones(shapes[0]), np.ones(shapes[1], dtype=int))


def test_accuracy_of_nothing():
    with pytest.raises(ValueError, match="at least one row"):
        accuracy(np.ones((0, 2)), np.ones(0, dtype=int))
