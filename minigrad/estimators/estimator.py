"""What the two estimators share: settings, checks, training."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from ..nn import Module
from ..optim import Optimizer
from ..train import Objective, Progress, Session
from ..train.callbacks import Call, Callback, EarlyStopping
from ..train.callbacks.best import Mode
from ..train.generators import Generators
from . import settings
from .learner import Array, Learner
from .rows import Rows, checked_weights


# scikit-learn reads the settings off the constructor's signature and wants them stored as they are
# given: a dataclass. They are checked when they are used.
@dataclass(kw_only=True, eq=False, repr=False)
class NetEstimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The base of `NetClassifier`, which documents the settings, and `NetRegressor`."""

    module: Callable[[int, int, np.random.Generator], Module] | None = None
    hidden: Sequence[int] = (64,)
    activation: str = "relu"
    optimizer: str | type[Optimizer] = "adam"
    lr: Any = None
    optimizer_options: Mapping[str, Any] | None = None
    batch_size: int = 64
    epochs: int = 200
    early_stopping: bool = False
    validation_fraction: float = 0.1
    n_iter_no_change: int = 10
    tol: float = 1e-4
    shuffle: bool = True
    random_state: Any = None
    warm_start: bool = False
    verbose: bool = False
    dtype: Any = None
    compile: bool | str = False

    _objective: ClassVar[Objective]
    _target_checks: ClassVar[Mapping[str, bool]] = {}

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train a new network; with `warm_start`, go on with the one there is.

        Args:
            X: features, shape (N, n_features).
            y: labels of shape (N,), or for regression numbers of shape (N,) or (N, K).
            sample_weight: the weights w of the rows, shape (N,), at least 0. Only their ratios
                count: the loss is sum_i w_i loss_i / sum_i w_i. While all rows fit into a batch,
                a row of weight 2 is the same as two rows.

        Returns:
            The estimator.

        Raises:
            ValueError: a setting, a shape or a value makes no sense.
            DivergedError: the loss became infinite or NaN.
        """
        goes_on = self.warm_start and self.__sklearn_is_fitted__()
        rows = self._checked(X, y, sample_weight, first=not goes_on)
        if rows.weights is not None:
            if not rows.weights.any():
                raise ValueError("the weights of all rows are zero; expected some above 0")
            rows = rows._replace(weights=rows.weights / rows.weights.mean())
        if not goes_on:
            self._begin(rows.x)
        epochs = settings.at_least_1("epochs", self.epochs)
        if self.early_stopping:
            rows, held_out = self._held_out(rows)
            self._train(rows, epochs, self._watching(held_out))
        else:
            self._train(rows, epochs, [self._patience("train_loss", "min")])
        return self

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any, all_targets: Any) -> Self:
        """One epoch. `all_targets` are what y is drawn from; None if y itself shows it."""
        first = not self.__sklearn_is_fitted__()
        rows = self._checked(X, y, sample_weight, first, all_targets)
        if first:
            self._begin(rows.x)
        self._train(rows, epochs=1)
        return self

    @abstractmethod
    def _meet(self, y: Any) -> None:
        """Find out from targets what is to be learnt."""

    @property
    @abstractmethod
    def _n_outputs(self) -> int:
        """The width of the network's output."""

    @abstractmethod
    def _encoded(self, y: Array) -> Array:
        """Targets as the loss takes them, if they are of the kind that was met."""

    @abstractmethod
    def _weighted(self, targets: Array, weights: Array) -> Array:
        """Encoded targets and weights in one array, as the loss takes them."""

    @abstractmethod
    def _score(self, outputs: Array, rows: Rows) -> float:
        """The score that `score` gives, of the network's outputs."""

    def _balance(self, y: Array) -> Array | None:
        """Weights of the rows that follow from their targets."""
        return None

    def _strata(self, rows: Rows) -> Array | None:
        """What shall be spread evenly over the rows to learn from and those held out."""
        return None

    def _checked(
        self, X: Any, y: Any, sample_weight: Any, first: bool, all_targets: Any = None
    ) -> Rows:
        dtype = settings.dtypes(self.dtype) if first else self._dtype
        x, y = validate_data(self, X, y, reset=first, dtype=dtype, order="C", **self._target_checks)
        if first:
            self._dtype: Any = x.dtype
            self._meet(y if all_targets is None else all_targets)
        targets = self._encoded(y)
        if targets.dtype.kind == "f":
            targets = targets.astype(x.dtype, copy=False)
        weights, balance = checked_weights(sample_weight, len(x)), self._balance(y)
        if balance is not None:
            weights = balance if weights is None else weights * balance
        return Rows(x, targets, None if weights is None else weights.astype(x.dtype))

    def _begin(self, x: Array) -> None:
        """Make a network, untrained, for rows like these."""
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        draws = Generators.from_seed(seed)
        make = settings.module(self.module, self.hidden, self.activation)
        model = make(self.n_features_in_, self._n_outputs, draws.init)
        if not isinstance(model, Module):
            raise TypeError(f"module must return an nn.Module, got {type(model).__name__}")
        model.astype(x.dtype)
        make_optimizer = settings.optimizer(self.optimizer, self.lr, self.optimizer_options)
        backend = settings.backend(self.compile)
        learner = Learner(model, make_optimizer, self._objective, draws.shuffle, backend)
        shape = learner.outputs(x[:1]).shape
        if shape != (1, self._n_outputs):
            raise ValueError(
                f"the module must turn rows of shape (N, {self.n_features_in_}) into outputs of "
                f"shape (N, {self._n_outputs}); it made shape {shape} of one row"
            )
        self._seed, self._learner = seed, learner

    def _held_out(self, rows: Rows) -> tuple[Rows, Rows]:
        """Rows to learn from and rows to watch; the same ones if training is taken up again."""
        fraction = settings.validation_fraction(self.validation_fraction)
        seed = int(Generators.from_seed(self._seed).split.integers(2**31))
        return rows.split(fraction, seed, self._strata(rows))

    def _watching(self, held_out: Rows) -> list[Callback]:
        def score(session: Session) -> None:
            outputs = self._learner.outputs(held_out.x)
            session.logs["valid_score"] = self._score(outputs, held_out)

        return [Call(on_epoch_end=score), self._patience("valid_score", "max")]

    def _patience(self, monitor: str, mode: Mode) -> Callback:
        epochs = settings.at_least_1("n_iter_no_change", self.n_iter_no_change)
        tol = settings.tolerance(self.tol)
        return EarlyStopping(monitor, epochs, tol, mode, restore=self.early_stopping)

    def _train(self, rows: Rows, epochs: int, callbacks: Sequence[Callback] = ()) -> None:
        x, targets, weights = rows
        self._learner.train(
            x,
            targets if weights is None else self._weighted(targets, weights),
            epochs=epochs,
            batch_size=settings.at_least_1("batch_size", self.batch_size),
            shuffle=self.shuffle,
            callbacks=[*callbacks, Progress()] if self.verbose else callbacks,
        )
        history = self._learner.history
        self.n_iter_ = len(history)
        self.loss_curve_ = [row["train_loss"] for row in history]
        self.validation_scores_ = [row["valid_score"] for row in history if "valid_score" in row]

    def _outputs(self, X: Any) -> Array:
        check_is_fitted(self)
        x = validate_data(self, X, reset=False, dtype=self._dtype, order="C")
        return self._learner.outputs(x)

    @property
    def module_(self) -> Module:
        """The trained network."""
        check_is_fitted(self)
        return self._learner.model

    @property
    def optimizer_(self) -> Optimizer:
        """The optimizer, with its state."""
        check_is_fitted(self)
        return self._learner.optimizer

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "n_iter_")
