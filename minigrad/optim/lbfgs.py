"""L-BFGS: Newton's method with a curvature that is guessed from the last steps."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from ..modes import active_recorder, enable_grad
from ..tensor import Array
from .finite import require_finite
from .hyper import checked, restore_schedules, restored, saved
from .line_search import Point, strong_wolfe
from .members import named_parameters
from .optimizer import Group, Optimizer, Parameters
from .persistent import overwrite

_LEAST_CURVATURE = 1e-10  # y . s of a pair that is worth remembering
_ONE_SEARCH = 25  # calls of the closure; with fewer, one iteration might never move


class Pair(NamedTuple):
    """A step s, and the change y of the gradient that it brought."""

    s: Array
    y: Array


class LBFGS(Optimizer):
    """Limited-memory Broyden-Fletcher-Goldfarb-Shanno, for whole batches and smooth losses.

        s_k   = theta_(k+1) - theta_k,  y_k = g_(k+1) - g_k     the last `history_size` pairs
        d     = -H g                    H from these pairs and (y . s / y . y) I, by two loops
        theta <- theta + alpha d        alpha from the line search

    A step makes up to `max_iter` such iterations, and calls the closure at least once for each. It
    branches on the loss all the time, and so cannot be compiled; the closure can be.

    Args:
        params: parameters, or (name, parameter) pairs; one group.
        lr: the first alpha that is tried; without a line search, the alpha that is taken. The very
            first iteration, which knows no curvature, takes lr min(1, 1 / |g|_1).
        max_iter: how many iterations a step makes at most.
        max_eval: how many calls of the closure end a step; None: 5/4 of `max_iter`, but at least
            25, enough for one line search.
        tolerance_grad: a gradient whose numbers are all below it is zero.
        tolerance_change: a change of the loss, or of every weight, that is not worth going on.
        history_size: how many pairs are remembered; each takes twice the parameters' memory.
        line_search: "strong_wolfe", or None to take steps of fixed length.

    Raises:
        TypeError: several groups.
        ValueError: a number is out of range, or a line search of that name is not known.

    Example:
        >>> import minigrad as mg
        >>> x = mg.Parameter([-1.5, 1.5], dtype="float64")
        >>> optimizer = mg.optim.LBFGS([x], max_iter=100)
        >>> def closure():  # Rosenbrock's valley, with its minimum at (1, 1)
        ...     optimizer.zero_grad()
        ...     loss = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
        ...     loss.backward()
        ...     return loss
        >>> optimizer.step(closure).item()  # before the step
        62.5
        >>> bool(abs(x.data - 1).max() < 1e-4)
        True

    Source: Nocedal 1980, "Updating quasi-Newton matrices with limited storage"; Nocedal & Wright
    2006, "Numerical optimization", algorithms 7.4 and 7.5. Tolerances, limits and the rule for
    skipping pairs are those of PyTorch's `LBFGS`, whose line search is off by
    default, and whose `max_eval` is 5/4 of any `max_iter`.
    """

    takes_closure = True
    told_to_programs = Optimizer.told_to_programs | {"_pairs", "_last", "_is_first", "evaluations"}

    def __init__(
        self,
        params: Parameters,
        lr: float = 1.0,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search: str | None = "strong_wolfe",
    ) -> None:
        if line_search not in ("strong_wolfe", None):
            raise ValueError(f'expected line_search "strong_wolfe" or None, got {line_search!r}')
        if max_iter < 1 or history_size < 1:
            raise ValueError(
                "expected max_iter and history_size of at least 1, got "
                f"{max_iter} and {history_size}"
            )
        entries = list(params) if not isinstance(params, Mapping) else [params]
        if any(isinstance(entry, Mapping) for entry in entries):
            raise TypeError("LBFGS has one memory, and so one group: give parameters, no groups")
        self.defaults = {"lr": lr}
        self.groups = [
            Group(named_parameters(entries, {}), checked("LBFGS", self.defaults), units=[])
        ]
        self.max_iter = max_iter
        self.max_eval = max(max_iter * 5 // 4, _ONE_SEARCH) if max_eval is None else max_eval
        self.tolerance_grad, self.tolerance_change = tolerance_grad, tolerance_change
        self.history_size, self.line_search = history_size, line_search
        self.evaluations = 0
        self._steps = 0
        self._pairs: deque[Pair] = deque(maxlen=history_size)
        self._last: Pair | None = None  # the last step, and the gradient before it
        self._is_first = True

    def add_group(self, group: Mapping[str, Any]) -> None:
        """Not possible: the memory is of the parameters that were there from the start."""
        raise TypeError("LBFGS has one memory, and so one group; make a new optimizer")

    @property
    def t(self) -> int:
        """How many steps have been made."""
        return self._steps

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Iterate until the gradient vanishes, progress ends, or a limit is reached.

        Args:
            closure: computes the loss, calls `backward` on it, and returns it; gradients are
                cleared before each call.

        Returns:
            The loss before the step.

        Raises:
            NotFiniteError: (a FloatingPointError) the loss or the gradient that the step starts
                from is infinite or NaN.
            TypeError: there is no closure.
        """
        if (recorder := active_recorder()) is not None:
            recorder.refuse(
                "a step of L-BFGS, which branches on the loss (compile the closure): it"
            )
        if closure is None:
            raise TypeError(
                "LBFGS looks at the loss at several places: call step(closure) with a function "
                "that computes the loss, calls backward and returns it"
            )
        before, loss, g = self._measure(closure)
        require_finite(loss, "the loss")
        require_finite(g, "the gradient")
        self._iterate(closure, self.lr, loss, g)
        self._steps += 1
        return before

    def _iterate(self, closure: Callable[[], Any], lr: float, loss: float, g: Array) -> None:
        last_allowed = self.evaluations - 1 + self.max_eval
        for iteration in range(1, self.max_iter + 1):
            if np.max(np.abs(g)) <= self.tolerance_grad:
                return
            self._remember(g)
            d = self._direction(g)
            alpha = lr * min(1.0, 1 / float(np.sum(np.abs(g)))) if self._is_first else lr
            here = Point(0.0, loss, float(np.dot(g, d)), g)
            self._is_first = False
            if here.slope > -self.tolerance_change:
                return
            if self.line_search is None:
                there = self._moved(closure, here, d, alpha, measures=iteration < self.max_iter)
            else:
                there = self._searched(closure, here, d, alpha, last_allowed - self.evaluations)
            self._last = Pair(there.alpha * d, g)
            loss, g = there.f, there.g
            if self.evaluations >= last_allowed or abs(loss - here.f) < self.tolerance_change:
                return
            if np.max(np.abs(self._last.s)) <= self.tolerance_change:
                return

    def _moved(
        self, closure: Callable[[], Any], here: Point, d: Array, alpha: float, measures: bool
    ) -> Point:
        """Go along d; nobody needs to know the loss after the last iteration."""
        self._put(self._weights() + alpha * d)
        if not measures:
            return Point(alpha, here.f, here.slope, here.g)
        _, loss, g = self._measure(closure)
        return Point(alpha, loss, float(np.dot(g, d)), g)

    def _searched(
        self, closure: Callable[[], Any], here: Point, d: Array, alpha: float, trials: int
    ) -> Point:
        """Go along d as far as the line search says."""
        start = self._weights()

        def evaluate(alpha: float) -> Point:
            self._put(start + alpha * d)
            _, loss, g = self._measure(closure)
            return Point(alpha, loss, float(np.dot(g, d)), g)

        shortest = self.tolerance_change / float(np.max(np.abs(d)))
        found = strong_wolfe(evaluate, here, alpha, shortest, trials)
        self._put(start + found.alpha * d)
        return found

    def _remember(self, g: Array) -> None:
        """Keep the last step with the change of the gradient, if the loss curves upwards."""
        if self._last is not None:
            pair = Pair(self._last.s, g - self._last.y)
            if np.dot(pair.y, pair.s) > _LEAST_CURVATURE:
                self._pairs.append(pair)
        self._last = None

    def _direction(self, g: Array) -> Array:
        """-H g, by the two-loop recursion."""
        q = -g
        shares = []
        for s, y in reversed(self._pairs):
            share = np.dot(s, q) / np.dot(y, s)
            q = q - share * y
            shares.append(share)
        if self._pairs:
            s, y = self._pairs[-1]
            q = q * (np.dot(y, s) / np.dot(y, y))
        for (s, y), share in zip(self._pairs, reversed(shares), strict=True):
            q = q + s * (share - np.dot(y, q) / np.dot(y, s))
        return q

    def _measure(self, closure: Callable[[], Any]) -> tuple[Any, float, Array]:
        """What the closure returned, the loss as a number, and the flat gradient."""
        self.zero_grad()
        with enable_grad():
            loss = closure()
        self.evaluations += 1
        parameters = self.groups[0].parameters
        if all(p._grad is None for p in parameters):
            raise RuntimeError("the closure left no gradient; call backward() on the loss in it")
        rows = [np.zeros(p.size, p.dtype) if p._grad is None else p._grad._data for p in parameters]
        return loss, float(loss.item()), np.concatenate([row.reshape(-1) for row in rows])

    def _weights(self) -> Array:
        return np.concatenate([p._data.reshape(-1) for p in self.groups[0].parameters])

    def _put(self, flat: Array) -> None:
        parameters = self.groups[0].parameters
        ends = np.cumsum([p.size for p in parameters])
        for p, part in zip(parameters, np.split(flat, ends[:-1]), strict=True):
            overwrite(p._data, part.reshape(p.shape))

    def state_dict(self) -> dict[str, Any]:
        """Names, the learning rate, counts, and the memory: vectors of all parameters in a row.

        Returns:
            {"groups": [{"params": [name, ...], "lr": ...}], "state": {"t": ..., "s": [...], ...}}
        """
        last = None if self._last is None else [a.copy() for a in self._last]
        return {
            "groups": [{"params": list(g.names), **saved(g.hyper)} for g in self.groups],
            "state": {
                "t": self._steps,
                "evaluations": self.evaluations,
                "is_first": self._is_first,
                "last": last,
                "s": [pair.s.copy() for pair in self._pairs],
                "y": [pair.y.copy() for pair in self._pairs],
            },
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned, for parameters of the same names and sizes.

        Raises:
            ValueError: names or sizes differ. Nothing has been changed then.
        """
        (group,), own, memory = state["groups"], self.groups[0], state["state"]
        if list(group["params"]) != own.names:
            raise ValueError(
                f"the state is of other parameters: expected {own.names}, got {group['params']}"
            )
        size = sum(p.size for p in own.parameters)
        rows = [*memory["s"], *memory["y"], *(memory["last"] or ())]
        for row in rows:
            if np.shape(row) != (size,):
                raise ValueError(f"expected vectors of {size} numbers, got shape {np.shape(row)}")
        own.hyper |= restored("LBFGS", own.hyper, {"lr": group["lr"]})
        restore_schedules(own.hyper, group)
        self._steps, self.evaluations = int(memory["t"]), int(memory["evaluations"])
        self._is_first = bool(memory["is_first"])
        vectors = [np.array(row) for row in rows]
        count = len(memory["s"])
        pairs = map(Pair, vectors[:count], vectors[count : 2 * count])
        self._pairs = deque(pairs, maxlen=self.history_size)
        self._last = Pair(*vectors[2 * count :]) if memory["last"] else None
