"""What the estimators learn, beside scikit-learn's own networks and metrics."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error, r2_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score, train_test_split
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_sample_weight

from minigrad import nn, optim
from minigrad.estimators import NetClassifier, NetRegressor
from minigrad.train import DivergedError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
LABELS = np.array(["a", "b", "c"])[np.argmax(X[:, :3] + 0.1 * RNG.normal(size=(60, 3)), axis=1)]
NUMBERS = np.stack([X[:, 0] - X[:, 1], X[:, 2] ** 2], axis=1)
WEIGHTS = RNG.uniform(0, 2, size=60)

ESTIMATORS = [(NetClassifier, LABELS), (NetRegressor, NUMBERS)]
both = pytest.mark.parametrize(("kind", "y"), ESTIMATORS, ids=["classifier", "regressor"])


def short(kind: Any, **settings: Any) -> Any:
    """Four batches an epoch, the last of them smaller."""
    return kind(**{"epochs": 4, "batch_size": 17, "random_state": 0, **settings})


def outputs(net: Any) -> Any:
    return net.predict_proba(X) if isinstance(net, NetClassifier) else net.predict(X)


def test_lbfgs_takes_all_rows_as_one_batch() -> None:
    """And has finished in a few epochs, each of which is a step of twenty iterations."""
    plain, compiled = (
        short(NetClassifier, optimizer="lbfgs", epochs=6, compile=c).fit(X, LABELS)
        for c in (False, True)
    )
    assert plain.optimizer_.t == plain.n_iter_ <= 6
    assert plain.loss_curve_[-1] < 0.05 < plain.loss_curve_[0]
    np.testing.assert_array_equal(outputs(plain), outputs(compiled))
    again = pickle.loads(pickle.dumps(plain)).partial_fit(X, LABELS)
    np.testing.assert_array_equal(outputs(again), outputs(plain.partial_fit(X, LABELS)))


def test_muon_leaves_the_biases_to_adamw() -> None:
    net = short(NetClassifier, optimizer="muon").fit(X, LABELS)
    assert [group.names for group in net.optimizer_.groups] == [
        ["0.weight", "2.weight"], ["0.bias", "2.bias"],
    ]  # fmt: skip


def test_diabetes_as_well_as_scikit_learn() -> None:
    features, disease = load_diabetes(return_X_y=True)
    folds = KFold(5, shuffle=True, random_state=0)

    def r2(net: Any) -> float:
        scaled = TransformedTargetRegressor(net, transformer=StandardScaler())
        pipeline = make_pipeline(StandardScaler(), scaled)
        return float(cross_val_score(pipeline, features, disease, cv=folds).mean())

    ours = r2(NetRegressor(early_stopping=True, random_state=0))
    theirs = r2(
        MLPRegressor(hidden_layer_sizes=(64,), early_stopping=True, max_iter=300, random_state=0)
    )
    assert ours > max(theirs - 0.02, 0.4)


def test_grid_search_in_a_pipeline() -> None:
    pipeline = make_pipeline(StandardScaler(), NetClassifier(epochs=60, random_state=0))
    grid = {
        "netclassifier__hidden": [(), (16,)],
        "netclassifier__lr": [1e-6, 0.02],
        "netclassifier__optimizer": ["adam", optim.RMSProp],
    }
    search = GridSearchCV(pipeline, grid, cv=3).fit(*load_iris(return_X_y=True))
    assert search.best_params_["netclassifier__lr"] == 0.02
    assert search.best_score_ > 0.93


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
def test_the_losses_are_scikit_learns_metrics(weights: Any) -> None:
    """With a rate of 0 the network stays what it was when its loss was measured."""
    still = {"optimizer": "sgd", "lr": 0.0, "epochs": 1, "batch_size": 7, "random_state": 0}
    classifier = NetClassifier(**still).fit(X, LABELS, sample_weight=weights)
    expected = log_loss(LABELS, classifier.predict_proba(X), sample_weight=weights)
    np.testing.assert_allclose(classifier.loss_curve_, [expected], rtol=1e-12)
    regressor = NetRegressor(**still).fit(X, NUMBERS, sample_weight=weights)
    expected = mean_squared_error(NUMBERS, regressor.predict(X), sample_weight=weights)
    np.testing.assert_allclose(regressor.loss_curve_, [expected], rtol=1e-12)


@both
def test_only_the_ratios_of_weights_count_in_fit(kind: Any, y: Any) -> None:
    one = short(kind).fit(X, y, sample_weight=WEIGHTS)
    other = short(kind).fit(X, y, sample_weight=8 * WEIGHTS)
    plain = short(kind).fit(X, y)
    np.testing.assert_allclose(outputs(one), outputs(other), rtol=1e-10)
    assert abs(outputs(one) - outputs(plain)).max() > 1e-4


@both
def test_weights_count_as_they_are_in_partial_fit(kind: Any, y: Any) -> None:
    def loss(weights: Any) -> float:
        net = short(kind, lr=0.0)
        classes = {"classes": np.unique(y)} if kind is NetClassifier else {}
        return float(net.partial_fit(X, y, **classes, sample_weight=weights).loss_curve_[0])

    np.testing.assert_allclose(loss(2 * WEIGHTS), 2 * loss(WEIGHTS), rtol=1e-12)


def test_class_weights_are_weights_of_rows() -> None:
    by_label = {"a": 1.0, "b": 5.0, "c": 0.5}
    for class_weight in (by_label, "balanced"):
        rows = compute_sample_weight(class_weight, LABELS)
        weighted = short(NetClassifier, class_weight=class_weight).fit(X, LABELS)
        assert weighted.loss_curve_ == short(NetClassifier).fit(X, LABELS, rows).loss_curve_
        both_kinds = short(NetClassifier, class_weight=class_weight).fit(X, LABELS, WEIGHTS)
        product = short(NetClassifier).fit(X, LABELS, rows * WEIGHTS)
        assert both_kinds.loss_curve_ == product.loss_curve_


@both
def test_one_random_state_is_one_result(kind: Any, y: Any) -> None:
    first, again = short(kind).fit(X, y), short(kind).fit(X, y)
    np.testing.assert_array_equal(outputs(first), outputs(again))
    other = short(kind, random_state=1).fit(X, y)
    assert abs(outputs(first) - outputs(other)).max() > 1e-3


@both
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
def test_compiled_is_the_same_to_the_bit(kind: Any, y: Any, weights: Any) -> None:
    settings = {"early_stopping": True, "validation_fraction": 0.2, "epochs": 8}
    eager = short(kind, **settings).fit(X, y, weights)
    compiled = short(kind, compile=True, **settings).fit(X, y, weights)
    np.testing.assert_array_equal(outputs(eager), outputs(compiled))
    assert eager.loss_curve_ == compiled.loss_curve_
    assert eager.validation_scores_ == compiled.validation_scores_


@both
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_partial_fits_are_a_fit_also_through_pickles(kind: Any, y: Any, compiled: bool) -> None:
    """The optimizer's state and the order of the rows go on where they were."""
    whole = short(kind, compile=compiled).fit(X, y)
    classes = {"classes": np.unique(y)} if kind is NetClassifier else {}
    parts = short(kind, compile=compiled)
    for _ in range(4):
        parts = pickle.loads(pickle.dumps(parts.partial_fit(X, y, **classes)))
    np.testing.assert_array_equal(outputs(whole), outputs(parts))
    assert whole.loss_curve_ == parts.loss_curve_
    assert parts.n_iter_ == 4


def test_pickles_hold_no_data() -> None:
    rows = np.zeros((100_000, 4))
    net = short(NetRegressor, epochs=1, batch_size=50_000).fit(rows, rows[:, 0])
    assert len(pickle.dumps(net)) < 20_000


@both
def test_a_warm_start_goes_on(kind: Any, y: Any) -> None:
    whole = short(kind, epochs=5).fit(X, y)
    warm = short(kind, epochs=2, warm_start=True).fit(X, y)
    warm.set_params(epochs=3).fit(X, y)
    np.testing.assert_array_equal(outputs(whole), outputs(warm))
    assert warm.n_iter_ == 5
    assert clone(warm).fit(X, y).n_iter_ == 3


@both
def test_early_stopping_returns_to_the_best_weights(kind: Any, y: Any) -> None:
    """One more epoch, of steps of length 0, scores them again on the same rows."""
    settings = {
        "early_stopping": True,
        "validation_fraction": 0.3,
        "n_iter_no_change": 3,
        "tol": 0.0,
    }
    net = short(kind, epochs=300, lr=0.1, random_state=1, **settings).fit(X, y)
    scores = net.validation_scores_
    assert 4 < net.n_iter_ == len(scores) < 300
    best = scores.index(max(scores))
    assert scores[best] > scores[-1]
    net.set_params(warm_start=True, epochs=1)
    net.optimizer_.lr = 0.0
    assert net.fit(X, y).validation_scores_[-1] == scores[best]


def test_without_progress_of_the_loss_training_ends() -> None:
    net = short(NetRegressor, epochs=100, optimizer="sgd", lr=0.0, n_iter_no_change=5)
    assert net.fit(X, NUMBERS).n_iter_ == 6  # the first epoch is the best, and then five
    net = short(NetRegressor, epochs=100, tol=10.0, n_iter_no_change=5)
    assert net.fit(X, NUMBERS).n_iter_ == 6


def test_held_out_scores_are_scikit_learns() -> None:
    """A fraction so large that all but three rows are scored, with weights."""
    settings = {"early_stopping": True, "validation_fraction": 57 / 60, "lr": 0.0, "epochs": 1}
    for kind, y, metric in (
        (NetClassifier, LABELS, accuracy_score),
        (NetRegressor, NUMBERS, r2_score),
    ):
        net = short(kind, **settings, optimizer="sgd").fit(X, y, WEIGHTS)
        ours = net.validation_scores_[0]
        places = train_test_split(
            np.arange(60),
            test_size=57 / 60,
            random_state=split_seed(net),
            stratify=y if kind is NetClassifier else None,
        )[1]
        theirs = metric(y[places], net.predict(X[places]), sample_weight=WEIGHTS[places])
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def split_seed(net: Any) -> int:
    from minigrad.train.generators import Generators

    return int(Generators.from_seed(net._seed).split.integers(2**31))


def test_targets_keep_their_shape() -> None:
    for y, shape in ((NUMBERS, (60, 2)), (NUMBERS[:, :1], (60, 1)), (NUMBERS[:, 0], (60,))):
        net = short(NetRegressor).fit(X, y)
        assert net.predict(X).shape == shape
        assert net.n_outputs_ == (*shape, 1)[1]
    with pytest.raises(ValueError, match=r"expected 1 targets a row, got y of shape \(60, 2\)"):
        net.partial_fit(X, NUMBERS)


def test_labels_are_what_was_given() -> None:
    for labels in (LABELS, LABELS == "a", np.searchsorted(["a", "b", "c"], LABELS) * 10 - 5):
        net = short(NetClassifier, epochs=150, lr=0.02).fit(X, labels)
        assert net.classes_.tolist() == np.unique(labels).tolist()
        assert net.predict(X).dtype == labels.dtype
        assert net.score(X, labels) > 0.9
        best = net.classes_[net.predict_proba(X).argmax(axis=1)]
        np.testing.assert_array_equal(net.predict(X), best)
        np.testing.assert_allclose(net.predict_proba(X).sum(axis=1), 1, rtol=1e-14)


@both
def test_the_dtype_is_the_features_or_the_one_asked_for(kind: Any, y: Any) -> None:
    def dtype(features: Any, **settings: Any) -> Any:
        net = short(kind, **settings).fit(features, y)
        (found,) = {p.dtype for p in net.module_.parameters()}
        assert net._learner.outputs(features[:2].astype(found)).dtype == found
        return found

    assert dtype(X) == np.float64
    assert dtype(X.astype(np.float32)) == np.float32
    assert dtype(X, dtype="float32") == np.float32
    assert dtype(X.astype(np.float32), dtype=np.float64) == np.float64
    assert dtype((100 * X).astype(int)) == np.float64


@both
def test_a_module_of_ones_own(kind: Any, y: Any) -> None:
    def make(n_features: int, n_outputs: int, rng: np.random.Generator) -> nn.Module:
        assert n_features == 4
        return nn.Sequential(
            nn.Linear(4, 8, rng=rng), nn.Tanh(), nn.Dropout(0.5, rng=rng),
            nn.Linear(8, n_outputs, rng=rng),
        )  # fmt: skip

    net = short(kind, module=make).fit(X, y)
    np.testing.assert_array_equal(outputs(net), outputs(net))  # dropout is off
    np.testing.assert_array_equal(outputs(net), outputs(short(kind, module=make).fit(X, y)))
    assert isinstance(net.module_[1], nn.Tanh)


@pytest.mark.parametrize(
    ("activation", "layer"), [("relu", nn.ReLU), ("silu", nn.SiLU), ("tanh", nn.Tanh)]
)
def test_the_perceptron_is_as_asked_for(activation: str, layer: type[nn.Module]) -> None:
    """Before a tanh, weights are uniform, U(-a, a), a = sqrt(6 / (fan_in + fan_out))."""
    still = {"optimizer": "sgd", "lr": 0.0, "epochs": 1}
    net = short(NetRegressor, hidden=(300, 5), activation=activation, **still).fit(X, NUMBERS)
    first, between, second, _, last = net.module_
    assert isinstance(between, layer)
    assert [layer.weight.shape for layer in (first, second, last)] == [(300, 4), (5, 300), (2, 5)]
    a = np.sqrt(6 / (300 + 5))
    largest = abs(second.weight.data).max()
    assert (0.99 * a < largest < a) == (activation == "tanh")
    assert np.isclose(second.weight.data.std(), np.sqrt(2 / (305 if largest < a else 300)), 0.1)


def test_schedules_and_decay_reach_the_optimizer() -> None:
    def weights(**settings: Any) -> Any:
        net = short(NetRegressor, optimizer="sgd", **settings).fit(X, NUMBERS)
        return net.module_[0].weight.data

    constant = weights(lr=0.1)
    fading = optim.schedules.Exponential(0.1, 0.9)
    assert abs(weights(lr=fading) - constant).max() > 1e-4
    np.testing.assert_array_equal(weights(lr=fading, compile=True), weights(lr=fading))
    decayed = weights(lr=0.1, optimizer_options={"weight_decay": 1.0})
    assert np.linalg.norm(decayed) < 0.5 * np.linalg.norm(constant)


def test_options_reach_the_optimizer() -> None:
    net = short(NetRegressor, lr=0.25, optimizer_options={"betas": (0.5, 0.75)}).fit(X, NUMBERS)
    assert isinstance(net.optimizer_, optim.Adam)
    assert net.optimizer_.lr == 0.25
    assert net.optimizer_.groups[0].hyper["betas"] == (0.5, 0.75)
    assert short(NetRegressor).fit(X, NUMBERS).optimizer_.lr == 1e-3


def test_verbose_prints_a_line_an_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    net = short(NetClassifier, epochs=2, verbose=True, early_stopping=True).fit(X, LABELS)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    for i in range(2):
        assert lines[i].startswith(f"epoch {i + 1}/2: train loss {net.loss_curve_[i]:.4f}")
        assert f"valid score {net.validation_scores_[i]:.4f}" in lines[i]


def test_divergence_is_an_error() -> None:
    net = short(NetRegressor, optimizer="sgd", lr=1e6, epochs=50)
    with pytest.raises(DivergedError, match="learning rate"):
        net.fit(X, NUMBERS)
    with pytest.raises(NotFittedError):
        net.predict(X)
