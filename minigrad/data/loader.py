"""Batches: one pass over the rows is an epoch, and an epoch can be resumed in its middle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.data.dataset import DataError, Dataset


@dataclass
class _Epoch:
    """How far one pass over the data has come."""

    rng_at_start: Mapping[str, Any] | None  # None when nothing is shuffled
    served: int = 0
    over: bool = False


class DataLoader:
    """Serves arrays in batches of rows, shuffled anew in every epoch if asked to.

    Epoch e serves rows p_e[0:B], p_e[B:2B], ... where p_e is a permutation drawn at its
    start (or 0, 1, ..., N - 1 without shuffling) and B the batch size. Every `for` over the
    loader is a new epoch, also after a `break`; only `load_state_dict` makes the next one
    continue in the middle.

    Args:
        data: a `Dataset`, served as (x, y); or a tuple of arrays with N rows each, served as
            tuples of as many; or one array, served as a tuple of one.
        batch_size: rows in a batch; the last batch of an epoch has what is left over.
        shuffle: whether to draw a new order in every epoch; needs `rng`.
        drop_last: whether to leave out a last batch that is smaller than the others.
        rng: the generator that draws one permutation an epoch and nothing else. Give the
            loader its own: resuming sets this generator's state.

    Raises:
        DataError: there are no rows, the arrays differ in length, or `drop_last` leaves no
            batch.
        ValueError: the batch size is not a positive integer, or shuffling lacks a generator.
        TypeError: `data` or `rng` is of another kind.

    Example:
        >>> import numpy as np
        >>> from minigrad.data import DataLoader
        >>> x, y = np.arange(10.0).reshape(5, 2), np.array([0, 1, 0, 1, 0])
        >>> for x_batch, y_batch in DataLoader((x, y), batch_size=2):
        ...     print(x_batch.shape, y_batch)
        (2, 2) [0 1]
        (2, 2) [0 1]
        (1, 2) [0]
        >>> shuffled = DataLoader(y, batch_size=2, shuffle=True, rng=np.random.default_rng(0))
        >>> len(shuffled)
        3
    """

    def __init__(
        self,
        data: Dataset | tuple[NDArray[Any], ...] | NDArray[Any],
        batch_size: int = 32,
        shuffle: bool = False,
        drop_last: bool = False,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.arrays = _arrays(data)
        self.n_rows = len(self.arrays[0])
        self.batch_size = _positive(batch_size)
        self.shuffle = shuffle
        self.drop_last = drop_last
        if len(self) == 0:
            raise DataError(
                f"drop_last=True leaves no batch: expected at least {batch_size} rows,"
                f" found {self.n_rows}"
            )
        if shuffle and rng is None:
            raise ValueError("shuffle=True needs a generator: pass rng=np.random.default_rng(seed)")
        if rng is not None and not isinstance(rng, np.random.Generator):
            raise TypeError(
                f"expected rng=np.random.default_rng(seed), found {type(rng).__name__} {rng!r}"
            )
        self.rng = rng
        self._epoch = _Epoch(None, over=True)
        self._resume_at = 0

    def __len__(self) -> int:
        """The number of batches in an epoch."""
        full, rest = divmod(self.n_rows, self.batch_size)
        return full + bool(rest and not self.drop_last)

    def __iter__(self) -> Iterator[tuple[NDArray[Any], ...]]:
        """Begin an epoch.

        Returns:
            An iterator over tuples of arrays, each C-contiguous and in memory of its own.
        """
        # Each pass keeps its own record, so a stale iterator cannot disturb the newest one's.
        self._epoch = _Epoch(self._rng_state(), self._resume_at)
        self._resume_at = 0
        if self.shuffle and self.rng is not None:
            order = self.rng.permutation(self.n_rows)
        else:
            order = np.arange(self.n_rows)
        return self._batches(self._epoch, order)

    def _batches(
        self, epoch: _Epoch, order: NDArray[np.int64]
    ) -> Iterator[tuple[NDArray[Any], ...]]:
        for batch in range(epoch.served, len(self)):
            rows = order[batch * self.batch_size : (batch + 1) * self.batch_size]
            epoch.served = batch + 1
            yield tuple([array.take(rows, axis=0) for array in self.arrays])
        epoch.over = True

    def _rng_state(self) -> Mapping[str, Any] | None:
        return self.rng.bit_generator.state if self.shuffle and self.rng is not None else None

    def state_dict(self) -> dict[str, Any]:
        """Return the position: the current epoch's first generator state, and batches served.

        A batch counts as served from the moment the loop body receives it. In the body of an
        epoch's last batch all are served, so the resumed epoch is empty; once the loop has
        ended, the position is the start of the next epoch.

        Returns:
            Plain dictionaries, lists, numbers and strings: it can be written as JSON.

        Example:
            >>> import numpy as np
            >>> from minigrad.data import DataLoader
            >>> loader = DataLoader(np.arange(6), batch_size=2)
            >>> for (batch,) in loader:
            ...     saved = loader.state_dict()
            ...     break
            >>> saved["served"], saved["rng"]
            (1, None)
        """
        epoch = self._epoch
        return {
            "rng": _plain(self._rng_state() if epoch.over else epoch.rng_at_start),
            "served": 0 if epoch.over else epoch.served,
            **self._plan(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Make the next epoch continue at a saved position, bit for bit.

        Args:
            state: what `state_dict` returned, of a loader over as many rows with the same
                batch size, shuffling and kind of generator.

        Raises:
            ValueError: the state lacks a key or belongs to another kind of loader; the
                loader is then left as it was.

        Example:
            >>> import numpy as np
            >>> from minigrad.data import DataLoader
            >>> loader = DataLoader(np.arange(6), batch_size=2)
            >>> loader.load_state_dict({**loader.state_dict(), "served": 2})
            >>> [batch.tolist() for (batch,) in loader]
            [[4, 5]]
            >>> [batch.tolist() for (batch,) in loader]
            [[0, 1], [2, 3], [4, 5]]
        """
        missing = [key for key in self.state_dict() if key not in state]
        if missing:
            raise ValueError(f"the loader's state lacks {', '.join(missing)}")
        for key, own in self._plan().items():
            if state[key] != own:
                raise ValueError(
                    f"the state is another loader's: expected {key} {own}, found {state[key]}"
                )
        served = state["served"]
        if type(served) is not int or not 0 <= served <= len(self):
            raise ValueError(f"expected 0 to {len(self)} batches served, found {served!r}")
        if self.shuffle and self.rng is not None:
            self._restore(self.rng, state["rng"])
        self._epoch = _Epoch(self._rng_state(), served)
        self._resume_at = served

    def _plan(self) -> dict[str, int]:
        return {
            "rows": self.n_rows,
            "batch_size": self.batch_size,
            "shuffle": self.shuffle,
            "drop_last": self.drop_last,
        }

    @staticmethod
    def _restore(rng: np.random.Generator, state: Any) -> None:
        before = rng.bit_generator.state
        try:
            rng.bit_generator.state = state
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            rng.bit_generator.state = before
            kind = before["bit_generator"]
            raise ValueError(f"expected the state of a {kind} generator: {error}") from error


def _arrays(data: Dataset | tuple[NDArray[Any], ...] | NDArray[Any]) -> tuple[NDArray[Any], ...]:
    if isinstance(data, Dataset):
        data = (data.x, data.y)
    elif isinstance(data, np.ndarray):
        data = (data,)
    # A list could mean rows or arrays, so it is refused rather than guessed.
    if not isinstance(data, tuple) or not all(isinstance(a, np.ndarray) for a in data):
        raise TypeError(
            "expected a Dataset, an array or a tuple of arrays, found"
            f" {type(data).__name__}: convert with np.asarray"
        )
    shapes = [array.shape for array in data]
    if not shapes or () in shapes or len({shape[0] for shape in shapes}) != 1:
        raise DataError(f"expected arrays with the same number of rows, found shapes {shapes}")
    if shapes[0][0] == 0:
        raise DataError(f"expected at least one row, found shapes {shapes}")
    # Row gathers from C order give C-ordered batches, and are the quickest.
    return tuple(np.ascontiguousarray(array) for array in data)


def _positive(batch_size: int) -> int:
    if isinstance(batch_size, bool) or not hasattr(batch_size, "__index__") or batch_size < 1:
        raise ValueError(f"expected a positive integer batch_size, found {batch_size!r}")
    return index(batch_size)


def _plain(value: Any) -> Any:
    """Arrays to lists: some generators keep their state in arrays, which JSON cannot hold."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value.tolist() if isinstance(value, np.ndarray) else value
